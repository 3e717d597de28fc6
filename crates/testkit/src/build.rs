//! Builders of what most tests begin with, all through the database's own queries.

use chrono::{DateTime, Utc};
use earmark_db::across::{NewDelivery, User};
use earmark_db::tenant::{
    Admin, Connection, Contact, Conversation, CopyTime, NewConnection, NewSecret, NewTicket,
    Product, SecretKind, SecretOwner, Ticket, Via, Workspace,
};
use earmark_db::{Db, Tx};
use earmark_model::{ConnectionId, ProductId, Role, SecretId, WorkspaceId};

/// Stored as the password hash of built people: no password matches it.
pub const NO_PASSWORD: &str = "no password";

/// A workspace with one member of each role.
#[derive(Debug, Clone)]
pub struct People {
    /// The workspace.
    pub workspace: Workspace,
    /// May do everything.
    pub owner: User,
    /// May manage.
    pub admin: User,
    /// Works on tickets.
    pub agent: User,
    /// Only reads.
    pub viewer: User,
}

/// A person with this e-mail address.
///
/// # Panics
/// When the address is taken.
pub async fn user(db: &Db, email: &str, name: &str, password_hash: &str) -> User {
    let tx = begin(db).await;
    let id = tx.across().create_user(email, name, password_hash).await;
    let id = id.expect("a new user");
    tx.commit().await.expect("a commit");
    let found = db.across().user(id).await.expect("a query");
    found.expect("the new user")
}

/// A workspace with Olivia, its owner, Adam, an admin, Grace, an agent, and Victor, a viewer; their addresses end in
/// `@{slug}.example`.
///
/// # Panics
/// When something of it is there already.
pub async fn people(db: &Db, workspace: &str) -> People {
    let domain = format!("{}.example", earmark_model::slugify(workspace, "workspace"));
    let person = async |name: &str| {
        let email = format!("{}@{domain}", name.to_lowercase());
        user(db, &email, name, NO_PASSWORD).await
    };
    let (owner, admin) = (person("Olivia").await, person("Adam").await);
    let (agent, viewer) = (person("Grace").await, person("Victor").await);
    let tx = begin(db).await;
    let made = tx.across().create_workspace(workspace, owner.id).await;
    let made = made.expect("a new workspace");
    for (user, role) in [
        (&admin, Role::Admin),
        (&agent, Role::Agent),
        (&viewer, Role::Viewer),
    ] {
        let added = tx.workspace(made.id).add_member(user.id, role).await;
        added.expect("a new member");
    }
    tx.commit().await.expect("a commit");
    People {
        workspace: made,
        owner,
        admin,
        agent,
        viewer,
    }
}

/// A product with the default statuses; its feedback is off.
///
/// # Panics
/// When it cannot be stored.
pub async fn product(db: &Db, workspace: WorkspaceId, name: &str) -> Product {
    let tx = begin(db).await;
    let product = tx.workspace(workspace).create_product(name).await;
    let product = product.expect("a new product");
    tx.commit().await.expect("a commit");
    product
}

/// A connection to an Intercom workspace, by access token, with an open endpoint; it has no secrets and its feedback is
/// off.
///
/// # Panics
/// When it cannot be stored.
pub async fn connection(db: &Db, workspace: WorkspaceId, app_id: &str) -> Connection {
    let tx = begin(db).await;
    let new = NewConnection {
        name: format!("Intercom {app_id}"),
        via: Via::Token,
        app_id: app_id.to_owned(),
        app_name: "Quillwater".to_owned(),
        region: "US".to_owned(),
        timezone: Some("Europe/Dublin".to_owned()),
    };
    let connection = tx.workspace(workspace).create_connection(new).await;
    let connection = connection.expect("a new connection");
    tx.commit().await.expect("a commit");
    connection
}

