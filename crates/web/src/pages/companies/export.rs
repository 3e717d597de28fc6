//! The filtered companies as a file.

use super::CompanyQuery;
use crate::pages::download::{Format, time_cell};
use crate::pages::people::{Copied as _, Exported, custom, export, named, names, of, parsed};
use crate::pages::prelude::*;
use actix_web::web::Query;
use earmark_db::tenant::{Company, CopyKey, Links, MirroredCompany, Named};
use earmark_db::{Db, Tenant};
use serde_json::{Value, json};
use std::collections::HashMap;

impl Exported for CompanyQuery {
    const HEADER: &'static [&'static str] = &[
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
    /// Tags.
    type Links = HashMap<CopyKey, Vec<Named>>;

    async fn links(tenant: Tenant<'_, Db>, keys: &[CopyKey]) -> Result<Self::Links, Failed> {
        Ok(tenant.named_links(Links::CompanyTags, keys).await?)
    }

    fn cells(mirrored: MirroredCompany, tags: &Self::Links) -> Vec<String> {
        let tags = of(tags, &mirrored.key());
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
        vec![
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
        ]
    }

    fn object(mirrored: MirroredCompany, tags: &Self::Links) -> Value {
        let tags = of(tags, &mirrored.key());
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
}

/// The filtered companies as CSV.
pub(crate) async fn csv(at: At, query: Query<CompanyQuery>) -> Result<HttpResponse, Failed> {
    export(at, query.into_inner(), Format::Csv).await
}

/// The filtered companies as JSON lines.
pub(crate) async fn jsonl(at: At, query: Query<CompanyQuery>) -> Result<HttpResponse, Failed> {
    export(at, query.into_inner(), Format::JsonLines).await
}
