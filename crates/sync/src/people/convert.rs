//! From Intercom's contacts and companies to the rows of our copy.
//!
//! A webhook writes times as ISO 8601 with parts of a second, the API as Unix seconds, and either may leave out what is
//! null. Rows are the same whichever told them, so that the same state is known to be the same.

use crate::text::without_nul;
use chrono::{DateTime, SubsecRound, Utc};
use earmark_db::tenant::{self, CopyTime};
use earmark_intercom::{Company, Contact, ContactRole, Location};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// The row of a contact as it was seen at a time.
pub(crate) fn contact(from: &Contact, observed_at: DateTime<Utc>) -> tenant::Contact {
    let Contact {
        id,
        external_id,
        role,
        name,
        email,
        phone,
        owner_id,
        created_at,
        updated_at,
        signed_up_at,
        last_seen_at,
        last_replied_at,
        unsubscribed_from_emails,
        language,
        avatar,
        location,
        companies,
        more_companies,
        companies_total,
        tags,
        more_tags,
        tags_total,
        custom_attributes,
        other,
    } = from;
    let content = canonical(json!({
        "signed_up_at": seconds(*signed_up_at), "last_replied_at": seconds(*last_replied_at),
        "unsubscribed_from_emails": unsubscribed_from_emails, "language": language, "avatar": avatar,
        "location": location.as_ref().map(placed),
        "custom_attributes": custom_attributes,
        "other": dated(other),
    }));
    let role = role_name(*role, other);
    let texts = [external_id, email, phone, name, owner_id];
    let [external_id, email, phone, name, owner_id] = texts.map(clean);
    let [created_at, last_seen_at] = [created_at, last_seen_at].map(|at| at.map(whole));
    let digest = digest(&json!({
        "content": content, "role": role, "external_id": external_id, "email": email, "phone": phone, "name": name,
        "owner_id": owner_id, "created_at": seconds(created_at), "last_seen_at": seconds(last_seen_at),
        "lists": [
            listed(companies.iter().map(|one| &one.id), *companies_total), listed(tags.iter().map(|one| &one.id), *tags_total),
        ],
    }));
    tenant::Contact {
        id: without_nul(id),
        role,
        external_id,
        email,
        phone,
        name,
        owner_id,
        content: content.to_string(),
        digest,
        created_at,
        last_seen_at,
        lists_cut: *more_companies || *more_tags,
        time: time(*updated_at, created_at, observed_at),
    }
}

fn placed(location: &Location) -> Value {
    let Location {
        country,
        region,
        city,
    } = location;
    json!({"country": country, "region": region, "city": city})
}

/// Also one that is neither user nor lead.
fn role_name(role: Option<ContactRole>, other: &Map<String, Value>) -> Option<String> {
    match role {
        Some(ContactRole::User) => Some("user".to_owned()),
        Some(ContactRole::Lead) => Some("lead".to_owned()),
        None => other.get("role").and_then(Value::as_str).map(without_nul),
    }
}

/// The row of a company as it was seen at a time.
pub(crate) fn company(from: &Company, observed_at: DateTime<Utc>) -> tenant::Company {
    let Company {
        id,
        company_id,
        name,
        plan,
        plan_id,
        website,
        industry,
        size,
        monthly_spend,
        user_count,
        session_count,
        created_at,
        updated_at,
        remote_created_at,
        last_request_at,
        tags,
        segments,
        custom_attributes,
        other,
    } = from;
    let told = json!({
        "plan_id": plan_id,
        "session_count": session_count,
        "remote_created_at": seconds(*remote_created_at),
        "custom_attributes": custom_attributes,
        "other": dated(other),
    });
    let (size, user_count) = (size.and_then(signed), user_count.and_then(signed));
    let [company_id, name, plan, website, industry] =
        [company_id, name, plan, website, industry].map(clean);
    let (created_at, last_request_at) = (created_at.map(whole), last_request_at.map(whole));
    // Webhooks leave out the segments, so they do not tell one state from another.
    let digest = digest(&json!({
        "content": canonical(told.clone()), "company_id": company_id, "name": name, "plan": plan, "website": website,
        "industry": industry, "size": size, "monthly_spend": monthly_spend, "user_count": user_count,
        "created_at": seconds(created_at), "last_request_at": seconds(last_request_at),
        "tags": listed(tags.iter().map(|one| &one.id), None),
    }));
    let mut content = told;
    let named = segments
        .iter()
        .map(|one| json!({"id": one.id, "name": one.name}));
    content["segments"] = named.collect();
    tenant::Company {
        id: without_nul(id),
        company_id,
        name,
        plan,
        industry,
        website,
        size,
        monthly_spend: *monthly_spend,
        user_count,
        content: canonical(content).to_string(),
        digest,
        created_at,
        last_request_at,
        time: time(*updated_at, created_at, observed_at),
    }
}

/// When a contact that a webhook shows was true.
pub(crate) fn contact_time(from: &Contact, observed_at: DateTime<Utc>) -> CopyTime {
    time(from.updated_at, from.created_at.map(whole), observed_at)
}

/// The same of a company.
pub(crate) fn company_time(from: &Company, observed_at: DateTime<Utc>) -> CopyTime {
    time(from.updated_at, from.created_at.map(whole), observed_at)
}

/// Whether two times are of one second: webhooks tell no parts of one, so they say nothing of the order.
pub(crate) fn is_one_second(one: DateTime<Utc>, other: DateTime<Utc>) -> bool {
    one.timestamp() == other.timestamp()
}

