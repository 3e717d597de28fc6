//! Whether our copy is what the API shows: everything that Intercom would tell somebody who asks, against our rows.

use crate::support::Engine;
use earmark_db::tenant::{CompanyFilter, ContactFilter, ContactPass, CopySort, Links};
use earmark_intercom::{ApiVersion, Contact, ContactRole, Error};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

type Ids = BTreeSet<String>;

/// What is compared of a contact.
#[derive(Debug, PartialEq)]
struct Person {
    role: Option<String>,
    external_id: Option<String>,
    email: Option<String>,
    name: Option<String>,
    phone: Option<String>,
    owner: Option<String>,
    attributes: Value,
    companies: Ids,
    tags: Ids,
}

/// What is compared of a company.
#[derive(Debug, PartialEq)]
struct Firm {
    name: Option<String>,
    own_id: Option<String>,
}

/// Panics with the first thing that differs after a pass.
pub(crate) async fn assert_same(engine: &Engine, what: &str) {
    assert_told(engine, what).await;
    let people = |firms: BTreeMap<String, (Firm, Option<i64>)>| {
        let people = firms.into_iter().map(|(id, (_, people))| (id, people));
        people.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(
        people(our_firms(engine).await),
        people(their_firms(engine).await),
        "{what}: people in companies (ours, Intercom's)"
    );
}

/// The same without the number of people in a company, which changes without a webhook about the company.
pub(crate) async fn assert_told(engine: &Engine, what: &str) {
    assert_eq!(
        ours(engine).await,
        theirs(engine).await,
        "{what}: contacts (ours, Intercom's)"
    );
    let firms = |firms: BTreeMap<String, (Firm, Option<i64>)>| {
        let firms = firms.into_iter().map(|(id, (firm, _))| (id, firm));
        firms.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(
        firms(our_firms(engine).await),
        firms(their_firms(engine).await),
        "{what}: companies (ours, Intercom's)"
    );
    rest(engine, what).await;
    segments(engine, what).await;
    threads(engine, what).await;
}

async fn theirs(engine: &Engine) -> BTreeMap<String, Person> {
    let client = engine.client().await;
    let mut people = BTreeMap::new();
    for contact in client.contacts().pages().collect().await.unwrap() {
        let companies = client.contact_companies(&contact.id).pages().collect();
        let tags = client.contact_tags(&contact.id).pages().collect();
        let companies = companies.await.unwrap().into_iter().map(|one| one.id);
        let (companies, id) = (companies.collect(), contact.id.clone());
        let tags = tags.await.unwrap().into_iter().map(|one| one.id).collect();
        people.insert(id, person(contact, companies, tags));
    }
    people
}

fn person(contact: Contact, companies: Ids, tags: Ids) -> Person {
    let attributes = contact.custom_attributes.into_iter();
    Person {
        role: contact.role.map(|role| match role {
            ContactRole::User => "user".to_owned(),
            ContactRole::Lead => "lead".to_owned(),
        }),
        external_id: contact.external_id,
        email: contact.email,
        name: contact.name,
        phone: contact.phone,
        owner: contact.owner_id,
        attributes: Value::Object(attributes.filter(|(_, value)| !value.is_null()).collect()),
        companies,
        tags,
    }
}

async fn ours(engine: &Engine) -> BTreeMap<String, Person> {
    let filter = ContactFilter {
        archived: Some(false),
        ..ContactFilter::default()
    };
    let tenant = engine.tenant();
    let rows = tenant
        .contacts(&filter, CopySort::Name, None, 100_000)
        .await
        .unwrap();
    let ids: Vec<&str> = rows.iter().map(|row| row.contact.id.as_str()).collect();
    let of = async |kind| {
        let mut links = BTreeMap::new();
        for ids in ids.chunks(500) {
            links.extend(tenant.links(kind, engine.connection, ids).await.unwrap());
        }
        links
    };
    let (companies, tags) = (of(Links::Companies).await, of(Links::ContactTags).await);
    let linked = |links: &BTreeMap<String, std::collections::HashSet<String>>, id: &str| {
        links
            .get(id)
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Ids>()
    };
    rows.iter()
        .map(|row| {
            let (one, id) = (row.contact.clone(), row.contact.id.as_str());
            let content: Value = serde_json::from_str(&one.content).unwrap();
            let person = Person {
                role: one.role,
                external_id: one.external_id,
                email: one.email,
                name: one.name,
                phone: one.phone,
                owner: one.owner_id,
                attributes: content["custom_attributes"].clone(),
                companies: linked(&companies, id),
                tags: linked(&tags, id),
            };
            (one.id, person)
        })
        .collect()
}

async fn their_firms(engine: &Engine) -> BTreeMap<String, (Firm, Option<i64>)> {
    // Only a scroll shows those without users; one that was left open ends after a minute.
    engine.pass(61);
    let client = engine.client().await;
    let all = client.scroll_companies().pages().collect().await.unwrap();
    all.into_iter()
        .map(|one| {
            let firm = Firm {
                name: one.name,
                own_id: one.company_id,
            };
            let people = one.user_count.and_then(|count| i64::try_from(count).ok());
            (one.id, (firm, people))
        })
        .collect()
}

async fn our_firms(engine: &Engine) -> BTreeMap<String, (Firm, Option<i64>)> {
    let filter = CompanyFilter {
        archived: Some(false),
        ..CompanyFilter::default()
    };
    let rows = engine
        .tenant()
        .companies(&filter, CopySort::Name, None, 10_000)
        .await
        .unwrap();
    rows.into_iter()
        .map(|row| {
            let firm = Firm {
                name: row.company.name,
                own_id: row.company.company_id,
            };
            (row.company.id, (firm, row.company.user_count))
        })
        .collect()
}

/// Archived contacts are given by id and not listed; of deleted ones nothing is left.
async fn rest(engine: &Engine, what: &str) {
    let client = engine.client().await.with_version(ApiVersion::V2_16);
    let tenant = engine.tenant();
    for id in tenant
        .contact_ids(engine.connection, ContactPass::Archived, "", 10_000)
        .await
        .unwrap()
    {
        let ours = tenant
            .contact(engine.connection, &id)
            .await
            .unwrap()
            .unwrap();
        match client.contact(&id).await {
            Ok(theirs) => assert_eq!(ours.contact.name, theirs.name, "{what}: archived {id}"),
            Err(Error::NotFound { .. } | Error::Merged { .. }) => {
                panic!("{what}: {id} is gone at Intercom and only archived here");
            }
            Err(error) => panic!("{what}: {error}"),
        }
    }
}

async fn segments(engine: &Engine, what: &str) {
    let client = engine.client().await;
    for segment in engine.tenant().segments(engine.connection).await.unwrap() {
        if segment
            .as_of
            .is_none_or(|at| at < engine.t.sources.now() - chrono::TimeDelta::hours(1))
        {
            continue;
        }
        let filter = earmark_intercom::contacts::SEGMENT_ID.is(&segment.id);
        let members = client
            .search_contacts(filter)
            .pages()
            .collect()
            .await
            .unwrap();
        let theirs: Ids = members.into_iter().map(|one| one.id).collect();
        let filter = ContactFilter {
            segment: Some(segment.id.clone()),
            archived: Some(false),
            ..ContactFilter::default()
        };
        let rows = engine
            .tenant()
            .contacts(&filter, CopySort::Name, None, 100_000)
            .await
            .unwrap();
        let ours: Ids = rows.into_iter().map(|row| row.contact.id).collect();
        assert_eq!(ours, theirs, "{what}: members of {}", segment.name);
    }
}

/// Every escalated conversation has the messages that the API shows, redacted ones without their words.
pub(crate) async fn threads(engine: &Engine, what: &str) {
    let client = engine.client().await;
    let tenant = engine.tenant();
    for id in tenant
        .escalated_conversations(engine.connection, "", 10_000)
        .await
        .unwrap()
    {
        let theirs = client.conversation(&id).await;
        let theirs = theirs.unwrap_or_else(|error| panic!("{what}: conversation {id}: {error}"));
        let said: BTreeMap<String, bool> = theirs
            .messages()
            .filter(|one| one.redacted || one.is_text_bearing())
            .map(|one| (one.id.clone(), one.redacted))
            .collect();
        let ours = tenant.messages(engine.connection, &id).await.unwrap();
        let held: BTreeMap<String, bool> = ours
            .iter()
            .map(|one| (one.id.clone(), one.redacted_at.is_some()))
            .collect();
        assert_eq!(
            held, said,
            "{what}: messages of {id} (ours, Intercom's), redacted or not"
        );
        assert!(
            ours.iter()
                .all(|one| one.redacted_at.is_none() || one.html.is_none()),
            "{what}: {id}"
        );
        let ours = tenant
            .conversation(engine.connection, &id)
            .await
            .unwrap()
            .unwrap();
        let contact = theirs.contacts.first().map(|one| one.id.clone());
        assert_eq!(ours.contact_id, contact, "{what}: who {id} is with");
    }
}
