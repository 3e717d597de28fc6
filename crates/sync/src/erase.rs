//! Redaction and deletion: gone from every stored copy, payloads included. Switches do not matter here.

use crate::buried::Buried;
use crate::outcome::Applied;
use crate::rederive::rederive;
use earmark_db::tenant::{Incomplete, Ticket};
use earmark_db::{Result, Tenant, Tx};
use earmark_intercom::Conversation;
use earmark_intercom::webhook::{Erase, mentions, scrub};
use earmark_model::ConnectionId;
use serde_json::Value;
use std::collections::BTreeSet;

/// Erases messages of a conversation and buries them.
pub(crate) async fn redact(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    conversation: &str,
    messages: &[String],
) -> Result<Applied> {
    let (mut news, mut ours) = (false, 0);
    for message in messages {
        news |= tenant.bury(connection, conversation, Some(message)).await?;
        ours += tenant
            .redact_message(connection, conversation, message)
            .await?;
    }
    let erase = Erase {
        whole: false,
        messages: messages.iter().cloned().collect(),
        ..Erase::default()
    };
    tenant
        .rewrite_bodies(connection, conversation, |body| scrub(body, &erase))
        .await?;
    let mut ids: Vec<&str> = messages.iter().map(String::as_str).collect();
    ids.push(conversation);
    erase_unreadable(tenant, connection, &ids).await?;
    erase_actions(tenant, connection, &ids).await?;
    rederive(tenant, connection, conversation).await?;
    let tickets = tenant
        .tickets_of_conversation(connection, conversation)
        .await?;
    Ok(match (news, tickets.first()) {
        (false, _) => Applied::ignored("this was redacted before"),
        (true, Some(ticket)) if ours > 0 => Applied::processed(
            format!("redacted {} in the thread", count(ours)),
            Some(ticket.id),
        ),
        (true, _) => Applied::processed("redacted: erased from the stored payloads", None),
    })
}

/// Why our copy of a conversation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It was deleted in Intercom.
    Deleted,
    /// A member wants it so, after disconnecting.
    Wanted,
}

impl Cause {
    /// What its tickets say.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Deleted => "The conversation was deleted in Intercom",
            Self::Wanted => "The copy of this conversation was erased after disconnecting Intercom",
        }
    }
}

/// Erases our copy of a conversation and buries it. Its tickets keep key, status, our own words and a member's title.
/// Gives whether that is news, and the tickets.
pub(crate) async fn empty(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    conversation: &str,
    cause: Cause,
) -> Result<(bool, Vec<Ticket>)> {
    let news = match cause {
        Cause::Deleted => tenant.bury(connection, conversation, None).await?,
        Cause::Wanted => tenant.bury_copy(connection, conversation).await?,
    };
    let tickets = tenant
        .tickets_of_conversation(connection, conversation)
        .await?;
    for ticket in &tickets {
        tenant.mark_source_gone(ticket.id).await?;
    }
    tenant
        .erase_conversation(connection, conversation, cause.words())
        .await?;
    Ok((news, tickets))
}

/// Erases all of a deleted conversation, from the stored payloads, too.
pub(crate) async fn delete(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    conversation: &str,
) -> Result<Applied> {
    let (news, tickets) = empty(tenant, connection, conversation, Cause::Deleted).await?;
    let erase = Erase {
        whole: true,
        ..Erase::default()
    };
    tenant
        .rewrite_bodies(connection, conversation, |body| scrub(body, &erase))
        .await?;
    erase_unreadable(tenant, connection, &[conversation]).await?;
    erase_actions(tenant, connection, &[conversation]).await?;
    Ok(match (news, tickets.first()) {
        (false, _) => Applied::ignored("this conversation was deleted before"),
        (true, Some(ticket)) => Applied::processed(
            match tickets.len() {
                1 => "conversation deleted: erased from its ticket".to_owned(),
                several => format!("conversation deleted: erased from {several} tickets"),
            },
            Some(ticket.id),
        ),
        (true, None) => Applied::processed(
            "conversation deleted: erased from the stored payloads",
            None,
        ),
    })
}

/// Erases the messages that a payload shows as redacted although nobody told us: the webhook was lost.
pub(crate) async fn found(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    conversation: &Conversation,
    buried: &mut Buried,
) -> Result<()> {
    let redacted = conversation.messages().filter(|message| message.redacted);
    let news: Vec<String> = redacted
        .map(|message| message.id.clone())
        .filter(|id| !buried.whole && !buried.messages.contains(id))
        .collect();
    if !news.is_empty() {
        redact(tenant, connection, &conversation.id, &news).await?;
        buried.messages.extend(news);
    }
    Ok(())
}

