//! The webhook topics that a feature needs, and whether customers' messages arrive: what Intercom shows is held against
//! what was received.

use super::credentials::only_while;
use super::words::{bad, good, moment, not_checked, unknown, warn};
use super::{Blocked, Patient, Reach, said};
use chrono::{DateTime, TimeDelta, Utc};
use earmark_intercom::webhook::{TOPICS, Topic};
use earmark_intercom::{
    AuthorKind, Client, ContactRole, Conversation, Error, Message, MessageKind, Order, Search,
    contacts, conversations,
};
use earmark_model::{Check, ConnectionStatus, Feature, Finding};

/// Conversations that are looked at with their parts.
const LOOKED_AT: u8 = 5;
/// A webhook may be on its way for this long: Intercom repeats a failed one after a minute.
const ON_ITS_WAY: TimeDelta = TimeDelta::minutes(2);
/// How much Intercom's clock and ours may disagree.
const SKEW: TimeDelta = TimeDelta::minutes(1);
/// A customer's message newer than the last webhook by more than this was not reported.
const SILENT: TimeDelta = TimeDelta::minutes(5);

const SUBSCRIPTION: &str = "In the Developer Hub open your app, then Configure, Webhooks";

/// A change at Intercom that a topic reports.
struct Change {
    topic: &'static str,
    /// The earliest it can have happened.
    at: DateTime<Utc>,
    /// The latest it can have happened.
    until: DateTime<Utc>,
}

/// What is compared.
pub(super) struct Topics<'a> {
    patient: &'a Patient<'a>,
}

impl<'a> Topics<'a> {
    pub(super) const fn of(patient: &'a Patient<'a>) -> Self {
        Self { patient }
    }

    /// The line about silence, and one for each topic.
    pub(super) async fn findings(&self, reach: &Reach) -> Vec<Finding> {
        let row = self.patient.row;
        if row.status == ConnectionStatus::Disconnected {
            return self.all(|check| Blocked::Disconnected.line(check));
        }
        let since = self.patient.on_since(Feature::Feedback);
        let mut findings = match (since, reach.open()) {
            (None, _) => {
                let why = only_while(&[Feature::Feedback]);
                let mut findings = vec![not_checked(Check::Silence, why)];
                findings.extend(conversations_topics().map(|topic| self.topic(topic, &[], false)));
                findings
            }
            (Some(_), Err(blocked)) => about_conversations(|check| blocked.line(check)),
            (Some(since), Ok(client)) => match changes(client, since.max(row.created_at)).await {
                Ok(changes) => self.compared(&changes),
                Err(Error::PermissionMissing { .. }) => about_conversations(|check| {
                    let why = "Conversations cannot be asked for: the permission Read conversations is missing.";
                    unknown(check, why)
                }),
                Err(error) => about_conversations(|check| {
                    unknown(
                        check,
                        format!("Intercom could not be asked: {}.", said(&error)),
                    )
                }),
            },
        };
        let people = self.new_people(reach).await;
        findings.extend(people_topics().map(|topic| self.topic(topic, &people, false)));
        findings
    }

    /// Contacts that were made while contacts are copied, as far as Intercom shows them: one search. Somebody may be made
    /// as a lead and become a user, so either topic reports it.
    async fn new_people(&self, reach: &Reach) -> Vec<Change> {
        let (Some(since), Ok(client)) = (self.patient.on_since(Feature::Contacts), reach.open())
        else {
            return Vec::new();
        };
        let made = PEOPLE_MADE
            .iter()
            .filter_map(|topic| self.patient.last_received(topic));
        let reported = made.max().map_or(DateTime::UNIX_EPOCH, |last| last + SKEW);
        let since = since.max(self.patient.row.created_at);
        // Nothing is red for what could not be asked.
        let mut changes = made_since(client, since).await.unwrap_or_default();
        changes.retain(|change| change.at >= since && change.at > reported);
        changes
    }

    fn all(&self, line: impl Fn(Check) -> Finding) -> Vec<Finding> {
        let mut findings = about_conversations(&line);
        findings.extend(people_topics().map(|topic| line(check_of(topic))));
        findings
    }

