//! What a teammate does to contacts and companies in Intercom.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, ServiceConfig};
use serde::Deserialize;
use serde_json::{Value, json};

use super::acts::{Acted, act};
use crate::shared::Shared;
use crate::state::Workspace;
use crate::state::company::CompanyChange;
use crate::state::contact::ContactChange;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/contacts/create", web::post().to(create_contact))
        .route("/contacts/update", web::post().to(update_contact))
        .route("/contacts/archive", web::post().to(archive))
        .route("/contacts/unarchive", web::post().to(unarchive))
        .route("/contacts/delete", web::post().to(delete_contact))
        .route("/contacts/merge", web::post().to(merge))
        .route("/contacts/tag", web::post().to(tag))
        .route("/contacts/untag", web::post().to(untag))
        .route("/contacts/attach", web::post().to(attach))
        .route("/contacts/detach", web::post().to(detach))
        .route("/companies/put", web::post().to(put_company))
        .route("/companies/update", web::post().to(update_company))
        .route("/companies/delete", web::post().to(delete_company));
}

/// Who and what; which fields an order needs stands in the table of the crate's documentation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    app_id: String,
    #[serde(default)]
    contact: String,
    /// For a merge: the contact that is left.
    #[serde(default)]
    into: String,
    #[serde(default)]
    company: String,
    /// Id or name.
    #[serde(default)]
    tag: String,
    /// What the body of the API's own operation would say.
    #[serde(default)]
    fields: Value,
}

fn done(
    shared: &Shared,
    order: Order,
    run: fn(&mut Workspace, &Order, i64) -> Acted,
) -> HttpResponse {
    act(shared, &order.app_id, |workspace, now| {
        run(workspace, &order, now)
    })
}

async fn create_contact(shared: Data<Shared>, order: Json<Order>) -> HttpResponse {
    done(&shared, order.into_inner(), |workspace, order, now| {
        let change = ContactChange::read(&order.fields)?;
        let (id, events) = workspace.create_contact(change, now)?;
        Ok((json!({"contact": id}), events))
    })
}

async fn update_contact(shared: Data<Shared>, order: Json<Order>) -> HttpResponse {
    done(&shared, order.into_inner(), |workspace, order, now| {
        let change = ContactChange::read(&order.fields)?;
        let events = workspace.update_contact(&order.contact, change, now)?;
        Ok((json!({"changed": !events.is_empty()}), events))
    })
}

async fn archive(shared: Data<Shared>, order: Json<Order>) -> HttpResponse {
    done(&shared, order.into_inner(), |workspace, order, now| {
        let events = workspace.archive_contact(&order.contact, now)?;
        Ok((json!({"changed": !events.is_empty()}), events))
    })
}

async fn unarchive(shared: Data<Shared>, order: Json<Order>) -> HttpResponse {
    done(&shared, order.into_inner(), |workspace, order, now| {
        let events = workspace.unarchive_contact(&order.contact, now)?;
        Ok((json!({"changed": !events.is_empty()}), events))
    })
}

async fn delete_contact(shared: Data<Shared>, order: Json<Order>) -> HttpResponse {
    done(&shared, order.into_inner(), |workspace, order, _| {
        let (_, events) = workspace.delete_contact(&order.contact)?;
        Ok((json!({"deleted": true}), events))
    })
}

/// Whatever their roles: a person may merge two users too.
async fn merge(shared: Data<Shared>, order: Json<Order>) -> HttpResponse {
    done(&shared, order.into_inner(), |workspace, order, now| {
        let events = workspace.merge_contacts(&order.contact, &order.into, now)?;
        Ok((json!({"contact": order.into}), events))
    })
}

async fn tag(shared: Data<Shared>, order: Json<Order>) -> HttpResponse {
    done(&shared, order.into_inner(), |workspace, order, now| {
        let events = workspace.tag_contact(&order.contact, &order.tag, now)?;
        Ok((json!({"applied": !events.is_empty()}), events))
    })
}

async fn untag(shared: Data<Shared>, order: Json<Order>) -> HttpResponse {
    done(&shared, order.into_inner(), |workspace, order, now| {
        let events = workspace.untag_contact(&order.contact, &order.tag, now)?;
        Ok((json!({"removed": true}), events))
    })
}

async fn attach(shared: Data<Shared>, order: Json<Order>) -> HttpResponse {
    done(&shared, order.into_inner(), |workspace, order, now| {
        let events = workspace.attach(&order.contact, &order.company, now)?;
        Ok((json!({"attached": !events.is_empty()}), events))
    })
}

async fn detach(shared: Data<Shared>, order: Json<Order>) -> HttpResponse {
    done(&shared, order.into_inner(), |workspace, order, now| {
        let events = workspace.detach(&order.contact, &order.company, now)?;
        Ok((json!({"detached": true}), events))
    })
}

async fn put_company(shared: Data<Shared>, order: Json<Order>) -> HttpResponse {
    done(&shared, order.into_inner(), |workspace, order, now| {
        let change = CompanyChange::read(&order.fields)?;
        let (id, events) = workspace.put_company(change, now)?;
        Ok((json!({"company": id}), events))
    })
}

async fn update_company(shared: Data<Shared>, order: Json<Order>) -> HttpResponse {
    done(&shared, order.into_inner(), |workspace, order, now| {
        let change = CompanyChange::read(&order.fields)?;
        let events = workspace.update_company(&order.company, change, now)?;
        Ok((json!({"changed": !events.is_empty()}), events))
    })
}

async fn delete_company(shared: Data<Shared>, order: Json<Order>) -> HttpResponse {
    done(&shared, order.into_inner(), |workspace, order, _| {
        let events = workspace.delete_company(&order.company)?;
        Ok((json!({"deleted": true}), events))
    })
}
