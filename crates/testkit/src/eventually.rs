//! Waiting for something that no signal announces.

use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two probes.
const PAUSE: Duration = Duration::from_millis(10);

/// Asks `probe` again and again until it gives something; panics with `what` when nothing came before `deadline`.
///
/// # Panics
/// When the deadline passes.
pub async fn eventually<T>(
    deadline: Duration,
    what: &str,
    mut probe: impl AsyncFnMut() -> Option<T>,
) -> T {
    let end = Instant::now() + deadline;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < end, "not within {deadline:?}: {what}");
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn gives_what_the_probe_finds() {
        let mut asked = 0;
        let found = eventually(Duration::from_secs(30), "third time", async || {
            asked += 1;
            (asked == 3).then_some("found")
        })
        .await;
        assert_eq!((found, asked), ("found", 3));
    }

    #[tokio::test]
    #[should_panic(expected = "the moon is made of cheese")]
    async fn panics_with_what_was_waited_for() {
        eventually(
            Duration::from_millis(20),
            "the moon is made of cheese",
            async || None::<()>,
        )
        .await;
    }
}
