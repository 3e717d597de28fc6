//! The tabs of a connection's pages.

use super::components;
use crate::url;
use askama::Template;

/// The tabs.
#[derive(Debug, Template)]
#[template(path = "components/connection_tabs.html")]
pub struct ConnectionTabs<'a> {
    ws: &'a str,
    connection: &'a str,
    here: &'a str,
}

/// The tabs of a connection; `here` is the label of the page itself.
#[must_use]
pub const fn connection_tabs<'a>(
    ws: &'a str,
    connection: &'a str,
    here: &'a str,
) -> ConnectionTabs<'a> {
    ConnectionTabs {
        ws,
        connection,
        here,
    }
}

impl ConnectionTabs<'_> {
    fn tabs(&self) -> [(&'static str, String); 6] {
        let Self { ws, connection, .. } = self;
        [
            ("Overview", url::connection(ws, connection)),
            ("Doctor", url::doctor(ws, connection)),
            ("Deliveries", url::deliveries(ws, connection)),
            ("Runs", url::runs(ws, connection)),
            ("Calls", url::calls(ws, connection)),
            ("Actions", url::actions(ws, connection)),
        ]
    }
}

components!(ConnectionTabs<'_>);
