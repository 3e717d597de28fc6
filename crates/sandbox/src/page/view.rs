//! What the templates show, taken from the state.

use askama::Template;
use chrono::{DateTime, FixedOffset};

use crate::host::Host;
use crate::html;
use crate::state::conversation::{Attachment, Author, AuthorKind, Conversation, PartKind};
use crate::state::{State, Workspace};
use crate::webhooks::attempt::{Attempt, Next};

/// Attempts shown beside a conversation.
const ATTEMPTS_SHOWN: usize = 12;

/// Conversations listed.
const ROWS_SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "pages/sandbox/empty.html")]
pub(super) struct EmptyPage {}

#[derive(Template)]
#[template(path = "pages/sandbox/missing.html")]
pub(super) struct MissingPage {
    pub(super) what: &'static str,
}

#[derive(Template)]
#[template(path = "pages/sandbox/inbox.html")]
pub(super) struct InboxPage {
    pub(super) shell: Shell,
    pub(super) contacts: Vec<Choice>,
    pub(super) tags: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "pages/sandbox/conversation.html")]
pub(super) struct ConversationPage {
    pub(super) shell: Shell,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) who: String,
    pub(super) company: Option<String>,
    pub(super) messages: Vec<Message>,
    /// Tags of the conversation as a whole.
    pub(super) applied: Vec<Choice>,
    pub(super) tags: Vec<Choice>,
    pub(super) admins: Vec<Choice>,
}

/// What every page of a workspace shows.
pub(super) struct Shell {
    /// What the links begin with: the prefix of a region, or nothing.
    pub(super) base: &'static str,
    pub(super) app_id: String,
    pub(super) name: String,
    pub(super) inbox_url: Option<String>,
    pub(super) others: Vec<Choice>,
    /// The newest conversations.
    pub(super) rows: Vec<Row>,
    /// How many there are in all.
    pub(super) total: usize,
    pub(super) attempts: Vec<Line>,
    pub(super) said: Option<Said>,
}

pub(super) struct Choice {
    pub(super) id: String,
    pub(super) name: String,
}

/// A conversation in the list.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) who: String,
    pub(super) title: String,
    pub(super) at: Moment,
    pub(super) current: bool,
    pub(super) tagged: bool,
}

/// A message of the thread. The opening message has an empty `part`.
pub(super) struct Message {
    pub(super) part: String,
    pub(super) number: usize,
    pub(super) from: &'static str,
    pub(super) author: String,
    pub(super) role: &'static str,
    pub(super) at: Moment,
    pub(super) paragraphs: Vec<String>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) redactable: bool,
    pub(super) tags: Vec<Choice>,
}

/// A webhook attempt in words.
pub(super) struct Line {
    pub(super) tone: &'static str,
    pub(super) topic: String,
    pub(super) app: String,
    pub(super) at: Moment,
    pub(super) answer: String,
    pub(super) next: &'static str,
}

pub(super) struct Moment {
    pub(super) iso: String,
    pub(super) text: String,
}

/// What the page says after a form.
#[derive(Clone, Copy)]
pub(super) struct Said {
    pub(super) tone: &'static str,
    pub(super) text: &'static str,
}

/// The sentences a redirect can name; anything else says nothing.
pub(super) fn said(code: Option<&str>) -> Option<Said> {
    let ok = |text| Some(Said { tone: "ok", text });
    let bad = |text| Some(Said { tone: "bad", text });
    match code? {
        "tagged" => ok("Tag applied. What was sent for it is listed under Webhooks."),
        "same" => bad("That message already carries this tag, so nothing was sent."),
        "untagged" => ok("Tag removed. Intercom sends no webhook for that."),
        "sent" => ok("Message added."),
        "begun" => ok("Conversation started."),
        "redacted" => ok("Message redacted."),
        "deleted" => ok("Conversation deleted for good."),
        "created" => ok("Tag created."),
        "taken" => bad("A tag of that name exists already."),
        "blank" => bad("Nothing was written, so nothing was sent."),
        "refused" => {
            bad("That could not be done: the conversation, message or tag has changed meanwhile.")
        }
        "saved" => ok("Webhook saved."),
        "permitted" => ok("Permissions saved. They hold at once, also for tokens that exist."),
        "rotated" => {
            ok("The app has a new client secret. What is sent from now on is signed with it.")
        }
        "regenerated" => ok("The app has a new access token. The old one is unknown from now on."),
        "revoked" => ok("Its tokens are refused from now on, and its webhooks stop."),
        "uninstalled" => ok(
            "Uninstalled: its tokens are refused, and the app was told if it names an uninstall URL.",
        ),
        "idle" => bad("That could not be done: the app has changed meanwhile."),
        "pinged" => ok("Test request sent."),
        "silent" => bad("No test request was sent: the app has no live webhook URL."),
        _ => None,
    }
}

impl Moment {
    pub(super) fn new(at: i64, now: i64, offset_minutes: i32) -> Self {
        let offset = FixedOffset::east_opt(offset_minutes * 60);
        let local = |at: i64| {
            let utc = DateTime::from_timestamp(at, 0).unwrap_or_default();
            offset.map_or_else(|| utc.fixed_offset(), |offset| utc.with_timezone(&offset))
        };
        let (then, today) = (local(at), local(now));
        let format = if then.date_naive() == today.date_naive() {
            "%H:%M"
        } else {
            "%-d %b %H:%M"
        };
        Self {
            iso: then.to_rfc3339(),
            text: then.format(format).to_string(),
        }
    }
}