    fn compared(&self, changes: &[Change]) -> Vec<Finding> {
        let silence = self.silence(changes);
        let silent = silence.cure.is_some();
        let mut findings = vec![silence];
        findings.extend(conversations_topics().map(|topic| self.topic(topic, changes, silent)));
        findings
    }

    /// Whether a customer's message is newer than every webhook about conversations.
    fn silence(&self, changes: &[Change]) -> Finding {
        let line = Check::Silence;
        let received = self.patient.received();
        let webhook = received
            .filter(|(topic, _)| is_conversations(topic))
            .map(|(_, at)| at)
            .max();
        let ours = webhook.map_or_else(
            || "No webhook about a conversation has come in yet.".to_owned(),
            |at| {
                format!(
                    "The last webhook about a conversation came on {}.",
                    moment(at)
                )
            },
        );
        let message = changes
            .iter()
            .filter(|change| is_message(change.topic))
            .map(|change| change.at)
            .max();
        let Some(message) = message else {
            return good(
                line,
                format!("{ours} Intercom shows no newer message of a customer."),
            );
        };
        let theirs = format!(
            "Intercom's newest message of a customer is of {}.",
            moment(message)
        );
        let now = self.patient.now;
        let late = webhook.map_or(now - message, |at| message - at) > SILENT;
        if late && now - message > ON_ITS_WAY {
            return bad(
                line,
                format!("{ours} {theirs}"),
                format!(
                    "{SUBSCRIPTION}: the endpoint URL must be this connection's, the topics must be added, and Set live be \
                     pressed if the subscription is suspended."
                ),
            );
        }
        good(line, format!("{ours} {theirs}"))
    }

    fn topic(&self, topic: &Topic, changes: &[Change], silent: bool) -> Finding {
        let line = check_of(topic);
        let features = features_of(topic);
        if features
            .iter()
            .all(|one| self.patient.on_since(*one).is_none())
        {
            return not_checked(line, only_while(&features));
        }
        let (last, now) = (self.patient.last_received(topic.name), self.patient.now);
        let unreported = changes
            .iter()
            .filter(|change| change.topic == topic.name && now - change.until > ON_ITS_WAY)
            .filter(|change| last.is_none_or(|last| last + SKEW < change.at))
            .max_by_key(|change| change.at);
        let received = last.map_or_else(
            || "Not received yet".to_owned(),
            |at| format!("Last received on {}", moment(at)),
        );
        let cure = format!("{SUBSCRIPTION}, and add the topic {}.", topic.name);
        match (unreported, topic.optional) {
            (Some(_), _) if silent => unknown(
                line,
                format!(
                    "{received}. No webhook about conversations arrives at all, see Silence: topics cannot be told apart."
                ),
            ),
            (Some(change), None) => bad(
                line,
                format!(
                    "{received}, but Intercom shows such a change of {}.",
                    moment(change.at)
                ),
                cure,
            ),
            (Some(change), Some(optional)) => warn(
                line,
                format!(
                    "{received}, but Intercom shows such a change of {}. The topic is optional: {optional}",
                    moment(change.at)
                ),
                cure,
            ),
            (None, _) if last.is_some() => good(line, format!("{received}.")),
            (None, Some(optional)) => {
                not_checked(line, format!("{received}. It is optional: {optional}"))
            }
            (None, None) => warn(
                line,
                format!("{received}, and nothing in Intercom shows that it should have been."),
                format!("{cure} It turns good with the first change of that kind."),
            ),
        }
    }
}

fn check_of(topic: &Topic) -> Check {
    Check::Topic(topic.name.to_owned())
}

/// The features that need a topic.
fn features_of(topic: &Topic) -> Vec<Feature> {
    let needs = |feature: &Feature| match feature {
        Feature::Feedback => topic.for_feedback,
        Feature::Contacts => topic.for_contacts,
    };
    Feature::ALL.iter().copied().filter(needs).collect()
}

