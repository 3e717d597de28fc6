//! Redaction and deletion: gone from every stored copy, payloads included. Switches do not matter here.

use crate::buried::Buried;
use crate::outcome::Applied;
use crate::rederive::rederive;
use earmark_db::tenant::{Incomplete, NewScrub, RemovalCause, Removed, Ticket};
use earmark_db::{Result, Tenant, Tx};
use earmark_intercom::Conversation;
use earmark_intercom::webhook::{Erase, mentions, scrub};
use earmark_model::{ConnectionId, Job};
use std::collections::BTreeSet;

/// Erases messages of a conversation and buries them.
pub(crate) async fn redact(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    conversation: &str,
    messages: &[String],
) -> Result<Applied> {
    let (mut news, mut ours) = (BTreeSet::new(), 0);
    for message in messages {
        if tenant.bury(connection, conversation, Some(message)).await? {
            news.insert(message.as_str());
        }
        ours += tenant
            .redact_message(connection, conversation, message)
            .await?;
    }
    let erase = Erase {
        whole: false,
        messages: messages.iter().cloned().collect(),
        ..Erase::default()
    };
    let mut payloads = tenant
        .rewrite_bodies(connection, conversation, |body| scrub(body, &erase))
        .await?;
    let mut ids: Vec<&str> = messages.iter().map(String::as_str).collect();
    ids.push(conversation);
    payloads += erase_unreadable(tenant, connection, &ids).await?;
    let tickets = tenant
        .tickets_of_conversation(connection, conversation)
        .await?;
    let shows = |message: Option<&str>| message.is_some_and(|id| news.contains(id));
    let losing = tickets.iter().filter(|ticket| {
        ticket.source_gone_at.is_none()
            && (shows(Some(&ticket.message)) || shows(ticket.text_from.as_deref()))
    });
    let removed = Removed {
        messages: ours,
        tickets: losing.count() as u64,
        payloads,
        ..Removed::default()
    };
    let cause = RemovalCause::MessageRedacted;
    let told = (!news.is_empty()).then_some((cause, removed));
    tell_log(tenant, connection, (conversation, &ids), told).await?;
    rederive(tenant, connection, conversation).await?;
    let news = !news.is_empty();
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
/// Gives whether that is news, the tickets, and what was removed.
pub(crate) async fn empty(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    conversation: &str,
    cause: Cause,
) -> Result<(bool, Vec<Ticket>, Removed)> {
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
    let (messages, was_kept) = tenant
        .erase_conversation(connection, conversation, cause.words())
        .await?;
    let shown = tickets
        .iter()
        .filter(|ticket| ticket.source_gone_at.is_none());
    let removed = Removed {
        messages,
        conversations: was_kept.into(),
        tickets: shown.count() as u64,
        ..Removed::default()
    };
    Ok((news, tickets, removed))
}

/// Erases all of a deleted conversation, from the stored payloads, too.
pub(crate) async fn delete(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    conversation: &str,
) -> Result<Applied> {
    let (news, tickets, mut removed) =
        empty(tenant, connection, conversation, Cause::Deleted).await?;
    let erase = Erase {
        whole: true,
        ..Erase::default()
    };
    removed.payloads = tenant
        .rewrite_bodies(connection, conversation, |body| scrub(body, &erase))
        .await?;
    removed.payloads += erase_unreadable(tenant, connection, &[conversation]).await?;
    let told = news.then_some((RemovalCause::ConversationDeleted, removed));
    tell_log(tenant, connection, (conversation, &[conversation]), told).await?;
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
/// Payloads about others, in which they may stand, and the log of actions follow at once, by a job.
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
            tenant.lock_contacts(connection, &[&id], true).await?;
        }
        for merged in tenant.merged_contacts(connection, &id).await? {
            if !ids.contains(&merged) {
                ids.push(merged);
            }
        }
        news |= delete_contact(tenant, connection, &id, &mut conversations).await?;
        at += 1;
    }
    tenant.enqueue(&Job::Scrub { connection }).await?;
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
    // By these the log of actions may know them, too.
    let mut texts = tenant.contact_emails(connection, id).await?;
    texts.push(id.to_owned());
    let was_copied = tenant.remove_contact(connection, id).await?;
    let lines = tenant.erase_run_lines(connection, id).await?;
    tenant
        .waits_no_more(connection, Incomplete::Contact, id)
        .await?;
    let took_part = tenant.erase_contact(connection, id).await?;
    let whole = Erase {
        whole: true,
        ..Erase::default()
    };
    let removed = Removed {
        conversations: took_part.len() as u64,
        copies: was_copied.into(),
        lines,
        payloads: tenant
            .rewrite_bodies(connection, id, |body| scrub(body, &whole))
            .await?,
        ..Removed::default()
    };
    conversations.extend(took_part);
    let cause = RemovalCause::ContactDeleted;
    let removal = match news {
        true => {
            tenant
                .note_removal(connection, cause, (id, None), removed)
                .await?
        }
        false => None,
    };
    let rest = NewScrub {
        subject: id.to_owned(),
        is_contact: true,
        texts,
        removal,
    };
    tenant.add_scrub(connection, &rest).await?;
    Ok(news)
}

/// Nobody knows what an unreadable body holds beside an erased id, so all of it goes.
async fn erase_unreadable(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    ids: &[&str],
) -> Result<u64> {
    let whole = Erase {
        whole: true,
        ..Erase::default()
    };
    tenant
        .rewrite_unreadable_bodies(connection, |body| {
            let hit = ids.iter().any(|id| mentions(body, id));
            hit.then(|| scrub(body, &whole)).flatten()
        })
        .await
}

/// Writes down what was removed, if that is news, and has the log of actions gone through for what tells of a
/// conversation's messages: answers, with the titles made of messages.
async fn tell_log(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    (conversation, ids): (&str, &[&str]),
    told: Option<(RemovalCause, Removed)>,
) -> Result<()> {
    let removal = match told {
        Some((cause, removed)) => {
            tenant
                .note_removal(connection, cause, (conversation, None), removed)
                .await?
        }
        None => None,
    };
    let rest = NewScrub {
        subject: conversation.to_owned(),
        is_contact: false,
        // These ids are numbers, so only a whole one counts.
        texts: ids.iter().map(|id| format!("\"{id}\"")).collect(),
        removal,
    };
    tenant.add_scrub(connection, &rest).await?;
    tenant.enqueue(&Job::Scrub { connection }).await
}

fn count(messages: u64) -> String {
    if messages == 1 {
        "a message".to_owned()
    } else {
        format!("{messages} messages")
    }
}
