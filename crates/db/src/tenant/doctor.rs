//! What the doctor found of a connection, and which verdicts changed.

use crate::entities::{doctor_changes, doctor_checks};
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{Check, CheckVerdict, ConnectionId, DoctorChangeId, Finding, Job};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect,
};

/// What was last found at a line of the doctor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorLine {
    /// What was found.
    pub finding: Finding,
    /// When.
    pub checked_at: DateTime<Utc>,
    /// Since when the verdict is this one.
    pub since: DateTime<Utc>,
}

impl TryFrom<doctor_checks::Model> for DoctorLine {
    type Error = Error;
    fn try_from(row: doctor_checks::Model) -> Result<Self> {
        let doctor_checks::Model {
            workspace_id: _,
            connection_id,
            name,
            verdict,
            evidence,
            cure,
            checked_at,
            since,
        } = row;
        let broken = |why: String| Error::contradiction("doctor_checks", connection_id, why);
        Ok(Self {
            finding: Finding {
                check: name.parse().map_err(|why| broken(format!("{why}")))?,
                verdict: verdict.parse().map_err(|why| broken(format!("{why}")))?,
                evidence,
                cure,
            },
            checked_at,
            since,
        })
    }
}

/// A verdict that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorChange {
    /// The line.
    pub check: Check,
    /// What it was.
    pub before: CheckVerdict,
    /// What it became.
    pub after: CheckVerdict,
    /// What that was seen from.
    pub evidence: String,
    /// When it was found.
    pub at: DateTime<Utc>,
}

impl TryFrom<doctor_changes::Model> for DoctorChange {
    type Error = Error;
    fn try_from(row: doctor_changes::Model) -> Result<Self> {
        let doctor_changes::Model {
            workspace_id: _,
            id,
            connection_id: _,
            name,
            verdict_before,
            verdict_after,
            evidence,
            at,
        } = row;
        let broken = |why: String| Error::contradiction("doctor_changes", id, why);
        let verdict = |text: String| text.parse().map_err(|why| broken(format!("{why}")));
        Ok(Self {
            check: name.parse().map_err(|why| broken(format!("{why}")))?,
            before: verdict(verdict_before)?,
            after: verdict(verdict_after)?,
            evidence,
            at,
        })
    }
}

#[derive(FromQueryResult)]
struct RanRow {
    ran_at: Option<DateTime<Utc>>,
}

impl<S: Source> Tenant<'_, S> {
    /// What was last found at each line of a connection, in the order of the lines.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn doctor_lines(&self, connection: ConnectionId) -> Result<Vec<DoctorLine>> {
        let rows = doctor_checks::Entity::find()
            .filter(doctor_checks::Column::WorkspaceId.eq(self.workspace()))
            .filter(doctor_checks::Column::ConnectionId.eq(connection.0))
            .all(self.on())
            .await?;
        let lines = rows.into_iter().map(DoctorLine::try_from);
        let mut lines = lines.collect::<Result<Vec<_>>>()?;
        lines.sort_by(|one, other| one.finding.check.cmp(&other.finding.check));
        Ok(lines)
    }

    /// The newest changes of verdicts of a connection, newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn doctor_changes(
        &self,
        connection: ConnectionId,
        most: u64,
    ) -> Result<Vec<DoctorChange>> {
        let rows = doctor_changes::Entity::find()
            .filter(doctor_changes::Column::WorkspaceId.eq(self.workspace()))
            .filter(doctor_changes::Column::ConnectionId.eq(connection.0))
            .order_by_desc(doctor_changes::Column::Id)
            .limit(most)
            .all(self.on())
            .await?;
        rows.into_iter().map(DoctorChange::try_from).collect()
    }

    /// Whether the doctor is asked for, for one line of a connection or all.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn doctor_is_asked(&self, connection: ConnectionId) -> Result<bool> {
        let whole = Job::Doctor {
            connection,
            only: None,
            nightly: false,
        };
        let key = self.key(&whole);
        let sql = "SELECT count(*) FROM jobs WHERE state IN ('pending', 'running') \
            AND (key = $1 OR key LIKE $2)";
        let lines = format!("{key}:%");
        Ok(sql::count(self.on(), sql, vec![key.into(), lines.into()]).await? > 0)
    }

    /// When all lines of a connection were last looked at.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn doctor_ran_at(&self, connection: ConnectionId) -> Result<Option<DateTime<Utc>>> {
        let sql = "SELECT ran_at FROM doctor_rounds WHERE workspace_id = $1 AND connection_id = $2";
        let values = vec![self.workspace().into(), connection.0.into()];
        let row: Option<RanRow> = sql::one(self.on(), sql, values).await?;
        Ok(row.and_then(|row| row.ran_at))
    }
}

