//! Two tenants with everything that there is.

use super::people::mirror;
use crate::support::tick;
use earmark_db::across::{NewDelivery, Stored};
use earmark_db::tenant::{
    Actor, Conversation, Message, NewActionRun, NewConnection, NewSecret, NewTicket,
    PermissionCheck, Product, SecretKind, Ticket, TicketTag, Via,
};
use earmark_db::{Source, Tenant, Tx};
use earmark_model::{
    ActionRunId, ActionVia, AnswerBucket, AuthorKind, Check, CheckVerdict, ConnectionId,
    DeliveryId, DetailsState, Finding, Job, MessageKind, OAuthAppId, Permission, PermissionState,
    RunId, SecretId, WorkspaceId,
};
use earmark_testkit::build::People;
use earmark_testkit::{TestDb, build};
use serde_json::json;

pub(super) const CONVERSATION: &str = "215473908114027";
pub(super) const SUBJECT: &str = CONVERSATION;

/// Everything a tenant can have, with its name in every text, under the same ids of Intercom.
pub(super) struct World {
    pub(super) name: &'static str,
    pub(super) people: People,
    pub(super) workspace: WorkspaceId,
    pub(super) connection: ConnectionId,
    pub(super) endpoint_token: String,
    pub(super) secret: SecretId,
    pub(super) app: OAuthAppId,
    pub(super) run: RunId,
    pub(super) action: ActionRunId,
    pub(super) product: Product,
    pub(super) ticket: Ticket,
    pub(super) delivery: DeliveryId,
}

impl World {
    pub(super) fn details_job(&self) -> Job {
        Job::Details {
            connection: self.connection,
            conversation: CONVERSATION.to_owned(),
        }
    }
}

pub(super) fn conversation(name: &str) -> Conversation {
    Conversation {
        contact_id: Some("contact".to_owned()),
        contact_name: Some(format!("Ines of {name}")),
        company_name: Some(name.to_owned()),
        details: DetailsState::Complete,
        ..Conversation::new(CONVERSATION.to_owned())
    }
}

pub(super) fn message(name: &str) -> Message {
    Message {
        id: "1".to_owned(),
        kind: MessageKind::Source,
        author_kind: AuthorKind::Customer,
        author_id: None,
        author_name: Some(format!("Ines of {name}")),
        html: None,
        plain: Some(name.to_owned()),
        attachments: "[]".to_owned(),
        created_at: None,
        updated_at: None,
        redacted_at: None,
    }
}

pub(super) fn check(note: &str) -> PermissionCheck {
    PermissionCheck {
        permission: Permission::ReadTags,
        state: PermissionState::Granted,
        note: Some(note.to_owned()),
        took_ms: None,
    }
}

pub(super) fn finding(evidence: &str, verdict: CheckVerdict) -> Finding {
    Finding {
        check: Check::Token,
        verdict,
        evidence: evidence.to_owned(),
        cure: None,
    }
}

pub(super) fn answer() -> (AnswerBucket, u32) {
    (AnswerBucket::of(std::time::Duration::from_millis(7)), 1)
}

pub(super) fn ticket_tag(t: &TestDb, name: &str) -> TicketTag {
    TicketTag {
        tag: "7".to_owned(),
        name: name.to_owned(),
        tagged_at: t.sources.now(),
        tagged_by: None,
    }
}

pub(super) async fn world(t: &TestDb, name: &'static str) -> World {
    let people = build::people(&t.db, name).await;
    let workspace = people.workspace.id;
    let connection = build::connection(&t.db, workspace, "shared").await;
    let secret: SecretId = t.sources.id();
    let sealed = format!("sealed {name}");
    let secret_parts = (secret, SecretKind::AccessToken, sealed.as_str(), "last");
    build::secret(&t.db, workspace, connection.id, secret_parts).await;
    build::tags(
        &t.db,
        workspace,
        connection.id,
        &[("7", name)],
        &[("9", name)],
    )
    .await;
    let product = build::product(&t.db, workspace, "App").await;
    let ticket = build::ticket(
        &t.db,
        workspace,
        product.id,
        connection.id,
        (CONVERSATION, "1"),
    )
    .await;
    let mut world = World {
        name,
        workspace,
        connection: connection.id,
        endpoint_token: connection.endpoint_token,
        secret,
        app: OAuthAppId(uuid::Uuid::nil()),
        run: RunId(uuid::Uuid::nil()),
        action: ActionRunId(uuid::Uuid::nil()),
        product,
        ticket,
        delivery: t.sources.id(),
        people,
    };
    let tx = t.db.begin().await.unwrap();
    let tenant = tx.workspace(workspace);
    world.app = tenant.create_oauth_app(name).await.unwrap().id;
    tenant.begin_oauth(name, t.sources.now()).await.unwrap();
    world.run = mirror(t, tenant, &world).await;
    world.action = act(tenant, &world).await;
    fill(t, tenant, &world).await;
    world.delivery = deliver(&tx, &world).await;
    tx.commit().await.unwrap();
    tick(t);
    world
}

