//! Faults on demand: for API calls and for webhooks.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::webhooks::attempt::Outgoing;

/// A scripted fault, as the control API takes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// `/conversations` (path prefix) or `POST /conversations/search`; for webhooks a topic. Absent matches all.
    #[serde(default, rename = "match")]
    pub(crate) matching: Option<String>,
    /// How often it strikes.
    #[serde(default = "once")]
    pub(crate) count: u32,
    #[serde(default)]
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) code: Option<String>,
    #[serde(default)]
    pub(crate) message: Option<String>,
    /// A body that replaces the error list, to imitate answers without JSON.
    #[serde(default)]
    pub(crate) body: Option<String>,
    /// Seconds for the `Retry-After` header.
    #[serde(default)]
    pub(crate) retry_after: Option<u32>,
    /// Seconds from now for `X-RateLimit-Reset`.
    #[serde(default)]
    pub(crate) reset: Option<i64>,
    /// Milliseconds of a slow answer or a delayed webhook.
    #[serde(default)]
    pub(crate) ms: u64,
    /// How many webhooks are held and sent in reverse.
    #[serde(default = "pair")]
    pub(crate) size: usize,
}

fn once() -> u32 {
    1
}

fn pair() -> usize {
    2
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Status,
    Slow,
    Drop,
    /// The answer breaks off in the middle of its body.
    Cut,
    /// The answer is complete but no JSON: its own first half, or `body`.
    WrongJson,
    WebhookDuplicate,
    WebhookReorder,
    WebhookDelay,
    WebhookDrop,
}

impl Kind {
    fn is_webhook(self) -> bool {
        matches!(
            self,
            Self::WebhookDuplicate | Self::WebhookReorder | Self::WebhookDelay | Self::WebhookDrop
        )
    }
}

impl Fault {
    fn matches_call(&self, method: &str, path: &str) -> bool {
        match self.matching.as_deref() {
            None => true,
            Some(wanted) => match wanted.split_once(' ') {
                Some((verb, exact)) => verb.eq_ignore_ascii_case(method) && exact == path,
                None => path.starts_with(wanted),
            },
        }
    }

    /// Why the fault cannot be played.
    pub(crate) fn check(&self) -> Result<(), String> {
        match (self.kind, self.status) {
            (Kind::Status, Some(100..=599)) => Ok(()),
            (Kind::Status, _) => Err("a status fault needs a status from 100 to 599".to_owned()),
            _ if self.kind == Kind::WebhookReorder && self.size < 2 => {
                Err("size must be at least 2".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// A webhook to send, and how long to wait first.
pub(crate) struct Sending {
    pub(crate) outgoing: Outgoing,
    pub(crate) delay_ms: u64,
}

/// The faults still to come, in order, and the webhooks held back by one.
#[derive(Default)]
pub(crate) struct Faults {
    pub(crate) waiting: VecDeque<Fault>,
    held: Vec<Outgoing>,
    hold: usize,
}

impl Faults {
    fn take(&mut self, wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let at = self
            .waiting
            .iter()
            .position(|fault| fault.count > 0 && wanted(fault))?;
        self.waiting[at].count -= 1;
        let fault = self.waiting[at].clone();
        if fault.count == 0 {
            self.waiting.remove(at);
        }
        Some(fault)
    }

    /// The fault that strikes this API call.
    pub(crate) fn call(&mut self, method: &str, path: &str) -> Option<Fault> {
        self.take(|fault| !fault.kind.is_webhook() && fault.matches_call(method, path))
    }

    /// What becomes of a webhook: sent, sent twice, late, held or lost.
    pub(crate) fn webhook(&mut self, outgoing: Outgoing) -> Vec<Sending> {
        if self.hold > 0 {
            return self.hold_back(outgoing);
        }
        let topic = outgoing.topic.clone();
        let fault = self.take(|fault| {
            fault.kind.is_webhook()
                && fault
                    .matching
                    .as_ref()
                    .is_none_or(|wanted| *wanted == topic)
        });
        let now = |outgoing| Sending {
            outgoing,
            delay_ms: 0,
        };
        match fault {
            None => vec![now(outgoing)],
            Some(fault) => match fault.kind {
                Kind::WebhookDuplicate => vec![now(outgoing.clone()), now(outgoing)],
                Kind::WebhookDelay => vec![Sending {
                    outgoing,
                    delay_ms: fault.ms,
                }],
                Kind::WebhookReorder => {
                    self.hold = fault.size;
                    self.hold_back(outgoing)
                }
                _ => Vec::new(),
            },
        }
    }

    fn hold_back(&mut self, outgoing: Outgoing) -> Vec<Sending> {
        self.held.push(outgoing);
        if self.held.len() < self.hold {
            return Vec::new();
        }
        self.release()
    }

    /// Lets the held webhooks go, last one first.
    pub(crate) fn release(&mut self) -> Vec<Sending> {
        self.hold = 0;
        self.held
            .drain(..)
            .rev()
            .map(|outgoing| Sending {
                outgoing,
                delay_ms: 0,
            })
            .collect()
    }

    /// How many webhooks are held back.
    pub(crate) fn held(&self) -> usize {
        self.held.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).expect("a fault")
    }

    fn outgoing(id: &str) -> Outgoing {
        Outgoing {
            id: id.to_owned(),
            client_id: "app".to_owned(),
            app_id: "wk".to_owned(),
            topic: "conversation.user.replied".to_owned(),
            created_at: 1,
            attempt: 1,
            body: serde_json::Value::Null,
        }
    }

    fn ids(sent: &[Sending]) -> Vec<&str> {
        sent.iter().map(|one| one.outgoing.id.as_str()).collect()
    }

    #[test]
    fn a_fault_strikes_as_often_as_it_says_and_only_where_it_matches() {
        let mut faults = Faults::default();
        faults.waiting.push_back(fault(
            r#"{"kind":"status","status":503,"match":"GET /tags","count":2}"#,
        ));
        assert!(faults.call("POST", "/tags").is_none());
        assert!(faults.call("GET", "/tags/1").is_none());
        assert!(faults.call("GET", "/tags").is_some());
        assert!(faults.call("GET", "/tags").is_some());
        assert!(faults.call("GET", "/tags").is_none());
    }

    #[test]
    fn reordered_webhooks_leave_in_reverse() {
        let mut faults = Faults::default();
        faults
            .waiting
            .push_back(fault(r#"{"kind":"webhook_reorder","size":3}"#));
        assert!(faults.webhook(outgoing("1")).is_empty());
        assert!(faults.webhook(outgoing("2")).is_empty());
        assert_eq!(ids(&faults.webhook(outgoing("3"))), ["3", "2", "1"]);
        assert_eq!(ids(&faults.webhook(outgoing("4"))), ["4"]);
    }

    #[test]
    fn a_duplicate_has_the_same_id_and_a_dropped_one_is_gone() {
        let mut faults = Faults::default();
        faults
            .waiting
            .push_back(fault(r#"{"kind":"webhook_duplicate"}"#));
        faults
            .waiting
            .push_back(fault(r#"{"kind":"webhook_drop","match":"ping"}"#));
        assert_eq!(ids(&faults.webhook(outgoing("1"))), ["1", "1"]);
        assert_eq!(ids(&faults.webhook(outgoing("2"))), ["2"]);
        let ping = Outgoing {
            topic: "ping".to_owned(),
            ..outgoing("3")
        };
        assert!(faults.webhook(ping).is_empty());
    }
}
