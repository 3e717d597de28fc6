//! What a raw request changed that we copy, by its path and the answer.

use earmark_intercom::{Company, Contact, RawBody, RawContent, RawRequest};
use earmark_sync::Acted;
use serde_json::Value;

/// The change that our copy is to follow, when the request was one that makes such a change. `path` is the one below the
/// connection's API address, without query.
pub(super) fn acted(request: &RawRequest, path: &str, answer: &RawContent) -> Option<Acted> {
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let method = request.method.to_ascii_uppercase();
    let answer = read(answer);
    let id = |id: &str| id.to_owned();
    Some(match (method.as_str(), segments.as_slice()) {
        ("POST", ["contacts"]) | ("PUT", ["contacts", _]) => {
            Acted::Contact(Box::new(Contact::from_json(&answer?).ok()?))
        }
        ("DELETE", ["contacts", contact]) => Acted::ContactDeleted(id(contact)),
        ("POST", ["contacts", "merge"]) => Acted::ContactsMerged {
            from: text(sent(request)?, "from")?,
            into: Box::new(Contact::from_json(&answer?).ok()?),
        },
        ("POST", ["contacts", contact, "archive"]) => Acted::ContactArchived(id(contact)),
        ("POST", ["contacts", contact, "unarchive"]) => Acted::ContactUnarchived(id(contact)),
        ("POST" | "DELETE", ["contacts", contact, "companies", ..]) => Acted::Member {
            contact: id(contact),
            company: Box::new(Company::from_json(&answer?).ok()?),
            attached: method == "POST",
        },
        ("POST", ["contacts", contact, "tags"]) => Acted::Tagged {
            contact: id(contact),
            tag: text(&answer?, "id")?,
            added: true,
        },
        ("DELETE", ["contacts", contact, "tags", tag]) => Acted::Tagged {
            contact: id(contact),
            tag: id(tag),
            added: false,
        },
        ("POST", ["companies"]) | ("PUT", ["companies", _]) => {
            Acted::Company(Box::new(Company::from_json(&answer?).ok()?))
        }
        ("DELETE", ["companies", company]) => Acted::CompanyDeleted(id(company)),
        ("POST", ["tags"]) => {
            let answer = answer?;
            let (id, name) = (text(&answer, "id")?, text(&answer, "name")?);
            Acted::Tag { id, name }
        }
        ("DELETE", ["tags", tag]) => Acted::TagDeleted(id(tag)),
        _ => return None,
    })
}

/// The answer as JSON, also one that was asked for as text.
fn read(answer: &RawContent) -> Option<Value> {
    match answer {
        RawContent::Json(value) => Some(value.clone()),
        RawContent::Text(text) => serde_json::from_str(text).ok(),
        RawContent::Binary(bytes) => serde_json::from_slice(bytes).ok(),
    }
}

fn sent(request: &RawRequest) -> Option<&Value> {
    match &request.body {
        RawBody::Json(value) => Some(value),
        _ => None,
    }
}

fn text(object: &Value, key: &str) -> Option<String> {
    object.get(key)?.as_str().map(str::to_owned)
}
