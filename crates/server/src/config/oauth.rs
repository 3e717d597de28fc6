//! The section `oauth`: the installation's own OAuth app.

use super::reader::{Reader, quoted};
use earmark_connections::AppCredentials;
use earmark_seal::Secret;

/// `None` for a fault, `Some(None)` when the installation has no app.
pub(super) fn read(reader: &mut Reader) -> Option<Option<AppCredentials>> {
    let client_id = reader.optional_text("oauth.client_id");
    let client_id = client_id.map(|id| id.trim().to_owned());
    let current = secret(reader, "oauth.client_secret", "oauth.client_secret_file");
    let previous = secret(
        reader,
        "oauth.previous_client_secret",
        "oauth.previous_client_secret_file",
    );
    let has_secret =
        reader.is_given("oauth.client_secret") || reader.is_given("oauth.client_secret_file");
    match (client_id, current) {
        (Some(client_id), Some(current)) if !client_id.is_empty() => {
            reader.understand("oauth.client_id", quoted(&client_id));
            let secrets = [Some(current), previous].into_iter().flatten().collect();
            Some(Some(AppCredentials { client_id, secrets }))
        }
        (None, _) if !has_secret => {
            if previous.is_some() {
                reader.fault(
                    "oauth.previous_client_secret",
                    "is of no use without oauth.client_id and oauth.client_secret",
                );
            }
            Some(None)
        }
        (None, _) => {
            reader.fault(
                "oauth.client_id",
                "is missing, while oauth.client_secret is set; copy it from your app's Basic information page",
            );
            None
        }
        (Some(id), _) if id.is_empty() => {
            reader.fault(
                "oauth.client_id",
                "is empty; leave it out, or copy it from your app's Basic information page",
            );
            None
        }
        (Some(_), _) => {
            // A file that cannot be read is a fault already.
            if !has_secret {
                reader.fault(
                    "oauth.client_secret",
                    "is missing, while oauth.client_id is set; copy it from your app's Basic information page",
                );
            }
            None
        }
    }
}

/// A secret from its key or from the file that takes its place.
fn secret(reader: &mut Reader, key: &'static str, file_key: &'static str) -> Option<Secret> {
    let from_file = reader.secret_file(key, file_key);
    let text = from_file.or_else(|| reader.optional_text(key))?;
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    reader.understand_as(key, quoted("(masked)"), false);
    Some(Secret::new(text))
}
