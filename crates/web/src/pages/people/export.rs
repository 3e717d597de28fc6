//! A filtered list as a file.

use super::copying::CopyState;
use super::list::{Copied as _, Listed, settle};
use super::shown;
use crate::pages::download::{Format, Pages, csv_line, stream};
use crate::pages::prelude::*;
use crate::state::Web;
use earmark_db::tenant::{CopyKey, CopyPlace, CopySort, Named};
use earmark_db::{Db, Tenant};
use earmark_model::WorkspaceId;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Records that are read at once.
const ROWS: usize = 500;

/// A list that can be had as a file.
pub(crate) trait Exported: Listed {
    /// The columns of CSV.
    const HEADER: &'static [&'static str];
    /// What the records of a page are linked with.
    type Links;

    async fn links(tenant: Tenant<'_, Db>, keys: &[CopyKey]) -> Result<Self::Links, Failed>;
    /// A record's cells of CSV. Of what Intercom says beyond the columns they hold the custom attributes.
    fn cells(record: Self::Record, links: &Self::Links) -> Vec<String>;
    /// A record's JSON object, with everything that was copied.
    fn object(record: Self::Record, links: &Self::Links) -> Value;
    /// Objects of what is no more, after a key, for who keeps what a file held before; each with its key.
    async fn gone(
        _tenant: Tenant<'_, Db>,
        _filter: &Self::Filter,
        _after: Option<&CopyKey>,
        _most: u64,
    ) -> Result<Vec<(CopyKey, Value)>, Failed> {
        Ok(Vec::new())
    }
}

/// The records of a filter, page by page.
struct Export<Q: Exported> {
    web: Web,
    workspace: WorkspaceId,
    filter: Q::Filter,
    after: Option<CopyPlace>,
    format: Format,
    stage: Stage,
}

/// How far a file is.
enum Stage {
    Listed,
    Gone(Option<CopyKey>),
    Over,
}

impl<Q: Exported> Pages for Export<Q> {
    fn head(&self) -> String {
        match self.format {
            Format::Csv => csv_line(Q::HEADER),
            Format::JsonLines => String::new(),
        }
    }

    async fn next(&mut self) -> Result<Option<String>, Failed> {
        match &self.stage {
            Stage::Listed => self.listed().await.map(Some),
            Stage::Gone(after) => {
                let after = after.clone();
                self.gone(after.as_ref()).await.map(Some)
            }
            Stage::Over => Ok(None),
        }
    }
}

impl<Q: Exported> Export<Q> {
    async fn gone(&mut self, after: Option<&CopyKey>) -> Result<String, Failed> {
        let tenant = self.web.db().workspace(self.workspace);
        let gone = Q::gone(tenant, &self.filter, after, ROWS as u64).await?;
        self.stage = match gone.last() {
            Some((last, _)) if gone.len() == ROWS => Stage::Gone(Some(last.clone())),
            _ => Stage::Over,
        };
        Ok(gone
            .iter()
            .map(|(_, object)| format!("{object}\n"))
            .collect())
    }

    async fn listed(&mut self) -> Result<String, Failed> {
        let tenant = || self.web.db().workspace(self.workspace);
        let after = self.after.as_ref();
        let found = Q::records(tenant(), &self.filter, CopySort::Key, after, ROWS as u64).await?;
        if found.len() < ROWS {
            self.stage = match self.format {
                Format::Csv => Stage::Over,
                Format::JsonLines => Stage::Gone(None),
            };
        }
        let keys: Vec<CopyKey> = found.iter().map(|record| record.key()).collect();
        let links = Q::links(tenant(), &keys).await?;
        self.after = found.last().map(|last| last.place(CopySort::Key));
        let mut page = String::new();
        for record in found {
            match self.format {
                Format::Csv => page.push_str(&csv_line(Q::cells(record, &links))),
                Format::JsonLines => {
                    page.push_str(&Q::object(record, &links).to_string());
                    page.push('\n');
                }
            }
        }
        Ok(page)
    }
}

/// The filtered list as a file: what the list shows, and nothing else.
pub(in crate::pages) async fn export<Q: Exported>(
    at: At,
    mut query: Q,
    format: Format,
) -> Result<HttpResponse, Failed> {
    let states = CopyState::load(&at).await?;
    settle(&mut query, &at, &states).await?;
    let pages = Export::<Q> {
        web: at.web().clone(),
        workspace: at.id(),
        filter: query.filter()?,
        after: None,
        format,
        stage: Stage::Listed,
    };
    stream(&at, Q::WHAT, format, pages).await
}

/// What a record has.
pub(in crate::pages) fn of<'a>(
    all: &'a HashMap<CopyKey, Vec<Named>>,
    key: &CopyKey,
) -> &'a [Named] {
    all.get(key).map_or(&[], Vec::as_slice)
}

/// What something has, by name.
pub(in crate::pages) fn names(all: &[Named]) -> String {
    all.iter().map(shown).collect::<Vec<_>>().join("; ")
}

/// What something has, as id and name.
pub(in crate::pages) fn named(all: &[Named]) -> Value {
    let one = |named: &Named| json!({ "id": named.id, "name": named.name });
    all.iter().map(one).collect()
}

/// The custom attributes of a content as JSON; empty when there are none.
pub(in crate::pages) fn custom(content: &str) -> String {
    let content: Option<Value> = serde_json::from_str(content).ok();
    let custom = content.and_then(|mut all| Some(all.get_mut("custom_attributes")?.take()));
    let custom = custom.filter(|custom| custom.as_object().is_some_and(|map| !map.is_empty()));
    custom.map_or_else(String::new, |custom| custom.to_string())
}

/// Stored JSON as JSON; what is none, as text.
pub(in crate::pages) fn parsed(stored: String) -> Value {
    serde_json::from_str(&stored).unwrap_or(Value::String(stored))
}
