//! Reading a raw body up to a limit, within the room that all bodies share.

use actix_web::web::Payload;
use futures::StreamExt;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of bodies that may be in memory at once.
const ROOM: usize = 64 * 1024 * 1024;
/// Room is taken in blocks of this many bytes.
const BLOCK: usize = 4096;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It is, or says that it is, larger than the limit.
    TooLarge,
    /// The connection broke off.
    Broken,
    /// Too many other bodies are in memory.
    NoRoom,
}

/// The room that bodies share.
#[derive(Debug, Clone)]
pub(crate) struct Bodies(Arc<Semaphore>);

impl Default for Bodies {
    fn default() -> Self {
        Self::of(ROOM)
    }
}

impl Bodies {
    fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / BLOCK)))
    }

    /// Takes room for so many bytes more.
    pub(crate) fn more(
        &self,
        room: &mut OwnedSemaphorePermit,
        bytes: usize,
    ) -> Result<(), BodyError> {
        room.merge(self.take(bytes.div_ceil(BLOCK))?);
        Ok(())
    }

    fn take(&self, blocks: usize) -> Result<OwnedSemaphorePermit, BodyError> {
        let blocks = u32::try_from(blocks).map_err(|_| BodyError::NoRoom)?;
        let permit = self.0.clone().try_acquire_many_owned(blocks);
        permit.map_err(|_| BodyError::NoRoom)
    }
}

/// The whole body, with its room, which is free again when that is dropped. `announced` is the request's Content-Length,
/// refused before anything is read; room is taken for what has come, not for what is announced.
pub(crate) async fn read(
    mut payload: Payload,
    announced: Option<usize>,
    limit: usize,
    bodies: &Bodies,
) -> Result<(Vec<u8>, OwnedSemaphorePermit), BodyError> {
    if announced.is_some_and(|length| length > limit) {
        return Err(BodyError::TooLarge);
    }
    let mut room = bodies.take(1)?;
    let mut body = Vec::with_capacity(announced.map_or(BLOCK, |length| length.min(BLOCK)));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| BodyError::Broken)?;
        let length = body.len() + chunk.len();
        if length > limit {
            return Err(BodyError::TooLarge);
        }
        let blocks = length.div_ceil(BLOCK);
        if blocks > room.num_permits() {
            room.merge(bodies.take(blocks - room.num_permits())?);
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body, room))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::FromRequest;
    use actix_web::test::TestRequest;

    async fn read_of(bytes: usize, bodies: &Bodies) -> Result<OwnedSemaphorePermit, BodyError> {
        let (request, mut payload) = TestRequest::post()
            .set_payload(vec![b'x'; bytes])
            .to_http_parts();
        let payload = Payload::from_request(&request, &mut payload).await.unwrap();
        let (body, room) = read(payload, None, 10 * BLOCK, bodies).await?;
        assert_eq!(body.len(), bytes);
        Ok(room)
    }

    #[actix_web::test]
    async fn bodies_share_their_room() {
        let bodies = Bodies::of(4 * BLOCK);
        let first = read_of(3 * BLOCK, &bodies).await.unwrap();
        let second = read_of(10, &bodies).await.unwrap();
        assert_eq!(read_of(10, &bodies).await.unwrap_err(), BodyError::NoRoom);
        drop(second);
        assert_eq!(
            read_of(BLOCK + 1, &bodies).await.unwrap_err(),
            BodyError::NoRoom
        );
        drop(first);
        let mut some = read_of(10, &bodies).await.unwrap();
        bodies.more(&mut some, 3 * BLOCK).unwrap();
        assert_eq!(bodies.more(&mut some, 1), Err(BodyError::NoRoom));
        drop(some);
        drop(read_of(4 * BLOCK, &bodies).await.unwrap());
        assert_eq!(
            read_of(11 * BLOCK, &bodies).await.unwrap_err(),
            BodyError::TooLarge
        );
    }
}
