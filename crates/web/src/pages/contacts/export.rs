//! The filtered contacts as a file.

use super::{ContactQuery, key};
use crate::pages::download::{Format, Pages, csv_line, stream, time_cell};
use crate::pages::people::{CopyState, connection_of, shown, single};
use crate::pages::prelude::*;
use crate::state::Web;
use actix_web::web::Query;
use earmark_db::tenant::{
    Contact, ContactFilter, CopyKey, CopyPlace, CopySort, Links, MirroredContact, Named,
};
use earmark_model::WorkspaceId;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Contacts that are read at once.
const ROWS: usize = 500;

const HEADER: [&str; 16] = [
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

/// The contacts of a filter, page by page.
struct Export {
    web: Web,
    workspace: WorkspaceId,
    filter: ContactFilter,
    after: Option<CopyPlace>,
    format: Format,
    over: bool,
}

impl Export {
    async fn of(at: &At, mut query: ContactQuery, format: Format) -> Result<Self, Failed> {
        let states = CopyState::load(at).await?;
        query.bind(single(&states, connection_of(&query.connection)?));
        Ok(Self {
            web: at.web().clone(),
            workspace: at.id(),
            filter: query.filter()?,
            after: None,
            format,
            over: false,
        })
    }
}

impl Pages for Export {
    fn head(&self) -> String {
        match self.format {
            Format::Csv => csv_line(HEADER),
            Format::JsonLines => String::new(),
        }
    }

    async fn next(&mut self) -> Result<Option<String>, Failed> {
        if self.over {
            return Ok(None);
        }
        let tenant = self.web.db().workspace(self.workspace);
        let after = self.after.as_ref();
        let found = tenant
            .contacts(&self.filter, CopySort::Key, after, ROWS as u64)
            .await?;
        self.over = found.len() < ROWS;
        self.after = found.last().map(|last| last.place(CopySort::Key));
        let keys: Vec<CopyKey> = found.iter().map(key).collect();
        let (companies, tags) = futures::try_join!(
            tenant.named_links(Links::Companies, &keys),
            tenant.named_links(Links::ContactTags, &keys),
        )?;
        let mut page = String::new();
        for (key, mirrored) in keys.iter().zip(found) {
            let (companies, tags) = (of(&companies, key), of(&tags, key));
            match self.format {
                Format::Csv => page.push_str(&line(mirrored, companies, tags)),
                Format::JsonLines => {
                    page.push_str(&object(mirrored, companies, tags).to_string());
                    page.push('\n');
                }
            }
        }
        Ok(Some(page))
    }
}

fn of<'a>(all: &'a HashMap<CopyKey, Vec<Named>>, key: &CopyKey) -> &'a [Named] {
    all.get(key).map_or(&[], Vec::as_slice)
}

/// What something has, by name.
pub(in crate::pages) fn names(all: &[Named]) -> String {
    all.iter().map(shown).collect::<Vec<_>>().join("; ")
}

/// A contact's line of CSV. Of what Intercom says beyond the columns it has the custom attributes.
fn line(mirrored: MirroredContact, companies: &[Named], tags: &[Named]) -> String {
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
    csv_line([
        connection.to_string(),
        id,
        or(external_id),
        or(role),
        or(name),
        or(email),
        or(phone),
        or(owner_id),
        names(companies),
        names(tags),
        time_cell(created_at),
        time_cell(last_seen_at),
        time_cell(Some(time.updated_at)),
        time_cell(archived_at),
        custom(&content),
        time_cell(Some(time.observed_at)),
    ])
}

/// The custom attributes of a content as JSON; empty when there are none.
pub(in crate::pages) fn custom(content: &str) -> String {
    let content: Option<Value> = serde_json::from_str(content).ok();
    let custom = content.and_then(|mut all| Some(all.get_mut("custom_attributes")?.take()));
    let custom = custom.filter(|custom| custom.as_object().is_some_and(|map| !map.is_empty()));
    custom.map_or_else(String::new, |custom| custom.to_string())
}

/// A contact's JSON object, with everything that was copied.
fn object(mirrored: MirroredContact, companies: &[Named], tags: &[Named]) -> Value {
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
        "companies": named(companies),
        "tags": named(tags),
        "lists_complete": !lists_cut,
        "created_at": created_at,
        "last_seen_at": last_seen_at,
        "updated_at": time.updated_at,
        "archived_at": archived_at,
        "copied_at": time.observed_at,
        "content": parsed(content),
    })
}

/// What something has, as id and name.
pub(in crate::pages) fn named(all: &[Named]) -> Value {
    let one = |named: &Named| json!({ "id": named.id, "name": named.name });
    all.iter().map(one).collect()
}

/// Stored JSON as JSON; what is none, as text.
pub(in crate::pages) fn parsed(stored: String) -> Value {
    serde_json::from_str(&stored).unwrap_or(Value::String(stored))
}

/// The filtered contacts as CSV.
pub(crate) async fn csv(at: At, query: Query<ContactQuery>) -> Result<HttpResponse, Failed> {
    let pages = Export::of(&at, query.into_inner(), Format::Csv).await?;
    stream(&at, "contacts", Format::Csv, pages).await
}

/// The filtered contacts as JSON lines.
pub(crate) async fn jsonl(at: At, query: Query<ContactQuery>) -> Result<HttpResponse, Failed> {
    let pages = Export::of(&at, query.into_inner(), Format::JsonLines).await?;
    stream(&at, "contacts", Format::JsonLines, pages).await
}
