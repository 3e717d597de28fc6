//! Signed requests, made before the clock runs.

use super::doors::Door;
use crate::Failure;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::Sha1;
use std::net::SocketAddr;

/// Bytes of a body.
pub(crate) const SIZE: usize = 4096;
/// Conversations of an Intercom connection that the notifications are about.
pub(super) const CONVERSATIONS: usize = 500;

pub(crate) const TAGGED: &str =
    include_str!("../../../../tests/fixtures/webhooks/conversation_part.tag.created.json");
pub(crate) const TEXT: &str =
    "/data/item/conversation/conversation_parts/conversation_parts/0/body";
pub(crate) const CONVERSATION: &str = "/data/item/conversation/id";

/// Makes requests, each with a notification id of its own.
#[derive(Debug)]
pub(super) struct Bodies {
    doors: Vec<Door>,
    tagged: Value,
    made: usize,
}

impl Bodies {
    pub(super) fn new(doors: Vec<Door>) -> Result<Self, Failure> {
        Ok(Self {
            doors,
            tagged: serde_json::from_str(TAGGED)?,
            made: 0,
        })
    }

    /// Whole HTTP requests to `address`, ready to be written to a socket.
    pub(super) fn requests(
        &mut self,
        count: usize,
        address: SocketAddr,
    ) -> Result<Vec<Vec<u8>>, Failure> {
        (0..count)
            .map(|_| {
                self.made += 1;
                let door = &self.doors[self.made % self.doors.len()];
                let body = body(&mut self.tagged, door, self.made)?;
                Ok(request(door, address, &body))
            })
            .collect()
    }
}

fn body(tagged: &mut Value, door: &Door, number: usize) -> Result<Vec<u8>, Failure> {
    let conversation = 215_473_908_000_000 + number % CONVERSATIONS;
    tagged["app_id"] = json!(door.app_id);
    tagged["id"] = json!(format!("notif_{number:036}"));
    set(tagged, CONVERSATION, json!(conversation.to_string()))?;
    set(tagged, TEXT, json!(""))?;
    let room = SIZE.checked_sub(serde_json::to_vec(tagged)?.len());
    let room = room.ok_or("the notification without its text is larger than a body")?;
    set(tagged, TEXT, json!("word ".repeat(room / 5 + 1)[..room]))?;
    Ok(serde_json::to_vec(tagged)?)
}

pub(crate) fn set(tagged: &mut Value, at: &str, to: Value) -> Result<(), Failure> {
    *tagged
        .pointer_mut(at)
        .ok_or_else(|| format!("the notification has no {at}"))? = to;
    Ok(())
}

pub(crate) fn request(door: &Door, address: SocketAddr, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST {} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         X-Hub-Signature: {}\r\n\r\n",
        door.path,
        body.len(),
        signature(&door.secret, body),
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

/// Intercom's signature: `sha1=` and the hex HMAC-SHA1 of the body. Not the product's code, which is what is measured.
fn signature(secret: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes())
        .map(|mac| mac.chain_update(body).finalize().into_bytes());
    // HMAC takes keys of every length.
    format!("sha1={}", mac.map(hex::encode).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_connections::webhook;

    #[test]
    fn requests_are_signed_distinct_and_of_one_size() {
        let door = Door {
            path: "/hooks/intercom/token".to_owned(),
            app_id: "bench0".to_owned(),
            secret: "a client secret".to_owned(),
        };
        let mut bodies = Bodies::new(vec![door]).unwrap();
        let address = "127.0.0.1:80".parse().unwrap();
        let requests = bodies.requests(300, address).unwrap();
        let mut ids = std::collections::BTreeSet::new();
        let mut subjects = std::collections::BTreeSet::new();
        for request in requests {
            let (head, body) = request.split_at(request.len() - SIZE);
            let head = std::str::from_utf8(head).unwrap();
            let signed = head.split("X-Hub-Signature: ").nth(1).unwrap();
            let secrets = [b"a client secret".as_slice()];
            assert_eq!(webhook::verify(Some(signed), body, secrets), Ok(0));
            let peek = webhook::peek(body).unwrap();
            ids.insert(peek.id.unwrap());
            subjects.insert(peek.subject.unwrap().id);
        }
        assert_eq!(ids.len(), 300);
        assert_eq!(subjects.len(), 300);
    }
}
