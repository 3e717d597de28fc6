//! Where a run goes on: stored with each step in the transaction of what the step stored.

use chrono::{DateTime, Utc};
use earmark_intercom::Position;
use earmark_model::ProductId;
use serde::{Deserialize, Serialize};

/// The place of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Place {
    /// When it first worked: what was not seen since then was not seen by it.
    pub(crate) began: DateTime<Utc>,
    /// What is left to do; the first is under way.
    pub(crate) steps: Vec<Step>,
    /// Whether it has seen every contact that Intercom's list or search shows.
    pub(crate) walked: bool,
    /// Whether that was the list, which also shows those that are too new for search.
    pub(crate) listed: bool,
    /// Whether it has seen every company.
    pub(crate) companies_walked: bool,
    /// Lines written.
    pub(crate) lines: u32,
    /// Lines that were too many.
    pub(crate) lines_left_out: u32,
    /// What Intercom counted.
    pub(crate) theirs: Totals,
    /// For its report: what could not be looked at and why.
    pub(crate) remarks: Vec<String>,
}

/// Numbers of one side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub(crate) contacts: Option<i64>,
    pub(crate) users: Option<i64>,
    pub(crate) leads: Option<i64>,
    pub(crate) companies: Option<i64>,
}

/// Something a run does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(crate) enum Step {
    /// Copies all companies.
    Companies(Companies),
    /// Finds out how contacts are best copied: all of them, or what changed since a time.
    Contacts { since: Option<DateTime<Utc>> },
    /// Goes through days of creation side by side.
    Ranges(Ranges),
    /// Goes through a list or search page by page.
    Walk(Walk),
    /// Compares numbers, and goes through all contacts when they differ.
    Recount,
    /// Asks by id for contacts that are shown no more.
    Vanished { after: String },
    /// Asks by id for contacts that are archived, up to a number.
    Archived { after: String, most: u32 },
    /// Asks by id for companies that are shown no more.
    VanishedCompanies { after: String },
    /// Fetches lists that were cut.
    Cut { after: String },
    /// Finds out which segments there are.
    Segments,
    /// Looks at a part of the contacts.
    Sample { from: Vec<String> },
    /// Counts on Intercom's side.
    Totals,
    /// Reads anew what changed in escalated conversations, and finds taggings nobody told of.
    Conversations {
        since: DateTime<Utc>,
        at: Option<Position>,
    },
    /// Erases conversations that were deleted.
    DeletedConversations {
        since: DateTime<Utc>,
        at: Option<Position>,
    },
    /// Reads every escalated conversation.
    Escalated { after: String },
    /// Makes tickets of tagged conversations, or says which it would make.
    Tagged(TaggedStep),
}

/// Companies, by scroll or, while another scroll is open, by list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Companies {
    /// Only if there are few, or nobody did for a day.
    pub(crate) only_if_due: bool,
    /// Whether their number was asked.
    pub(crate) counted_all: bool,
    /// Set: by list, and from here.
    pub(crate) list: Option<Position>,
    /// Companies counted so far; after a scroll began anew, as many are not counted again.
    pub(crate) counted: i64,
    pub(crate) restarts: u8,
}

/// Days of creation that are left to go through.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ranges {
    /// A range with more contacts is divided.
    pub(crate) most: u64,
    pub(crate) left: Vec<Range>,
}

/// Days from `first` to `last`, as days since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Range {
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// The page to go on with; none before the first one.
    pub(crate) at: Option<Position>,
    /// How many contacts are left in it, as far as known.
    pub(crate) contacts: u64,
    pub(crate) restarts: u8,
}

/// A list or search that is gone through page by page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Walk {
    pub(crate) over: Over,
    pub(crate) at: Option<Position>,
    pub(crate) restarts: u8,
}

/// What a walk goes through.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Over {
    /// The plain list of contacts.
    List,
    /// Contacts that changed since a time.
    Changed(DateTime<Utc>),
    /// The members of a segment, as of a time.
    Segment(String, DateTime<Utc>),
}

impl Walk {
    pub(crate) const fn new(over: Over) -> Self {
        Self {
            over,
            at: None,
            restarts: 0,
        }
    }
}

/// Tagged conversations.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TaggedStep {
    /// Whether it only says what it would do.
    pub(crate) dry: bool,
    /// The tags, by id.
    pub(crate) tags: Vec<String>,
    /// Only this conversation.
    #[serde(default)]
    pub(crate) only: Option<String>,
    /// The product for which a tag that is not chosen yet is tried.
    pub(crate) product: Option<ProductId>,
    /// Only what was tagged since.
    pub(crate) since: Option<DateTime<Utc>>,
    pub(crate) at: Option<Position>,
    /// Tickets it would make.
    pub(crate) tickets: i64,
    /// Conversations it would read.
    pub(crate) conversations: i64,
}

impl Place {
    pub(crate) fn new(began: DateTime<Utc>, steps: Vec<Step>) -> Self {
        Self {
            began,
            steps,
            walked: false,
            listed: false,
            companies_walked: false,
            lines: 0,
            lines_left_out: 0,
            theirs: Totals::default(),
            remarks: Vec::new(),
        }
    }

    /// Ends the step under way.
    pub(crate) fn step_done(&mut self) {
        if !self.steps.is_empty() {
            self.steps.remove(0);
        }
    }

    /// Puts others in the place of the step under way.
    pub(crate) fn step_becomes(&mut self, steps: impl IntoIterator<Item = Step>) {
        let end = usize::from(!self.steps.is_empty());
        self.steps.splice(0..end, steps);
    }

    /// Remembers something for the report, once.
    pub(crate) fn remark(&mut self, words: impl Into<String>) {
        const MOST: usize = 50;
        let words = words.into();
        if self.remarks.len() < MOST && !self.remarks.contains(&words) {
            self.remarks.push(words);
        }
    }
}
