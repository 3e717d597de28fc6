//! Contacts, companies, tags, segments and teammates.

use earmark_intercom::{
    Change, CompanyFields, ContactFields, ContactRole, Order, Search, contacts,
    search::{Contacts, Group},
};
use serde_json::json;

use super::{Case, attributes, cases, time};

fn full_contact() -> ContactFields {
    ContactFields {
        role: ContactRole::User.into(),
        external_id: "x-1".into(),
        email: "mina@help.example".into(),
        phone: Change::Clear,
        name: "Mina".into(),
        avatar: "https://a.example/m.png".into(),
        owner_id: "7".into(),
        unsubscribed_from_emails: false.into(),
        custom_attributes: attributes(json!({"tier": "gold"})).into(),
        signed_up_at: time().into(),
        last_seen_at: Change::Keep,
    }
}

fn full_company() -> CompanyFields {
    CompanyFields {
        company_id: "acme".into(),
        name: "Acme".into(),
        plan: "Pro".into(),
        size: 40.into(),
        website: "https://acme.example".into(),
        industry: "Tools".into(),
        monthly_spend: 1200.into(),
        custom_attributes: attributes(json!({"vip": true})).into(),
        remote_created_at: time().into(),
    }
}

fn nested() -> Search<Contacts> {
    let wanted = [
        contacts::EMAIL.ends_with("@x.example"),
        contacts::TAG_ID.is("t1"),
    ];
    let or = Group::any(wanted).unwrap();
    let and = Group::all([contacts::ROLE.is("user")]).unwrap();
    Search::all([or, and]).unwrap()
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = contact_cases();
    all.extend(attached_cases());
    all.extend(company_cases());
    all.extend(other_cases());
    all
}

fn contact_cases() -> Vec<Case> {
    cases! {
        "contacts.list": "GET /contacts?per_page=150", null => |client| client.contacts().page();
        "contacts.search": "POST /contacts/search", {
            "query": {"field": "segment_id", "operator": "=", "value": "s1"},
            "pagination": {"per_page": 150},
        } => |client| client.search_contacts(contacts::SEGMENT_ID.is("s1")).page();
        "contacts.search": "POST /contacts/search", {
            "query": {"operator": "AND", "value": [
                {"operator": "OR", "value": [
                    {"field": "email", "operator": "$", "value": "@x.example"},
                    {"field": "tag_id", "operator": "=", "value": "t1"},
                ]},
                {"operator": "AND", "value": [{"field": "role", "operator": "=", "value": "user"}]},
            ]},
            "pagination": {"per_page": 5},
        } => |client| client.search_contacts(nested()).per_page(5).page();
        "contacts.search": "POST /contacts/search", {
            "query": {"operator": "OR", "value": [
                {"field": "updated_at", "operator": ">", "value": 1_794_863_200},
                {"field": "updated_at", "operator": "=", "value": 1_794_863_200},
            ]},
            "sort": {"field": "updated_at", "order": "ascending"},
            "pagination": {"per_page": 150},
        } => |client| client.search_contacts(contacts::changed_since(time())).page();
        "contacts.get": "GET /contacts/c1", null => |client| client.contact("c1");
        "contacts.get_by_external_id": "GET /contacts/find_by_external_id/x%2F1", null =>
            |client| client.contact_by_external_id("x/1");
        "contacts.create": "POST /contacts", {
            "role": "user", "external_id": "x-1", "email": "mina@help.example", "phone": null,
            "name": "Mina", "avatar": "https://a.example/m.png", "owner_id": 7,
            "unsubscribed_from_emails": false, "custom_attributes": {"tier": "gold"},
            "signed_up_at": 1_795_000_000,
        } => |client| client.create_contact(&full_contact());
        "contacts.update": "PUT /contacts/c1", {"name": "Mina", "last_seen_at": 1_795_000_000} => |client|
            client.update_contact("c1", &ContactFields {
                name: "Mina".into(), last_seen_at: time().into(), ..ContactFields::default()
            });
        "contacts.delete": "DELETE /contacts/c1", null => |client| client.delete_contact("c1");
        "contacts.archive": "POST /contacts/c1/archive", null => |client| client.archive_contact("c1");
        "contacts.unarchive": "POST /contacts/c1/unarchive", null => |client| client.unarchive_contact("c1");
        "contacts.block": "POST /contacts/c1/block", null => |client| client.block_contact("c1");
        "contacts.merge": "POST /contacts/merge", {"from": "lead", "into": "user"} =>
            |client| client.merge_contacts("lead", "user");
        "contacts.merge_history": "GET /contacts/c1/merge_history?per_page=150", null =>
            |client| client.contact_merges("c1").page();
    }
}

