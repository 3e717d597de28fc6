//! The tables as the ORM sees them; private, so that no query without a scope can be written elsewhere.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

type Time = DateTime<Utc>;

macro_rules! entity {
    ($module:ident = $table:literal { $($key:ident: $key_type:ty),+ ; $($field:ident: $type:ty),* $(,)? }) => {
        pub(crate) mod $module {
            use super::*;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub(crate) struct Model {
                $(#[sea_orm(primary_key, auto_increment = false)] pub(crate) $key: $key_type,)+
                $(pub(crate) $field: $type,)*
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub(crate) enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

entity!(users = "users" { id: Uuid; email: String, email_key: String, name: String, password_hash: String, created_at: Time });
entity!(sessions = "sessions" {
    id: String; user_id: Option<Uuid>, state: String, created_at: Time, expires_at: Time,
});
entity!(workspaces = "workspaces" {
    id: Uuid; slug: String, name: String, ticket_prefix: String, last_ticket_number: i64, created_at: Time,
});
entity!(members = "members" { workspace_id: Uuid, user_id: Uuid; role: String, created_at: Time });
entity!(user_workspaces = "user_workspaces" { user_id: Uuid, workspace_id: Uuid; });
entity!(audit = "audit" {
    workspace_id: Uuid, id: Uuid;
    at: Time, actor_id: Option<Uuid>, action: String, subject_kind: String, subject_id: String, detail: String,
    address: Option<String>,
});
entity!(products = "products" {
    workspace_id: Uuid, id: Uuid;
    slug: String, name: String, feedback_on_at: Option<Time>, archived_at: Option<Time>, created_at: Time,
});
entity!(statuses = "statuses" {
    workspace_id: Uuid, id: Uuid; product_id: Uuid, key: String, name: String, category: String, position: i32,
});
entity!(connections = "connections" {
    workspace_id: Uuid, id: Uuid;
    name: String, method: String, app_id: String, app_name: String, region: String, timezone: Option<String>,
    status: String, status_note: Option<String>, endpoint_token: String, feedback_on_at: Option<Time>,
    tags_fetched_at: Option<Time>, tags_note: Option<String>, checked_at: Option<Time>, created_at: Time,
    disconnected_at: Option<Time>, oauth_app_id: Option<Uuid>, client_key: Option<String>, status_since: Option<Time>,
    contacts_on_at: Option<Time>,
    last_head_at: Option<Time>, uninstall_asked_at: Option<Time>,
    plan_note: Option<String>,
});
entity!(secrets = "secrets" {
    workspace_id: Uuid, id: Uuid;
    owner_id: Uuid, kind: String, sealed: String, last4: String, created_at: Time, verified_at: Option<Time>,
    expires_at: Option<Time>, claimed_until: Option<Time>,
});
entity!(endpoints = "endpoints" { token: String; workspace_id: Uuid, connection_id: Uuid, closed_at: Option<Time> });
entity!(oauth_apps = "oauth_apps" {
    workspace_id: Uuid, id: Uuid; client_key: String, endpoint_token: String, created_at: Time, removed_at: Option<Time>,
});
entity!(app_endpoints = "app_endpoints" { token: String; workspace_id: Uuid, oauth_app_id: Uuid, closed_at: Option<Time> });
entity!(permission_checks = "permission_checks" {
    workspace_id: Uuid, connection_id: Uuid, permission: String;
    state: String, note: Option<String>, took_ms: Option<i64>, checked_at: Time,
});
entity!(topics = "topics" { workspace_id: Uuid, connection_id: Uuid, topic: String; last_received_at: Time });
entity!(doctor_checks = "doctor_checks" {
    workspace_id: Uuid, connection_id: Uuid, name: String;
    verdict: String, evidence: String, cure: Option<String>, checked_at: Time, since: Time,
});
entity!(doctor_changes = "doctor_changes" {
    workspace_id: Uuid, id: Uuid;
    connection_id: Uuid, name: String, verdict_before: String, verdict_after: String, evidence: String, at: Time,
});
entity!(tags = "tags" { workspace_id: Uuid, connection_id: Uuid, id: String; name: String, missing_since: Option<Time> });
entity!(admins = "admins" { workspace_id: Uuid, connection_id: Uuid, id: String; name: String });
entity!(trigger_tags = "trigger_tags" {
    workspace_id: Uuid, connection_id: Uuid, tag_id: String, product_id: Uuid; chosen_at: Time,
});
entity!(deliveries = "deliveries" {
    workspace_id: Uuid, id: Uuid;
    connection_id: Uuid, dedupe_key: Option<String>, notification_id: Option<String>, topic: Option<String>,
    subject: Option<String>, outcome: String, note: Option<String>, ticket_id: Option<Uuid>,
    repeat_of: Option<Uuid>, received_at: Time, finished_at: Option<Time>, body: Option<Vec<u8>>,
});
entity!(refusals = "refusals" {
    workspace_id: Uuid, id: Uuid; connection_id: Uuid, at: Time, cause: String, address: Option<String>,
});
entity!(installation_refusals = "installation_refusals" { id: Uuid; at: Time, cause: String, address: Option<String> });
entity!(conversations = "conversations" {
    workspace_id: Uuid, connection_id: Uuid, id: String;
    contact_id: Option<String>, contact_name: Option<String>, contact_email: Option<String>, contact_role: Option<String>,
    company_id: Option<String>, company_name: Option<String>, team_id: Option<String>, details: String,
    details_note: Option<String>, details_at: Option<Time>, gone_at: Option<Time>,
});
entity!(messages = "messages" {
    workspace_id: Uuid, connection_id: Uuid, conversation_id: String, id: String;
    kind: String, author_kind: String, author_id: Option<String>, author_name: Option<String>, html: Option<String>,
    plain: Option<String>, attachments: String, created_at: Option<Time>, updated_at: Option<Time>,
    redacted_at: Option<Time>,
});
entity!(tickets = "tickets" {
    workspace_id: Uuid, id: Uuid;
    number: i64, product_id: Uuid, origin_product_id: Uuid, connection_id: Uuid, conversation_id: String,
    message_id: String, text_from: Option<String>, status_id: Uuid, assignee_id: Option<Uuid>, title: Option<String>,
    title_by_member: bool, tagged_at: Time, tagged_by: Option<String>, created_at: Time, updated_at: Time,
    source_gone_at: Option<Time>, version: i32,
});
entity!(ticket_tags = "ticket_tags" {
    workspace_id: Uuid, ticket_id: Uuid, tag_id: String; name: String, tagged_at: Time, tagged_by: Option<String>,
});
entity!(erasures = "erasures" {
    workspace_id: Uuid, connection_id: Uuid; total: i64, done: i64, asked_at: Time, finished_at: Option<Time>, note: Option<String>,
});
entity!(comments = "comments" { workspace_id: Uuid, id: Uuid; ticket_id: Uuid, author_id: Uuid, body: String, created_at: Time });
