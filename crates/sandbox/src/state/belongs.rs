//! What contacts belong to and carry: tags, companies, subscriptions.

use super::Workspace;
use super::act::Refusal;
use super::contact::topic;
use super::event::Event;
use super::people::Chosen;

/// Companies one contact may belong to.
const COMPANIES: usize = 1000;

impl Workspace {
    /// Puts a tag, by id or name, on a contact. One that has it already says nothing.
    pub(crate) fn tag_contact(
        &mut self,
        id: &str,
        tag: &str,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        let tag = self.tag_named(tag).ok_or(Refusal::Tag)?.id.clone();
        let mut contact = self.contacts.get_mut(id).ok_or(Refusal::Contact)?;
        if contact.tags.contains(&tag) {
            return Ok(Vec::new());
        }
        contact.tags.push(tag.clone());
        contact.updated_at = now;
        let topic = topic(
            contact.role,
            "contact.user.tag.created",
            "contact.lead.tag.created",
        );
        drop(contact);
        Ok(vec![tagged(self, topic, id, &tag, now)?])
    }

    /// Takes a tag off a contact; refuses when the contact does not have it.
    pub(crate) fn untag_contact(
        &mut self,
        id: &str,
        tag: &str,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        let tag = self.tag_named(tag).ok_or(Refusal::Tag)?.id.clone();
        let mut contact = self.contacts.get_mut(id).ok_or(Refusal::Contact)?;
        let at = contact.tags.iter().position(|known| *known == tag);
        contact.tags.remove(at.ok_or(Refusal::Tag)?);
        contact.updated_at = now;
        let topic = topic(
            contact.role,
            "contact.user.tag.deleted",
            "contact.lead.tag.deleted",
        );
        drop(contact);
        Ok(vec![tagged(self, topic, id, &tag, now)?])
    }

    /// Makes a contact a member of a company.
    pub(crate) fn attach(
        &mut self,
        contact: &str,
        company: &str,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        if !self.companies.contains_key(company) {
            return Err(Refusal::Company);
        }
        let mut known = self.contacts.get_mut(contact).ok_or(Refusal::Contact)?;
        if known.companies.iter().any(|id| id == company) {
            return Ok(Vec::new());
        }
        if known.companies.len() >= COMPANIES {
            return Err(Refusal::TooManyCompanies);
        }
        known.companies.push(company.to_owned());
        known.updated_at = now;
        Ok(vec![Event::Membership {
            topic: "company.contact.attached",
            contact: contact.to_owned(),
            company: company.to_owned(),
        }])
    }

    pub(crate) fn detach(
        &mut self,
        contact: &str,
        company: &str,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        let mut known = self.contacts.get_mut(contact).ok_or(Refusal::Contact)?;
        let at = known.companies.iter().position(|id| id == company);
        known.companies.remove(at.ok_or(Refusal::Company)?);
        known.updated_at = now;
        Ok(vec![Event::Membership {
            topic: "company.contact.detached",
            contact: contact.to_owned(),
            company: company.to_owned(),
        }])
    }

    /// Keeps what a contact chose for a subscription type; none forgets the choice.
    pub(crate) fn choose(
        &mut self,
        contact: &str,
        subscription: &str,
        opted_in: Option<bool>,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        let mut known = self.contacts.get_mut(contact).ok_or(Refusal::Contact)?;
        known
            .subscriptions
            .retain(|chosen| chosen.id != subscription);
        if let Some(opted_in) = opted_in {
            known.subscriptions.push(Chosen {
                id: subscription.to_owned(),
                opted_in,
            });
        }
        known.updated_at = now;
        let topic = match opted_in {
            Some(true) => "contact.subscribed",
            Some(false) => "contact.unsubscribed",
            None => return Ok(Vec::new()),
        };
        Ok(vec![Event::Subscription {
            topic,
            contact: contact.to_owned(),
            subscription: subscription.to_owned(),
            at: now,
        }])
    }
}

fn tagged(
    workspace: &Workspace,
    topic: &'static str,
    contact: &str,
    tag: &str,
    at: i64,
) -> Result<Event, Refusal> {
    let tag = workspace.tag(tag).ok_or(Refusal::Tag)?.clone();
    Ok(Event::ContactTag {
        topic,
        contact: contact.to_owned(),
        tag,
        at,
    })
}