impl Tenant<'_, Tx> {
    /// Stores what the doctor found at some lines, and of each verdict that differs from the one before that it
    /// changed; keeps the newest `keep` changes.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_findings(
        &self,
        connection: ConnectionId,
        findings: &[Finding],
        keep: u32,
    ) -> Result<()> {
        let before = self.doctor_lines(connection).await?;
        for finding in findings {
            let known = before
                .iter()
                .find(|line| line.finding.check == finding.check);
            if let Some(known) = known
                && known.finding.verdict != finding.verdict
            {
                self.add_doctor_change(connection, known.finding.verdict, finding)
                    .await?;
            }
            self.put_finding(connection, finding).await?;
        }
        let sql = "DELETE FROM doctor_changes WHERE workspace_id = $1 AND id IN (SELECT id FROM doctor_changes \
            WHERE workspace_id = $1 AND connection_id = $2 ORDER BY id DESC LIMIT 1000 OFFSET $3)";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            i64::from(keep).into(),
        ];
        sql::execute(self.on(), sql, values).await?;
        self.source.changed(self.id, ChangeKind::Connections);
        Ok(())
    }

    /// Notes that all lines were looked at, and drops those that are none of `findings`: such as a topic that an older
    /// version needed.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn end_doctor_round(
        &self,
        connection: ConnectionId,
        findings: &[Finding],
    ) -> Result<()> {
        for line in self.doctor_lines(connection).await? {
            let check = &line.finding.check;
            if findings.iter().all(|finding| finding.check != *check) {
                let sql = "DELETE FROM doctor_checks WHERE workspace_id = $1 AND connection_id = $2 AND name = $3";
                let values = vec![
                    self.workspace().into(),
                    connection.0.into(),
                    check.to_string().into(),
                ];
                sql::execute(self.on(), sql, values).await?;
            }
        }
        let sql = "INSERT INTO doctor_rounds (workspace_id, connection_id, ran_at) VALUES ($1, $2, $3) \
            ON CONFLICT (workspace_id, connection_id) DO UPDATE SET ran_at = excluded.ran_at";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            self.now().into(),
        ];
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Moves a connection's next nightly round from `was` to `next`. False when another process was quicker.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn plan_doctor_round(
        &self,
        connection: ConnectionId,
        was: Option<DateTime<Utc>>,
        next: DateTime<Utc>,
    ) -> Result<bool> {
        let sql = "INSERT INTO doctor_rounds (workspace_id, connection_id, next_at) VALUES ($1, $2, $3) \
            ON CONFLICT (workspace_id, connection_id) DO UPDATE SET next_at = excluded.next_at \
            WHERE doctor_rounds.next_at = $4 OR (doctor_rounds.next_at IS NULL AND $5)";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            next.into(),
            was.unwrap_or_default().into(),
            was.is_none().into(),
        ];
        Ok(sql::execute(self.on(), sql, values).await? > 0)
    }

    async fn put_finding(&self, connection: ConnectionId, finding: &Finding) -> Result<()> {
        let Finding {
            check,
            verdict,
            evidence,
            cure,
        } = finding;
        let sql = "INSERT INTO doctor_checks \
            (workspace_id, connection_id, name, verdict, evidence, cure, checked_at, since) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $7) \
            ON CONFLICT (workspace_id, connection_id, name) DO UPDATE SET verdict = excluded.verdict, \
            evidence = excluded.evidence, cure = excluded.cure, checked_at = excluded.checked_at, \
            since = CASE WHEN doctor_checks.verdict = excluded.verdict THEN doctor_checks.since ELSE excluded.since END";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            check.to_string().into(),
            verdict.as_str().into(),
            evidence.as_str().into(),
            cure.clone().into(),
            self.now().into(),
        ];
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    async fn add_doctor_change(
        &self,
        connection: ConnectionId,
        before: CheckVerdict,
        finding: &Finding,
    ) -> Result<()> {
        let id: DoctorChangeId = self.source.sources().id();
        let row = doctor_changes::ActiveModel {
            workspace_id: Set(self.workspace()),
            id: Set(id.0),
            connection_id: Set(connection.0),
            name: Set(finding.check.to_string()),
            verdict_before: Set(before.as_str().to_owned()),
            verdict_after: Set(finding.verdict.as_str().to_owned()),
            evidence: Set(finding.evidence.clone()),
            at: Set(self.now()),
        };
        row.insert(self.on()).await?;
        Ok(())
    }
}
