//! The support inbox: the list and one conversation, under Intercom's own web addresses.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use super::view::{self, Choice, ConversationPage, InboxPage, Shell, choice};
use super::{go, missing, show};
use crate::host::Host;
use crate::shared::Shared;
use crate::state::Workspace;

#[derive(Deserialize)]
pub(super) struct Asked {
    said: Option<String>,
}

pub(super) async fn list(
    shared: Data<Shared>,
    host: Host,
    app_id: Path<String>,
    asked: Query<Asked>,
) -> HttpResponse {
    let now = shared.now();
    let state = shared.lock();
    let Some(workspace) = host.workspace(&state, &app_id) else {
        return missing("There is no such workspace here.");
    };
    let mut shell = Shell::new(
        &state,
        host,
        workspace,
        now,
        shared.options.inbox_url.clone(),
        None,
    );
    shell.said = view::said(asked.said.as_deref());
    let page = InboxPage {
        shell,
        contacts: workspace
            .contacts
            .values()
            .take(200)
            .map(|contact| choice(&contact.id, &contact.label()))
            .collect(),
        tags: tags(workspace),
    };
    drop(state);
    show(StatusCode::OK, &page)
}

pub(super) async fn one(
    shared: Data<Shared>,
    host: Host,
    path: Path<(String, String)>,
    asked: Query<Asked>,
) -> HttpResponse {
    let (app_id, id) = path.into_inner();
    let now = shared.now();
    let state = shared.lock();
    let Some(workspace) = host.workspace(&state, &app_id) else {
        return missing("There is no such workspace here.");
    };
    let Some(conversation) = workspace.conversations.get(&id) else {
        return missing("There is no such conversation here; it may have been deleted.");
    };
    let inbox_url = shared.options.inbox_url.clone();
    let mut shell = Shell::new(&state, host, workspace, now, inbox_url, Some(&id));
    shell.said = view::said(asked.said.as_deref());
    let contact = workspace.contacts.get(&conversation.contact);
    let page = ConversationPage {
        shell,
        title: view::title(conversation),
        who: view::who(workspace, conversation),
        company: contact
            .and_then(|contact| workspace.companies.get(contact.companies.first()?))
            .map(|company| company.name.clone()),
        messages: view::messages(workspace, conversation, now),
        applied: conversation
            .tags
            .iter()
            .filter_map(|applied| workspace.tag(&applied.tag))
            .map(|tag| choice(&tag.id, &tag.name))
            .collect(),
        tags: tags(workspace),
        admins: workspace
            .admins
            .iter()
            .map(|admin| choice(&admin.id, &admin.name))
            .collect(),
        id,
    };
    drop(state);
    show(StatusCode::OK, &page)
}

/// The older form of Intercom's conversation links.
pub(super) async fn old_link(path: Path<(String, String)>) -> HttpResponse {
    let (app_id, id) = path.into_inner();
    go(&format!("/a/inbox/{app_id}/inbox/conversation/{id}"))
}

fn tags(workspace: &Workspace) -> Vec<Choice> {
    workspace
        .tags
        .iter()
        .map(|tag| choice(&tag.id, &tag.name))
        .collect()
}
