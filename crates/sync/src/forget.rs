//! Takes people who were deleted out of the log of actions.

use earmark_db::{Result, Tenant, Tx};
use earmark_model::ConnectionId;
use serde_json::Value;
use std::collections::BTreeSet;

/// Erases from the log whatever names the contact, one that an action merged into it, or an e-mail address by which our
/// copy knew them (`texts`) or the log itself does. Gives how many runs were hit.
pub(crate) async fn from_log(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    contact: &str,
    texts: &[String],
) -> Result<u64> {
    let mut named = Named {
        ids: BTreeSet::new(),
        texts: texts.iter().cloned().collect(),
    };
    let mut ids = vec![contact.to_owned()];
    // What the log says of one may name another that was merged into it.
    while let Some(id) = ids.pop() {
        if !named.ids.insert(id.clone()) {
            continue;
        }
        let emails = tenant.contact_emails(connection, &id).await?;
        named.texts.extend(emails);
        for text in tenant.action_texts(connection, &id).await? {
            if let Ok(value) = serde_json::from_str(&text) {
                named.look(&value, &id, &mut ids);
            }
        }
    }
    let texts = named.ids.iter().chain(&named.texts);
    let texts: Vec<&str> = texts.map(String::as_str).collect();
    tenant.erase_action_runs(connection, &texts).await
}

/// By what a person is known.
struct Named {
    ids: BTreeSet<String>,
    /// E-mail addresses.
    texts: BTreeSet<String>,
}

impl Named {
    /// Finds the e-mail addresses of the contact `id`, and who was merged into it.
    fn look(&mut self, value: &Value, id: &str, merged: &mut Vec<String>) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.look(item, id, merged);
                }
            }
            Value::Object(fields) => {
                let text = |key: &str| fields.get(key).and_then(Value::as_str);
                if text("id") == Some(id) {
                    self.texts.extend(text("email").map(str::to_owned));
                }
                if text("into") == Some(id) {
                    merged.extend(text("from").map(str::to_owned));
                }
                for inner in fields.values() {
                    self.look(inner, id, merged);
                }
            }
            _ => {}
        }
    }
}
