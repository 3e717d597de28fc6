//! Contacts and companies.

use serde_json::{Map, Value, json};

use super::Shape;
use crate::state::Workspace;
use crate::state::app::Version;
use crate::state::groups::{Note, Noted};
use crate::state::people::{Company, Contact, Profile};

/// Lists inside a contact show this many entries at most.
const NESTED: usize = 10;

/// Fields of a contact the sandbox never fills.
const EMPTY: [&str; 23] = [
    "last_email_opened_at",
    "last_email_clicked_at",
    "browser_version",
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
    for filled in [
        who(workspace, contact, shape),
        where_from(contact),
        lists(workspace, contact),
    ] {
        if let Value::Object(filled) = filled {
            fields.extend(filled);
        }
    }
    Value::Object(fields)
}

fn who(workspace: &Workspace, contact: &Contact, shape: Shape) -> Value {
    let owner = match contact.owner_id {
        Some(id) if shape.version >= Version::V2_16 => json!(id.to_string()),
        id => json!(id),
    };
    let mut value = json!({
        "type": "contact",
        "id": contact.id,
        "workspace_id": workspace.app_id,
        "external_id": contact.external_id,
        "role": contact.role.word(),
        "email": contact.email,
        "phone": contact.phone,
        "name": contact.name,
        "owner_id": owner,
        "has_hard_bounced": false,
        "marked_email_as_spam": false,
        "unsubscribed_from_emails": contact.unsubscribed_from_emails,
        "created_at": shape.time(Some(contact.created_at)),
        "updated_at": shape.time(Some(contact.updated_at)),
        "signed_up_at": shape.time(contact.signed_up_at),
        "last_seen_at": shape.time(contact.last_seen_at),
        "last_replied_at": shape.time(contact.last_replied_at),
        "last_contacted_at": shape.time(contact.last_contacted_at),
        "custom_attributes": contact.custom_attributes,
        "sms_consent": false,
        "unsubscribed_from_sms": false,
    });
    if let Some(domain) = contact.email_domain() {
        value["email_domain"] = json!(domain);
    }
    value
}

fn where_from(contact: &Contact) -> Value {
    let nowhere = Profile::default();
    let profile = contact.profile.as_deref().unwrap_or(&nowhere);
    json!({
        "location": {
            "type": "location",
            "country": profile.country,
            "region": profile.region,
            "city": profile.city,
            "country_code": null,
            "continent_code": null,
        },
        "browser": profile.browser,
        "browser_language": profile.language,
        "language_override": profile.language,
        "os": profile.os,
        "avatar": profile.avatar.as_ref().map(|url| json!({"type": "avatar", "image_url": url})),
    })
}

fn lists(workspace: &Workspace, contact: &Contact) -> Value {
    let notes: Vec<&str> = workspace
        .notes
        .iter()
        .filter(|note| matches!(&note.on, Noted::Contact(id) if *id == contact.id))
        .map(|note| note.id.as_str())
        .collect();
    let chosen = |opted_in: bool| -> Vec<&str> {
        contact
            .subscriptions
            .iter()
            .filter(|one| one.opted_in == opted_in)
            .map(|one| one.id.as_str())
            .collect()
    };
    json!({
        "social_profiles": {"type": "list", "data": []},
        "tags": nested(contact, "tags", "tag", &contact.tags),
        "notes": nested(contact, "notes", "note", &notes),
        "companies": nested(contact, "companies", "company", &contact.companies),
        "opted_out_subscription_types":
            nested(contact, "subscriptions", "subscription", &chosen(false)),
        "opted_in_subscription_types":
            nested(contact, "subscriptions", "subscription", &chosen(true)),
    })
}

fn nested<T: AsRef<str>>(contact: &Contact, list: &str, kind: &str, ids: &[T]) -> Value {
    let folder = if kind == "company" { "companies" } else { list };
    let data: Vec<Value> = ids
        .iter()
        .take(NESTED)
        .map(|id| {
            let id = id.as_ref();
            json!({"id": id, "type": kind, "url": format!("/{folder}/{id}")})
        })
        .collect();
    json!({
        "type": "list",
        "data": data,
        "url": format!("/contacts/{}/{list}", contact.id),
        "total_count": ids.len(),
        "has_more": ids.len() > NESTED,
    })
}

/// A contact as other things refer to it.
pub(crate) fn reference(workspace: &Workspace, id: &str) -> Value {
    let contact = workspace.contacts.get(id);
    json!({
        "type": "contact",
        "id": id,
        "external_id": contact.and_then(|contact| contact.external_id.as_deref()),
    })
}

/// A note on a contact or, from 2.15 on, a company.
pub(crate) fn note(workspace: &Workspace, note: &Note, shape: Shape) -> Value {
    let author = note.admin.as_deref().and_then(|id| workspace.admin(id));
    let mut value = json!({
        "type": "note",
        "id": note.id,
        "created_at": note.created_at,
        "author": author.map(super::admin),
        "body": note.body,
    });
    match &note.on {
        Noted::Contact(id) => value["contact"] = json!({"type": "contact", "id": id}),
        Noted::Company(id) => value["company"] = json!({"type": "company", "id": id}),
    }
    if shape.version < Version::V2_16
        && author.is_none()
        && let Some(fields) = value.as_object_mut()
    {
        fields.remove("author");
    }
    value
}

/// A company of an API answer.
pub(crate) fn company(workspace: &Workspace, company: &Company, shape: Shape) -> Value {
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
    let mut value = json!({
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
    });
    if shape.version >= Version::V2_15 {
        let notes: Vec<Value> = workspace
            .notes
            .iter()
            .filter(|one| matches!(&one.on, Noted::Company(id) if *id == company.id))
            .map(|one| note(workspace, one, shape))
            .collect();
        value["notes"] = json!({"type": "note.list", "notes": notes});
    }
    value
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

/// The company of a membership webhook, which shows less of it.
pub(crate) fn company_member(workspace: &Workspace, company: &Company) -> Value {
    let mut value = company_webhook(workspace, company);
    if let Some(fields) = value.as_object_mut() {
        for absent in ["plan", "size", "website", "industry"] {
            fields.remove(absent);
        }
        let plan = company.plan.as_ref().map(|_| "1");
        fields.insert("plan_id".to_owned(), json!(plan));
    }
    value
}
