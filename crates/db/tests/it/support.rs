//! Shared by the tests.

use chrono::TimeDelta;
use earmark_testkit::TestDb;

/// Runs the expression in a transaction, commits, and moves the clock by a millisecond, so that the next ids are later.
macro_rules! in_tx {
    ($t:expr, |$tx:ident| $body:expr) => {{
        let $tx = $t.db.begin().await.unwrap();
        let outcome = $body;
        $tx.commit().await.unwrap();
        $crate::support::tick(&$t);
        outcome
    }};
}
pub(crate) use in_tx;

/// Asserts that an expression gives an error of this kind.
macro_rules! assert_error {
    ($result:expr, $($kind:tt)+) => {
        let result = $result;
        assert!(matches!(result, Err($($kind)+)), "{result:?}");
    };
}
pub(crate) use assert_error;

/// Moves the clock by a millisecond, the grain of ids.
pub(crate) fn tick(t: &TestDb) {
    t.clock.advance(TimeDelta::milliseconds(1));
}
