//! No secret shows in what is printed, logged or told.

use crate::support::{Bench, SECRET, TOKEN, hosts, nobody, store};
use chrono::TimeDelta;
use earmark_connections::{
    CheckHandler, Endpoints, Region, SharedBudget, SourcesEnvironment, TokenForm,
};
use earmark_intercom::{Lane, RateBudget};
use earmark_seal::{KeyRing, MasterKey};
use earmark_testkit::TestDb;
use serde_json::json;

/// Texts that may hold neither secret.
#[derive(Default)]
struct Told(Vec<String>);

impl Told {
    fn debug(&mut self, value: &impl std::fmt::Debug) {
        self.0.push(format!("{value:?} {value:#?}"));
    }

    fn error(&mut self, error: &dyn std::error::Error) {
        self.0.push(format!("{error} {error:?} {error:#?}"));
    }

    fn assert_silent(&self) {
        for text in &self.0 {
            assert!(!text.is_empty());
            for secret in [TOKEN, SECRET] {
                assert!(!text.contains(secret), "{text}");
                let bytes = format!("{:?}", secret.as_bytes());
                assert!(!text.contains(bytes.trim_matches(['[', ']'])), "{text}");
            }
        }
    }
}

fn form() -> TokenForm {
    TokenForm {
        name: "Support".to_owned(),
        region: Region::Us,
        token: TOKEN.to_owned(),
        reconnect: None,
    }
}

#[tokio::test]
async fn what_can_be_printed_shows_no_secret() {
    let (bench, id) = Bench::connected(TestDb::sqlite().await).await;
    let (workspace, actor) = (bench.workspace(), bench.actor());
    bench
        .store
        .set_client_secret(workspace, &actor, id, SECRET)
        .await
        .unwrap();
    let endpoints = Endpoints::new(bench.store.clone());
    let token = bench.connection(id).await.endpoint_token;
    let resolved = endpoints.resolve(&token).await.unwrap().unwrap();
    assert_eq!(resolved.secrets[0].secret.expose_str(), Ok(SECRET));
    let ready = bench
        .store
        .client(workspace, id, Lane::Interactive)
        .await
        .unwrap();
    let budget = SharedBudget::new(bench.t.db.clone());
    budget
        .acquire(ready.client.budget().1, Lane::Interactive)
        .await
        .unwrap();

    let mut told = Told::default();
    told.debug(&form());
    told.debug(&bench.store);
    told.debug(&CheckHandler(bench.store.clone()));
    told.debug(&endpoints);
    told.debug(&resolved);
    told.debug(&resolved.secrets);
    told.debug(&ready);
    told.debug(&budget);
    told.debug(&SourcesEnvironment(bench.t.sources.clone()));
    told.debug(&bench.connect(Region::Us, TOKEN).await.unwrap());
    told.debug(
        &bench
            .t
            .db
            .workspace(workspace)
            .audit_lines(20)
            .await
            .unwrap(),
    );
    assert_eq!(told.0.len(), 11);
    told.assert_silent();
    assert!(!told.0[0].contains(&TOKEN[..8]), "{}", told.0[0]);
}

#[tokio::test]
async fn what_is_told_of_a_failed_proof_shows_no_secret() {
    let bench = Bench::new(TestDb::sqlite().await).await;
    let us = bench.region(Region::Us);
    let mut told = Told::default();
    let connect = async |token: &str| bench.connect(Region::Us, token).await.unwrap_err();
    told.error(&connect(TOKEN).await);
    told.error(&connect(&format!("{TOKEN} {TOKEN}")).await);
    // An answer that repeats what was sent.
    let errors = json!([{"code": TOKEN, "message": format!("bad {TOKEN}")}]);
    let echo = json!({"type": "error.list", "errors": errors}).to_string();
    for status in [400, 401, 403, 404, 429, 500] {
        let fault = json!({"kind": "status", "status": status, "body": echo, "retry_after": 60, "count": 3});
        us.order("faults", &fault).await;
        told.error(&connect(TOKEN).await);
        us.order("reset", &json!(null)).await;
        bench.t.clock.advance(TimeDelta::minutes(2));
    }
    let away = store(
        &bench.t,
        &bench.t.db,
        &bench.ring,
        hosts([nobody(), nobody(), nobody()]),
    );
    let failed = away
        .connect_with_token(bench.workspace(), &bench.actor(), form())
        .await;
    told.error(&failed.unwrap_err());
    assert_eq!(told.0.len(), 9);
    told.assert_silent();
}

#[tokio::test]
async fn what_is_told_of_a_failure_with_a_connection_shows_no_secret() {
    let (bench, id) = Bench::connected(TestDb::sqlite().await).await;
    let mut told = Told::default();
    let workspace = bench.workspace();
    let set = async |secret: &str| {
        let actor = bench.actor();
        let set = bench
            .store
            .set_client_secret(workspace, &actor, id, secret)
            .await;
        set.unwrap_err()
    };
    told.error(&set(&format!("{SECRET} {SECRET}")).await);
    let wrong = KeyRing::new(MasterKey::generate(&bench.t.sources), []);
    let urls = bench.regions.each_ref().map(|one| one.url());
    let blind = store(&bench.t, &bench.t.db, &wrong, hosts(urls));
    let client = blind.client(workspace, id, Lane::Webhook).await;
    told.error(&client.unwrap_err());
    bench.t.db.close().await.unwrap();
    told.error(&bench.connect(Region::Us, TOKEN).await.unwrap_err());
    told.error(&set(SECRET).await);
    assert_eq!(told.0.len(), 4);
    told.assert_silent();
}