impl Shell {
    pub(super) fn new(
        state: &State,
        host: Host,
        workspace: &Workspace,
        now: i64,
        inbox_url: Option<String>,
        current: Option<&str>,
    ) -> Self {
        let mut conversations: Vec<&Conversation> = workspace.conversations.values().collect();
        conversations.sort_by_key(|one| std::cmp::Reverse((one.updated_at, &one.id)));
        Self {
            base: host.base(),
            app_id: workspace.app_id.clone(),
            name: workspace.name.clone(),
            inbox_url,
            others: host
                .workspaces(state)
                .filter(|other| other.app_id != workspace.app_id)
                .map(|other| choice(&other.app_id, &other.name))
                .collect(),
            total: conversations.len(),
            rows: conversations
                .into_iter()
                .take(ROWS_SHOWN)
                .map(|one| row(workspace, one, now, current))
                .collect(),
            attempts: state
                .attempts
                .iter()
                .rev()
                .filter(|attempt| attempt.app_id == workspace.app_id)
                .take(ATTEMPTS_SHOWN)
                .map(|attempt| line(attempt, now, workspace.utc_offset_minutes))
                .collect(),
            said: None,
        }
    }
}

pub(super) fn choice(id: &str, name: &str) -> Choice {
    Choice {
        id: id.to_owned(),
        name: name.to_owned(),
    }
}

fn row(workspace: &Workspace, one: &Conversation, now: i64, current: Option<&str>) -> Row {
    Row {
        id: one.id.clone(),
        who: who(workspace, one),
        title: title(one),
        at: Moment::new(one.updated_at, now, workspace.utc_offset_minutes),
        current: current == Some(&one.id),
        tagged: !one.tags.is_empty(),
    }
}

pub(super) fn who(workspace: &Workspace, one: &Conversation) -> String {
    workspace
        .contacts
        .get(&one.contact)
        .map_or_else(|| "Someone".to_owned(), |contact| contact.label())
}

/// The subject, else the first words of the opening message.
pub(super) fn title(one: &Conversation) -> String {
    if !one.source.subject.is_empty() {
        return one.source.subject.clone();
    }
    let text = html::to_text(&one.source.body);
    let first = text.lines().next().unwrap_or_default();
    let mut short: String = first.chars().take(60).collect();
    if short.len() < first.len() {
        short.push('…');
    }
    short
}

fn line(attempt: &Attempt, now: i64, offset: i32) -> Line {
    let (tone, next) = match attempt.next {
        Next::Delivered => ("ok", "delivered"),
        Next::Retry => ("warn", "one retry follows"),
        Next::Throttled => ("warn", "sent again later"),
        Next::Disabled => ("bad", "webhook switched off"),
        Next::Lost => ("bad", "given up"),
    };
    let answer = match (attempt.status, &attempt.error) {
        (Some(status), _) => format!("answered {status} after {} ms", attempt.ms),
        (None, Some(error)) => error.clone(),
        (None, None) => "no answer".to_owned(),
    };
    Line {
        tone,
        topic: attempt.topic.clone(),
        app: attempt.app.clone(),
        at: Moment::new(attempt.at, now, offset),
        answer,
        next,
    }
}

/// The thread: the opening message, then the parts.
pub(super) fn messages(workspace: &Workspace, one: &Conversation, now: i64) -> Vec<Message> {
    let source = &one.source;
    let tags = |ids: &[String]| -> Vec<Choice> {
        ids.iter()
            .filter_map(|id| workspace.tag(id))
            .map(|tag| choice(&tag.id, &tag.name))
            .collect()
    };
    let opening = Message {
        part: String::new(),
        number: 1,
        from: from(source.author.kind, None, source.redacted),
        author: name(&source.author),
        role: role(source.author.kind, None),
        at: Moment::new(one.created_at, now, workspace.utc_offset_minutes),
        paragraphs: paragraphs(&source.body),
        attachments: source.attachments.clone(),
        redactable: source.author.kind.is_contact() && !source.redacted,
        tags: tags(&source.tags),
    };
    let parts = one.parts.iter().enumerate().map(|(at, part)| Message {
        part: part.id.clone(),
        number: at + 2,
        from: from(part.author.kind, Some(part.kind), part.redacted),
        author: name(&part.author),
        role: role(part.author.kind, Some(part.kind)),
        at: Moment::new(part.created_at, now, workspace.utc_offset_minutes),
        paragraphs: paragraphs(part.body.as_deref().unwrap_or_default()),
        attachments: part.attachments.clone(),
        redactable: part.body.is_some() && !part.redacted,
        tags: tags(&part.tags),
    });
    std::iter::once(opening).chain(parts).collect()
}

fn paragraphs(body: &str) -> Vec<String> {
    html::to_text(body)
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(str::to_owned)
        .collect()
}

fn from(author: AuthorKind, kind: Option<PartKind>, redacted: bool) -> &'static str {
    match (redacted, kind, author) {
        (true, _, _) => "redacted",
        (_, Some(PartKind::Note), _) => "note",
        (_, _, AuthorKind::User | AuthorKind::Lead) => "customer",
        (_, _, AuthorKind::Admin) => "teammate",
        (_, _, AuthorKind::Bot) => "bot",
    }
}

fn role(author: AuthorKind, kind: Option<PartKind>) -> &'static str {
    match (kind, author) {
        (Some(PartKind::Note), _) => "internal note",
        (_, AuthorKind::User) => "user",
        (_, AuthorKind::Lead) => "lead",
        (_, AuthorKind::Admin) => "support",
        (_, AuthorKind::Bot) => "bot",
    }
}

fn name(author: &Author) -> String {
    let short = author.id.get(author.id.len().saturating_sub(4)..);
    author
        .name
        .clone()
        .or_else(|| author.email.clone())
        .unwrap_or_else(|| format!("Lead {}", short.unwrap_or_default()))
}
