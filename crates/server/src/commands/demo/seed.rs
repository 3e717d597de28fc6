//! Sets the demo's workspace up as a person would: each step goes through the same code as the pages do.

use super::folder::Folder;
use super::{Demo, DemoError, reachable};
use crate::app::App;
use crate::config::Config;
use earmark_accounts::{Member, SignUp, products};
use earmark_connections::{
    HEALTH_SUFFIX, INSTALLATION_HOOK_PATH, Region, TokenForm, UNINSTALL_SUFFIX, hook_path,
};
use earmark_db::Db;
use earmark_db::tenant::{Connection, DeliveryFilter, InboxFilter, SecretKind};
use earmark_model::{ConnectionId, WorkspaceId};
use earmark_sandbox::{DEMO_APP_ID, DEMO_OAUTH_CLIENT_ID, DEMO_OWN_CLIENT_ID, Running};
use earmark_sync::set_contacts;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How long a step may take that waits for a job or a webhook.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// The demo's products, each with the tags that make its tickets.
const PRODUCTS: [(&str, &[&str]); 3] = [
    ("Ledger", &["feature-request"]),
    ("Invoicing", &["bug"]),
    ("Mobile", &["product-feedback"]),
];

/// Words of messages that are tagged at the first start, and with what.
const FIRST_TAGS: [(&str, &str); 4] = [
    ("must not see salaries", "feature-request"),
    ("the photo is gone", "product-feedback"),
    ("goes to a branch office", "bug"),
    ("A quarter in the period list", "feature-request"),
];

/// Tells the sandbox where the app is, and makes what is missing of person, workspace, connection, products, triggers and
/// a few tickets: all of it at the first start, the rest of it when that was broken off.
pub(super) async fn run(
    app: &App,
    folder: &Folder,
    sandbox: &Running,
    config: &Config,
) -> Result<(), DemoError> {
    let known = app.db.across().user_by_email(&folder.secrets.email).await?;
    let member = match known {
        Some(user) => owner(app, user.id).await?,
        None => sign_up(app, folder).await?,
    };
    let workspace = member.workspace().id;
    let connection = match demo_connection(&app.db, workspace).await? {
        Some(connection) => connection,
        None => connect(app, &member, folder).await?,
    };
    let base = config.server.public_url.as_str().trim_end_matches('/');
    let url = format!("{base}{}", hook_path(&connection.endpoint_token));
    sandbox
        .remote()
        .order("webhook", &json!({ "app": "earmark-demo", "url": url }))
        .await?;
    tell_oauth_apps(app, sandbox, base).await?;
    // The last step of the first start leads to deliveries: without any, that start was broken off, or this is it.
    let (tenant, any) = (app.db.workspace(workspace), DeliveryFilter::default());
    if tenant.deliveries(connection.id, &any, 1).await?.is_empty() {
        open_connection(app, &member, folder, connection.id).await?;
        choose_triggers(app, &member, connection.id).await?;
        tag_some(app, sandbox, workspace).await?;
        // Last, so that the copying of all contacts can be watched from the first page on.
        let actor = member.actor(None);
        set_contacts(&app.db, workspace, &actor, connection.id, true)
            .await
            .map_err(|e| DemoError::step("switching contacts on")(e.to_string()))?;
    }
    Ok(())
}

/// Gives the sandbox's OAuth apps the addresses that their owners would fill in at Intercom. What a workspace's own app
/// needs besides the redirect URL stands on its page in Earmark.
async fn tell_oauth_apps(app: &App, sandbox: &Running, base: &str) -> Result<(), DemoError> {
    let callback = app.oauth.callback().as_str();
    let hook = format!("{base}{INSTALLATION_HOOK_PATH}");
    let orders = [
        (
            "app",
            json!({
                "app": DEMO_OAUTH_CLIENT_ID,
                "redirect_uris": [callback],
                "uninstall_url": format!("{hook}{UNINSTALL_SUFFIX}"),
                "health_url": format!("{hook}{HEALTH_SUFFIX}"),
            }),
        ),
        (
            "app",
            json!({ "app": DEMO_OWN_CLIENT_ID, "redirect_uris": [callback] }),
        ),
        (
            "webhook",
            json!({ "app": DEMO_OAUTH_CLIENT_ID, "url": hook }),
        ),
    ];
    for (what, order) in orders {
        sandbox.remote().order(what, &order).await?;
    }
    Ok(())
}

