//! The filtered contacts as a file.

use super::ContactQuery;
use crate::pages::download::{Format, time_cell};
use crate::pages::people::{Copied as _, Exported, custom, export, named, names, of, parsed};
use crate::pages::prelude::*;
use actix_web::web::Query;
use earmark_db::tenant::{
    Contact, ContactFilter, CopyKey, GoneContact, Links, MirroredContact, Named,
};
use earmark_db::{Db, Tenant};
use serde_json::{Value, json};
use std::collections::HashMap;

/// What contacts of a page are linked with.
pub(crate) struct ContactLinks {
    companies: HashMap<CopyKey, Vec<Named>>,
    tags: HashMap<CopyKey, Vec<Named>>,
    segments: HashMap<CopyKey, Vec<Named>>,
}

impl Exported for ContactQuery {
    const HEADER: &'static [&'static str] = &[
        "connection",
        "id",
        "external_id",
        "role",
        "name",
        "email",
        "phone",
        "owner_id",
        "companies",
        "tags",
        "created_at",
        "last_seen_at",
        "updated_at",
        "archived_at",
        "custom_attributes",
        "copied_at",
    ];
    type Links = ContactLinks;

    async fn links(tenant: Tenant<'_, Db>, keys: &[CopyKey]) -> Result<ContactLinks, Failed> {
        let (companies, tags, segments) = futures::try_join!(
            tenant.named_links(Links::Companies, keys),
            tenant.named_links(Links::ContactTags, keys),
            tenant.segments_of_all(keys),
        )?;
        Ok(ContactLinks {
            companies,
            tags,
            segments,
        })
    }

    /// Those that were merged or deleted, so that who keeps the file's contacts learns which are no more. Nothing is known of
    /// them to filter by, so they are told where all contacts are.
    async fn gone(
        tenant: Tenant<'_, Db>,
        filter: &ContactFilter,
        after: Option<&CopyKey>,
        most: u64,
    ) -> Result<Vec<(CopyKey, Value)>, Failed> {
        let ContactFilter {
            connection,
            role: None,
            company: None,
            tag: None,
            segment: None,
            words: None,
            archived: None,
        } = filter
        else {
            return Ok(Vec::new());
        };
        let gone = tenant.gone_contacts(*connection, after, most).await?;
        Ok(gone.into_iter().map(gone_object).collect())
    }

    fn cells(mirrored: MirroredContact, links: &ContactLinks) -> Vec<String> {
        let key = mirrored.key();
        let MirroredContact {
            connection,
            contact,
            archived_at,
            merged_into: _,
        } = mirrored;
        let Contact {
            id,
            role,
            external_id,
            email,
            phone,
            name,
            owner_id,
            content,
            digest: _,
            created_at,
            last_seen_at,
            lists_cut: _,
            time,
        } = contact;
        let or = Option::unwrap_or_default;
        vec![
            connection.to_string(),
            id,
            or(external_id),
            or(role),
            or(name),
            or(email),
            or(phone),
            or(owner_id),
            names(of(&links.companies, &key)),
            names(of(&links.tags, &key)),
            time_cell(created_at),
            time_cell(last_seen_at),
            time_cell(Some(time.updated_at)),
            time_cell(archived_at),
            custom(&content),
            time_cell(Some(time.observed_at)),
        ]
    }

    fn object(mirrored: MirroredContact, links: &ContactLinks) -> Value {
        let key = mirrored.key();
        let MirroredContact {
            connection,
            contact,
            archived_at,
            merged_into: _,
        } = mirrored;
        let Contact {
            id,
            role,
            external_id,
            email,
            phone,
            name,
            owner_id,
            content,
            digest: _,
            created_at,
            last_seen_at,
            lists_cut,
            time,
        } = contact;
        json!({
            "type": "contact",
            "connection": connection,
            "id": id,
            "external_id": external_id,
            "role": role,
            "name": name,
            "email": email,
            "phone": phone,
            "owner_id": owner_id,
            "companies": named(of(&links.companies, &key)),
            "tags": named(of(&links.tags, &key)),
            "segments": named(of(&links.segments, &key)),
            "lists_complete": !lists_cut,
            "created_at": created_at,
            "last_seen_at": last_seen_at,
            "updated_at": time.updated_at,
            "archived_at": archived_at,
            "copied_at": time.observed_at,
            "content": parsed(content),
        })
    }
}

/// The object of a contact that is no more.
fn gone_object(gone: GoneContact) -> (CopyKey, Value) {
    let GoneContact {
        key,
        merged_into,
        at,
    } = gone;
    let (connection, id) = &key;
    let object = match merged_into {
        Some(into) => {
            json!({ "type": "contact_merged", "connection": connection, "id": id, "merged_into": into, "merged_at": at })
        }
        None => {
            json!({ "type": "contact_deleted", "connection": connection, "id": id, "deleted_at": at })
        }
    };
    (key, object)
}

/// The filtered contacts as CSV.
pub(crate) async fn csv(at: At, query: Query<ContactQuery>) -> Result<HttpResponse, Failed> {
    export(at, query.into_inner(), Format::Csv).await
}

/// The filtered contacts as JSON lines.
pub(crate) async fn jsonl(at: At, query: Query<ContactQuery>) -> Result<HttpResponse, Failed> {
    export(at, query.into_inner(), Format::JsonLines).await
}
