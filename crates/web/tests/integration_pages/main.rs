//! The pages of the connections and of a product's feedback, over the real services, with the sandbox as Intercom.
#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail by panicking, as its tests do"
)]

mod actions;
mod connect;
mod connection;
mod deliveries;
mod feedback;
mod guards;
mod lifecycle;
mod privacy;
mod runs;
mod support;
