//! `{connection}/doctor`: what the doctor found, line by line, and what changed.

mod samples;

use super::super::prelude::*;
use earmark_db::tenant::{Connection, DoctorChange, DoctorLine};
use earmark_model::{Check, CheckGroup, CheckVerdict, ConnectionStatus, Finding, Job, Right};

/// Changes that the page shows.
const CHANGES: u64 = 20;

/// A line with what was found.
#[derive(Debug, Clone)]
pub struct LineRow {
    /// The line's name, which its form sends.
    pub name: String,
    /// Its heading.
    pub title: String,
    /// Where it stands.
    pub group: CheckGroup,
    /// How it came out.
    pub verdict: CheckVerdict,
    /// What that was seen from.
    pub evidence: String,
    /// What to do.
    pub cure: Option<String>,
    /// When it was looked at.
    pub checked_at: DateTime<Utc>,
    /// Since when the verdict is this one.
    pub since: DateTime<Utc>,
}

impl From<DoctorLine> for LineRow {
    fn from(line: DoctorLine) -> Self {
        let DoctorLine {
            finding,
            checked_at,
            since,
        } = line;
        let Finding {
            check,
            verdict,
            evidence,
            cure,
        } = finding;
        Self {
            name: check.to_string(),
            title: check.title().to_owned(),
            group: check.group(),
            verdict,
            evidence,
            cure,
            checked_at,
            since,
        }
    }
}

impl LineRow {
    const fn tone(&self) -> Tone {
        tone_of(self.verdict)
    }

    const fn icon(&self) -> &'static str {
        match self.verdict {
            CheckVerdict::Good => "check-circle",
            CheckVerdict::NotChecked => "circle",
            CheckVerdict::Unknown => "info",
            CheckVerdict::Warn => "alert",
            CheckVerdict::Bad => "x-circle",
        }
    }

    const fn words(&self) -> &'static str {
        words_of(self.verdict)
    }
}

/// A verdict that changed.
#[derive(Debug, Clone)]
pub struct ChangeRow {
    /// The line's heading.
    pub title: String,
    /// What it was.
    pub before: CheckVerdict,
    /// What it became.
    pub after: CheckVerdict,
    /// What that was seen from.
    pub evidence: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl From<DoctorChange> for ChangeRow {
    fn from(change: DoctorChange) -> Self {
        let DoctorChange {
            check,
            before,
            after,
            evidence,
            at,
        } = change;
        Self {
            title: check.title().to_owned(),
            before,
            after,
            evidence,
            at,
        }
    }
}

const fn tone_of(verdict: CheckVerdict) -> Tone {
    match verdict {
        CheckVerdict::Good => Tone::Ok,
        CheckVerdict::NotChecked => Tone::Muted,
        CheckVerdict::Unknown => Tone::Info,
        CheckVerdict::Warn => Tone::Warn,
        CheckVerdict::Bad => Tone::Bad,
    }
}

const fn words_of(verdict: CheckVerdict) -> &'static str {
    match verdict {
        CheckVerdict::Good => "Good",
        CheckVerdict::NotChecked => "Not checked",
        CheckVerdict::Unknown => "Unknown",
        CheckVerdict::Warn => "Attention",
        CheckVerdict::Bad => "Broken",
    }
}

/// What the doctor found of a connection.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/doctor.html")]
pub struct DoctorPage {
    /// The workspace's slug.
    pub ws: String,
    /// The connection's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The Intercom workspace's name.
    pub app_name: String,
    /// The lines, in their order; none before the first look.
    pub lines: Vec<LineRow>,
    /// When all of them were last looked at.
    pub ran_at: Option<DateTime<Utc>>,
    /// Whether the doctor is asked for and has not answered yet.
    pub asked: bool,
    /// The newest changes of verdicts, newest first.
    pub changes: Vec<ChangeRow>,
    /// Whether the reader may ask the doctor.
    pub may: bool,
}

impl DoctorPage {
    async fn load(at: &At, connection: Connection) -> Result<Self, Failed> {
        let (tenant, id) = (at.tenant(), connection.id);
        let lines = tenant.doctor_lines(id).await?;
        let changes = tenant.doctor_changes(id, CHANGES).await?;
        let live = connection.status != ConnectionStatus::Disconnected;
        Ok(Self {
            ws: at.ws().to_owned(),
            id: id.to_string(),
            lines: lines.into_iter().map(LineRow::from).collect(),
            ran_at: tenant.doctor_ran_at(id).await?,
            asked: tenant.doctor_is_asked(id).await?,
            changes: changes.into_iter().map(ChangeRow::from).collect(),
            may: live && at.may(Right::ManageConnections),
            name: connection.name,
            app_name: connection.app_name,
        })
    }

