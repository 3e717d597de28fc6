//! The payloads in `tests/fixtures/webhooks`, written for this project.

use std::{fs, path::PathBuf};

use earmark_intercom::webhook::{self, Event, Notification};
use serde_json::Value;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/webhooks")
}

/// The bytes of one payload.
pub(crate) fn body(name: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{name}.json")))
        .unwrap_or_else(|fault| panic!("{name}: {fault}"))
}

/// All payloads with their names.
pub(crate) fn all() -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    all.sort();
    assert!(all.len() > 30, "the payloads are missing");
    all
}

/// One payload, read.
pub(crate) fn parsed(name: &str) -> Notification {
    webhook::parse(&body(name)).unwrap_or_else(|fault| panic!("{name}: {fault}"))
}

/// What one payload says.
pub(crate) fn event(name: &str) -> Event {
    parsed(name).event
}

/// One payload with something changed.
pub(crate) fn changed_body(name: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value = serde_json::from_slice(&body(name)).unwrap();
    change(&mut value);
    serde_json::to_vec(&value).unwrap()
}
