//! The filter of the contacts by a company: its name is typed, and its id is what filters.

use super::ContactQuery;
use crate::pages::companies::shown_name;
use crate::pages::people::{Chip, CopyState, Listed as _, text};
use crate::pages::prelude::*;
use earmark_db::tenant::{CompanyFilter, CopySort, MirroredCompany};
use earmark_model::ConnectionId;

/// Companies that a name is looked for among.
const LOOKED_AT: u64 = 200;
/// Companies to choose from.
const OFFERED: usize = 8;
/// Names that the field suggests.
const SUGGESTED: u64 = 100;

/// What was typed where it does not mean one company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What was typed.
    pub words: String,
    /// Companies that it can mean, each with the list of its contacts.
    pub offered: Vec<(String, String)>,
    /// Whether it can mean others, too.
    pub more: bool,
}

/// Makes a typed name the filter when it is the name of one company or found in one only.
pub(super) async fn ask(
    query: &mut ContactQuery,
    at: &At,
    one: Option<ConnectionId>,
    states: &[CopyState],
) -> Result<Option<Asked>, Failed> {
    let Some(words) = text(&query.of) else {
        return Ok(None);
    };
    let filter = CompanyFilter {
        connection: one,
        words: Some(words.clone()),
        ..CompanyFilter::default()
    };
    let companies = at.tenant();
    let found = companies.companies(&filter, CopySort::Name, None, LOOKED_AT);
    let found = found.await?;
    let is_called = |company: &&MirroredCompany| {
        let name = company.company.name.as_deref().unwrap_or_default();
        name.trim().to_lowercase() == words.to_lowercase()
    };
    let (called, others): (Vec<_>, Vec<_>) = found.iter().partition(is_called);
    let means = match (called.as_slice(), others.as_slice()) {
        ([company], _) | ([], [company]) => Some((*company).clone()),
        _ => None,
    };
    let with = |company: &MirroredCompany| {
        let mut with = query.first();
        with.of.clear();
        with.company.clone_from(&company.company.id);
        with.list.connection = company.connection.to_string();
        with
    };
    if let Some(company) = means {
        *query = with(&company);
        return Ok(None);
    }
    let offered = called.iter().chain(&others).take(OFFERED);
    let offered = offered.map(|one| {
        let has_namesake = called.len() > 1 && is_called(one);
        (label(one, states, has_namesake), with(one).href(at.ws()))
    });
    Ok(Some(Asked {
        offered: offered.collect(),
        more: found.len() > OFFERED,
        words,
    }))
}

/// A company's name, with its own id where it has a namesake, and its connection where there are several.
fn label(company: &MirroredCompany, states: &[CopyState], has_namesake: bool) -> String {
    let MirroredCompany {
        connection,
        company,
        archived_at: _,
    } = company;
    let mut name = shown_name(company.name.as_deref(), &company.id).to_owned();
    if has_namesake {
        let id = company.company_id.as_ref().unwrap_or(&company.id);
        name = format!("{name} ({id})");
    }
    let of = connection.to_string();
    match states.iter().find(|state| state.connection == of) {
        Some(state) if states.len() > 1 => format!("{name}, {}", state.shown_name()),
        _ => name,
    }
}

/// The names of the companies that were seen last, as long as none is chosen.
pub(super) async fn suggested(at: &At, query: &ContactQuery) -> Result<Vec<String>, Failed> {
    if !query.company.is_empty() {
        return Ok(Vec::new());
    }
    let filter = CompanyFilter {
        connection: query.list.connection()?,
        archived: Some(false),
        ..CompanyFilter::default()
    };
    let tenant = at.tenant();
    let found = tenant
        .companies(&filter, CopySort::Seen, None, SUGGESTED)
        .await?;
    let mut names: Vec<String> = found
        .into_iter()
        .filter_map(|found| found.company.name)
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// The company of the filter, by name; one that the connection does not have is no filter.
pub(super) async fn chips(
    query: &mut ContactQuery,
    at: &At,
    connection: Option<ConnectionId>,
) -> Result<Vec<Chip>, Failed> {
    let company = match connection {
        Some(connection) if !query.company.is_empty() => {
            at.tenant().company(connection, &query.company).await?
        }
        _ => None,
    };
    let Some(company) = company else {
        query.company.clear();
        return Ok(Vec::new());
    };
    let without = ContactQuery {
        company: String::new(),
        ..query.first()
    };
    Ok(vec![Chip {
        label: shown_name(company.company.name.as_deref(), &company.company.id).to_owned(),
        field: "company",
        value: query.company.clone(),
        without: without.href(at.ws()),
        rest: "show all companies",
    }])
}
