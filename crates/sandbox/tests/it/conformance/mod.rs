//! Every answer of the sandbox against Intercom's own descriptions, where the folder with them is named.

mod description;
mod deviations;
mod steps;

use crate::common::{ADMIN, BUG, CONTACT, FIRST, NOW, Sandbox, sandbox_with};
use description::Description;
use earmark_sandbox::{DEMO_APP_ID, Generate};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const VERSIONS: [&str; 3] = ["2.10", "2.14", "2.16"];
/// Fewer operations than this would mean that the test lost its way.
const LEAST: usize = 90;

#[tokio::test]
async fn answers_conform_to_the_descriptions() {
    let Ok(folder) = std::env::var("EARMARK_OPENAPI_DIR") else {
        println!("Left out: EARMARK_OPENAPI_DIR names no folder with Intercom's descriptions.");
        return;
    };
    let mut covered: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for version in VERSIONS {
        let path = Path::new(&folder).join(format!("intercom-{version}.yaml"));
        let description = Description::read(&path);
        let sandbox = prepared().await;
        let mut values = given();
        for step in steps::STEPS {
            let Some(checked) = run(&sandbox, &description, version, step, &mut values).await
            else {
                continue;
            };
            covered
                .entry(checked.operation.clone())
                .or_default()
                .insert(version);
            for problem in checked.problems {
                match deviations::excused(&problem) {
                    Some(at) => {
                        used.insert(at);
                    }
                    None => wrong.push(format!("{version} {}: {problem}", checked.operation)),
                }
            }
        }
        sandbox.running.stop().await;
    }
    for (operation, versions) in &covered {
        let versions: Vec<&str> = versions.iter().copied().collect();
        println!("{operation} ({})", versions.join(", "));
    }
    println!("{} operations covered", covered.len());
    deviations::print(&used);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(covered.len() >= LEAST, "{} operations", covered.len());
    assert_eq!(
        deviations::unused(&used),
        [""; 0],
        "deviations nobody needs"
    );
}

async fn prepared() -> Sandbox {
    let sandbox = sandbox_with(|options| {
        options.rate = 1_000_000;
        options.generate = Generate {
            contacts: 40,
            companies: 8,
            conversations: 5,
        };
    })
    .await;
    let seed = json!({"workspaces": [{"app_id": DEMO_APP_ID,
        "teams": [{"id": "5100001", "name": "Second line", "admins": [ADMIN]}],
        "attributes": [{"id": "14800001", "model": "conversation", "name": "Topic", "data_type": "string"}],
        "subscription_types": [{"id": "31", "name": "News", "description": "What is new"}],
        "segments": [{"id": "51", "name": "Users", "query":
            {"field": "role", "operator": "=", "value": "user"}}]}]});
    sandbox.control("seed", seed).await;
    sandbox.tag(None).await;
    sandbox
}

/// What steps may name from the beginning.
fn given() -> BTreeMap<String, String> {
    [
        ("admin", ADMIN),
        ("tag", BUG),
        ("contact", CONTACT),
        ("conversation", FIRST),
        ("company", "66e9d0c1b2a3948576605101"),
        ("team", "5100001"),
        ("segment", "51"),
        ("subscription", "31"),
        ("own", "77"),
        ("later", &(NOW + 9000).to_string()),
        ("now", &NOW.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

struct Checked {
    operation: String,
    problems: Vec<String>,
}

/// Does a step; none when the version has no such operation.
async fn run(
    sandbox: &Sandbox,
    description: &Description,
    version: &str,
    step: &steps::Step,
    values: &mut BTreeMap<String, String>,
) -> Option<Checked> {
    let fill = |text: &str| {
        let mut text = text.to_owned();
        for (name, value) in &*values {
            text = text.replace(&format!("${name}$"), value);
        }
        assert!(!text.contains('$'), "{text} names what no step kept");
        text
    };
    let operation = description.operation(step.method, step.path)?;
    let path = fill(step.path);
    let body = match step.body {
        "" => Value::Null,
        text => serde_json::from_str(&fill(text)).expect("a body"),
    };
    let method: Method = step.method.parse().expect("a method");
    let (status, answer) = sandbox.call(method, &path, version, &body).await;
    if !step.keep.is_empty() {
        let (name, field) = step.keep.split_once('=').expect("name=field");
        let kept = answer
            .pointer(field)
            .unwrap_or_else(|| panic!("{field} in {answer}"));
        let kept = kept
            .as_str()
            .map_or_else(|| kept.to_string(), str::to_owned);
        values.insert(name.to_owned(), kept);
    }
    let problems = match (status, operation.check(&answer)) {
        (200..=299, problems) => problems,
        (status, _) => vec![format!("answered {status}: {answer}")],
    };
    Some(Checked {
        operation: operation.name,
        problems,
    })
}
