//! `/logout`.

use super::prelude::*;
use earmark_accounts::{SessionError, SessionRecords};

#[derive(Deserialize)]
pub(crate) struct LogoutForm {
    /// `on` ends the person's sessions in other browsers, too.
    #[serde(default)]
    everywhere: String,
}

/// Ends the session, or all of the person's.
pub(crate) async fn post(
    person: Person,
    Form(form): Form<LogoutForm>,
) -> Result<HttpResponse, Failed> {
    if form.everywhere == "on" {
        let sessions = SessionRecords::new(person.web().db().clone());
        let ended = sessions.revoke_all(person.user.id).await;
        ended.map_err(|error| match error {
            SessionError::Database(error) => error.into(),
            SessionError::State(_) => Failed::internal(error),
        })?;
    }
    person.log_out();
    Ok(see_other(&url::login()))
}
