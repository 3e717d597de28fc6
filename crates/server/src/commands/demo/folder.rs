//! The demo's data folder: database, encryption key, login and the sandbox's state, kept from one start to the next.

use super::DemoError;
use earmark_model::Sources;
use earmark_seal::MasterKey;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What the demo made up at its first start.
#[derive(Serialize, Deserialize)]
pub(super) struct Secrets {
    /// The demo person's e-mail address.
    pub(super) email: String,
    /// Their password.
    pub(super) password: String,
    /// The access token of the sandbox's app.
    pub(super) token: String,
    /// Its client secret.
    pub(super) client_secret: String,
    /// The client secret of the sandbox's OAuth app.
    #[serde(default)]
    pub(super) oauth_secret: String,
    /// The client secret of the sandbox's OAuth app that plays a company's own one.
    #[serde(default)]
    pub(super) own_secret: String,
}

impl Secrets {
    /// Makes up what a folder from before there were OAuth apps has not; whether there was any.
    fn complete(&mut self, sources: &Sources) -> bool {
        let absent = [&mut self.oauth_secret, &mut self.own_secret];
        let absent = absent.into_iter().filter(|secret| secret.is_empty());
        absent.map(|secret| *secret = sources.token()).count() > 0
    }
}

/// The folder.
pub(super) struct Folder {
    path: PathBuf,
    pub(super) secrets: Secrets,
    /// Whether the encryption key was made just now.
    pub(super) made_key: bool,
}

impl Folder {
    /// Opens the folder; makes what is missing in it, readable by its owner only.
    pub(super) fn open(path: &Path, sources: &Sources) -> Result<Self, DemoError> {
        let failed = |at: &Path| {
            let at = at.display().to_string();
            move |error: io::Error| DemoError::Folder {
                folder: at.clone(),
                reason: error.to_string(),
            }
        };
        fs::create_dir_all(path).map_err(failed(path))?;
        let key = path.join("master.key");
        let made_key = !key.exists();
        if made_key {
            write_new(&key, &MasterKey::generate(sources).to_text()).map_err(failed(&key))?;
        }
        let login = path.join("login.json");
        if !login.exists() {
            let secrets = Secrets {
                email: "demo@quillwater.example".to_owned(),
                password: sources.token()[..20].to_owned(),
                token: sources.token(),
                client_secret: sources.token(),
                oauth_secret: sources.token(),
                own_secret: sources.token(),
            };
            let text = serde_json::to_string_pretty(&secrets).unwrap_or_default();
            write_new(&login, &text).map_err(failed(&login))?;
        }
        let text = fs::read_to_string(&login).map_err(failed(&login))?;
        let mut secrets: Secrets =
            serde_json::from_str(&text).map_err(|error| DemoError::Folder {
                folder: login.display().to_string(),
                reason: format!(
                    "it is not what the demo wrote ({error}); remove the folder to start anew"
                ),
            })?;
        if secrets.complete(sources) {
            let text = serde_json::to_string_pretty(&secrets).unwrap_or_default();
            let beside = path.join("login.json.new");
            let _ = fs::remove_file(&beside);
            write_new(&beside, &text).map_err(failed(&beside))?;
            fs::rename(&beside, &login).map_err(failed(&login))?;
        }
        Ok(Self {
            path: path.to_owned(),
            secrets,
            made_key,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn database(&self) -> PathBuf {
        self.path.join("earmark.sqlite")
    }

    pub(super) fn key_file(&self) -> PathBuf {
        self.path.join("master.key")
    }

    pub(super) fn sandbox_state(&self) -> PathBuf {
        self.path.join("sandbox.json")
    }
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
