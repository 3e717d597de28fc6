//! Prints all contacts, one a line. After a fault it names the place; given that place, it goes on from there.
//!
//! `cargo run -p earmark-intercom --example contacts [PLACE]`

#![expect(clippy::print_stdout, reason = "printing is what the example does")]

mod common;

use std::{env, error::Error};

use earmark_intercom::Position;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = common::client()?;
    let mut place: Option<Position> = match env::args().nth(1) {
        Some(written) => serde_json::from_str(&written)?,
        None => None,
    };
    let mut pages = client.contacts().resume(place.clone()).pages();
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(fault) => {
                println!("{fault} {}", fault.what_to_do());
                println!("Place: {}", serde_json::to_string(&place)?);
                break;
            }
        };
        for contact in page.items {
            let name = contact.name.or(contact.email).unwrap_or_default();
            println!("{}\t{name}", contact.id);
        }
        place = page.next;
    }
    Ok(())
}
