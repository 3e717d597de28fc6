//! What the sandbox remembers: workspaces, installed apps, webhook attempts.

pub(crate) mod act;
pub(crate) mod app;
pub(crate) mod attribute;
mod belongs;
pub(crate) mod company;
pub(crate) mod contact;
pub(crate) mod conversation;
pub(crate) mod desk;
pub(crate) mod event;
pub(crate) mod file;
pub(crate) mod groups;
pub(crate) mod help;
pub(crate) mod install;
pub(crate) mod manage;
pub(crate) mod merge;
pub(crate) mod people;
pub(crate) mod scroll;
pub(crate) mod table;
pub(crate) mod tagging;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::faults::Faults;
use crate::limits::Limits;
use crate::log::RequestLog;
use crate::search::find::Found;
use crate::webhooks::attempt::{Attempt, Outgoing};
use app::App;
use attribute::Attribute;
use conversation::{Conversation, Deleted};
use desk::Desk;
use groups::{DataEvent, Note, Segment, SubscriptionType, Team};
use help::Help;
use install::Code;
use merge::Merged;
use people::{Admin, Company, Contact, Tag};
use scroll::Scroll;
use table::{Key, Table};

/// How many webhook attempts are kept.
const ATTEMPTS_KEPT: usize = 300;

/// Everything behind the one lock. The skipped fields do not outlive the process.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) workspaces: BTreeMap<String, Workspace>,
    pub(crate) apps: Vec<App>,
    #[serde(default)]
    pub(crate) codes: Vec<Code>,
    pub(crate) attempts: VecDeque<Attempt>,
    pub(crate) retries: Vec<Outgoing>,
    #[serde(skip)]
    pub(crate) faults: Faults,
    #[serde(skip)]
    pub(crate) log: RequestLog,
    #[serde(skip)]
    pub(crate) limits: Limits,
}

impl State {
    /// Keeps an attempt, dropping the oldest ones beyond the bound.
    pub(crate) fn remember(&mut self, attempt: Attempt) {
        self.attempts.push_back(attempt);
        while self.attempts.len() > ATTEMPTS_KEPT {
            self.attempts.pop_front();
        }
    }

    fn app_at(&self, wanted: &str) -> Option<usize> {
        let named = |name: fn(&App) -> &str| self.apps.iter().position(|app| name(app) == wanted);
        named(|app| &app.client_id).or_else(|| named(|app| &app.name))
    }

    /// An app by client id or, failing that, by name.
    pub(crate) fn app(&self, wanted: &str) -> Option<&App> {
        self.apps.get(self.app_at(wanted)?)
    }

    /// [`State::app`], to change it.
    pub(crate) fn app_mut(&mut self, wanted: &str) -> Option<&mut App> {
        let at = self.app_at(wanted)?;
        self.apps.get_mut(at)
    }
}

/// One Intercom workspace and everything in it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Workspace {
    pub(crate) app_id: String,
    pub(crate) name: String,
    pub(crate) region: Region,
    pub(crate) timezone: String,
    /// Fixed distance to UTC; decides where a day begins in contact search.
    pub(crate) utc_offset_minutes: i32,
    pub(crate) created_at: i64,
    /// Ids are unique inside one workspace only, as Intercom documents, so each workspace counts for itself.
    pub(crate) next_id: u64,
    pub(crate) admins: Vec<Admin>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) companies: Table<Company>,
    pub(crate) contacts: Table<Contact>,
    pub(crate) conversations: Table<Conversation>,
    #[serde(default)]
    pub(crate) deleted_conversations: Vec<Deleted>,
    /// Contacts that were merged into another one, by their id.
    #[serde(default)]
    pub(crate) merged: BTreeMap<String, Merged>,
    #[serde(default)]
    pub(crate) notes: Vec<Note>,
    #[serde(default)]
    pub(crate) segments: Vec<Segment>,
    #[serde(default)]
    pub(crate) teams: Vec<Team>,
    #[serde(default)]
    pub(crate) subscription_types: Vec<SubscriptionType>,
    #[serde(default)]
    pub(crate) attributes: Vec<Attribute>,
    #[serde(default)]
    pub(crate) events: Vec<DataEvent>,
    #[serde(default)]
    pub(crate) desk: Desk,
    #[serde(default)]
    pub(crate) help: Help,
    /// The open scroll over companies of each app.
    #[serde(skip)]
    pub(crate) scrolls: BTreeMap<String, Scroll>,
    /// Searches whose results still stand.
    #[serde(skip)]
    pub(crate) found: Found,
}

/// The data region of a workspace.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Region {
    #[default]
    US,
    EU,
    AU,
}

