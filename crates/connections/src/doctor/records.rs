//! What our own tables tell: shapes of payloads, signatures, the backlog, the budget.

use super::words::{bad, good, long, moment, not_checked, unknown, warn};
use super::{Blocked, Patient, Reach};
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::tenant::{DeliveryFilter, Refusal, SecretKind, Via};
use earmark_intercom::ApiVersion;
use earmark_intercom::webhook::{PayloadVersion, PayloadVersions, implied_versions};
use earmark_model::{AnswerBucket, Check, ConnectionStatus, Finding};

/// Deliveries whose shape is looked at.
const SHAPES: u64 = 20;
/// Refused requests that are looked at; more are not kept of a connection by default.
const REFUSALS: u64 = 1_000;
/// Signature failures older than this are past.
const REFUSALS_FOR: TimeDelta = TimeDelta::days(1);
/// Answers older than this are past.
const ANSWERS_FOR: TimeDelta = TimeDelta::days(1);
/// Intercom lowers the priority of addresses that answer more slowly.
const INTERCOM_WANTS_MS: u16 = 500;
/// A delivery normally waits for moments only.
const WAITS_LONG: TimeDelta = TimeDelta::minutes(1);
/// Nobody works off the deliveries, or not fast enough.
const WAITS_TOO_LONG: TimeDelta = TimeDelta::minutes(10);

const CLIENT_SECRET: &str = "Copy the client secret from Basic information in your app in the Developer Hub and paste it into \
     this connection.";

impl Patient<'_> {
    /// The version that requests ask for, and the one that payloads seem to have.
    pub(super) async fn api_version(&self) -> earmark_db::Result<Finding> {
        let tenant = self.doctor.store.db.workspace(self.workspace);
        let bodies = tenant.newest_bodies(self.row.id, SHAPES).await?;
        let requests = format!("Requests ask for {}.", ApiVersion::default());
        Ok(match implied(&bodies) {
            None => good(
                Check::ApiVersion,
                format!("{requests} No payload has come in yet whose shape tells a version."),
            ),
            Some(versions) if versions.newest == PayloadVersion::V1 => warn(
                Check::ApiVersion,
                format!(
                    "{requests} The newest webhook payloads have the shape of version {versions}, which does not say who \
                     applied a tag."
                ),
                "Set the app's API version to 2.14 or newer: in the Developer Hub open your app, then Configure, Basic \
                 information, API version. Webhooks follow that setting.",
            ),
            Some(versions) => good(
                Check::ApiVersion,
                format!(
                    "{requests} The newest webhook payloads have the shape of version {versions}."
                ),
            ),
        })
    }

    /// Refused requests of the last day, unless webhooks have been proved since.
    pub(super) async fn signatures(&self) -> earmark_db::Result<Finding> {
        let line = Check::Signatures;
        if self.row.status == ConnectionStatus::Disconnected {
            return Ok(Blocked::Disconnected.line(line));
        }
        if let Via::Installation { .. } = self.row.via {
            let why = "Webhooks of this connection are signed by the operator's Intercom app: refused ones are recorded \
                there, where only the operator sees them.";
            return Ok(not_checked(line, why));
        }
        let tenant = self.doctor.store.db.workspace(self.workspace);
        let mut secrets = tenant
            .secrets(self.row.id, SecretKind::ClientSecret)
            .await?;
        if let Some(app) = self.row.via.own_app() {
            secrets = tenant.secrets(app, SecretKind::ClientSecret).await?;
        }
        if secrets.is_empty() {
            let why = "No client secret is stored, so every webhook is refused.";
            return Ok(bad(line, why, CLIENT_SECRET));
        }
        let verified = secrets.iter().filter_map(|secret| secret.verified_at).max();
        let newest = tenant
            .deliveries(self.row.id, &DeliveryFilter::default(), 1)
            .await?;
        let proved = verified.max(newest.first().map(|delivery| delivery.received_at));
        let mut refused = tenant.refusals(self.row.id, REFUSALS).await?;
        refused.retain(|refusal| self.now - refusal.at <= REFUSALS_FOR);
        Ok(signatures(&refused, proved))
    }

    /// How fast webhooks were answered in the last day.
    pub(super) async fn answer_times(&self) -> earmark_db::Result<Finding> {
        let line = Check::AnswerTimes;
        let tenant = self.doctor.store.db.workspace(self.workspace);
        let times = tenant
            .answer_times(self.row.id, self.now - ANSWERS_FOR)
            .await?;
        let (Some(half), Some(most)) = (times.percentile(50), times.percentile(99)) else {
            return Ok(not_checked(
                line,
                "No webhook was answered in the last day.",
            ));
        };
        let evidence = format!(
            "{} answers in the last day: half within {}, 99 of 100 within {}. Intercom wants 500 ms and gives up after 5 s.",
            times.total(),
            within(half),
            within(most)
        );
        let cure = "The operator should see what keeps the database busy, and whether the machine has time left.";
        Ok(match most.bound_ms() {
            None => bad(line, evidence, cure),
            Some(bound) if bound > INTERCOM_WANTS_MS => warn(line, evidence, cure),
            Some(_) => good(line, evidence),
        })
    }

    /// What was received and not worked off yet.
    pub(super) fn backlog(&self) -> Finding {
        let count: i64 = self.waiting.iter().map(|row| row.count).sum();
        let Some(oldest) = self.waiting.iter().map(|row| row.oldest).min() else {
            return good(Check::Backlog, "No delivery waits.");
        };
        let age = self.now - oldest;
        let evidence = match count {
            1 => format!("1 delivery waits, since {}.", long(age)),
            count => format!("{count} deliveries wait, the oldest since {}.", long(age)),
        };
        let cure = "The operator should see whether a process runs jobs (earmark serve), and its log. What waits is stored \
            and not lost.";
        if age > WAITS_TOO_LONG {
            bad(Check::Backlog, evidence, cure)
        } else if age > WAITS_LONG {
            warn(Check::Backlog, evidence, cure)
        } else {
            good(Check::Backlog, evidence)
        }
    }

    /// What is left of Intercom's rate limit, as the answers told.
    pub(super) async fn rate_budget(&self, reach: &Reach) -> Finding {
        let line = Check::RateBudget;
        let Some(client) = &reach.client else {
            let blocked = reach.blocked.as_ref().unwrap_or(&Blocked::Disconnected);
            return blocked.line(line);
        };
        let (budget, key) = client.budget();
        let Some(budget) = budget.snapshot(key).await else {
            return unknown(line, "Intercom has told no limit yet.");
        };
        let cure = "Wait: the limit starts anew every 10 seconds. If it stays like this, see which other apps use this \
            Intercom workspace's API.";
        if let Some(until) = budget.refused_until {
            let until = until.format("%H:%M:%S UTC");
            let why = format!("Intercom refuses calls until {until}: the limit is used up.");
            return warn(line, why, cure);
        }
        let (Some(limit), Some(left)) = (budget.limit, budget.left) else {
            return unknown(line, "Intercom has told no limit yet.");
        };
        let used = limit.saturating_sub(left);
        let evidence = format!("{used} of {limit} calls used in this 10-second window.");
        if left * 10 < limit {
            warn(line, evidence, cure)
        } else {
            good(line, evidence)
        }
    }
}

