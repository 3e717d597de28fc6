//! The endpoints, one file per kind of object.

mod admins;
mod apps;
mod companies;
mod contacts;
mod conversations;
mod page;
mod probe;
mod tags;

pub use page::{Next, Page};
pub use probe::{Probe, ProbeOutcome};
