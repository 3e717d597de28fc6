//! Every request the client can make, held against Intercom's own descriptions of its API.
//!
//! `EARMARK_OPENAPI_DIR` names the folder with `intercom-2.10.yaml`, `intercom-2.14.yaml` and `intercom-2.16.yaml`. Where
//! a description contradicts what is known of Intercom, the deviation stands in [`KNOWN`] with its reason.

use std::{collections::BTreeMap, path::Path};

use earmark_intercom::{ApiVersion, Client};
use wiremock::MockServer;

use crate::{
    cases,
    openapi::{Description, Sent},
    operations::row,
    support::{Fixed, client, quick},
};

/// What differs from the descriptions on purpose: operation, part of the finding, reason.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "contacts.list",
        PER_PAGE,
        "Intercom's own correction for every version names it, with 150 at most",
    ),
    ("contacts.list_companies", PER_PAGE, NESTED),
    ("contacts.list_notes", PER_PAGE, NESTED),
    ("articles.list", PER_PAGE, PAGED),
    ("collections.list", PER_PAGE, PAGED),
    ("companies.create_or_update", "custom_attributes", TYPED),
    ("companies.update", "custom_attributes", TYPED),
    (
        "tags.create_or_update",
        "more than one of the schemas",
        "untag is optional, so tagging companies fits the form of untagging them as well",
    ),
];

const PER_PAGE: &str = "query parameter per_page";
const NESTED: &str = "connectors page with it, up to 60";
const PAGED: &str = "Intercom's client for Node offers it for this list";
const TYPED: &str =
    "attributes are texts, numbers, dates or true and false, as the data attributes say";

fn described(folder: &Path, version: ApiVersion) -> Description {
    let file = folder.join(format!("intercom-{version}.yaml"));
    let text = std::fs::read_to_string(&file)
        .unwrap_or_else(|fault| panic!("{} cannot be read: {fault}", file.display()));
    Description::read(&text)
}

/// What each sample call would send that is not as described, by operation.
fn findings(client: &Client, description: &Description) -> Vec<(&'static str, Vec<String>)> {
    let held = |case: cases::Case| {
        let (preview, _) = (case.call)(client);
        let preview = preview.unwrap();
        let query: Vec<_> = preview.url.query_pairs().into_owned().collect();
        let odd = description.request(&Sent {
            method: &preview.method,
            path: preview.url.path(),
            query: &query,
            body: preview.body.as_ref(),
        });
        (case.operation, odd)
    };
    cases::all().into_iter().map(held).collect()
}

#[tokio::test]
async fn requests_are_as_intercom_describes_them() {
    let Some(folder) = std::env::var_os("EARMARK_OPENAPI_DIR") else {
        println!(
            "Left out: EARMARK_OPENAPI_DIR does not name the folder of Intercom's descriptions."
        );
        return;
    };
    let server = MockServer::start().await;
    let mut covered: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut unknown = Vec::new();
    let mut met = vec![false; KNOWN.len()];
    for version in [ApiVersion::V2_10, ApiVersion::V2_14, ApiVersion::V2_16] {
        let client = client(&server, quick(), &Fixed::new()).with_version(version);
        let description = described(Path::new(&folder), version);
        for (operation, odd) in findings(&client, &description) {
            // Asked with a later version, it is held against that one.
            if row(operation).since > version {
                continue;
            }
            let versions = covered.entry(operation).or_default();
            if versions.last() != Some(&version.to_string()) {
                versions.push(version.to_string());
            }
            for finding in odd {
                match KNOWN
                    .iter()
                    .position(|(of, part, _)| *of == operation && finding.contains(part))
                {
                    Some(place) => met[place] = true,
                    None => unknown.push(format!("{version} {operation}: {finding}")),
                }
            }
        }
    }
    println!("{} operations covered:", covered.len());
    for (operation, versions) in &covered {
        let row = row(operation);
        println!(
            "  {operation} ({} {}): {}",
            row.method,
            row.path,
            versions.join(", ")
        );
    }
    println!("Known deviations:");
    for (operation, part, reason) in KNOWN {
        println!("  {operation}, {part}: {reason}");
    }
    assert!(
        unknown.is_empty(),
        "not as described:\n{}",
        unknown.join("\n")
    );
    assert!(covered.len() >= 90, "{}", covered.len());
    for ((operation, part, _), met) in KNOWN.iter().zip(met) {
        assert!(met, "{operation}, {part}: this deviation is no more");
    }
}
