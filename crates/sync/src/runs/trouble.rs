//! What a run does when Intercom refuses a step or cannot answer: it goes on with what is behind it, and says so.

use super::RunHandler;
use super::pass::{Pass, Stop};
use super::place::Step;
use earmark_connections::with_request;
use earmark_intercom::Error;
use earmark_model::SecretId;

/// How often a step is tried again that Intercom refuses, before it is left out.
const REFUSALS: u8 = 5;
/// How often a page is asked for that Intercom has trouble with while it answers otherwise: half an hour long.
const TROUBLES: u8 = 60;

impl RunHandler {
    /// Deals with a refusal that would come again. What lacks a permission is left out at once, what may have been a mishap
    /// after some tries, so that the steps behind it have their turn; a run that is for nothing without it fails.
    pub(super) async fn refused(
        &self,
        pass: &mut Pass<'_>,
        secret: SecretId,
        error: Error,
    ) -> Result<(), Stop> {
        pass.reload().await?;
        let Some(step) = pass.place.steps.first().cloned() else {
            return Err(error.into());
        };
        let is_certain = matches!(
            error,
            Error::PermissionMissing { .. } | Error::Refused { .. }
        ) || pass.place.troubles >= TROUBLES;
        if !is_certain && pass.place.refusals < REFUSALS {
            pass.place.refusals += 1;
            pass.keep_place(1).await?;
            return Err(error.into());
        }
        let needed = Some(step.permission());
        self.store
            .note_failure(pass.workspace, pass.connection, secret, needed, &error)
            .await?;
        let why = with_request(&error);
        if step.is_vital(pass.kind) {
            (pass.place.refusals, pass.place.troubles) = (0, 0);
            pass.keep_place(1).await?;
            return Err(Stop::Failed(why));
        }
        if matches!(step, Step::Vanished { .. }) {
            pass.place.unclear = i64::MAX;
        }
        pass.skip(format!("{} were left out: {why}", step.words()))
            .await
    }

    /// Counts a trouble with what is asked for next, as long as Intercom answers otherwise: what it never can answer must not
    /// keep everything behind it waiting. A single record is left to the next run after some tries, a page after many.
    pub(super) async fn troubled(
        &self,
        pass: &mut Pass<'_>,
        secret: SecretId,
        error: Error,
    ) -> Result<(), Stop> {
        if pass.client.me().await.is_err() {
            return Err(error.into());
        }
        pass.reload().await?;
        pass.place.troubles = pass.place.troubles.saturating_add(1);
        pass.keep_place(1).await?;
        match pass.place.troubles >= TROUBLES {
            true => self.refused(pass, secret, error).await,
            false => Err(error.into()),
        }
    }
}
