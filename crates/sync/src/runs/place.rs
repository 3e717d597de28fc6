//! Where a run goes on: stored with each record or page in the transaction of what was stored of it.

use super::pass::Stop;
use super::retry::Retry;
use super::skips::Skips;
use chrono::{DateTime, Utc};
use earmark_intercom::Position;
use earmark_model::{Permission, ProductId, RunId, RunKind};
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
    /// Of a proof by sample: how many contacts it looked at.
    pub(crate) sampled: Option<u64>,
    /// Contacts that were deleted at Intercom and that its list shows all the same.
    pub(crate) buried: i64,
    /// Contacts that it did not see, and of which Intercom does not say what became of them.
    pub(crate) unclear: i64,
    /// Whether feedback was on when it began.
    #[serde(default)]
    pub(crate) feedback: bool,
    /// Whether the report has a line for every record.
    #[serde(default)]
    pub(crate) every: bool,
    /// Contacts that the run found merged, deleted or archived.
    #[serde(default)]
    pub(crate) went: i64,
    /// Conversations of which our copy lacks parts that have no words, and nothing else.
    #[serde(default)]
    pub(crate) wordless: i64,
    /// Conversations of which Intercom's statistics count fewer parts than it gives.
    #[serde(default)]
    pub(crate) undercounted: i64,
    /// Why records were left out.
    #[serde(default)]
    pub(crate) skips: Skips,
    /// The tags that a run over tagged conversations was asked for.
    #[serde(default)]
    pub(crate) tags: Option<Vec<String>>,
    /// The run whose failed records it tries again.
    #[serde(default)]
    pub(crate) retries: Option<RunId>,
    /// How often Intercom refused the step under way.
    pub(crate) refusals: u8,
    /// How often Intercom had trouble with what is asked for next, while it answered otherwise.
    #[serde(default)]
    pub(crate) troubles: u8,
    /// How often the list under way was begun anew.
    #[serde(default)]
    pub(crate) restarts: u8,
    /// Pages of the list under way that were read since then.
    #[serde(default)]
    pub(crate) pages: u64,
    /// What the connection's next pass begins with.
    pub(crate) kept: Kept,
}

/// What a pass hands on to the connection's next one when it comes to its end.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Changes of contacts before this are in our copy.
    pub(crate) contacts_to: Option<DateTime<Utc>>,
    /// Changes of conversations before this were looked at.
    pub(crate) conversations_to: Option<DateTime<Utc>>,
    /// Changes of conversations before this were looked at with feedback off: for what was redacted alone, as nothing more is
    /// copied then.
    #[serde(default)]
    pub(crate) redactions_to: Option<DateTime<Utc>>,
    /// Conversations that Intercom did not give, to be asked for again.
    #[serde(default)]
    pub(crate) conversations_again: Vec<String>,
    /// Deletions of conversations before this were looked at.
    pub(crate) deletions_to: Option<DateTime<Utc>>,
    /// When all companies were last gone through.
    pub(crate) companies_at: Option<DateTime<Utc>>,
    /// The archived contact that was asked for last.
    pub(crate) archived_after: String,
    /// How many more contacts Intercom counted than we after the last walk through all of them: another would not help.
    pub(crate) gap_walked: i64,
    /// How many more than that Intercom counted when the numbers were last compared.
    pub(crate) gap: i64,
}

impl Kept {
    /// The same without what it says of contacts and companies.
    pub(crate) fn without_people(self) -> Self {
        Self {
            conversations_to: self.conversations_to,
            redactions_to: self.redactions_to,
            conversations_again: self.conversations_again,
            deletions_to: self.deletions_to,
            ..Self::default()
        }
    }
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
    /// Compares numbers, and goes through all contacts when they differ; once those are gone through by days and some are
    /// missing, through the list.
    Recount,
    /// Asks by id for contacts that are shown no more.
    Vanished { after: String },
    /// Asks by id for contacts that are archived, up to a number.
    Archived { after: String, most: u32 },
    /// Asks by id for companies that are shown no more.
    VanishedCompanies { after: String },
    /// Asks by id for contacts that conversations name, while none are copied.
    Named { after: String },
    /// Fetches lists that were cut.
    Cut { after: String },
    /// Finds out which segments there are.
    Segments,
    /// Looks at the contacts that stand at these places in the order of ids.
    Sample { from: Vec<u64> },
    /// Counts on Intercom's side.
    Totals,
    /// Reads anew what changed in escalated conversations, and finds taggings nobody told of.
    Conversations {
        since: DateTime<Utc>,
        at: Option<Position>,
        /// Conversations of the page at this place that are dealt with.
        dealt: Vec<String>,
    },
    /// Reads conversations that an earlier run was not given.
    Again { ids: Vec<String> },
    /// Erases conversations that were deleted.
    DeletedConversations {
        since: DateTime<Utc>,
        at: Option<Position>,
    },
    /// Reads every escalated conversation.
    Escalated { after: String },
    /// Makes tickets of tagged conversations, or says which it would make.
    Tagged(TaggedStep),
    /// Asks again for records that failed in another run.
    Retry(Retry),
}