async fn sign_up(app: &App, folder: &Folder) -> Result<Member, DemoError> {
    let failed = DemoError::step("signing up");
    let who = SignUp {
        name: "Demo Person".to_owned(),
        email: folder.secrets.email.clone(),
        password: folder.secrets.password.clone().into(),
        workspace_name: "Quillwater".to_owned(),
    };
    let (user, _) = app
        .accounts
        .sign_up(who, None)
        .await
        .map_err(|e| failed(e.to_string()))?;
    owner(app, user.id).await
}

async fn owner(app: &App, user: earmark_model::UserId) -> Result<Member, DemoError> {
    let memberships = app.db.across().memberships(user).await?;
    let slug = memberships
        .first()
        .map(|membership| membership.workspace.slug.clone())
        .unwrap_or_default();
    let member = Member::load(&app.db, user, &slug).await?;
    member.ok_or_else(|| DemoError::step("finding the demo's workspace")("it is gone".to_owned()))
}

pub(super) async fn demo_connection(
    db: &Db,
    workspace: WorkspaceId,
) -> earmark_db::Result<Option<Connection>> {
    Ok(db
        .workspace(workspace)
        .connections()
        .await?
        .into_iter()
        .find(|c| c.app_id == DEMO_APP_ID))
}

async fn connect(app: &App, member: &Member, folder: &Folder) -> Result<Connection, DemoError> {
    let failed = DemoError::step("connecting to the sandbox");
    let workspace = member.workspace().id;
    let form = TokenForm {
        name: String::new(),
        region: Region::Us,
        token: folder.secrets.token.clone(),
        reconnect: None,
    };
    let actor = member.actor(None);
    let connected = app.store.connect_with_token(workspace, &actor, form).await;
    connected.map_err(|e| failed(e.to_string()))?;
    demo_connection(&app.db, workspace)
        .await?
        .ok_or_else(|| failed("it is gone".to_owned()))
}

/// Gives the connection its client secret, unless it has one, and switches its feedback on.
async fn open_connection(
    app: &App,
    member: &Member,
    folder: &Folder,
    id: ConnectionId,
) -> Result<(), DemoError> {
    let failed = DemoError::step("opening the connection");
    let workspace = member.workspace().id;
    let actor = member.actor(None);
    let tenant = app.db.workspace(workspace);
    let secrets = tenant.secrets(id, SecretKind::ClientSecret).await?;
    if secrets.is_empty() {
        let secret = &folder.secrets.client_secret;
        let set = app.store.set_client_secret(workspace, &actor, id, secret);
        set.await.map_err(|e| failed(e.to_string()))?;
    }
    let on = app.store.set_feedback(workspace, &actor, id, true);
    on.await.map_err(|e| failed(e.to_string()))
}

async fn choose_triggers(
    app: &App,
    member: &Member,
    connection: ConnectionId,
) -> Result<(), DemoError> {
    let failed = DemoError::step("choosing trigger tags");
    let tenant = app.db.workspace(member.workspace().id);
    let tags = until(&app.db, "fetching the tags", async || {
        let tags = tenant.tags().await?;
        Ok((!tags.is_empty()).then_some(tags))
    })
    .await?;
    let known = tenant.products().await?;
    for (name, names) in PRODUCTS {
        let product = match known.iter().find(|product| product.name == name) {
            Some(product) => product.clone(),
            None => products::create(&app.db, member, name, None)
                .await
                .map_err(|e| failed(e.to_string()))?,
        };
        let chosen: Vec<(ConnectionId, String)> = tags
            .iter()
            .filter(|tag| names.contains(&tag.name.as_str()))
            .map(|tag| (connection, tag.id.clone()))
            .collect();
        let set = products::set_feedback(&app.db, member, None, product.id, true, &chosen);
        set.await.map_err(|e| failed(e.to_string()))?;
    }
    Ok(())
}

