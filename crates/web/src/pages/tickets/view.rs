//! Reading a ticket with everything around it.

use super::{
    AttachmentView, CommentView, ContactView, From, MessageView, SiblingView, TagView, TicketView,
    Untitled,
};
use crate::html::SafeHtml;
use crate::pages::inbox::number;
use crate::pages::prelude::*;
use earmark_connections::{Region, conversation_link};
use earmark_db::tenant::{Comment, Conversation, Member, Message, Product, Status, Ticket};
use earmark_model::{AuthorKind, ConnectionId, MessageKind, Right};
use std::collections::HashMap;

/// The ticket with this key; `back` is the page that its forms come back to.
pub(crate) async fn view(
    at: &At,
    key: &str,
    back: &str,
    own_page: bool,
) -> Result<TicketView, Failed> {
    let found = at.tenant().ticket(number(at, key)?).await?;
    Parts::load(at, found.ok_or(Failed::NotFound)?)
        .await?
        .into_view(at, back, own_page)
        .await
}

/// What a ticket's page is made of.
struct Parts {
    ticket: Ticket,
    conversation: Conversation,
    messages: Vec<Message>,
    tags: Vec<TagView>,
    products: Vec<Product>,
    statuses: Vec<Status>,
    members: Vec<Member>,
    comments: Vec<Comment>,
    siblings: Vec<Ticket>,
    names: HashMap<String, String>,
}

impl Parts {
    async fn load(at: &At, ticket: Ticket) -> Result<Self, Failed> {
        let tenant = at.tenant();
        let (connection, id) = (ticket.connection, ticket.conversation.clone());
        let conversation = tenant.conversation(connection, &id).await?;
        let (messages, siblings, tags, comments) = futures::try_join!(
            tenant.messages(connection, &id),
            tenant.tickets_of_conversation(connection, &id),
            tenant.ticket_tags(ticket.id),
            tenant.comments(ticket.id),
        )?;
        let (products, statuses, members) = futures::try_join!(
            tenant.products(),
            tenant.statuses(ticket.product),
            tenant.members(),
        )?;
        let teammates = messages
            .iter()
            .filter(|message| message.author_kind == AuthorKind::Teammate)
            .filter(|message| message.author_name.is_none())
            .filter_map(|message| message.author_id.as_deref());
        let taggers = tags.iter().filter_map(|tag| tag.tagged_by.as_deref());
        let names = names(at, connection, teammates.chain(taggers)).await?;
        let tags = tags.into_iter().map(|tag| TagView {
            name: tag.name,
            at: tag.tagged_at,
            by: tag.tagged_by.and_then(|id| names.get(&id).cloned()),
        });
        Ok(Self {
            conversation: conversation.unwrap_or_else(|| Conversation::new(id)),
            tags: tags.collect(),
            ticket,
            messages,
            products,
            statuses,
            members,
            comments,
            siblings,
            names,
        })
    }

    async fn into_view(self, at: &At, back: &str, own_page: bool) -> Result<TicketView, Failed> {
        let intercom_url = self.intercom_url(at).await?;
        let key = at.ticket_key(self.ticket.number);
        let status = self
            .statuses
            .iter()
            .find(|one| one.id == self.ticket.status);
        let status = status.ok_or_else(|| Failed::internal("a ticket's status is not there"))?;
        Ok(TicketView {
            ws: at.ws().to_owned(),
            version: self.ticket.version,
            title: self.ticket.title.clone(),
            untitled: self.untitled(&self.ticket),
            status: status.name.clone(),
            category: status.category,
            product: self.product_name(&self.ticket),
            created_at: self.ticket.created_at,
            intercom_url,
            link: at.web().public(&url::ticket(at.ws(), &key)),
            thread: self.thread(),
            borrowed_text: self.ticket.text_from.is_some(),
            gone_at: self.conversation.gone_at,
            details: self.conversation.details,
            details_note: self.conversation.details_note.clone(),
            siblings: self.siblings(at),
            comments: self.comments(),
            statuses: choices(&self.statuses, &status.key, |one| (&one.key, &one.name)),
            assignees: self.assignees(),
            products: self.product_choices(),
            may: at.may(Right::WorkOnTickets),
            own_page,
            back: back.to_owned(),
            conflict: false,
            title_draft: None,
            comment_draft: String::new(),
            errors: FormErrors::none(),
            contact: contact(self.conversation),
            tags: self.tags,
            key,
        })
    }

    /// The conversation's address at Intercom, while there is one.
    async fn intercom_url(&self, at: &At) -> Result<Option<String>, Failed> {
        if self.conversation.gone_at.is_some() {
            return Ok(None);
        }
        let Some(connection) = at.tenant().connection(self.ticket.connection).await? else {
            return Ok(None);
        };
        let region: Region = connection.region.parse().map_err(Failed::internal)?;
        let web = &at.web().store().hosts().of(region).web;
        let link = conversation_link(web, &connection.app_id, &self.ticket.conversation);
        Ok(Some(link.into()))
    }

