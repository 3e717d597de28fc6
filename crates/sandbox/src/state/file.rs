//! The state file: the whole state as JSON, replaced atomically.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

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
    serde_json::from_slice(&bytes).map_err(|error| Error::StateFile {
        path: path.to_owned(),
        reason: error.to_string(),
    })
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
