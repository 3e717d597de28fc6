//! Finds the open conversations with a tag, and shows what would be sent to write a note in the first of them.
//!
//! `cargo run -p earmark-intercom --example tagged TAG_ID`

#![expect(clippy::print_stdout, reason = "printing is what the example does")]

mod common;

use std::{env, error::Error};

use earmark_intercom::{Order, Reply, Search, conversations, search::Group};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = common::client()?;
    let tag = env::args().nth(1).ok_or("name a tag by its id")?;
    let wanted = Group::all([
        conversations::TAG_IDS.is(&tag),
        conversations::STATE.is("open"),
    ])?;
    let search = Search::from(wanted).sorted(&conversations::UPDATED_AT, Order::Descending);
    let page = client
        .search_conversations(search)
        .per_page(20)
        .page()
        .await?;
    println!("{} conversations", page.total.unwrap_or_default());
    let Some(first) = page.items.first() else {
        return Ok(());
    };
    let me = client.me().await?;
    let note = client.reply(&first.id, &Reply::note(me.admin.id, "Seen."));
    let preview = note.preview()?;
    println!("{} {}", preview.method, preview.url);
    println!("{:#}", preview.body.unwrap_or_default());
    // `note.await?` would send it.
    Ok(())
}
