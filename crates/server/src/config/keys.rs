//! The section `keys`.

use super::reader::{Reader, quoted};
use earmark_seal::{KeyRing, MasterKey};

const MISSING: &str = "there is no encryption key, and Earmark does not start without one: make one with \
    `earmark keys generate` and set it here, or put it into a file and set keys.master_file";

pub(super) fn read(reader: &mut Reader) -> Option<KeyRing> {
    let from_file = reader.secret_file("keys.master", "keys.master_file");
    let place = if from_file.is_some() {
        "keys.master_file"
    } else {
        "keys.master"
    };
    let text = from_file.or_else(|| reader.optional_text("keys.master"));
    let wanted_file = reader.is_given("keys.master_file");
    let master = match text {
        Some(text) => key(reader, place, &text),
        None => {
            if !wanted_file && !reader.is_given("keys.master") {
                reader.fault("keys.master", MISSING);
            }
            None
        }
    };
    if let Some(master) = &master {
        reader.understand_as("keys.master", masked(master), false);
    }
    let previous = previous(reader);
    Some(KeyRing::new(master?, previous?))
}

fn previous(reader: &mut Reader) -> Option<Vec<MasterKey>> {
    let from_file = reader.secret_file("keys.previous", "keys.previous_file");
    let (place, texts) = match from_file {
        Some(text) => (
            "keys.previous_file",
            text.lines().map(str::to_owned).collect(),
        ),
        None => (
            "keys.previous",
            reader.texts("keys.previous").unwrap_or_default(),
        ),
    };
    let texts: Vec<String> = texts
        .into_iter()
        .filter(|text| !text.trim().is_empty())
        .collect();
    let keys: Vec<MasterKey> = texts
        .iter()
        .filter_map(|text| key(reader, place, text))
        .collect();
    if !keys.is_empty() {
        let shown: Vec<String> = keys.iter().map(masked).collect();
        reader.understand_as("keys.previous", format!("[{}]", shown.join(", ")), false);
    }
    (keys.len() == texts.len()).then_some(keys)
}

fn key(reader: &mut Reader, place: &'static str, text: &str) -> Option<MasterKey> {
    match MasterKey::parse(text) {
        Ok(key) => Some(key),
        Err(cause) => {
            reader.fault(place, format!("{cause}; `earmark keys generate` makes one"));
            None
        }
    }
}

fn masked(key: &MasterKey) -> String {
    quoted(&format!("(masked) key id {}", key.key_id()))
}