/// Whole seconds, as the API has them. A copy that does not say when it was changed loses against any that does.
fn time(
    updated_at: Option<DateTime<Utc>>,
    created_at: Option<DateTime<Utc>>,
    observed_at: DateTime<Utc>,
) -> CopyTime {
    CopyTime {
        updated_at: updated_at
            .or(created_at)
            .map_or(DateTime::UNIX_EPOCH, whole),
        // The database keeps microseconds.
        observed_at: observed_at.trunc_subsecs(6),
    }
}

fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(0)
}

fn seconds(at: Option<DateTime<Utc>>) -> Option<i64> {
    at.map(|at| at.timestamp())
}

fn clean(text: &Option<String>) -> Option<String> {
    text.as_deref().map(without_nul)
}

fn signed(count: u64) -> Option<i64> {
    i64::try_from(count).ok()
}

/// What a list says, whatever the order. Of a cut one the number has to do.
fn listed<'a>(ids: impl Iterator<Item = &'a String>, total: Option<u64>) -> Value {
    let mut ids: Vec<&String> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    let total = total
        .and_then(|total| usize::try_from(total).ok())
        .unwrap_or(ids.len());
    if total > ids.len() {
        json!(total)
    } else {
        json!(ids)
    }
}

fn digest(of: &Value) -> String {
    let hash = Sha256::digest(canonical(of.clone()).to_string());
    hash.iter().take(16).fold(String::new(), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
        text
    })
}

/// The same value in one form: keys in order, nothing that is null, no NUL.
fn canonical(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> = fields
                .into_iter()
                .map(|(key, value)| (without_nul(&key), canonical(value)))
                .filter(|(_, value)| !value.is_null())
                .collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(Map::from_iter(fields))
        }
        Value::Array(items) => items.into_iter().map(canonical).collect(),
        Value::String(text) => Value::String(without_nul(&text)),
        other => other,
    }
}

/// Intercom's own fields with their times as Unix seconds.
fn dated(fields: &Map<String, Value>) -> Value {
    let dated = fields.iter().map(|(key, value)| {
        let text = value.as_str().filter(|_| key.ends_with("_at"));
        let at = text.and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let value = at.map_or_else(|| value.clone(), |at| json!(at.timestamp()));
        (key.clone(), value)
    });
    Value::Object(dated.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_intercom::webhook::{Event, parse};

    fn told(contact: Value) -> Contact {
        let body = json!({
            "type": "notification_event", "topic": "contact.user.updated", "app_id": "a", "id": "n",
            "created_at": 1_790_000_000, "data": {"item": contact},
        });
        match parse(body.to_string().as_bytes()).unwrap().event {
            Event::ContactChanged { contact, .. } => *contact,
            other => panic!("{other:?}"),
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_webhook_and_the_api_tell_the_same_state_the_same_way() {
        let now = at("2026-11-25T10:00:00.123456789Z");
        let api = json!({
            "type": "contact", "id": "c1", "role": "user", "name": "Ada", "email": null, "owner_id": 814,
            "created_at": 1_768_018_948, "updated_at": 1_768_018_948, "last_contacted_at": 1_768_018_948,
            "custom_attributes": {"tier": "gold", "empty": null}, "sms_consent": false,
            "tags": {"type": "list", "data": [{"id": "2"}, {"id": "1"}], "total_count": 2, "has_more": false},
        });
        let webhook = json!({
            "type": "contact", "id": "c1", "role": "user", "name": "Ada", "owner_id": 814,
            "created_at": "2026-01-10T04:22:28.240+00:00", "updated_at": "2026-01-10T04:22:28.240+00:00",
            "last_contacted_at": "2026-01-10T04:22:28.000Z", "sms_consent": false, "browser": null,
            "custom_attributes": {"tier": "gold"},
            "tags": {"type": "list", "data": [{"id": "1"}, {"id": "2"}], "total_count": 2, "has_more": false},
        });
        let (api, webhook) = (contact(&told(api), now), contact(&told(webhook), now));
        assert_eq!(api, webhook);
        assert_eq!(api.time.updated_at, at("2026-01-10T04:22:28Z"));
        assert_eq!(api.time.observed_at, at("2026-11-25T10:00:00.123456Z"));
        assert!(api.content.contains(r#""tier":"gold""#) && api.content.contains("sms_consent"));
    }

    #[test]
    fn every_change_shows_in_the_digest() {
        let base = json!({"id": "c1", "role": "lead", "updated_at": 1_768_018_948, "location": {"city": "Oslo"}});
        let digest = |change: Value| {
            let mut told_value = base.clone();
            for (key, value) in change.as_object().unwrap() {
                told_value[key] = value.clone();
            }
            contact(&told(told_value), at("2026-11-25T10:00:00Z")).digest
        };
        let unchanged = digest(json!({}));
        assert_eq!(
            unchanged,
            digest(json!({"updated_at": 1_768_018_999})),
            "when it was seen is no content"
        );
        for change in [
            json!({"name": "Bo"}),
            json!({"location": {"city": "Bergen"}}),
            json!({"custom_attributes": {"a": 1}}),
            json!({"something_new": true}),
            json!({"tags": {"data": [{"id": "7"}], "total_count": 1}}),
            json!({"companies": {"data": [{"id": "7"}], "total_count": 1}}),
            json!({"role": "user"}),
            json!({"last_seen_at": 1_768_018_000}),
        ] {
            assert_ne!(unchanged, digest(change.clone()), "{change}");
        }
    }

    #[test]
    fn what_says_no_time_loses_and_nul_is_taken_out() {
        let row = contact(
            &told(
                json!({"id": "c1", "name": "A\u{0}da", "custom_attributes": {"a\u{0}": "\u{0}"}}),
            ),
            at("2026-11-25T10:00:00Z"),
        );
        assert_eq!(row.time.updated_at, DateTime::UNIX_EPOCH);
        assert_eq!(row.name.as_deref(), Some("Ada"));
        assert!(!row.content.contains("\\u0000"));
    }
}
