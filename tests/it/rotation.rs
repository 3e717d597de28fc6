//! The encryption key is changed during a flood of webhooks: nothing is lost, and nothing is left under the former key.

use crate::kill::{Server, assert_one_effect_each, drained, earmark, flood, found, free_port, up};
use crate::support::{Plan, TAG, Talk, config, options};
use earmark_model::Sources;
use earmark_seal::MasterKey;
use earmark_testkit::{TestSandbox, both_databases, eventually};
use serde_json::Value;
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const MESSAGES: usize = 300;
const PATIENCE: Duration = Duration::from_secs(120);

type Settings = Vec<(&'static str, String)>;

/// The settings with these keys: the one that seals, and former ones.
fn keyed(settings: &Settings, master: &MasterKey, previous: Option<&MasterKey>) -> Settings {
    let others = settings.iter().filter(|(key, _)| *key != "keys.master");
    let mut keyed: Settings = others.cloned().collect();
    keyed.push(("keys.master", master.to_text().to_string()));
    keyed.extend(previous.map(|key| ("keys.previous", key.to_text().to_string())));
    keyed
}

/// Runs a command to its end; gives its success and what it said.
async fn run(words: &'static [&'static str], settings: &Settings) -> (bool, String) {
    let mut command = earmark(words, settings);
    let output = tokio::task::spawn_blocking(move || command.output());
    let Output {
        status,
        stdout,
        stderr,
    } = output.await.unwrap().unwrap();
    let said = [stdout, stderr].concat();
    (
        status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

both_databases! {
    async fn keys_rotate_during_a_flood_without_loss(db: TestDb) {
        let db = db.with_system_clock().await;
        let sandbox = TestSandbox::start(options(&db.sources, &Plan::first())).await;
        let base = format!("http://127.0.0.1:{}", free_port());
        let (old, new) = (MasterKey::generate(&Sources::system()), MasterKey::generate(&Sources::system()));
        let mut settings = config(&old.to_text(), &db, &base, &sandbox.url());
        settings.push(("server.listen", base.trim_start_matches("http://").to_owned()));
        let company = found(&db, &settings, &base).await;
        let (before, during) = (keyed(&settings, &old, None), keyed(&settings, &new, Some(&old)));
        let (well, said) = run(&["keys", "check"], &before).await;
        assert!(well && said.contains(&format!("2 under the key {}, which seals", old.key_id())), "{said}");

        let mut server = Server::start(&during);
        up(&company).await;
        let now = db.sources.now();
        let talks: Vec<Talk> = (0..MESSAGES).map(|n| Talk::open(&format!("Wish {n}."), now.timestamp())).collect();
        let payloads: Vec<Value> = talks.iter().map(|talk| talk.tagged(&talk.opening, TAG, now)).collect();
        let answered = AtomicUsize::new(0);
        let ((accepted, lost), rotated) = tokio::join!(flood(&company, payloads.iter(), &answered), async {
            eventually(PATIENCE, "the flood has begun", async || (answered.load(Ordering::Relaxed) >= 20).then_some(())).await;
            run(&["keys", "rotate"], &during).await
        });
        assert!(rotated.0, "{}", rotated.1);
        assert!(rotated.1.contains(&format!("2 sealed anew under the key {}", new.key_id())), "{}", rotated.1);
        assert!(lost.is_empty(), "{} were lost", lost.len());
        assert_eq!(accepted.len(), MESSAGES);
        let (well, said) = run(&["keys", "rotate"], &during).await;
        assert!(well && said.contains("0 sealed anew") && said.contains("2 were under it already"), "{said}");
        drained(&db).await;
        server.kill();

        // The former key is taken away.
        let after = keyed(&settings, &new, None);
        let (well, said) = run(&["keys", "check"], &after).await;
        assert!(well && !said.contains("former") && !said.contains("Does not open"), "{said}");
        let (well, said) = run(&["keys", "check"], &before).await;
        assert!(!well, "{said}");
        assert!(said.contains("Does not open: secrets ") && said.contains(new.key_id()), "{said}");
        for secret in [&company.token, &company.client_secret] {
            assert!(!said.contains(secret.as_str()), "{said}");
        }
        let _server = Server::start(&after);
        up(&company).await;
        let last = Talk::open("One more wish.", now.timestamp());
        let payload = last.tagged(&last.opening, TAG, db.sources.now());
        let (one, lost) = flood(&company, std::iter::once(&payload), &answered).await;
        assert_eq!((one.len(), lost.len()), (1, 0), "the client secret still verifies");
        drained(&db).await;
        let talks: Vec<Talk> = talks.into_iter().chain([last]).collect();
        let all = accepted.union(&one).cloned().collect();
        let read = db.another().await;
        assert_one_effect_each(&read, &company, &all, &talks).await;
        read.close().await.unwrap();
        sandbox.stop().await;
    }
}
