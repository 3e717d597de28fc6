//! Reading a raw body up to a limit.

use actix_web::web::Payload;
use futures::StreamExt;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It is, or says that it is, larger than the limit.
    TooLarge,
    /// The connection broke off.
    Broken,
}

/// The whole body. `announced` is the request's Content-Length, refused before anything is read.
pub(crate) async fn read(
    mut payload: Payload,
    announced: Option<usize>,
    limit: usize,
) -> Result<Vec<u8>, BodyError> {
    if announced.is_some_and(|length| length > limit) {
        return Err(BodyError::TooLarge);
    }
    let mut body = Vec::with_capacity(announced.unwrap_or(4096));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| BodyError::Broken)?;
        if body.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