/// Erases who a deleted contact is, everywhere, and buries the id: that of the contact and those of all that were merged
/// into it, which are the same person. What they wrote stays until it is redacted or deleted. The contact itself is locked.
pub(crate) async fn erase_everywhere(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    contact: &str,
) -> Result<Applied> {
    let mut ids = vec![contact.to_owned()];
    let (mut at, mut news) = (0, false);
    let mut conversations = BTreeSet::new();
    while let Some(id) = ids.get(at).cloned() {
        if at > 0 {
            tenant.lock_contact(connection, &id, true).await?;
        }
        for merged in tenant.merged_contacts(connection, &id).await? {
            if !ids.contains(&merged) {
                ids.push(merged);
            }
        }
        news |= delete_contact(tenant, connection, &id, &mut conversations).await?;
        at += 1;
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let person = Erase {
        contacts: ids.iter().map(|id| (*id).to_owned()).collect(),
        ..Erase::default()
    };
    // They may stand in any payload, also in those of conversations that no ticket came from.
    tenant
        .rewrite_bodies_holding(connection, &ids, |body| scrub(body, &person))
        .await?;
    erase_unreadable(tenant, connection, &ids).await?;
    Ok(match (news, conversations.len()) {
        (false, _) => Applied::ignored("this contact was deleted before"),
        (true, 0) => Applied::processed("contact deleted: erased from the stored payloads", None),
        (true, n) => Applied::processed(
            format!("contact deleted: name and e-mail address erased from {n} conversation(s)"),
            None,
        ),
    })
}

/// Buries one id and erases what stands under it; true when that is news. Notes the conversations it took part in.
async fn delete_contact(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    id: &str,
    conversations: &mut BTreeSet<String>,
) -> Result<bool> {
    let news = tenant.bury_contact(connection, id).await?;
    erase_from_log(tenant, connection, id).await?;
    tenant.remove_contact(connection, id).await?;
    tenant.erase_run_lines(connection, id).await?;
    tenant
        .waits_no_more(connection, Incomplete::Contact, id)
        .await?;
    conversations.extend(tenant.erase_contact(connection, id).await?);
    let whole = Erase {
        whole: true,
        ..Erase::default()
    };
    tenant
        .rewrite_bodies(connection, id, |body| scrub(body, &whole))
        .await?;
    Ok(news)
}

/// Erases a person from the log of actions: whatever names the contact, one that was merged into it, or an e-mail address
/// by which our copy or the log itself knows them.
async fn erase_from_log(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    contact: &str,
) -> Result<()> {
    let mut named = Named::default();
    named
        .emails
        .extend(tenant.contact_emails(connection, contact).await?);
    let mut ids = vec![contact.to_owned()];
    // What the log says of one may name another that was merged into it.
    while let Some(id) = ids.pop() {
        if !named.ids.insert(id.clone()) {
            continue;
        }
        for text in tenant.action_texts(connection, &id).await? {
            if let Ok(value) = serde_json::from_str(&text) {
                named.look(&value, &id, &mut ids);
            }
        }
    }
    let texts = named.ids.iter().chain(&named.emails);
    let texts: Vec<&str> = texts.map(String::as_str).collect();
    tenant.erase_action_runs(connection, &texts).await.map(drop)
}

/// By what a person is known.
#[derive(Default)]
struct Named {
    ids: BTreeSet<String>,
    emails: BTreeSet<String>,
}

impl Named {
    /// Finds the e-mail addresses of the contact `id`, and who was merged into it.
    fn look(&mut self, value: &Value, id: &str, merged: &mut Vec<String>) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.look(item, id, merged);
                }
            }
            Value::Object(fields) => {
                let text = |key: &str| fields.get(key).and_then(Value::as_str);
                if text("id") == Some(id) {
                    self.emails.extend(text("email").map(str::to_owned));
                }
                if text("into") == Some(id) {
                    merged.extend(text("from").map(str::to_owned));
                }
                for inner in fields.values() {
                    self.look(inner, id, merged);
                }
            }
            _ => {}
        }
    }
}

/// Nobody knows what an unreadable body holds beside an erased id, so all of it goes.
async fn erase_unreadable(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    ids: &[&str],
) -> Result<()> {
    let whole = Erase {
        whole: true,
        ..Erase::default()
    };
    tenant
        .rewrite_unreadable_bodies(connection, |body| {
            let hit = ids.iter().any(|id| mentions(body, id));
            hit.then(|| scrub(body, &whole)).flatten()
        })
        .await?;
    Ok(())
}

/// Erases from the log of actions what tells of messages or conversations: answers, with the titles made of messages.
async fn erase_actions(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    ids: &[&str],
) -> Result<()> {
    // These ids are numbers, so only a whole one counts.
    let quoted: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    let quoted: Vec<&str> = quoted.iter().map(String::as_str).collect();
    tenant
        .erase_action_runs(connection, &quoted)
        .await
        .map(drop)
}

fn count(messages: u64) -> String {
    if messages == 1 {
        "a message".to_owned()
    } else {
        format!("{messages} messages")
    }
}
