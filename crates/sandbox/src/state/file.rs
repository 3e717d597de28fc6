//! The state file: the whole state as JSON, replaced atomically.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::State;
use crate::Error;

/// Reads the state; a file that does not exist is an empty state.
pub(crate) fn load(path: &Path) -> Result<State, Error> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::default()),
        Err(error) => {
            return Err(Error::StateFile {
                path: path.to_owned(),
                reason: error.to_string(),
            });
        }
    };
    parse(&bytes).map_err(|error| Error::StateFile {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

fn parse(bytes: &[u8]) -> serde_json::Result<State> {
    let mut state: Value = serde_json::from_slice(bytes)?;
    let apps = state.get_mut("apps").and_then(Value::as_array_mut);
    for app in apps.into_iter().flatten().filter_map(Value::as_object_mut) {
        bring_up(app);
    }
    serde_json::from_value(state)
}

/// In files written before there were OAuth apps, an app has its one installation and token in its own fields.
fn bring_up(app: &mut Map<String, Value>) {
    if !app.contains_key("installations") {
        let token = json!({"text": app.remove("token"), "admin": app.remove("admin"), "revoked": app.remove("revoked")});
        let installation = json!({"app_id": app.remove("app_id"), "tokens": [token]});
        app.insert("installations".to_owned(), json!([installation]));
    }
}

/// Writes beside the file and renames over it, so that a crash leaves the old or the new one.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let mut file = create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

/// The file holds access tokens and client secrets: it is for its owner's eyes.
#[cfg(unix)]
fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_file_from_before_oauth_apps_still_opens() {
        let old = br#"{"workspaces": {}, "attempts": [], "retries": [], "apps": [{
            "client_id": "own", "app_id": "wk", "name": "Own", "token": "t", "client_secret": "s",
            "version": "2.14", "permissions": ["read_tags"], "webhook_url": null, "topics": [],
            "legacy_payloads": false, "admin": "7", "revoked": true, "webhook_disabled": false}]}"#;
        let state = parse(old).expect("opens");
        let (app, installation, token) = state.holder("t").expect("known");
        assert_eq!(
            (app.name.as_str(), installation.app_id.as_str()),
            ("Own", "wk")
        );
        assert_eq!((token.admin.as_deref(), token.revoked), (Some("7"), true));
        assert!(app.oauth.is_none() && state.codes.is_empty());
    }
}
