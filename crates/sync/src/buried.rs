//! What was erased and must not come back: tombstones, applied to what arrives and to what is stored. What Intercom
//! deleted is gone for good; what a member had erased here comes back with the conversation's next tagging.

use earmark_db::tenant::{Tombstones, WaitingDelivery};
use earmark_db::{Result, Tenant, Tx};
use earmark_intercom::webhook::{Anchor, Erase, Event, Tagged, scrub};
use earmark_intercom::{Author, Conversation};
use earmark_model::ConnectionId;
use std::collections::{BTreeSet, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a payload is about, as far as tombstones and locks go.
#[derive(Debug, Clone, Default)]
pub(crate) struct About {
    pub(crate) conversation: Option<String>,
    pub(crate) contacts: BTreeSet<String>,
    /// Whether the contacts themselves are to be erased, merged or changed.
    pub(crate) erasing: bool,
}

impl About {
    /// A conversation with the people in it.
    pub(crate) fn conversation(conversation: &Conversation) -> Self {
        let listed = conversation
            .contacts
            .iter()
            .map(|contact| contact.id.clone());
        let authors = conversation.messages().map(|message| &message.author);
        let authors = authors.filter(|author| author.kind.is_customer());
        Self {
            conversation: Some(conversation.id.clone()),
            contacts: listed
                .chain(authors.filter_map(|author| author.id.clone()))
                .collect(),
            erasing: false,
        }
    }

    /// Something of which only the outline's subject is known: a conversation or a contact.
    pub(crate) fn subject(subject: Option<&str>) -> Self {
        Self {
            conversation: subject.map(ToOwned::to_owned),
            contacts: subject.map(ToOwned::to_owned).into_iter().collect(),
            erasing: false,
        }
    }

    /// An event; one about neither conversation nor contact goes by the outline's subject.
    pub(crate) fn event(event: &Event, subject: Option<&str>) -> Self {
        let contacts = |contacts: Vec<String>| Self {
            conversation: None,
            contacts: contacts.into_iter().collect(),
            erasing: true,
        };
        match event {
            Event::Tagged(tagged) => Self::conversation(&tagged.conversation),
            Event::ConversationChanged { conversation, .. }
            | Event::Redacted { conversation, .. } => Self::conversation(conversation),
            Event::ConversationDeleted { conversation_id } => Self {
                conversation: Some(conversation_id.clone()),
                ..Self::default()
            },
            Event::ConversationPeople {
                conversation_id,
                contact_id,
            } => Self {
                conversation: Some(conversation_id.clone()),
                contacts: contact_id.iter().cloned().collect(),
                erasing: false,
            },
            Event::ContactDeleted { contact } | Event::ContactArchived { contact } => {
                contacts(vec![contact.id.clone()])
            }
            Event::ContactChanged { contact, .. }
            | Event::ContactTag { contact, .. }
            | Event::CompanyContact { contact, .. } => contacts(vec![contact.id.clone()]),
            Event::ContactMerged {
                contact,
                merged_from,
            } => {
                let ids = std::iter::once(&contact.id).chain(merged_from);
                contacts(ids.cloned().collect())
            }
            _ => Self::subject(subject),
        }
    }
}

/// What is buried: of a conversation everything or some messages, and contacts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buried {
    pub(crate) whole: bool,
    /// Our copy of the conversation, erased after disconnecting.
    pub(crate) copy: bool,
    pub(crate) messages: HashSet<String>,
    pub(crate) contacts: HashSet<String>,
}

impl Buried {
    /// Takes the locks and reads the tombstones, which then hold until the transaction ends.
    pub(crate) async fn lock(
        tenant: &Tenant<'_, Tx>,
        connection: ConnectionId,
        about: &About,
    ) -> Result<Self> {
        let all = Self::lock_all(tenant, connection, &[about]).await?;
        Ok(all.into_iter().next().unwrap_or_default())
    }

