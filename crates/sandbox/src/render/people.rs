//! Contacts and companies.

use serde_json::{Map, Value, json};

use super::Shape;
use crate::state::Workspace;
use crate::state::app::Version;
use crate::state::people::{Company, Contact};

/// Lists inside a contact show this many entries at most.
const NESTED: usize = 10;

/// Fields of a contact the sandbox never fills.
const EMPTY: [&str; 29] = [
    "avatar",
    "last_contacted_at",
    "last_email_opened_at",
    "last_email_clicked_at",
    "language_override",
    "browser",
    "browser_version",
    "browser_language",
    "os",
    "android_app_name",
    "android_app_version",
    "android_device",
    "android_os_version",
    "android_sdk_version",
    "android_last_seen_at",
    "ios_app_name",
    "ios_app_version",
    "ios_device",
    "ios_os_version",
    "ios_sdk_version",
    "ios_last_seen_at",
    "utm_campaign",
    "utm_content",
    "utm_medium",
    "utm_source",
    "utm_term",
    "referrer",
    "enabled_push_messaging",
    "formatted_phone",
];

/// A contact. Its lists (tags, companies, notes) hold ids and urls, never names.
pub(crate) fn contact(workspace: &Workspace, contact: &Contact, shape: Shape) -> Value {
    let mut fields: Map<String, Value> = EMPTY
        .iter()
        .map(|name| ((*name).to_owned(), Value::Null))
        .collect();
    let owner = match contact.owner_id {
        Some(id) if shape.version >= Version::V2_16 => json!(id.to_string()),
        id => json!(id),
    };
    let filled = json!({
        "type": "contact",
        "id": contact.id,
        "workspace_id": workspace.app_id,
        "external_id": contact.external_id,
        "role": contact.role.word(),
        "email": contact.email,
        "phone": contact.phone,
        "name": contact.name,
        "owner_id": owner,
        "social_profiles": {"type": "list", "data": []},
        "has_hard_bounced": false,
        "marked_email_as_spam": false,
        "unsubscribed_from_emails": false,
        "created_at": shape.time(Some(contact.created_at)),
        "updated_at": shape.time(Some(contact.updated_at)),
        "signed_up_at": shape.time(contact.signed_up_at),
        "last_seen_at": shape.time(contact.last_seen_at),
        "last_replied_at": shape.time(contact.last_replied_at),
        "location": {
            "type": "location", "country": null, "region": null, "city": null,
            "country_code": null, "continent_code": null,
        },
        "custom_attributes": contact.custom_attributes,
        "tags": nested(contact, "tags", "tag", &contact.tags),
        "notes": nested(contact, "notes", "note", &[]),
        "companies": nested(contact, "companies", "company", &contact.companies),
        "opted_out_subscription_types": nested(contact, "subscriptions", "subscription", &[]),
        "opted_in_subscription_types": nested(contact, "subscriptions", "subscription", &[]),
        "sms_consent": false,
        "unsubscribed_from_sms": false,
    });
    if let Value::Object(filled) = filled {
        fields.extend(filled);
    }
    Value::Object(fields)
}

fn nested(contact: &Contact, list: &str, kind: &str, ids: &[String]) -> Value {
    let folder = if kind == "company" { "companies" } else { list };
    let data: Vec<Value> = ids
        .iter()
        .take(NESTED)
        .map(|id| json!({"id": id, "type": kind, "url": format!("/{folder}/{id}")}))
        .collect();
    json!({
        "type": "list",
        "data": data,
        "url": format!("/contacts/{}/{list}", contact.id),
        "total_count": ids.len(),
        "has_more": ids.len() > NESTED,
    })
}

/// A company of an API answer.
pub(crate) fn company(workspace: &Workspace, company: &Company) -> Value {
    let tags: Vec<Value> = company
        .tags
        .iter()
        .filter_map(|id| workspace.tag(id))
        .map(super::tag)
        .collect();
    let plan = company.plan.as_ref().map_or_else(
        || json!({}),
        |name| json!({"type": "plan", "id": "1", "name": name}),
    );
    json!({
        "type": "company",
        "id": company.id,
        "company_id": company.company_id,
        "app_id": workspace.app_id,
        "name": company.name,
        "remote_created_at": company.remote_created_at,
        "created_at": company.created_at,
        "updated_at": company.updated_at,
        "last_request_at": company.last_request_at,
        "size": company.size,
        "website": company.website,
        "industry": company.industry,
        "monthly_spend": company.monthly_spend,
        "session_count": 0,
        "user_count": workspace.company_size(&company.id),
        "tags": {"type": "tag.list", "tags": tags},
        "segments": {"type": "segment.list", "segments": []},
        "plan": plan,
        "custom_attributes": company.custom_attributes,
    })
}

/// A company of a webhook: ISO 8601 times, tags by id.
pub(crate) fn company_webhook(workspace: &Workspace, company: &Company) -> Value {
    let time = |at: Option<i64>| at.map(super::iso_offset);
    json!({
        "type": "company",
        "id": company.id,
        "name": company.name,
        "app_id": workspace.app_id,
        "plan": company.plan.as_ref().map(|name| json!({"type": "plan", "id": "1", "name": name})),
        "company_id": company.company_id,
        "remote_created_at": time(company.remote_created_at),
        "created_at": time(Some(company.created_at)),
        "updated_at": time(Some(company.updated_at)),
        "last_request_at": time(company.last_request_at),
        "size": company.size,
        "website": company.website,
        "industry": company.industry,
        "monthly_spend": company.monthly_spend,
        "session_count": 0,
        "user_count": workspace.company_size(&company.id),
        "custom_attributes": company.custom_attributes,
        "tag_ids": company.tags,
    })
}