fn attached_cases() -> Vec<Case> {
    cases! {
        "contacts.list_companies": "GET /contacts/c1/companies?per_page=60", null =>
            |client| client.contact_companies("c1").page();
        "contacts.attach_company": "POST /contacts/c1/companies", {"id": "k1"} =>
            |client| client.attach_company("c1", "k1");
        "contacts.detach_company": "DELETE /contacts/c1/companies/k1", null =>
            |client| client.detach_company("c1", "k1");
        "contacts.list_tags": "GET /contacts/c1/tags", null => |client| client.contact_tags("c1").page();
        "contacts.attach_tag": "POST /contacts/c1/tags", {"id": "t1"} => |client| client.tag_contact("c1", "t1");
        "contacts.detach_tag": "DELETE /contacts/c1/tags/t1", null => |client| client.untag_contact("c1", "t1");
        "contacts.list_notes": "GET /contacts/c1/notes?per_page=60", null =>
            |client| client.contact_notes("c1").page();
        "contacts.create_note": "POST /contacts/c1/notes", {"body": "calls", "admin_id": "7"} =>
            |client| client.note_contact("c1", "calls", Some("7"));
        "contacts.create_note": "POST /contacts/c1/notes", {"body": "calls"} =>
            |client| client.note_contact("c1", "calls", None);
        "notes.get": "GET /notes/n1", null => |client| client.note("n1");
        "contacts.list_subscriptions": "GET /contacts/c1/subscriptions", null =>
            |client| client.contact_subscriptions("c1").page();
        "contacts.attach_subscription": "POST /contacts/c1/subscriptions", {"id": "s1", "consent_type": "opt_in"} =>
            |client| client.subscribe_contact("c1", "s1", "opt_in");
        "contacts.detach_subscription": "DELETE /contacts/c1/subscriptions/s1", null =>
            |client| client.unsubscribe_contact("c1", "s1");
        "contacts.list_segments": "GET /contacts/c1/segments", null =>
            |client| client.contact_segments("c1").page();
    }
}

fn company_cases() -> Vec<Case> {
    cases! {
        "companies.list": "POST /companies/list?order=desc&per_page=50", null =>
            |client| client.companies(Order::Descending).page();
        "companies.scroll": "GET /companies/scroll", null => |client| client.scroll_companies().page();
        "companies.find": "GET /companies?company_id=a%26b", null =>
            |client| client.company_by_company_id("a&b");
        "companies.find": "GET /companies?name=Acme", null => |client| client.company_by_name("Acme");
        "companies.find": "GET /companies?tag_id=t1&per_page=50", null =>
            |client| client.companies_with_tag("t1").page();
        "companies.find": "GET /companies?segment_id=s1&per_page=50", null =>
            |client| client.companies_in_segment("s1").page();
        "companies.get": "GET /companies/k1", null => |client| client.company("k1");
        "companies.create_or_update": "POST /companies", {
            "company_id": "acme", "name": "Acme", "plan": "Pro", "size": 40, "website": "https://acme.example",
            "industry": "Tools", "monthly_spend": 1200, "custom_attributes": {"vip": true},
            "remote_created_at": 1_795_000_000,
        } => |client| client.put_company(&full_company());
        "companies.update": "PUT /companies/k1", {
            "name": "Acme", "plan": "Pro", "size": 40, "website": "https://acme.example",
            "industry": "Tools", "monthly_spend": 1200, "custom_attributes": {"vip": true},
        } => |client| client.update_company("k1", &full_company());
        "companies.delete": "DELETE /companies/k1", null => |client| client.delete_company("k1");
        "companies.list_contacts": "GET /companies/k1/contacts", null =>
            |client| client.company_contacts("k1").page();
        "companies.list_segments": "GET /companies/k1/segments", null =>
            |client| client.company_segments("k1").page();
        "companies.list_notes": "GET /companies/k1/notes", null => |client| client.company_notes("k1").page();
        "companies.create_note": "POST /companies/k1/notes", {"body": "big", "admin_id": "7"} =>
            |client| client.note_company("k1", "big", Some("7"));
    }
}

fn other_cases() -> Vec<Case> {
    cases! {
        "me.get": "GET /me", null => |client| client.me();
        "admins.list": "GET /admins", null => |client| client.admins();
        "admins.get": "GET /admins/7", null => |client| client.admin("7");
        "admins.set_away": "PUT /admins/7/away", {"away_mode_enabled": true, "away_mode_reassign": false} =>
            |client| client.set_away("7", true, false);
        "teams.list": "GET /teams", null => |client| client.teams();
        "teams.get": "GET /teams/4", null => |client| client.team("4");
        "tags.list": "GET /tags", null => |client| client.tags();
        "tags.get": "GET /tags/t1", null => |client| client.tag("t1");
        "tags.create_or_update": "POST /tags", {"name": "bug"} => |client| client.create_tag("bug");
        "tags.create_or_update": "POST /tags", {"id": "t1", "name": "bugs"} =>
            |client| client.rename_tag("t1", "bugs");
        "tags.create_or_update": "POST /tags", {"name": "bug", "companies": [{"id": "k1"}, {"id": "k2"}]} =>
            |client| client.tag_companies("bug", &["k1", "k2"], false);
        "tags.create_or_update": "POST /tags", {"name": "bug", "companies": [{"id": "k1", "untag": true}]} =>
            |client| client.tag_companies("bug", &["k1"], true);
        "tags.delete": "DELETE /tags/t1", null => |client| client.delete_tag("t1");
        "segments.list": "GET /segments?include_count=true", null => |client| client.segments(true);
        "segments.get": "GET /segments/s1", null => |client| client.segment("s1");
    }
}