    /// The same for several payloads at once; one for each, in their order.
    pub(crate) async fn lock_all(
        tenant: &Tenant<'_, Tx>,
        connection: ConnectionId,
        abouts: &[&About],
    ) -> Result<Vec<Self>> {
        let conversations = abouts.iter().filter_map(|one| one.conversation.as_deref());
        let conversations: Vec<&str> = conversations.collect();
        let contacts: BTreeSet<&str> = abouts
            .iter()
            .flat_map(|one| one.contacts.iter().map(String::as_str))
            .collect();
        let contacts: Vec<&str> = contacts.into_iter().collect();
        // All of them alike, for everybody takes them in the same order.
        let erasing = abouts.iter().any(|one| one.erasing);
        tenant
            .lock_conversations(connection, &conversations)
            .await?;
        tenant.lock_contacts(connection, &contacts, erasing).await?;
        let mut tombstones = tenant.tombstones_of(connection, &conversations).await?;
        let deleted = tenant.deleted_contacts(connection, &contacts).await?;
        let deleted: HashSet<String> = deleted.into_iter().collect();
        let of_each = abouts.iter().map(|about| {
            let known = about.conversation.as_ref();
            let Tombstones {
                whole,
                copy,
                messages,
            } = known
                .and_then(|id| tombstones.remove(id))
                .unwrap_or_default();
            let contacts = about.contacts.iter().filter(|id| deleted.contains(*id));
            Self {
                whole,
                copy,
                messages: messages.into_iter().collect(),
                contacts: contacts.cloned().collect(),
            }
        });
        Ok(of_each.collect())
    }

    /// Whether nothing is.
    pub(crate) fn is_empty(&self) -> bool {
        !self.whole && !self.copy && self.messages.is_empty() && self.contacts.is_empty()
    }

    /// Erases from a delivery's own stored body what is buried. Older ones were rewritten when it was buried.
    pub(crate) async fn scrub_own(
        &self,
        tenant: &Tenant<'_, Tx>,
        connection: ConnectionId,
        delivery: &WaitingDelivery,
    ) -> Result<()> {
        if !self.whole && self.messages.is_empty() && self.contacts.is_empty() {
            return Ok(());
        }
        let about_deleted_contact = delivery
            .subject
            .as_ref()
            .is_some_and(|subject| self.contacts.contains(subject));
        let erase = Erase {
            whole: self.whole || about_deleted_contact,
            messages: self.messages.clone(),
            contacts: self.contacts.clone(),
        };
        // As it is stored now: it may have lost more since it was read.
        let rewritten = tenant.rewrite_body(connection, delivery.id, |body| {
            // A body on which even this fails is not kept.
            catch_unwind(AssertUnwindSafe(|| scrub(body, &erase)))
                .unwrap_or_else(|_| Some(br#"{"redacted":true}"#.to_vec()))
        });
        rewritten.await.map(drop)
    }

    /// Takes names, e-mail addresses and the company of deleted contacts out of a conversation that arrives.
    pub(crate) fn hide(&self, conversation: &mut Conversation) {
        let first = conversation.contacts.first();
        if first.is_some_and(|contact| self.contacts.contains(&contact.id)) {
            conversation.company = None;
        }
        for contact in &mut conversation.contacts {
            if self.contacts.contains(&contact.id) {
                contact.name = None;
                contact.email = None;
                contact.role = None;
            }
        }
        let messages = conversation
            .source
            .iter_mut()
            .chain(&mut conversation.parts);
        for message in messages {
            self.hide_author(&mut message.author);
        }
    }

    /// The same for a tagging.
    pub(crate) fn hide_in_tagging(&self, tagged: &mut Tagged) {
        self.hide(&mut tagged.conversation);
        if let Anchor::Source(message) | Anchor::Part(message) = &mut tagged.anchor {
            self.hide_author(&mut message.author);
        }
    }

    fn hide_author(&self, author: &mut Author) {
        if author
            .id
            .as_ref()
            .is_some_and(|id| self.contacts.contains(id))
        {
            author.name = None;
            author.email = None;
        }
    }
}
