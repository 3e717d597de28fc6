//! The page's forms: each changes the state, lets the webhook go and redirects.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Data, Form, Path};
use serde::Deserialize;

use super::go;
use crate::html;
use crate::shared::Shared;
use crate::state::act::{Draft, Refusal, Voice};
use crate::state::event::Event;
use crate::state::people::Tag;
use crate::state::tagging::Target;
use crate::state::{IdKind, Workspace};

/// A redirect waits this long for the webhook's answer, so that the next page can show it.
pub(super) const GLANCE: Duration = Duration::from_millis(400);

type Done = Result<(&'static str, Vec<Event>), Refusal>;

/// Runs a change in the workspace; the word for what happened goes into the redirect.
async fn act(
    shared: &Shared,
    app_id: &str,
    run: impl FnOnce(&mut Workspace, i64) -> Done,
) -> &'static str {
    let said = shared.change(|state, now, happened| {
        let Some(workspace) = state.workspaces.get_mut(app_id) else {
            return "refused";
        };
        match run(workspace, now) {
            Ok((said, events)) => {
                happened.add(app_id, events);
                said
            }
            Err(_) => "refused",
        }
    });
    shared.settle(GLANCE).await;
    said
}

fn back(app_id: &str, id: &str, said: &str) -> HttpResponse {
    go(&format!(
        "/a/inbox/{app_id}/inbox/conversation/{id}?said={said}"
    ))
}

#[derive(Deserialize)]
pub(super) struct BeginForm {
    contact: String,
    body: String,
}

pub(super) async fn begin(
    shared: Data<Shared>,
    app_id: Path<String>,
    form: Form<BeginForm>,
) -> HttpResponse {
    if form.body.trim().is_empty() {
        return go(&format!("/a/inbox/{app_id}?said=blank"));
    }
    let mut begun = None;
    let said = act(&shared, &app_id, |workspace, now| {
        let draft = Draft::html(html::from_text(&form.body));
        let (id, events) = workspace.begin(&form.contact, "", draft, now)?;
        begun = Some(id);
        Ok(("begun", events))
    })
    .await;
    match begun {
        Some(id) => back(&app_id, &id, said),
        None => go(&format!("/a/inbox/{app_id}?said={said}")),
    }
}

#[derive(Deserialize)]
pub(super) struct NameForm {
    name: String,
}

pub(super) async fn create_tag(
    shared: Data<Shared>,
    app_id: Path<String>,
    form: Form<NameForm>,
) -> HttpResponse {
    let name = form.name.trim().to_owned();
    let said = act(&shared, &app_id, |workspace, _| {
        if name.is_empty() {
            return Ok(("blank", Vec::new()));
        }
        if workspace.tag_named(&name).is_some() {
            return Ok(("taken", Vec::new()));
        }
        let id = workspace.digits(IdKind::Tag);
        workspace.tags.push(Tag { id, name });
        Ok(("created", Vec::new()))
    })
    .await;
    go(&format!("/a/inbox/{app_id}?said={said}"))
}

/// An empty `part` is the opening message; an absent one, when removing, means every message.
#[derive(Deserialize)]
pub(super) struct TagForm {
    tag: String,
    part: Option<String>,
}

pub(super) async fn tag(
    shared: Data<Shared>,
    path: Path<(String, String)>,
    form: Form<TagForm>,
) -> HttpResponse {
    let (app_id, id) = path.into_inner();
    let said = act(&shared, &app_id, |workspace, now| {
        let admin = workspace.admins.first().ok_or(Refusal::Admin)?.id.clone();
        let target = Target::of(workspace, &id, form.part.as_deref());
        let events = workspace.apply_tag(&id, target, &form.tag, &admin, now)?;
        Ok((if events.is_empty() { "same" } else { "tagged" }, events))
    })
    .await;
    back(&app_id, &id, said)
}

pub(super) async fn untag(
    shared: Data<Shared>,
    path: Path<(String, String)>,
    form: Form<TagForm>,
) -> HttpResponse {
    let (app_id, id) = path.into_inner();
    let said = act(&shared, &app_id, |workspace, now| {
        let target = form
            .part
            .as_deref()
            .map(|part| Target::of(workspace, &id, Some(part)));
        workspace.remove_tag(&id, target, &form.tag, now)?;
        Ok(("untagged", Vec::new()))
    })
    .await;
    back(&app_id, &id, said)
}

/// `voice` is `contact`, `admin:<id>` or `note:<id>`.
#[derive(Deserialize)]
pub(super) struct ReplyForm {
    voice: String,
    body: String,
}

pub(super) async fn reply(
    shared: Data<Shared>,
    path: Path<(String, String)>,
    form: Form<ReplyForm>,
) -> HttpResponse {
    let (app_id, id) = path.into_inner();
    if form.body.trim().is_empty() {
        return back(&app_id, &id, "blank");
    }
    let said = act(&shared, &app_id, |workspace, now| {
        let found = workspace.conversations.get(&id);
        let contact = found.ok_or(Refusal::Conversation)?.contact.clone();
        let voice = match form.voice.split_once(':') {
            None => Voice::Contact(&contact),
            Some(("note", admin)) => Voice::Note(admin),
            Some((_, admin)) => Voice::Teammate(admin),
        };
        let draft = Draft::html(html::from_text(&form.body));
        let (_, events) = workspace.speak(&id, voice, draft, now)?;
        Ok(("sent", events))
    })
    .await;
    back(&app_id, &id, said)
}

#[derive(Deserialize)]
pub(super) struct PartForm {
    part: String,
}

pub(super) async fn redact(
    shared: Data<Shared>,
    path: Path<(String, String)>,
    form: Form<PartForm>,
) -> HttpResponse {
    let (app_id, id) = path.into_inner();
    let said = act(&shared, &app_id, |workspace, now| {
        let events = workspace.redact_message(&id, Some(&form.part), now)?;
        Ok(("redacted", events))
    })
    .await;
    back(&app_id, &id, said)
}

pub(super) async fn delete(shared: Data<Shared>, path: Path<(String, String)>) -> HttpResponse {
    let (app_id, id) = path.into_inner();
    let said = act(&shared, &app_id, |workspace, now| {
        let events = workspace.delete(&id, true, now)?;
        Ok(("deleted", events))
    })
    .await;
    go(&format!("/a/inbox/{app_id}?said={said}"))
}
