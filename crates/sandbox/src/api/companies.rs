//! `/companies`.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::error::ApiError;
use super::paging::{self, Sizes};
use crate::render::people;
use crate::state::app::Permission::{
    ReadListUsersAndCompanies, ReadOneUserAndOneCompany, ReadWriteUsers,
};
use crate::state::people::Company;

const LIST: Sizes = Sizes {
    default: 15,
    max: 60,
};
/// The list stops here, however many companies there are.
const LISTED: usize = 10_000;

/// With `company_id` or `name` this answers one company, not a list.
pub(super) fn find(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadListUsersAndCompanies])?;
    let query = &call.incoming.query;
    let found: Option<&Company> = match (query.get("company_id"), query.get("name")) {
        (Some(id), _) => by(call, |company| company.company_id == *id),
        (None, Some(name)) => by(call, |company| company.name == *name),
        (None, None) => return list(call),
    };
    let company = found.ok_or_else(ApiError::company_not_found)?;
    Ok(people::company(call.workspace, company))
}

fn by<'a>(call: &'a Call<'_>, wanted: impl Fn(&Company) -> bool) -> Option<&'a Company> {
    call.workspace
        .companies
        .values()
        .find(|company| wanted(company))
}

/// Companies without users are not listed; the ones seen last come first.
pub(super) fn list(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadListUsersAndCompanies])?;
    let workspace = &*call.workspace;
    let used: HashSet<&str> = workspace
        .contacts
        .values()
        .flat_map(|contact| contact.companies.iter().map(String::as_str))
        .collect();
    let mut companies: Vec<&Company> = workspace
        .companies
        .values()
        .filter(|company| used.contains(company.id.as_str()))
        .collect();
    companies.sort_by_key(|company| (std::cmp::Reverse(company.last_request_at), &company.id));
    let total = companies.len();
    companies.truncate(LISTED);
    let (range, pages) = paging::by_number(call, LIST, companies.len())?;
    let data: Vec<Value> = companies[range]
        .iter()
        .map(|company| people::company(workspace, company))
        .collect();
    Ok(json!({"type": "list", "data": data, "pages": pages, "total_count": total}))
}

pub(super) fn one(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadOneUserAndOneCompany, ReadWriteUsers])?;
    let company = call
        .workspace
        .companies
        .get(id)
        .ok_or_else(ApiError::company_not_found)?;
    Ok(people::company(call.workspace, company))
}
