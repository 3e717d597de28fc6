//! How far the copying of contacts and companies is, and what their lists say about it.

use super::progress_words;
use crate::pages::prelude::*;
use earmark_db::tenant::{CompanyFilter, Connection, ContactFilter, CopySort};
use earmark_model::{ConnectionId, ConnectionStatus, RunKind, RunState};

/// How far the copying of a connection's contacts and companies is.
#[derive(Debug, Clone)]
pub struct CopyState {
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub name: String,
    /// Whether the switch is on.
    pub on: bool,
    /// Since when the connection is disconnected; what was copied before is kept, and is as it was then.
    pub disconnected_at: Option<DateTime<Utc>>,
    /// The pass that fills the copy, until it is done; a cancelled one if none was ever done.
    pub run: Option<CopyRun>,
}

/// A first pass that is not done.
#[derive(Debug, Clone)]
pub struct CopyRun {
    /// Its id.
    pub id: String,
    /// How it is.
    pub state: RunState,
    /// Records looked at.
    pub done: i64,
    /// Records there are, as far as known.
    pub total: Option<i64>,
    /// Why it waits or failed, in words.
    pub note: Option<String>,
}

impl CopyState {
    /// That of every connection that is not disconnected, or has copies left, by name.
    pub(in crate::pages) async fn load(at: &At) -> Result<Vec<Self>, Failed> {
        let (tenant, mut states) = (at.tenant(), Vec::new());
        for connection in tenant.connections().await? {
            let is_gone = connection.status == ConnectionStatus::Disconnected;
            if !is_gone || has_copies(at, connection.id).await? {
                states.push(Self::of(at, &connection).await?);
            }
        }
        Ok(states)
    }

    /// What a choice between connections calls it.
    pub(in crate::pages) fn shown_name(&self) -> String {
        match self.disconnected_at {
            Some(_) => format!("{} (disconnected)", self.name),
            None => self.name.clone(),
        }
    }

    /// That of one connection.
    pub(crate) async fn of(at: &At, connection: &Connection) -> Result<Self, Failed> {
        let (tenant, gone) = (at.tenant(), connection.disconnected_at);
        let on = connection.contacts_on_at.is_some() && gone.is_none();
        let run = match on {
            true => tenant.last_run(connection.id, RunKind::Backfill).await?,
            false => None,
        };
        let is_first = match &run {
            Some(run) if run.state == RunState::Cancelled => {
                let done = tenant.last_done_run(connection.id, &[RunKind::Backfill]);
                done.await?.is_none()
            }
            Some(run) => run.state != RunState::Done,
            None => false,
        };
        let run = run.filter(|_| is_first);
        Ok(Self {
            connection: connection.id.to_string(),
            name: connection.name.clone(),
            on,
            disconnected_at: gone,
            run: run.map(|run| CopyRun {
                id: run.id.to_string(),
                state: run.state,
                done: run.counts.done,
                total: run.total,
                note: run.note,
            }),
        })
    }
}

async fn has_copies(at: &At, connection: ConnectionId) -> Result<bool, Failed> {
    let tenant = at.tenant();
    let contacts = ContactFilter {
        connection: Some(connection),
        ..ContactFilter::default()
    };
    let companies = CompanyFilter {
        connection: Some(connection),
        ..CompanyFilter::default()
    };
    let (contacts, companies) = futures::try_join!(
        tenant.contacts(&contacts, CopySort::Key, None, 1),
        tenant.companies(&companies, CopySort::Key, None, 1),
    )?;
    Ok(!(contacts.is_empty() && companies.is_empty()))
}

impl CopyRun {
    const fn tone(&self) -> Tone {
        match self.state {
            RunState::Failed => Tone::Bad,
            RunState::Paused | RunState::Cancelled => Tone::Warn,
            RunState::Waiting | RunState::Running | RunState::Done => Tone::Info,
        }
    }