    /// The groups that have lines.
    fn groups(&self) -> impl Iterator<Item = CheckGroup> {
        let has = |group: &CheckGroup| self.lines.iter().any(|line| line.group == *group);
        CheckGroup::ALL.into_iter().filter(has)
    }

    /// A group's lines that something was found at, and those that there is nothing to look at.
    fn lines_of(&self, group: CheckGroup) -> (Vec<&LineRow>, Vec<&LineRow>) {
        let lines = self.lines.iter().filter(|line| line.group == group);
        lines.partition(|line| {
            group != CheckGroup::Topics || line.verdict != CheckVerdict::NotChecked
        })
    }

    fn count(&self, verdict: CheckVerdict) -> usize {
        let lines = self.lines.iter();
        lines.filter(|line| line.verdict == verdict).count()
    }

    /// The worst of a group, in words.
    fn group_pill(&self, group: CheckGroup) -> (Tone, String) {
        let of = |verdict: CheckVerdict| {
            let lines = self.lines.iter();
            lines
                .filter(|line| line.group == group && line.verdict == verdict)
                .count()
        };
        let (bad, warn, unknown) = (
            of(CheckVerdict::Bad),
            of(CheckVerdict::Warn),
            of(CheckVerdict::Unknown),
        );
        match (bad, warn, unknown) {
            (0, 0, 0) => (Tone::Ok, "All good".to_owned()),
            (0, 0, _) => (Tone::Info, format!("{unknown} unknown")),
            (0, _, _) => (Tone::Warn, format!("{warn} to look at")),
            _ => (Tone::Bad, format!("{bad} broken")),
        }
    }

    /// The whole in a sentence.
    fn summary(&self) -> (Tone, String) {
        let (bad, warn) = (
            self.count(CheckVerdict::Bad),
            self.count(CheckVerdict::Warn),
        );
        let lines = |count: usize| match count {
            1 => "1 line".to_owned(),
            count => format!("{count} lines"),
        };
        match (bad, warn) {
            (0, 0) if self.count(CheckVerdict::Unknown) > 0 => (
                Tone::Info,
                "Nothing is known to be broken, but not everything could be asked.".to_owned(),
            ),
            (0, 0) => (Tone::Ok, "Nothing is broken.".to_owned()),
            (0, _) => (
                Tone::Warn,
                format!("Nothing is broken; worth a look: {}.", lines(warn)),
            ),
            _ => (
                Tone::Bad,
                format!("Broken: {}. Each says below what cures it.", lines(bad)),
            ),
        }
    }
}

impl Page for DoctorPage {
    const NAME: &'static str = "intercom/doctor";

    fn head(&self) -> Head {
        let mut crumbs = intercom_crumbs(&self.ws, "Doctor");
        let connection = url::connection(&self.ws, &self.id);
        crumbs.insert(1, Crumb::link(&self.name, connection));
        Head {
            title: format!("Doctor of {}", self.name),
            place: app(Current::Integrations, crumbs),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        samples::all()
    }
}

/// What a form sends: the line to look at, or nothing for all.
#[derive(Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    line: String,
}

/// Shows what was found.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?;
    let here = url::doctor(at.ws(), &connection.id.to_string());
    let page = DoctorPage::load(&at, connection).await?;
    at.page(here, &page).await
}

/// Asks the doctor to look again.
pub(crate) async fn post(at: At, Form(sent): Form<Sent>) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?.id;
    let only: Option<Check> = match sent.line.as_str() {
        "" => None,
        line => Some(line.parse().map_err(|_| Failed::NotFound)?),
    };
    let job = Job::Doctor {
        connection,
        only,
        nightly: false,
    };
    let (store, actor) = (at.web().store(), at.actor());
    store.ask(at.id(), &actor, connection, &job).await?;
    at.flash(
        Tone::Ok,
        "The doctor is asked. Reload this page in a moment to see what was found.",
    )?;
    Ok(at.see_other(url::doctor(at.ws(), &connection.to_string())))
}
