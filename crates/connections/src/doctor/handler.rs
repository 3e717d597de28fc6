//! The doctor as a job.

use super::Doctor;
use async_trait::async_trait;
use earmark_intercom::Lane;
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, Job};

/// Runs `doctor` jobs: with a person waiting before other calls, at night with those that are spare.
#[derive(Debug, Clone)]
pub struct DoctorHandler(pub Doctor);

#[async_trait]
impl Handler for DoctorHandler {
    async fn run(&self, job: &ClaimedJob) -> Verdict {
        let Job::Doctor {
            connection,
            only,
            nightly,
        } = &job.job
        else {
            return Verdict::Fail("not for the doctor".to_owned());
        };
        let lane = if *nightly {
            Lane::Backfill
        } else {
            Lane::Interactive
        };
        let examined = self
            .0
            .examine(job.workspace, *connection, only.as_ref(), lane);
        examined.await.map_or_else(Verdict::from, |_| Verdict::Done)
    }
}