    const fn words(&self) -> &'static str {
        match self.state {
            RunState::Waiting => "About to copy from Intercom",
            RunState::Running => "Still copying from Intercom",
            RunState::Paused => "Copying from Intercom is paused",
            RunState::Failed => "Copying from Intercom stopped",
            RunState::Cancelled => "Copying from Intercom was cancelled before its end",
            RunState::Done => "Copied from Intercom",
        }
    }

    fn progress(&self) -> String {
        progress_words(self.done, self.total)
    }
}

/// What stands above a list while its copy is not whole.
#[derive(Debug, Template)]
#[template(path = "pages/people/notices.html")]
pub struct CopyNotices {
    /// The workspace's slug.
    pub ws: String,
    /// The page itself, which is asked for again while a copy goes on.
    pub here: String,
    /// Whether there is something copied to be told apart from what is kept up to date.
    pub has_rows: bool,
    /// Whether the list below is empty, and is replaced with them.
    pub fills_list: bool,
    /// How far each connection is.
    pub states: Vec<CopyState>,
}

impl CopyNotices {
    /// What the page of a connection says.
    pub(in crate::pages) async fn of_one(at: &At, connection: &Connection) -> Result<Self, Failed> {
        Ok(Self {
            ws: at.ws().to_owned(),
            here: url::connection(at.ws(), &connection.id.to_string()),
            has_rows: false,
            fills_list: false,
            states: vec![CopyState::of(at, connection).await?],
        })
    }

    /// Whether any copy is kept up to date: the connection's, if one is chosen.
    pub(in crate::pages) fn is_fed(&self, connection: &str) -> bool {
        let is_shown = |state: &&CopyState| connection.is_empty() || state.connection == connection;
        self.states.iter().filter(is_shown).any(|state| state.on)
    }

    fn has_runs(&self) -> bool {
        self.runs().next().is_some()
    }

    /// The connections that are not switched on, where the list does not say so itself because it is empty.
    fn off(&self) -> Vec<&CopyState> {
        let told = self.has_rows || self.is_fed("");
        let live = self
            .states
            .iter()
            .filter(|one| one.disconnected_at.is_none());
        live.filter(|state| told && !state.on).collect()
    }

    /// The connections whose copies are as they were when it was disconnected, with when that was.
    fn kept(&self) -> Vec<(&CopyState, DateTime<Utc>)> {
        let gone = self.states.iter().filter(|_| self.has_rows);
        gone.filter_map(|state| Some((state, state.disconnected_at?)))
            .collect()
    }

    fn runs(&self) -> impl Iterator<Item = (&CopyState, &CopyRun)> {
        self.states
            .iter()
            .filter_map(|state| Some((state, state.run.as_ref()?)))
    }

    /// Whether each has to be named.
    fn several(&self) -> bool {
        self.states.len() > 1
    }
}

/// What stands in place of an empty list: why it is, and what helps.
#[derive(Debug, Template)]
#[template(path = "pages/people/nothing.html")]
pub struct Nothing {
    /// The workspace's slug.
    pub ws: String,
    /// `contacts` or `companies`.
    pub what: &'static str,
    /// The list without filters, when there are some.
    pub unfiltered: Option<String>,
    /// How far each connection is.
    pub states: Vec<CopyState>,
    /// Whether the reader may connect and switch.
    pub may: bool,
}

impl Nothing {
    /// What a record can be found by.
    pub(in crate::pages) fn known_by(&self) -> &'static str {
        match self.what {
            "companies" => "Name, company ID or website",
            _ => "Name, e-mail address or external ID",
        }
    }

    fn live(&self) -> impl Iterator<Item = &CopyState> {
        let states = self.states.iter();
        states.filter(|state| state.disconnected_at.is_none())
    }

    fn is_connected(&self) -> bool {
        self.live().next().is_some()
    }

    /// The first connection that could be switched on, if none is.
    fn off(&self) -> Option<&CopyState> {
        let none_on = self.states.iter().all(|state| !state.on);
        self.live().next().filter(|_| none_on)
    }

    /// How the pass is that would fill the list.
    fn filling(&self) -> Option<RunState> {
        let runs = self.states.iter().filter_map(|state| state.run.as_ref());
        runs.map(|run| run.state).next()
    }
}

ui::components!(CopyNotices, Nothing);
