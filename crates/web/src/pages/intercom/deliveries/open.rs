//! One delivery with what it carried.

use super::super::super::prelude::*;
use super::DeliveryRow;
use earmark_db::tenant::Connection;
use earmark_model::{Outcome, Right};

/// How much is shown of a body that is no JSON, in bytes.
const TEXT_SHOWN: usize = 64 * 1024;

/// What a delivery carried.
#[derive(Debug, Clone)]
pub enum PayloadView {
    /// The stored body.
    Body(String),
    /// What is no JSON, as text.
    Text {
        /// Its beginning.
        shown: String,
        /// How long it is, in bytes.
        bytes: usize,
        /// Whether that is all of it.
        whole: bool,
    },
    /// None is stored: a repeat keeps no body.
    Repeat,
    /// None is stored.
    Gone,
    /// It names somebody whose erasure did not reach it yet.
    Withheld,
    /// The reader's role does not allow reading it.
    Hidden,
}

impl PayloadView {
    /// `is_kept` says that there is a body, whether it is given or not.
    fn of(body: Option<Vec<u8>>, (is_repeat, is_kept): (bool, bool), may: bool) -> Self {
        match body {
            None if is_repeat => Self::Repeat,
            None if !is_kept => Self::Gone,
            _ if !may => Self::Hidden,
            None => Self::Withheld,
            Some(body) => Self::read(&body),
        }
    }

    pub(super) fn read(body: &[u8]) -> Self {
        match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
            Ok(_) => Self::Body(String::from_utf8_lossy(body).into_owned()),
            Err(_) => Self::Text {
                shown: String::from_utf8_lossy(&body[..body.len().min(TEXT_SHOWN)]).into_owned(),
                bytes: body.len(),
                whole: body.len() <= TEXT_SHOWN,
            },
        }
    }
}

/// The open delivery.
#[derive(Debug, Clone)]
pub struct DeliveryView {
    /// What the log shows of it.
    pub row: DeliveryRow,
    /// Intercom's id of the notification.
    pub notification: Option<String>,
    /// The conversation or contact it is about.
    pub subject: Option<String>,
    /// The ticket it made or changed: its key.
    pub ticket: Option<String>,
    /// The delivery it repeats.
    pub repeat_of: Option<String>,
    /// What it carried.
    pub payload: PayloadView,
}

impl DeliveryView {
    /// A delivery of the connection; its payload only for a reader who may see payloads.
    pub(super) async fn load(at: &At, connection: &Connection, id: &str) -> Result<Self, Failed> {
        let id = id.parse().map_err(|_| Failed::NotFound)?;
        let tenant = at.tenant();
        let found = tenant.delivery(id).await?;
        let found = found.filter(|(delivery, _)| delivery.connection == connection.id);
        let (delivery, body) = found.ok_or(Failed::NotFound)?;
        let ticket = match delivery.ticket {
            Some(id) => tenant.ticket_by_id(id).await?,
            None => None,
        };
        let may = at.may(Right::ReadPayloads);
        let is_kept = body.is_some() || tenant.has_body(id).await?;
        let is_repeat = delivery.outcome == Outcome::Repeat;
        Ok(Self {
            notification: delivery.notification_id.clone(),
            subject: delivery.subject.clone(),
            ticket: ticket.map(|ticket| at.ticket_key(ticket.number)),
            repeat_of: delivery.repeat_of.map(|id| id.to_string()),
            payload: PayloadView::of(body, (is_repeat, is_kept), may),
            row: delivery.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_kept_whole_and_other_text_is_cut() {
        assert!(
            matches!(PayloadView::read(br#"{"a":1}"#), PayloadView::Body(text) if text == r#"{"a":1}"#)
        );
        let long = vec![0xff; TEXT_SHOWN + 1];
        let PayloadView::Text {
            shown,
            bytes,
            whole,
        } = PayloadView::read(&long)
        else {
            panic!("no JSON");
        };
        assert_eq!(
            (shown.chars().count(), bytes, whole),
            (TEXT_SHOWN, TEXT_SHOWN + 1, false)
        );
    }
}