    /// For this ticket, or another of its conversation.
    fn untitled(&self, ticket: &Ticket) -> Untitled {
        let conversation_gone = self.conversation.gone_at.is_some();
        Untitled::of(ticket.source_gone_at.is_some(), conversation_gone)
    }

    fn product_name(&self, ticket: &Ticket) -> String {
        let found = self.products.iter().find(|one| one.id == ticket.product);
        found.map(|one| one.name.clone()).unwrap_or_default()
    }

    fn thread(&self) -> Vec<MessageView> {
        let view = |message: &Message| {
            let author = message.author_name.clone();
            let known = || self.names.get(message.author_id.as_deref()?).cloned();
            MessageView {
                from: from(message),
                author: author.or_else(known),
                at: message.created_at,
                html: message.html.clone().map(SafeHtml::from_sanitised),
                attachments: attachments(&message.attachments),
                redacted: message.redacted_at.is_some(),
                anchor: message.id == self.ticket.message,
            }
        };
        self.messages.iter().map(view).collect()
    }

    fn siblings(&self, at: &At) -> Vec<SiblingView> {
        let others = self.siblings.iter().filter(|one| one.id != self.ticket.id);
        let view = |one: &Ticket| SiblingView {
            key: at.ticket_key(one.number),
            title: one.title.clone(),
            untitled: self.untitled(one),
            product: self.product_name(one),
        };
        others.map(view).collect()
    }

    fn comments(&self) -> Vec<CommentView> {
        let name = |comment: &Comment| {
            let author = self.members.iter().find(|one| one.user == comment.author);
            author.map_or("Former member", |one| &one.name).to_owned()
        };
        let view = |comment: &Comment| CommentView {
            author: name(comment),
            at: comment.created_at,
            body: comment.body.clone(),
        };
        self.comments.iter().map(view).collect()
    }

    fn assignees(&self) -> Vec<Choice> {
        let current = self.ticket.assignee.map(|user| user.to_string());
        let current = current.unwrap_or_default();
        let mut all = vec![Choice::new("", "Nobody", &current)];
        let members = self.members.iter();
        all.extend(members.map(|one| Choice::new(one.user.to_string(), &one.name, &current)));
        all
    }

    fn product_choices(&self) -> Vec<Choice> {
        let own = |one: &&Product| one.id == self.ticket.product;
        let current = self.products.iter().find(own);
        let current = current.map(|one| one.slug.clone()).unwrap_or_default();
        let mut shown = self.products.clone();
        shown.retain(|one| one.archived_at.is_none() || one.slug == current);
        choices(&shown, &current, |one| (&one.slug, &one.name))
    }
}

fn choices<T>(
    all: &[T],
    current: &str,
    value_and_label: impl Fn(&T) -> (&String, &String),
) -> Vec<Choice> {
    let choice = |one| {
        let (value, label) = value_and_label(one);
        Choice::new(value, label, current)
    };
    all.iter().map(choice).collect()
}

/// The names of teammates, where known.
async fn names(
    at: &At,
    connection: ConnectionId,
    ids: impl Iterator<Item = &str>,
) -> Result<HashMap<String, String>, Failed> {
    let mut names = HashMap::new();
    for id in ids {
        if names.contains_key(id) {
            continue;
        }
        if let Some(name) = at.tenant().admin_name(connection, id).await? {
            names.insert(id.to_owned(), name);
        }
    }
    Ok(names)
}

const fn from(message: &Message) -> From {
    match (message.kind, message.author_kind) {
        (MessageKind::Note, _) => From::Note,
        (_, AuthorKind::Customer) => From::Customer,
        (_, AuthorKind::Teammate) => From::Teammate,
        (_, AuthorKind::Bot) => From::Bot,
    }
}

fn contact(conversation: Conversation) -> ContactView {
    ContactView {
        name: conversation.contact_name,
        email: conversation.contact_email,
        role: conversation.contact_role,
        company: conversation.company_name,
    }
}

/// The files of a message. Only addresses on the web become links.
fn attachments(json: &str) -> Vec<AttachmentView> {
    #[derive(Deserialize)]
    struct Stored {
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        url: Option<String>,
    }
    let all: Vec<Stored> = serde_json::from_str(json).unwrap_or_default();
    let view = |Stored { name, url }| {
        let url = ::url::Url::parse(&url?).ok()?;
        matches!(url.scheme(), "http" | "https").then(|| AttachmentView {
            name: name
                .filter(|name| !name.trim().is_empty())
                .unwrap_or_else(|| "Attachment".to_owned()),
            url: url.into(),
        })
    };
    all.into_iter().filter_map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::attachments;

    #[test]
    fn only_web_addresses_become_links() {
        let json = r#"[{"name":"a.png","url":"https://files.example/a"},{"name":"b","url":"javascript:alert(1)"},
            {"name":"c","url":"/etc"},{"url":"http://files.example/d"},{"name":"e"}]"#;
        let all = attachments(json);
        let shown: Vec<_> = all
            .iter()
            .map(|a| (a.name.as_str(), a.url.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("a.png", "https://files.example/a"),
                ("Attachment", "http://files.example/d")
            ]
        );
        assert!(attachments("oops").is_empty());
    }
}
