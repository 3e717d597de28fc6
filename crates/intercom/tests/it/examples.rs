//! The examples do what they say, as programs of their own, against the sandbox.

use std::{path::PathBuf, process::Command};

use earmark_sandbox::{Options, Running, start};
use serde_json::json;

const CONTACTS: usize = 70;
const TAG: &str = "830041";

/// A sandbox with contacts, and a tagged conversation of one of them.
async fn sandbox() -> Running {
    let contacts: Vec<_> = (0..CONTACTS)
        .map(|n| {
            let (id, name) = (
                format!("5f0a1c2b3d4e5f60718293{n:02}"),
                format!("Person {n}"),
            );
            json!({"id": id, "role": "user", "name": name})
        })
        .collect();
    let seed = json!({"workspaces": [{
        "app_id": "qw12ab34",
        "name": "Examples",
        "admins": [{"id": "7310044", "name": "Ada Lindqvist", "email": "ada@quillwater.example"}],
        "tags": [{"id": TAG, "name": "product feedback"}],
        "contacts": contacts,
        "conversations": [{
            "id": "215473908114027", "contact": "5f0a1c2b3d4e5f6071829300", "created_at": 1_795_000_000,
            "body": "The currency is wrong.", "tags": [{"tag": TAG}],
        }],
        "apps": [{"client_id": "app", "name": "Examples", "token": crate::support::TOKEN, "client_secret": "not-used"}],
    }]});
    let options = Options {
        seed: Some(seed),
        ..Options::default()
    };
    start(options).await.expect("the sandbox starts")
}

/// Where cargo puts the examples: beside the folder of the tests.
fn example(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("this program's path");
    let folder = own.parent().and_then(|deps| deps.parent());
    let path = folder
        .expect("the build's folder")
        .join("examples")
        .join(name);
    assert!(
        path.exists(),
        "{} is missing: run `cargo build -p earmark-intercom --examples` first",
        path.display()
    );
    path
}

/// Runs an example to its end; what it printed.
async fn run(running: &Running, name: &'static str, arguments: &[&str]) -> String {
    let mut command = Command::new(example(name));
    command
        .args(arguments)
        .env("INTERCOM_TOKEN", crate::support::TOKEN)
        .env("INTERCOM_API", running.url());
    let done = tokio::task::spawn_blocking(move || command.output().expect("it runs"));
    let output = done.await.expect("it ends");
    let (out, err) = (output.stdout, output.stderr);
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&err)
    );
    let text = String::from_utf8(out).expect("text");
    assert!(!text.contains(crate::support::TOKEN), "{text}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_does_what_it_says() {
    let running = sandbox().await;
    let all = run(&running, "contacts", &[]).await;
    assert_eq!(all.lines().count(), CONTACTS, "{all}");
    assert!(all.contains("5f0a1c2b3d4e5f6071829369\tPerson 69"), "{all}");

    let tagged = run(&running, "tagged", &[TAG]).await;
    assert!(tagged.starts_with("1 conversations"), "{tagged}");
    assert!(
        tagged.contains("POST http") && tagged.contains("\"message_type\": \"note\""),
        "{tagged}"
    );

    let raw = run(&running, "raw", &["GET", "/tags"]).await;
    assert!(
        raw.starts_with("200 ") && raw.contains("product feedback"),
        "{raw}"
    );
    running.stop().await;
}
