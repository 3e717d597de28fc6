//! What a tag makes, and what follows into the ticket: each line of the policy a test.

mod anchors;
mod counting;
mod erasing;
mod following;
mod intercom_down;
mod leftovers;
mod orders;
mod payloads;
mod tagging;
