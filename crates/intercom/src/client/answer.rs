//! Reading an answer up to the size limit.

use std::time::Duration;

use reqwest::{Response, header::HeaderMap};

use super::classify;
use crate::{Error, UnreachableCause};

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) request_id: Option<String>,
}

/// Reads the body while counting; stops at the first byte over the limit, and when nothing comes for `quiet`.
pub(super) async fn read(
    mut response: Response,
    limit: usize,
    quiet: Duration,
) -> Result<Answer, (HeaderMap, Error)> {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let request_id = headers
        .get("x-request-id")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let mut body = Vec::new();
    loop {
        let Ok(piece) = tokio::time::timeout(quiet, response.chunk()).await else {
            let cause = UnreachableCause::Timeout;
            return Err((headers, Error::Unreachable { cause }));
        };
        match piece {
            Ok(None) => break,
            Ok(Some(piece)) if body.len() + piece.len() <= limit => body.extend_from_slice(&piece),
            Ok(Some(_)) => return Err((headers, Error::TooLarge { limit, request_id })),
            Err(fault) => return Err((headers, classify::transport(&fault))),
        }
    }
    Ok(Answer {
        status,
        headers,
        body,
        request_id,
    })
}
