//! Webhooks of OAuth apps: the installation's and workspaces' own. Who receives what, what is made of an uninstall, how
//! health is answered, and what is noted on the way.

mod apps;
mod health;
mod noted;
mod uninstall;

use crate::support::{Company, Dump, House, Plan, post};
use earmark_connections::client_key;
use earmark_db::tenant::{NewSecret, SecretKind, SecretOwner, Via};
use earmark_model::{ConnectionStatus, SecretId};
use earmark_seal::Context;
use earmark_testkit::{TestDb, eventually};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::time::Duration;

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const CLIENT_ID: &str = "7d1c-the-installations-app";
pub(crate) const SECRET: &str = "b2a9-secret-of-the-installation";
pub(crate) const FORMER: &str = "90ee-former-secret-of-the-installation";

/// A house whose operator has an OAuth app, and whose workspace is connected through it.
pub(crate) async fn start(db: TestDb) -> House {
    let app = [
        ("oauth.client_id", CLIENT_ID),
        ("oauth.client_secret", SECRET),
        ("oauth.previous_client_secret", FORMER),
    ];
    let house = House::start_with(db, &app).await;
    reconnect(&house, &house.company, &installation()).await;
    house
}

/// Makes of each `async fn name(house: House)` a test on each database, in a house of [`start`].
macro_rules! houses_with_app {
    ($(async fn $name:ident($house:ident: House) $body:block)+) => {
        earmark_testkit::both_databases! {$(
            async fn $name(db: TestDb) {
                let $house = crate::hooks::start(db).await;
                $body
                $house.stop().await;
            }
        )+}
    };
}
pub(crate) use houses_with_app;

pub(crate) fn installation() -> Via {
    Via::Installation {
        client_key: client_key(CLIENT_ID),
    }
}

/// Another workspace, connected to the same Intercom workspace with the same token.
pub(crate) async fn neighbour(house: &House) -> Company {
    let plan = Plan {
        name: "Next Door",
        email: "nina@next.example".to_owned(),
        products: ["Notebook", "Shelf"],
        ..Plan::first()
    };
    let company = Company::found(&house.app, &house.base, &plan).await;
    house.settle().await;
    company.choose(&house.app).await;
    company
}

/// What a connection is after its member went through an app's flow: made through that app, with the token it has.
pub(crate) async fn reconnect(house: &House, company: &Company, via: &Via) {
    let tx = house.app.db.begin().await.unwrap();
    let tenant = tx.workspace(company.workspace);
    let granted = tenant.grant_connection(company.connection, via, "Birch Help", "US", None);
    granted.await.unwrap();
    tx.commit().await.unwrap();
}

/// A workspace's own OAuth app.
pub(crate) struct OwnApp {
    pub(crate) via: Via,
    owner: SecretOwner,
    pub(crate) hook: String,
}

/// Gives a workspace an app of its own with this client id, and connects it through it.
pub(crate) async fn own_app(house: &House, company: &Company, client_id: &str) -> OwnApp {
    let key = client_key(client_id);
    let tx = house.app.db.begin().await.unwrap();
    let app = tx.workspace(company.workspace).create_oauth_app(&key).await;
    let app = app.unwrap();
    tx.commit().await.unwrap();
    let via = Via::OwnApp {
        app: app.id,
        client_key: key,
    };
    reconnect(house, company, &via).await;
    OwnApp {
        via,
        owner: app.id.into(),
        hook: format!("{}/hooks/intercom/{}", house.base, app.endpoint_token),
    }
}

/// Stores a client secret of an own app beside those it has.
pub(crate) async fn give_secret(house: &House, company: &Company, app: &OwnApp, secret: &str) {
    house.db.clock.advance(chrono::TimeDelta::milliseconds(1));
    let (id, kind): (SecretId, _) = (house.db.sources.id(), SecretKind::ClientSecret);
    let owner = format!("{}/{id}/{kind}", app.owner);
    let context = Context {
        workspace: company.workspace,
        owner: &owner,
    };
    let sealed = house
        .ring
        .seal(&house.db.sources, context, secret.as_bytes());
    let new = NewSecret {
        id,
        kind,
        sealed: sealed.as_str(),
        last4: "",
        expires_at: None,
    };
    let tx = house.app.db.begin().await.unwrap();
    let tenant = tx.workspace(company.workspace);
    tenant.add_secret(app.owner, new).await.unwrap();
    tx.commit().await.unwrap();
}

/// The address of the installation's app, or below it.
pub(crate) fn hook(house: &House, below: &str) -> String {
    format!("{}/hooks/intercom{below}", house.base)
}

/// Posts a signed payload and gives the status of the answer.
pub(crate) async fn send(house: &House, to: &str, secret: &str, payload: &Value) -> u16 {
    house.db.clock.advance(chrono::TimeDelta::milliseconds(1));
    let body = payload.to_string().into_bytes();
    post(&house.http, to, secret, body).await.status().as_u16()
}

/// `X-Body-Signature` of a body.
pub(crate) fn body_signature(secret: &str, body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    hex::encode(mac.chain_update(body).finalize().into_bytes())
}

/// Waits until the operator's table has a refusal with this cause.
pub(crate) async fn operator_sees(house: &House, cause: &str) {
    eventually(PATIENCE, cause, async || {
        let dump = Dump::of(&house.db).await;
        let seen = dump.places_of(cause);
        seen.contains(&"installation_refusals.cause").then_some(())
    })
    .await;
}

/// Waits until the company's connection has a refusal with this cause.
pub(crate) async fn member_sees(house: &House, company: &Company, cause: &str) {
    eventually(PATIENCE, cause, async || {
        let tenant = company.tenant(house);
        let found = tenant.refusals(company.connection, 10).await.unwrap();
        found.iter().any(|one| one.cause == cause).then_some(())
    })
    .await;
}

pub(crate) async fn status(house: &House, company: &Company) -> ConnectionStatus {
    let tenant = company.tenant(house);
    let row = tenant.connection(company.connection).await.unwrap();
    row.unwrap().status
}
