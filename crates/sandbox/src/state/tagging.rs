//! Putting tags on messages and taking them off.

use super::Workspace;
use super::act::Refusal;
use super::conversation::Applied;
use super::event::Event;
use super::table::Key;

/// Where a tag goes.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    /// The opening message. Tagging a conversation as a whole means this too.
    Opening,
    Part(&'a str),
}

impl<'a> Target<'a> {
    /// Absent, empty or the id of the opening message mean the opening message.
    pub(crate) fn of(workspace: &Workspace, conversation: &str, part: Option<&'a str>) -> Self {
        match part.filter(|part| !part.is_empty()) {
            Some(part)
                if workspace
                    .conversations
                    .get(conversation)
                    .is_none_or(|known| known.source.id != part) =>
            {
                Self::Part(part)
            }
            _ => Self::Opening,
        }
    }
}

impl Workspace {
    /// Puts a tag on a message. A message that carries it already changes nothing and says nothing.
    pub(crate) fn apply_tag(
        &mut self,
        conversation: &str,
        target: Target<'_>,
        tag: &str,
        admin: &str,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        let tag = self.tag_named(tag).ok_or(Refusal::Tag)?.id.clone();
        let admin = self.admin(admin).ok_or(Refusal::Admin)?.id.clone();
        let mut found = self
            .conversations
            .get_mut(conversation)
            .ok_or(Refusal::Conversation)?;
        let found = &mut *found;
        let part = match target {
            Target::Opening => None,
            Target::Part(id) => Some(
                found
                    .parts
                    .iter_mut()
                    .find(|part| part.id == id)
                    .ok_or(Refusal::Message)?,
            ),
        };
        let part_id = part.as_ref().map(|part| part.id.clone());
        let tags = match part {
            Some(part) => {
                part.updated_at = now;
                &mut part.tags
            }
            None => &mut found.source.tags,
        };
        if tags.contains(&tag) {
            return Ok(Vec::new());
        }
        tags.push(tag.clone());
        if !found.tags.iter().any(|applied| applied.tag == tag) {
            found.tags.push(Applied {
                tag: tag.clone(),
                at: now,
                by: admin,
            });
        }
        found.updated_at = now;
        Ok(vec![Event::Tagged {
            conversation: found.id.clone(),
            part: part_id,
            tag,
        }])
    }

    /// Takes a tag off one message, or off the whole conversation when no target is given. Intercom has no topic for it.
    pub(crate) fn remove_tag(
        &mut self,
        conversation: &str,
        target: Option<Target<'_>>,
        tag: &str,
        now: i64,
    ) -> Result<Applied, Refusal> {
        let wanted = self.tag_named(tag).ok_or(Refusal::Tag)?.id.clone();
        let mut found = self
            .conversations
            .get_mut(conversation)
            .ok_or(Refusal::Conversation)?;
        let found = &mut *found;
        let at = found
            .tags
            .iter()
            .position(|applied| applied.tag == wanted)
            .ok_or(Refusal::Tag)?;
        let removed = found.tags[at].clone();
        let opening = matches!(target, None | Some(Target::Opening));
        if opening {
            found.source.tags.retain(|id| *id != wanted);
        }
        for part in &mut found.parts {
            let chosen = match target {
                None => true,
                Some(Target::Opening) => false,
                Some(Target::Part(id)) => part.id == id,
            };
            if chosen {
                part.tags.retain(|id| *id != wanted);
            }
        }
        let left = found.source_tagged(&wanted)
            || found.parts.iter().any(|part| part.tags.contains(&wanted));
        if !left {
            found.tags.remove(at);
        }
        found.updated_at = now;
        Ok(removed)
    }

    /// Deletes a tag and takes it off everything. Intercom tells nobody.
    pub(crate) fn delete_tag(&mut self, tag: &str) {
        self.tags.retain(|known| known.id != tag);
        let contacts = self.contacts.with(Key::Tag, tag);
        let contacts: Vec<String> = contacts.map(|(_, one)| one.id.clone()).collect();
        for id in contacts {
            if let Some(mut contact) = self.contacts.get_mut(&id) {
                contact.tags.retain(|known| known != tag);
            }
        }
        let companies = self.companies.with(Key::Tag, tag);
        let companies: Vec<String> = companies.map(|(_, one)| one.id.clone()).collect();
        for id in companies {
            if let Some(mut company) = self.companies.get_mut(&id) {
                company.tags.retain(|known| known != tag);
            }
        }
        let conversations = self.conversations.with(Key::Tag, tag);
        let conversations: Vec<String> = conversations.map(|(_, one)| one.id.clone()).collect();
        for id in conversations {
            if let Some(mut found) = self.conversations.get_mut(&id) {
                found.tags.retain(|applied| applied.tag != tag);
                found.source.tags.retain(|known| known != tag);
                for part in &mut found.parts {
                    part.tags.retain(|known| known != tag);
                }
            }
        }
    }
}