/// A bucket of answer times in words.
fn within(bucket: AnswerBucket) -> String {
    bucket
        .bound_ms()
        .map_or_else(|| "more than 5 s".to_owned(), |bound| format!("{bound} ms"))
}

/// The versions that the newest payloads agree on, starting from the newest.
fn implied(bodies: &[Vec<u8>]) -> Option<PayloadVersions> {
    let mut signs = bodies.iter().filter_map(|body| implied_versions(body));
    let newest = signs.next()?;
    // An older one that contradicts is from before the setting was changed.
    Some(
        signs
            .map_while(|older| newest.and(older))
            .fold(newest, |all, one| all.and(one).unwrap_or(all)),
    )
}

/// The newest refusal first.
fn signatures(refused: &[Refusal], proved: Option<DateTime<Utc>>) -> Finding {
    let line = Check::Signatures;
    let Some(last) = refused.first() else {
        return match proved {
            Some(at) => good(
                line,
                format!(
                    "None was refused in the last day. The last one that was proved came on {}.",
                    moment(at)
                ),
            ),
            None => good(
                line,
                "None was refused in the last day; none has come in yet.",
            ),
        };
    };
    let mut causes: Vec<(&str, usize)> = Vec::new();
    for refusal in refused {
        match causes.iter_mut().find(|(cause, _)| *cause == refusal.cause) {
            Some((_, count)) => *count += 1,
            None => causes.push((&refusal.cause, 1)),
        }
    }
    let causes: Vec<String> = causes
        .iter()
        .map(|(cause, count)| format!("{count} times: {cause}"))
        .collect();
    let evidence = format!(
        "Refused in the last day: {}. The last one on {}.",
        causes.join("; "),
        moment(last.at)
    );
    match proved.filter(|at| *at > last.at) {
        Some(_) => good(line, format!("{evidence} Webhooks have been proved since.")),
        None => bad(
            line,
            evidence,
            format!("{CLIENT_SECRET} Whoever else sends to the address is refused rightly."),
        ),
    }
}
