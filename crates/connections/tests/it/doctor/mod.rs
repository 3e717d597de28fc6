//! The doctor: each test turns one line red or amber, cures it, and sees it green again.

mod credentials;
mod records;
mod rounds;
mod topics;

use crate::support::{APP, Bench, SECRET, TOKEN, app, intercom_workspace};
use chrono::TimeDelta;
use earmark_connections::{Doctor, Region};
use earmark_intercom::Lane;
use earmark_intercom::webhook::TOPICS;
use earmark_model::{Check, CheckVerdict, ConnectionId, Finding};
use earmark_testkit::{TestDb, build};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const CONTACT: &str = "66f1a2b3c4d5e6f708192001";

/// A connection that works, with feedback on and every topic received, looked at by a doctor.
pub(crate) struct Ward {
    pub(crate) bench: Bench,
    pub(crate) id: ConnectionId,
    pub(crate) doctor: Doctor,
    /// Stands for our own public address.
    pub(crate) own: MockServer,
}

impl Ward {
    pub(crate) async fn healthy(t: TestDb) -> Self {
        let ward = Self::bare(t).await;
        for topic in TOPICS.iter().filter(|topic| topic.for_feedback) {
            ward.receive(topic.name).await;
        }
        assert_eq!(ward.ill().await, [], "the ward begins healthy");
        // Later than what was received by more than clocks may disagree.
        ward.wait(TimeDelta::minutes(3));
        ward
    }

    /// With nothing received yet.
    pub(crate) async fn bare(t: TestDb) -> Self {
        let (bench, id) = Bench::connected(t).await;
        let own = MockServer::start().await;
        answer(&own, 200).await;
        let doctor = Doctor::new(bench.store.clone(), own.uri().parse().unwrap()).unwrap();
        let ward = Self {
            bench,
            id,
            doctor,
            own,
        };
        ward.seed(Region::Us, &app(TOKEN)).await;
        let (workspace, actor) = (ward.bench.workspace(), ward.bench.actor());
        let store = &ward.bench.store;
        store
            .set_client_secret(workspace, &actor, id, SECRET)
            .await
            .unwrap();
        store
            .set_feedback(workspace, &actor, id, true)
            .await
            .unwrap();
        ward.wait(TimeDelta::seconds(1));
        ward
    }

    /// The Intercom workspace with a contact, a tag, and this app.
    pub(crate) async fn seed(&self, region: Region, app: &Value) {
        let mut workspace = intercom_workspace(APP, region, app);
        workspace["contacts"] = json!([
            {"id": CONTACT, "role": "user", "name": "Ines", "email": "ines@birch.example"}
        ]);
        workspace["tags"] = json!([{"id": "9182731", "name": "feature-request"}]);
        let seed = json!({"workspaces": [workspace]});
        self.bench.region(region).order("seed", &seed).await;
    }

    pub(crate) async fn order(&self, order: &str, body: Value) -> Value {
        self.bench.region(Region::Us).order(order, &body).await
    }

    /// Opens a conversation at Intercom and gives its id.
    pub(crate) async fn open(&self) -> String {
        let opened = self
            .order(
                "start",
                json!({"app_id": APP, "contact": CONTACT, "body": "It is slow."}),
            )
            .await;
        opened["conversation"].as_str().unwrap().to_owned()
    }

    pub(crate) fn wait(&self, time: TimeDelta) {
        self.bench.t.clock.advance(time);
    }

    /// As if a webhook of this topic had just been worked off.
    pub(crate) async fn receive(&self, topic: &str) {
        let tx = build::begin(&self.bench.t.db).await;
        let tenant = tx.workspace(self.bench.workspace());
        let now = tenant.now();
        tenant.saw_topic(self.id, topic, now).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) async fn look(&self, only: Option<&Check>) -> Vec<Finding> {
        self.look_by(&self.doctor, only).await
    }

    pub(crate) async fn look_by(&self, doctor: &Doctor, only: Option<&Check>) -> Vec<Finding> {
        let found = doctor.examine(self.bench.workspace(), self.id, only, Lane::Interactive);
        found.await.unwrap().unwrap()
    }

    /// The lines that came out amber or red in a whole round.
    pub(crate) async fn ill(&self) -> Vec<(Check, CheckVerdict)> {
        ill(&self.look(None).await)
    }

    /// A line in a whole round.
    pub(crate) async fn line(&self, check: Check) -> Finding {
        line(&self.look(None).await, &check)
    }
}

pub(crate) fn ill(findings: &[Finding]) -> Vec<(Check, CheckVerdict)> {
    let ill = findings
        .iter()
        .filter(|one| one.verdict >= CheckVerdict::Warn);
    let lines: Vec<_> = ill.map(|one| (one.check.clone(), one.verdict)).collect();
    for one in findings {
        assert!(!one.evidence.is_empty(), "{one:?}");
        assert_eq!(
            one.cure.is_some(),
            one.verdict >= CheckVerdict::Warn,
            "{one:?}"
        );
        assert!(
            !one.evidence.contains(TOKEN) && !one.evidence.contains(SECRET),
            "{one:?}"
        );
    }
    lines
}

pub(crate) fn line(findings: &[Finding], check: &Check) -> Finding {
    let found = findings.iter().find(|one| one.check == *check);
    found
        .unwrap_or_else(|| panic!("{check} is missing: {findings:?}"))
        .clone()
}

pub(crate) fn topic(name: &str) -> Check {
    Check::Topic(name.to_owned())
}

/// Makes our own health page answer with a status.
pub(crate) async fn answer(own: &MockServer, status: u16) {
    own.reset().await;
    Mock::given(method("GET"))
        .and(path("/healthz"))
        .respond_with(ResponseTemplate::new(status))
        .mount(own)
        .await;
}