pub(super) fn new_action(connection: ConnectionId, name: &str) -> NewActionRun {
    NewActionRun {
        connection,
        action: "contacts.get".to_owned(),
        actor: None,
        via: ActionVia::Page,
        inputs: json!({ "contact_id": name }).to_string(),
        request: "{}".to_owned(),
    }
}

/// A run that is under way, with a fetched page.
async fn act(tenant: Tenant<'_, Tx>, world: &World) -> ActionRunId {
    let new = new_action(world.connection, world.name);
    let run = tenant.begin_action_run(&new).await.unwrap();
    let lines = [world.name.to_owned()];
    assert!(
        tenant
            .add_action_page(run, &lines, Some(world.name), None)
            .await
            .unwrap()
    );
    run
}

async fn deliver(tx: &Tx, world: &World) -> DeliveryId {
    let owner = (world.workspace, world.connection);
    let new = NewDelivery {
        body: Some(world.name.as_bytes().to_vec()),
        ..build::delivery(owner, "notification", SUBJECT, tx.sources().now())
    };
    match tx.across().store_deliveries(&[new]).await.unwrap()[0] {
        Stored::New(id) => id,
        Stored::Repeat(_) => panic!("the other tenant's notification is no repeat of ours"),
    }
}

async fn fill(t: &TestDb, tenant: Tenant<'_, Tx>, world: &World) {
    let (connection, name, id) = (world.connection, world.name, world.product.id);
    tenant.rename_product(id, name).await.unwrap();
    tenant
        .choose_trigger_tags(id, &[(connection, "7".to_owned())])
        .await
        .unwrap();
    tenant.set_product_feedback(id, true).await.unwrap();
    tenant
        .put_permission_check(connection, &check(name))
        .await
        .unwrap();
    tenant
        .saw_topic(connection, name, tenant.now())
        .await
        .unwrap();
    tenant
        .record_refusal(connection, name, None, 10)
        .await
        .unwrap();
    tenant
        .add_answer_times(connection, tenant.now(), &[answer()])
        .await
        .unwrap();
    tenant
        .put_conversation(connection, &conversation(name))
        .await
        .unwrap();
    tenant
        .put_message(connection, CONVERSATION, &message(name))
        .await
        .unwrap();
    tenant
        .bury(connection, CONVERSATION, Some(name))
        .await
        .unwrap();
    tenant
        .add_ticket_tag(world.ticket.id, &ticket_tag(t, name))
        .await
        .unwrap();
    tenant
        .set_derived_text(world.ticket.id, Some(name), None)
        .await
        .unwrap();
    tenant
        .add_comment(world.ticket.id, world.people.agent.id, name)
        .await
        .unwrap();
    tenant
        .audit(&Actor::default(), name, ("x", name), json!({}))
        .await
        .unwrap();
    tenant.enqueue(&world.details_job()).await.unwrap();
    fill_doctor(tenant, world).await;
}

async fn fill_doctor(tenant: Tenant<'_, Tx>, world: &World) {
    let (connection, name) = (world.connection, world.name);
    let doctor = Job::Doctor {
        connection,
        only: Some(Check::Token),
        nightly: false,
    };
    tenant.enqueue(&doctor).await.unwrap();
    for verdict in [CheckVerdict::Good, CheckVerdict::Bad] {
        let found = [finding(name, verdict)];
        tenant.put_findings(connection, &found, 9).await.unwrap();
        tenant.end_doctor_round(connection, &found).await.unwrap();
    }
    tenant.begin_erasure(connection).await.unwrap();
}

pub(super) fn new_ticket(t: &TestDb, world: &World) -> NewTicket {
    NewTicket {
        product: world.product.id,
        connection: world.connection,
        conversation: CONVERSATION.to_owned(),
        message: "2".to_owned(),
        text_from: None,
        title: None,
        tagged_at: t.sources.now(),
        tagged_by: None,
    }
}

pub(super) fn new_secret(id: SecretId) -> NewSecret<'static> {
    NewSecret {
        id,
        kind: SecretKind::AccessToken,
        sealed: "beta",
        last4: "beta",
        expires_at: None,
    }
}

pub(super) fn new_connection() -> NewConnection {
    NewConnection {
        name: "beta".to_owned(),
        via: Via::Token,
        app_id: "shared".to_owned(),
        app_name: "beta".to_owned(),
        region: "US".to_owned(),
        timezone: None,
    }
}