/// Tags a few of the sandbox's messages, so that the inbox is not empty at the first look.
async fn tag_some(app: &App, sandbox: &Running, workspace: WorkspaceId) -> Result<(), DemoError> {
    let state = sandbox.remote().read("state").await?;
    let mut tagged = 0;
    for (words, tag) in FIRST_TAGS {
        if let Some((conversation, part)) = message_with(&state, words) {
            apply_tag(sandbox, &conversation, part.as_deref(), tag).await?;
            tagged += 1;
        }
    }
    let tenant = app.db.workspace(workspace);
    until(&app.db, "waiting for the first tickets", async || {
        let rows = tenant.inbox(&InboxFilter::default(), None, 50).await?;
        Ok((rows.len() >= tagged).then_some(()))
    })
    .await
}

/// The conversation and, unless it is the opening one, the part that contains these words.
fn message_with(state: &Value, words: &str) -> Option<(String, Option<String>)> {
    let contains = |message: &Value| {
        message["body"]
            .as_str()
            .is_some_and(|body| body.contains(words))
    };
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let conversations = state["workspaces"][DEMO_APP_ID]["conversations"].as_object()?;
    conversations.values().find_map(|conversation| {
        let id = text(&conversation["id"])?;
        if contains(&conversation["source"]) {
            return Some((id, None));
        }
        let part = conversation["parts"]
            .as_array()?
            .iter()
            .find(|part| contains(part))?;
        Some((id, text(&part["id"])))
    })
}

/// Ids of the sandbox's conversations without any tag, oldest first.
pub(super) async fn untagged(sandbox: &Running) -> Result<Vec<String>, DemoError> {
    let state = sandbox.remote().read("state").await?;
    let conversations = state["workspaces"][DEMO_APP_ID]["conversations"].as_object();
    let is_untagged =
        |conversation: &&Value| conversation["tags"].as_array().is_some_and(Vec::is_empty);
    let mut untagged: Vec<&Value> = conversations
        .into_iter()
        .flat_map(Map::values)
        .filter(is_untagged)
        .collect();
    untagged.sort_by_key(|conversation| conversation["created_at"].as_i64());
    Ok(untagged
        .iter()
        .filter_map(|conversation| conversation["id"].as_str().map(ToOwned::to_owned))
        .collect())
}

/// Puts a tag on a part of a conversation, or on its opening message.
pub(super) async fn apply_tag(
    sandbox: &Running,
    conversation: &str,
    part: Option<&str>,
    tag: &str,
) -> Result<(), DemoError> {
    let order =
        json!({ "app_id": DEMO_APP_ID, "conversation": conversation, "part": part, "tag": tag });
    sandbox.remote().order("tag", &order).await?;
    Ok(())
}

/// Asks again after each change in the database, until there is an answer or patience ends.
pub(super) async fn until<T>(
    db: &Db,
    step: &'static str,
    ask: impl AsyncFn() -> earmark_db::Result<Option<T>>,
) -> Result<T, DemoError> {
    let mut changes = db.changes();
    let answered = async {
        loop {
            if let Some(answer) = ask().await? {
                return Ok(answer);
            }
            if changes.next().await.is_none() {
                return Err(DemoError::step(step)("the database was closed".to_owned()));
            }
        }
    };
    let slow = || {
        DemoError::step(step)(format!(
            "nothing came within {} seconds",
            PATIENCE.as_secs()
        ))
    };
    tokio::time::timeout(PATIENCE, answered)
        .await
        .unwrap_or_else(|_| Err(slow()))
}

/// The demo's workspace and where its pages are.
pub(super) async fn workspace_of(demo: &Demo) -> Result<(Member, String), DemoError> {
    let user = demo
        .app
        .db
        .across()
        .user_by_email(&demo.folder.secrets.email)
        .await?;
    let user =
        user.ok_or_else(|| DemoError::step("finding the demo's person")("it is gone".to_owned()))?;
    let member = owner(&demo.app, user.id).await?;
    let url = format!(
        "http://{}/w/{}",
        reachable(demo.serving.address),
        member.workspace().slug
    );
    Ok((member, url))
}