/// Stores a secret in place of those of its kind. `id` is part of what `sealed` is sealed to, so the caller gives both.
///
/// # Panics
/// When it cannot be stored.
pub async fn secret(
    db: &Db,
    workspace: WorkspaceId,
    owner: impl Into<SecretOwner>,
    (id, kind, sealed, last4): (SecretId, SecretKind, &str, &str),
) {
    let (tx, owner) = (begin(db).await, owner.into());
    let tenant = tx.workspace(workspace);
    let dropped = tenant.keep_secrets(owner, kind, 0).await;
    dropped.expect("room for the secret");
    let new = NewSecret {
        id,
        kind,
        sealed,
        last4,
        expires_at: None,
    };
    let stored = tenant.add_secret(owner, new).await;
    stored.expect("a stored secret");
    tx.commit().await.expect("a commit");
}

/// Makes tags and teammates known as if they had been fetched, each an id and a name.
///
/// # Panics
/// When they cannot be stored.
pub async fn tags(
    db: &Db,
    workspace: WorkspaceId,
    connection: ConnectionId,
    tags: &[(&str, &str)],
    admins: &[(&str, &str)],
) {
    let tags: Vec<_> = tags
        .iter()
        .map(|(id, name)| ((*id).to_owned(), (*name).to_owned()))
        .collect();
    let admins: Vec<_> = admins
        .iter()
        .map(|(id, name)| Admin {
            id: (*id).to_owned(),
            name: (*name).to_owned(),
        })
        .collect();
    let tx = begin(db).await;
    let stored = tx
        .workspace(workspace)
        .put_tags_and_admins(connection, &tags, &admins)
        .await;
    stored.expect("stored tags");
    tx.commit().await.expect("a commit");
}

/// A delivery about a conversation, to be stored; `key` is its notification's id and what it is told from others by.
#[must_use]
pub fn delivery(
    (workspace, connection): (WorkspaceId, ConnectionId),
    key: &str,
    conversation: &str,
    received_at: DateTime<Utc>,
) -> NewDelivery {
    NewDelivery {
        workspace,
        connection,
        dedupe_key: key.to_owned(),
        notification_id: Some(key.to_owned()),
        topic: Some("conversation_part.tag.created".to_owned()),
        subject: Some(conversation.to_owned()),
        finished: None,
        received_at,
        lane_at: received_at,
        body: Some(format!(r#"{{"id":"{key}"}}"#).into_bytes()),
    }
}

/// A ticket of a tagged message, with its conversation when that is not there yet.
///
/// # Panics
/// When the message has a ticket of this product.
pub async fn ticket(
    db: &Db,
    workspace: WorkspaceId,
    product: ProductId,
    connection: ConnectionId,
    (conversation, message): (&str, &str),
) -> Ticket {
    let tx = begin(db).await;
    let tenant = tx.workspace(workspace);
    let known = tenant.conversation(connection, conversation).await;
    if known.expect("a query").is_none() {
        let new = Conversation::new(conversation.to_owned());
        tenant
            .put_conversation(connection, &new)
            .await
            .expect("a stored conversation");
    }
    let new = NewTicket {
        product,
        connection,
        conversation: conversation.to_owned(),
        message: message.to_owned(),
        text_from: None,
        title: Some(format!("Message {message}")),
        tagged_at: tenant.now(),
        tagged_by: None,
    };
    let ticket = tenant.create_ticket(new).await.expect("a new ticket");
    tx.commit().await.expect("a commit");
    ticket
}

/// A contact as it could have been copied at `at`, with a name; to be stored.
#[must_use]
pub fn contact(id: &str, name: &str, at: DateTime<Utc>) -> Contact {
    Contact {
        id: id.to_owned(),
        role: Some("user".to_owned()),
        external_id: None,
        email: None,
        phone: None,
        name: Some(name.to_owned()),
        owner_id: None,
        content: "{}".to_owned(),
        digest: name.to_owned(),
        created_at: None,
        last_seen_at: None,
        lists_cut: false,
        time: CopyTime {
            updated_at: at,
            observed_at: at,
        },
    }
}

/// Begins a transaction.
///
/// # Panics
/// When it cannot begin.
pub async fn begin(db: &Db) -> Tx {
    db.begin().await.expect("a transaction")
}
