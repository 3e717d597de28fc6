//! The filtered companies as a file.

use super::{CompanyQuery, key};
use crate::pages::contacts::{custom, named, names, parsed};
use crate::pages::download::{Format, Pages, csv_line, stream, time_cell};
use crate::pages::people::{CopyState, connection_of, single};
use crate::pages::prelude::*;
use crate::state::Web;
use actix_web::web::Query;
use earmark_db::tenant::{
    Company, CompanyFilter, CopyKey, CopyPlace, CopySort, Links, MirroredCompany, Named,
};
use earmark_model::WorkspaceId;
use serde_json::{Value, json};

/// Companies that are read at once.
const ROWS: usize = 500;

const HEADER: [&str; 17] = [
    "connection",
    "id",
    "company_id",
    "name",
    "plan",
    "industry",
    "website",
    "size",
    "monthly_spend",
    "user_count",
    "tags",
    "created_at",
    "last_request_at",
    "updated_at",
    "archived_at",
    "custom_attributes",
    "copied_at",
];

/// The companies of a filter, page by page.
struct Export {
    web: Web,
    workspace: WorkspaceId,
    filter: CompanyFilter,
    after: Option<CopyPlace>,
    format: Format,
    over: bool,
}

impl Export {
    async fn of(at: &At, mut query: CompanyQuery, format: Format) -> Result<Self, Failed> {
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
            .companies(&self.filter, CopySort::Key, after, ROWS as u64)
            .await?;
        self.over = found.len() < ROWS;
        self.after = found.last().map(|last| last.place(CopySort::Key));
        let keys: Vec<CopyKey> = found.iter().map(key).collect();
        let mut tags = tenant.named_links(Links::CompanyTags, &keys).await?;
        let mut page = String::new();
        for (key, mirrored) in keys.iter().zip(found) {
            let tags = tags.remove(key).unwrap_or_default();
            match self.format {
                Format::Csv => page.push_str(&line(mirrored, &tags)),
                Format::JsonLines => {
                    page.push_str(&object(mirrored, &tags).to_string());
                    page.push('\n');
                }
            }
        }
        Ok(Some(page))
    }
}

/// A company's line of CSV. Of what Intercom says beyond the columns it has the custom attributes.
fn line(mirrored: MirroredCompany, tags: &[Named]) -> String {
    let MirroredCompany {
        connection,
        company,
        archived_at,
    } = mirrored;
    let Company {
        id,
        company_id,
        name,
        plan,
        industry,
        website,
        size,
        monthly_spend,
        user_count,
        content,
        digest: _,
        created_at,
        last_request_at,
        time,
    } = company;
    let or = Option::unwrap_or_default;
    let number = |number: Option<i64>| number.map_or_else(String::new, |n| n.to_string());
    csv_line([
        connection.to_string(),
        id,
        or(company_id),
        or(name),
        or(plan),
        or(industry),
        or(website),
        number(size),
        monthly_spend.map_or_else(String::new, |spend| spend.to_string()),
        number(user_count),
        names(tags),
        time_cell(created_at),
        time_cell(last_request_at),
        time_cell(Some(time.updated_at)),
        time_cell(archived_at),
        custom(&content),
        time_cell(Some(time.observed_at)),
    ])
}

/// A company's JSON object, with everything that was copied.
fn object(mirrored: MirroredCompany, tags: &[Named]) -> Value {
    let MirroredCompany {
        connection,
        company,
        archived_at,
    } = mirrored;
    let Company {
        id,
        company_id,
        name,
        plan,
        industry,
        website,
        size,
        monthly_spend,
        user_count,
        content,
        digest: _,
        created_at,
        last_request_at,
        time,
    } = company;
    json!({
        "type": "company",
        "connection": connection,
        "id": id,
        "company_id": company_id,
        "name": name,
        "plan": plan,
        "industry": industry,
        "website": website,
        "size": size,
        "monthly_spend": monthly_spend,
        "user_count": user_count,
        "tags": named(tags),
        "created_at": created_at,
        "last_request_at": last_request_at,
        "updated_at": time.updated_at,
        "archived_at": archived_at,
        "copied_at": time.observed_at,
        "content": parsed(content),
    })
}

/// The filtered companies as CSV.
pub(crate) async fn csv(at: At, query: Query<CompanyQuery>) -> Result<HttpResponse, Failed> {
    let pages = Export::of(&at, query.into_inner(), Format::Csv).await?;
    stream(&at, "companies", Format::Csv, pages).await
}

/// The filtered companies as JSON lines.
pub(crate) async fn jsonl(at: At, query: Query<CompanyQuery>) -> Result<HttpResponse, Failed> {
    let pages = Export::of(&at, query.into_inner(), Format::JsonLines).await?;
    stream(&at, "companies", Format::JsonLines, pages).await
}
