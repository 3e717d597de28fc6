//! The doctor's nightly rounds.

use async_trait::async_trait;
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use earmark_db::Db;
use earmark_db::across::DoctorRound;
use earmark_jobs::Recurring;
use earmark_model::{ConnectionId, Job};

/// The night begins then, UTC.
const NIGHT_FROM: NaiveTime = NaiveTime::from_hms_opt(1, 0, 0).expect("one o'clock is a time");
/// How long the rounds are spread over, in seconds.
const NIGHT_SECONDS: u128 = 4 * 3_600;
/// Rounds that one look asks for; the next look finds the others.
const AT_ONCE: u64 = 200;

/// Asks for a round of the doctor for every connection once a night, each at a time of its own between 01:00 and 05:00
/// UTC. One that was missed, because no process ran, is asked for as soon as one does.
#[derive(Debug, Clone, Copy)]
pub struct NightlyDoctor;

#[async_trait]
impl Recurring for NightlyDoctor {
    fn name(&self) -> &'static str {
        "nightly doctor"
    }

    async fn enqueue_due(&self, db: &Db) -> earmark_db::Result<usize> {
        let mut asked = 0;
        for round in db.across().doctor_rounds(AT_ONCE).await? {
            asked += usize::from(enqueue(db, round).await?);
        }
        Ok(asked)
    }
}

/// Asks for a round that is due and plans the next one; says whether it asked.
async fn enqueue(db: &Db, round: DoctorRound) -> earmark_db::Result<bool> {
    let DoctorRound {
        workspace,
        connection,
        created_at,
        next_at,
    } = round;
    let now = db.sources().now();
    let due = next_at.unwrap_or_else(|| after(connection, created_at));
    let is_due = due <= now;
    let next = if is_due { after(connection, now) } else { due };
    let tx = db.begin().await?;
    let tenant = tx.workspace(workspace);
    if !tenant.plan_doctor_round(connection, next_at, next).await? {
        return Ok(false);
    }
    if is_due {
        let job = Job::Doctor {
            connection,
            only: None,
            nightly: true,
        };
        tenant.enqueue(&job).await?;
    }
    tx.commit().await?;
    Ok(is_due)
}

/// The connection's first time in a night after `now`.
fn after(connection: ConnectionId, now: DateTime<Utc>) -> DateTime<Utc> {
    // The last bits of an id are random.
    let seconds = i64::try_from(connection.0.as_u128() % NIGHT_SECONDS).unwrap_or(0);
    let today = now.date_naive().and_time(NIGHT_FROM).and_utc() + TimeDelta::seconds(seconds);
    if today > now {
        today
    } else {
        today.checked_add_days(Days::new(1)).unwrap_or(today)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn each_connection_has_a_time_of_its_own_in_the_night() {
        let now: DateTime<Utc> = "2026-11-25T12:00:00Z".parse().unwrap();
        let id = |n| ConnectionId(Uuid::from_u128(n));
        let next = after(id(90), now);
        assert_eq!(next.to_rfc3339(), "2026-11-26T01:01:30+00:00");
        assert_eq!(after(id(90), next), next + TimeDelta::days(1));
        assert_eq!(after(id(90), next - TimeDelta::seconds(1)), next);
        let last = after(id(NIGHT_SECONDS - 1), now);
        assert_eq!(last.to_rfc3339(), "2026-11-26T04:59:59+00:00");
    }
}
