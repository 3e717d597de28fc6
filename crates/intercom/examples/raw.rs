//! Sends a request that the client has no method for, and prints the answer.
//!
//! `cargo run -p earmark-intercom --example raw GET /away_status_reasons`

#![expect(clippy::print_stdout, reason = "printing is what the example does")]

mod common;

use std::{env, error::Error};

use earmark_intercom::{RawContent, RawRequest};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = common::client()?;
    let mut arguments = env::args().skip(1);
    let (Some(method), Some(path)) = (arguments.next(), arguments.next()) else {
        return Err("give a method and a path".into());
    };
    let answer = client.raw(&RawRequest::new(method, path)).await?;
    if let RawContent::Json(value) = answer.content {
        println!("{} {value:#}", answer.status);
    }
    Ok(())
}
