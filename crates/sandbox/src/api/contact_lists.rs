//! `/contacts/{id}/…`: companies, tags, notes, segments and subscriptions of one contact.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::contacts::{READ, WRITE, known};
use super::error::ApiError;
use super::paging::{self, Sizes};
use crate::html;
use crate::render::{self, people};
use crate::search::{self, Query};
use crate::state::IdKind;
use crate::state::app::Permission::{ReadTags, WriteTags};
use crate::state::groups::{Note, Noted};
use crate::state::people::Contact;

const NESTED: Sizes = Sizes {
    default: 50,
    max: 60,
};

pub(super) fn route(
    call: &mut Call<'_>,
    method: &str,
    (id, list): (&str, &str),
    rest: &[&str],
) -> Answer {
    match (method, list, rest) {
        ("GET", "companies", []) => companies(call, id),
        ("POST", "companies", []) => attach(call, id),
        ("DELETE", "companies", [company]) => detach(call, id, company),
        ("GET", "tags", []) => tags(call, id),
        ("POST", "tags", []) => tag(call, id),
        ("DELETE", "tags", [tag]) => untag(call, id, tag),
        ("GET", "notes", []) => notes(call, id),
        ("POST", "notes", []) => add_note(call, id),
        ("GET", "segments", []) => segments(call, id),
        ("GET", "subscriptions", []) => subscriptions(call, id),
        ("POST", "subscriptions", []) => subscribe(call, id),
        ("DELETE", "subscriptions", [subscription]) => unsubscribe(call, id, subscription),
        _ => Err(ApiError::not_found()),
    }
}

fn companies(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&READ)?;
    let contact = known(call, id)?;
    let workspace = &*call.workspace;
    let all: Vec<Value> = contact
        .companies
        .iter()
        .filter_map(|company| workspace.companies.get(company))
        .map(|company| people::company(workspace, company, call.shape()))
        .collect();
    let (range, pages) = paging::by_number(call, NESTED, all.len())?;
    // Intercom's description says `companies`, which its own SDKs read, and its example says `data`.
    Ok(json!({
        "type": "list",
        "data": all[range.clone()],
        "companies": all[range],
        "pages": pages,
        "total_count": all.len(),
    }))
}

fn attach(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&WRITE)?;
    let company = call
        .text("id")
        .ok_or_else(|| ApiError::new(400, "parameter_not_found", "company not specified"))?;
    known(call, id)?;
    let events = call.workspace.attach(id, &company, call.now)?;
    call.events.extend(events);
    company_of(call, &company)
}

fn detach(call: &mut Call<'_>, id: &str, company: &str) -> Answer {
    call.need(&WRITE)?;
    known(call, id)?;
    let answer = company_of(call, company)?;
    let events = call.workspace.detach(id, company, call.now)?;
    call.events.extend(events);
    Ok(answer)
}

fn company_of(call: &Call<'_>, id: &str) -> Answer {
    let company = call.workspace.companies.get(id);
    let company = company.ok_or_else(ApiError::company_not_found)?;
    Ok(people::company(call.workspace, company, call.shape()))
}

fn tags(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadTags])?;
    let tags: Vec<Value> = known(call, id)?
        .tags
        .iter()
        .filter_map(|tag| call.workspace.tag(tag))
        .map(render::tag)
        .collect();
    Ok(json!({"type": "list", "data": tags}))
}

fn tag(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteTags])?;
    let tag = call.required("id")?;
    known(call, id)?;
    let shown = tag_of(call, &tag)?;
    let events = call.workspace.tag_contact(id, &tag, call.now)?;
    call.events.extend(events);
    Ok(shown)
}

fn untag(call: &mut Call<'_>, id: &str, tag: &str) -> Answer {
    call.need(&[WriteTags])?;
    known(call, id)?;
    let shown = tag_of(call, tag)?;
    let events = call
        .workspace
        .untag_contact(id, tag, call.now)
        .map_err(|_| ApiError::not_found())?;
    call.events.extend(events);
    Ok(shown)
}

fn tag_of(call: &Call<'_>, id: &str) -> Answer {
    let tag = call.workspace.tag(id).ok_or_else(ApiError::not_found)?;
    Ok(render::tag(tag))
}

fn notes(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&READ)?;
    known(call, id)?;
    note_list(call, &Noted::Contact(id.to_owned()))
}

/// The notes on something, newest first.
pub(super) fn note_list(call: &Call<'_>, on: &Noted) -> Answer {
    let all: Vec<Value> = call
        .workspace
        .notes
        .iter()
        .rev()
        .filter(|note| note.on == *on)
        .map(|note| people::note(call.workspace, note, call.shape()))
        .collect();
    let (range, pages) = paging::by_number(call, NESTED, all.len())?;
    Ok(json!({"type": "list", "data": all[range], "total_count": all.len(), "pages": pages}))
}

fn add_note(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&WRITE)?;
    known(call, id)?;
    note_on(call, Noted::Contact(id.to_owned()))
}

/// Keeps the note of the body.
pub(super) fn note_on(call: &mut Call<'_>, on: Noted) -> Answer {
    let body = html::from_api(&call.required("body")?);
    let admin = call.text("admin_id");
    if let Some(id) = &admin
        && call.workspace.admin(id).is_none()
    {
        return Err(ApiError::not_found());
    }
    let note = Note {
        id: call.workspace.digits(IdKind::Note),
        on,
        body,
        admin,
        created_at: call.now,
    };
    let shown = people::note(call.workspace, &note, call.shape());
    call.workspace.notes.push(note);
    Ok(shown)
}

fn segments(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&READ)?;
    let contact = known(call, id)?;
    let mut data = Vec::new();
    for segment in &call.workspace.segments {
        let query: Query<_> = search::parse::<Contact>(call.workspace, &segment.query)?;
        if query.matches(contact) {
            data.push(render::segment(segment, None));
        }
    }
    Ok(json!({"type": "list", "data": data}))
}

/// Explicit choices only, never what the workspace presets.
fn subscriptions(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&READ)?;
    let data: Vec<Value> = known(call, id)?
        .subscriptions
        .iter()
        .filter_map(|chosen| subscription_of(call, &chosen.id).ok())
        .collect();
    Ok(json!({"type": "list", "data": data}))
}

fn subscribe(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&WRITE)?;
    let subscription = call.required("id")?;
    let opted_in = match call.required("consent_type")?.as_str() {
        "opt_in" => true,
        "opt_out" => false,
        _ => return Err(ApiError::invalid("consent_type must be opt_in or opt_out")),
    };
    choose(call, id, &subscription, Some(opted_in))
}

fn unsubscribe(call: &mut Call<'_>, id: &str, subscription: &str) -> Answer {
    call.need(&WRITE)?;
    choose(call, id, subscription, None)
}

fn choose(call: &mut Call<'_>, id: &str, subscription: &str, opted_in: Option<bool>) -> Answer {
    known(call, id)?;
    let shown = subscription_of(call, subscription)?;
    let events = call
        .workspace
        .choose(id, subscription, opted_in, call.now)?;
    call.events.extend(events);
    Ok(shown)
}

fn subscription_of(call: &Call<'_>, id: &str) -> Answer {
    let known = call.workspace.subscription_types.iter();
    let mut found = known.filter(|one| one.id == id);
    found
        .next()
        .map(render::subscription)
        .ok_or_else(ApiError::not_found)
}