/// Companies, by scroll or, while another scroll is open, by list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Companies {
    /// Only if there are few, or nobody did for a day.
    pub(crate) only_if_due: bool,
    /// Whether their number was asked.
    pub(crate) counted_all: bool,
    /// Whether the run waited for another scroll to end, or does so still, until then.
    pub(crate) waited: bool,
    #[serde(default)]
    pub(crate) wait_until: Option<DateTime<Utc>>,
    /// Whether a scroll was asked for of which nobody knows whether it was opened.
    #[serde(default)]
    pub(crate) open: bool,
    /// A scroll that was left open, and when, so that others had their turn. One that broke off may have lost a page.
    pub(crate) scroll: Option<(Position, DateTime<Utc>)>,
    /// Set: by list, and from here.
    pub(crate) list: Option<Position>,
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
    /// Pages read since it was begun.
    #[serde(default)]
    pub(crate) pages: u64,
}

/// A list or search that is gone through page by page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Walk {
    pub(crate) over: Over,
    pub(crate) at: Option<Position>,
    pub(crate) restarts: u8,
    /// Pages read since it was begun.
    #[serde(default)]
    pub(crate) pages: u64,
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
            pages: 0,
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
    /// Conversations of the page at this place that are dealt with.
    #[serde(default)]
    pub(crate) dealt: Vec<String>,
    /// Tickets it would make.
    pub(crate) tickets: i64,
    /// Conversations it would read.
    pub(crate) conversations: i64,
}

impl Step {
    /// What it looks at, in words.
    pub(crate) const fn words(&self) -> &'static str {
        match self {
            Self::Companies(_) => "companies",
            Self::Contacts { .. } | Self::Ranges(_) | Self::Recount => "contacts",
            Self::Walk(walk) => match walk.over {
                Over::Segment(..) => "the members of a segment",
                Over::List | Over::Changed(_) => "contacts",
            },
            Self::Vanished { .. } => "contacts that Intercom shows no more",
            Self::Archived { .. } => "archived contacts",
            Self::VanishedCompanies { .. } => "companies that Intercom shows no more",
            Self::Named { .. } => "contacts whose names stand on conversations",
            Self::Cut { .. } => "contacts with more companies or tags than Intercom lists",
            Self::Segments => "segments",
            Self::Sample { .. } => "a sample of the contacts",
            Self::Totals => "Intercom's numbers",
            Self::Conversations { .. } => "changed conversations",
            Self::Again { .. } => "conversations that Intercom did not give before",
            Self::DeletedConversations { .. } => "deleted conversations",
            Self::Escalated { .. } => "escalated conversations",
            Self::Tagged(_) => "tagged conversations",
            Self::Retry(retry) => retry.what.words(),
        }
    }

    /// The permission it needs, as Intercom's reference names it.
    pub(crate) const fn permission(&self) -> Permission {
        match self {
            Self::Companies(_)
            | Self::Contacts { .. }
            | Self::Ranges(_)
            | Self::Walk(_)
            | Self::Recount
            | Self::Segments
            | Self::Sample { .. }
            | Self::Totals => Permission::ReadListUsersCompanies,
            Self::Vanished { .. }
            | Self::Archived { .. }
            | Self::VanishedCompanies { .. }
            | Self::Named { .. } => Permission::ReadOneUserCompany,
            // Their companies need the same as the steps before it.
            Self::Cut { .. } => Permission::ReadTags,
            Self::Conversations { .. }
            | Self::Again { .. }
            | Self::DeletedConversations { .. }
            | Self::Escalated { .. }
            | Self::Tagged(_) => Permission::ReadConversations,
            Self::Retry(retry) => retry.what.permission(),
        }
    }

    /// Whether a run of this kind is for nothing without it.
    pub(crate) const fn is_vital(&self, kind: RunKind) -> bool {
        match kind {
            RunKind::Backfill => match self {
                Self::Companies(_) | Self::Contacts { .. } | Self::Ranges(_) => true,
                Self::Walk(walk) => matches!(walk.over, Over::List),
                _ => false,
            },
            RunKind::Tagged | RunKind::Preview => true,
            RunKind::CatchUp | RunKind::Proof | RunKind::Retry => false,
        }
    }
}

impl Place {
    pub(crate) fn new(began: DateTime<Utc>, steps: Vec<Step>, kept: Kept) -> Self {
        Self {
            began,
            steps,
            kept,
            sampled: None,
            buried: 0,
            unclear: 0,
            feedback: false,
            every: false,
            went: 0,
            wordless: 0,
            undercounted: 0,
            skips: Skips::default(),
            tags: None,
            retries: None,
            refusals: 0,
            troubles: 0,
            restarts: 0,
            pages: 0,
            walked: false,
            listed: false,
            companies_walked: false,
            lines: 0,
            lines_left_out: 0,
            theirs: Totals::default(),
            remarks: Vec::new(),
        }
    }

    /// Reads one that was written down.
    pub(crate) fn read(text: &str) -> Result<Self, Stop> {
        serde_json::from_str(text)
            .map_err(|why| Stop::Failed(format!("its place cannot be read: {why}")))
    }

    /// Notes that every contact was seen.
    pub(crate) fn all_contacts(&mut self) {
        self.walked = true;
        self.kept.contacts_to = Some(self.began);
    }

    /// Ends the step under way.
    pub(crate) fn step_done(&mut self) {
        (self.refusals, self.troubles, self.restarts) = (0, 0, 0);
        self.pages = 0;
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