impl Region {
    pub(crate) const ALL: [Self; 3] = [Self::US, Self::EU, Self::AU];

    /// The path under which the sandbox stands in for the hosts of the region.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::US => "/us",
            Self::EU => "/eu",
            Self::AU => "/au",
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::US => "US",
            Self::EU => "EU",
            Self::AU => "AU",
        }
    }
}

/// The kinds of id Intercom hands out, which differ in form.
#[derive(Clone, Copy)]
pub(crate) enum IdKind {
    Admin,
    Tag,
    Conversation,
    Message,
    Part,
    Note,
    Segment,
    Team,
    Subscription,
    Attribute,
    TicketType,
    Article,
    Collection,
}

impl IdKind {
    const ALL: [Self; 13] = [
        Self::Admin,
        Self::Tag,
        Self::Conversation,
        Self::Message,
        Self::Part,
        Self::Note,
        Self::Segment,
        Self::Team,
        Self::Subscription,
        Self::Attribute,
        Self::TicketType,
        Self::Article,
        Self::Collection,
    ];
    /// How many ids fit above a base before the next kind could be meant.
    const ROOM: u64 = 1_000_000;

    fn base(self) -> u64 {
        match self {
            Self::Admin => 7_300_000,
            Self::Tag => 9_180_000,
            Self::Conversation => 215_470_000_000_000,
            Self::Message => 3_390_000_000,
            Self::Part => 37_800_000_000,
            Self::Note => 41_000_000,
            Self::Segment => 51_000_000,
            Self::Team => 5_100_000,
            Self::Subscription => 31_000_000,
            Self::Attribute => 14_800_000,
            Self::TicketType => 2_970_000,
            Self::Article => 16_100_000,
            Self::Collection => 19_600_000,
        }
    }
}

impl Workspace {
    pub(crate) fn new(app_id: &str, now: i64) -> Self {
        Self {
            app_id: app_id.to_owned(),
            name: app_id.to_owned(),
            region: Region::US,
            timezone: "Etc/UTC".to_owned(),
            utc_offset_minutes: 0,
            created_at: now,
            next_id: 1,
            admins: Vec::new(),
            tags: Vec::new(),
            companies: Table::default(),
            contacts: Table::default(),
            conversations: Table::default(),
            deleted_conversations: Vec::new(),
            merged: BTreeMap::new(),
            notes: Vec::new(),
            segments: Vec::new(),
            teams: Vec::new(),
            subscription_types: Vec::new(),
            attributes: Vec::new(),
            events: Vec::new(),
            desk: Desk::default(),
            help: Help::default(),
            scrolls: BTreeMap::new(),
            found: Found::default(),
        }
    }

    pub(super) fn count(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// A fresh id of digits. Conversation ids have 15 digits, beyond 32 bits, as real ones do.
    pub(crate) fn digits(&mut self, kind: IdKind) -> String {
        (kind.base() + self.count()).to_string()
    }

    /// A fresh contact or company id: 24 hex digits that begin with the time, as real ones do.
    pub(crate) fn hex(&mut self, now: i64) -> String {
        loop {
            let id = format!("{:08x}{:016x}", now & 0xffff_ffff, self.count());
            let taken = self.contacts.contains_key(&id)
                || self.companies.contains_key(&id)
                || self.merged.contains_key(&id);
            if !taken {
                return id;
            }
        }
    }

    /// Counts on from an id that a seed brought along, so that no fresh one repeats it.
    pub(crate) fn taken(&mut self, id: &str) {
        let Ok(number) = id.parse::<u64>() else {
            return;
        };
        for kind in IdKind::ALL {
            if let Some(used) = number.checked_sub(kind.base())
                && used < IdKind::ROOM
            {
                self.next_id = self.next_id.max(used + 1);
            }
        }
    }

    pub(crate) fn admin(&self, id: &str) -> Option<&Admin> {
        self.admins.iter().find(|admin| admin.id == id)
    }

    pub(crate) fn tag(&self, id: &str) -> Option<&Tag> {
        self.tags.iter().find(|tag| tag.id == id)
    }

    /// A tag by id or, failing that, by name; names are case-insensitive in Intercom.
    pub(crate) fn tag_named(&self, wanted: &str) -> Option<&Tag> {
        self.tag(wanted).or_else(|| {
            let wanted = wanted.trim().to_lowercase();
            self.tags
                .iter()
                .find(|tag| tag.name.to_lowercase() == wanted)
        })
    }

    /// Contacts that belong to a company.
    pub(crate) fn company_size(&self, company: &str) -> usize {
        self.contacts
            .with(Key::Company, company)
            .filter(|(_, contact)| !contact.archived)
            .count()
    }
}