/// Topics about conversations, which Intercom shows the changes of.
fn conversations_topics() -> impl Iterator<Item = &'static Topic> {
    TOPICS.iter().filter(|topic| is_conversations(topic.name))
}

/// The other ones: of them, only new contacts are seen with few calls.
fn people_topics() -> impl Iterator<Item = &'static Topic> {
    TOPICS.iter().filter(|topic| !is_conversations(topic.name))
}

fn is_conversations(topic: &str) -> bool {
    topic.starts_with("conversation")
}

/// The lines that need conversations, all with the same finding.
fn about_conversations(line: impl Fn(Check) -> Finding) -> Vec<Finding> {
    let topics = conversations_topics().map(check_of);
    std::iter::once(Check::Silence)
        .chain(topics)
        .map(line)
        .collect()
}

const CREATED: &str = "conversation.user.created";
const REPLIED: &str = "conversation.user.replied";

fn is_message(topic: &str) -> bool {
    [CREATED, REPLIED].contains(&topic)
}

/// What Intercom shows of changes since a time: one search, and up to [`LOOKED_AT`] conversations with their parts.
async fn changes(client: &Client, since: DateTime<Utc>) -> Result<Vec<Change>, Error> {
    let mut changes = Vec::new();
    let changed = conversations::UPDATED_AT.after(since - TimeDelta::seconds(1));
    let newest = Search::from(changed).sorted(&conversations::UPDATED_AT, Order::Descending);
    let listing = client.search_conversations(newest).per_page(LOOKED_AT);
    for listed in listing.page().await?.items {
        match client.conversation(&listed.id).await {
            Ok(whole) => changes.extend(of_conversation(&whole)),
            // Deleted meanwhile.
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    changes.retain(|change| change.at >= since);
    Ok(changes)
}

fn of_conversation(conversation: &Conversation) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut saw = |topic, at: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>| {
        changes.extend(at.map(|at| Change {
            topic,
            at,
            until: until.unwrap_or(at).max(at),
        }));
    };
    for tag in &conversation.tags {
        saw("conversation_part.tag.created", tag.applied_at, None);
    }
    if let Some(source) = &conversation.source
        && source.author.kind.is_customer()
    {
        saw(CREATED, conversation.created_at, None);
    }
    for part in &conversation.parts {
        if part.redacted {
            // When is not told: after it was written, and not after it last changed.
            saw(
                "conversation_part.redacted",
                part.created_at,
                part.updated_at,
            );
        }
        if let Some(topic) = topic_of(part) {
            saw(topic, part.created_at, None);
        }
    }
    changes
}

/// The topics that report a new contact.
const PEOPLE_MADE: [&str; 2] = ["contact.user.created", "contact.lead.created"];

/// The newest contacts.
async fn made_since(client: &Client, since: DateTime<Utc>) -> Result<Vec<Change>, Error> {
    // Intercom compares whole days, by its workspace's clock.
    let made = contacts::CREATED_AT.after_day_of(since - TimeDelta::days(2));
    let newest = Search::from(made).sorted(&contacts::CREATED_AT, Order::Descending);
    let listing = client.search_contacts(newest).per_page(LOOKED_AT);
    let changes = listing
        .page()
        .await?
        .items
        .into_iter()
        .filter_map(|contact| {
            let [user, lead] = PEOPLE_MADE;
            let at = contact.created_at?;
            let topic = match contact.role? {
                ContactRole::User => user,
                ContactRole::Lead => lead,
            };
            Some(Change {
                topic,
                at,
                until: at,
            })
        });
    Ok(changes.collect())
}

/// The topic that reports a new part, where that is certain.
fn topic_of(part: &Message) -> Option<&'static str> {
    match (part.kind, part.author.kind) {
        (MessageKind::Reply, kind) if kind.is_customer() => Some(REPLIED),
        (MessageKind::Reply, AuthorKind::Admin) => Some("conversation.admin.replied"),
        (MessageKind::Note, AuthorKind::Admin) => Some("conversation.admin.noted"),
        (MessageKind::Reply, AuthorKind::Bot) => Some("conversation.operator.replied"),
        _ => None,
    }
}
