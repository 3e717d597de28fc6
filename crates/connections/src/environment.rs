//! Lends our clock and randomness to the Intercom client.

use earmark_intercom::Environment;
use earmark_model::Sources;

/// [`Sources`] as the Intercom client wants them.
#[derive(Debug, Clone)]
pub struct SourcesEnvironment(pub Sources);

impl Environment for SourcesEnvironment {
    fn now_unix_millis(&self) -> i64 {
        self.0.now().timestamp_millis()
    }

    fn jitter(&self) -> f64 {
        f64::from(u32::from_le_bytes(self.0.bytes())) / (f64::from(u32::MAX) + 1.0)
    }
}
