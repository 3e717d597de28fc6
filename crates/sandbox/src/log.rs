//! The bounded log of API requests. It never holds a token.

use std::collections::VecDeque;

use serde::Serialize;

use crate::state::Region;

const KEPT: usize = 2000;

/// One request as it was answered.
#[derive(Clone, Serialize)]
pub(crate) struct Logged {
    pub(crate) at: i64,
    pub(crate) method: String,
    /// Without the prefix of a region.
    pub(crate) path: String,
    pub(crate) region: Option<Region>,
    pub(crate) query: String,
    /// 0 when the connection was dropped on purpose.
    pub(crate) status: u16,
    pub(crate) app: Option<String>,
    pub(crate) request_id: String,
}

/// The newest requests and how many there were in all.
#[derive(Default)]
pub(crate) struct RequestLog {
    pub(crate) total: u64,
    pub(crate) entries: VecDeque<Logged>,
}

impl RequestLog {
    pub(crate) fn push(&mut self, entry: Logged) {
        self.total += 1;
        self.entries.push_back(entry);
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }
}
