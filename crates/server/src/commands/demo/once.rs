//! `earmark demo --once`: the whole path once, without a browser.

use super::seed::{apply_tag, untagged, until, workspace_of};
use super::{Demo, DemoError};
use crate::commands::say;
use earmark_db::tenant::{DeliveryFilter, InboxFilter};
use earmark_model::TicketKey;
use earmark_sandbox::DEMO_APP_ID;
use serde_json::json;

/// Tags a message in the sandbox and waits for its ticket.
pub(super) async fn run(demo: &Demo) -> Result<(), DemoError> {
    let (member, url) = workspace_of(demo).await?;
    let tenant = demo.app.db.workspace(member.workspace().id);
    let before = tenant
        .inbox(&InboxFilter::default(), None, 1)
        .await?
        .first()
        .map_or(0, |row| row.number);
    let conversation = conversation_to_tag(demo).await?;
    say(&format!(
        "Sandbox: putting the tag feature-request on conversation {conversation}"
    ));
    let started = tokio::time::Instant::now();
    apply_tag(&demo.sandbox, &conversation, None, "feature-request").await?;
    let row = until(&demo.app.db, "waiting for the ticket", async || {
        let newest = tenant
            .inbox(&InboxFilter::default(), None, 1)
            .await?
            .into_iter()
            .next();
        Ok(newest.filter(|row| row.number > before))
    })
    .await?;
    let took = started.elapsed().as_millis();
    let key = TicketKey {
        prefix: member.workspace().ticket_prefix.clone(),
        number: row.number,
    };
    let connection = super::seed::demo_connection(&demo.app.db, member.workspace().id).await?;
    if let Some(connection) = connection {
        let last = tenant
            .deliveries(connection.id, &DeliveryFilter::default(), 1)
            .await?;
        if let Some(delivery) = last.first() {
            say(&format!(
                "Delivery: {}",
                delivery
                    .note
                    .as_deref()
                    .unwrap_or(delivery.outcome.as_str())
            ));
        }
    }
    let title = row.title.unwrap_or_default();
    say(&format!(
        "Ticket {key} stands in {} after {took} ms: {title}",
        row.product_name
    ));
    say(&format!("Its page: {url}/tickets/{key}"));
    Ok(())
}

/// A conversation that has no tag yet; when all have one, a new conversation.
async fn conversation_to_tag(demo: &Demo) -> Result<String, DemoError> {
    if let Some(conversation) = untagged(&demo.sandbox).await?.pop() {
        return Ok(conversation);
    }
    let state = demo.sandbox.remote().read("state").await?;
    let contacts = state["workspaces"][DEMO_APP_ID]["contacts"].as_object();
    let contact = contacts.and_then(|contacts| contacts.keys().next());
    let order = json!({
        "app_id": DEMO_APP_ID,
        "contact": contact,
        "body": "<p>Could the export keep the order of the columns on the screen?</p>",
    });
    let started = demo.sandbox.remote().order("start", &order).await?;
    let id = started["id"]
        .as_str()
        .or_else(|| started["conversation"].as_str());
    id.map(ToOwned::to_owned).ok_or_else(|| {
        DemoError::step("starting a conversation in the sandbox")(started.to_string())
    })
}
