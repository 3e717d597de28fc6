//! `/auth/intercom/callback`: where Intercom's Authorize page leads back.

use super::intercom::connected_words;
use super::prelude::*;
use actix_web::web::Query;
use earmark_oauth::{Answer, Finished, Problem, Refused, Visit};

/// Where to begin again.
#[derive(Debug, Clone)]
pub enum Again {
    /// It is not known where it was begun, or the reader is not at home there.
    Unplaced,
    /// A connection was to be made.
    Connect {
        /// The workspace's slug.
        ws: String,
    },
    /// A connection was to be reconnected.
    Reconnect {
        /// The workspace's slug.
        ws: String,
        /// The connection's id.
        connection: String,
    },
}

/// Why coming back from Intercom made no connection: what happened, what was kept, and a way on.
#[derive(Debug, Template)]
#[template(path = "pages/auth/problem.html")]
pub struct OAuthProblemPage {
    /// What happened.
    pub problem: Problem,
    /// The way on.
    pub again: Again,
}

impl OAuthProblemPage {
    const fn title(&self) -> &'static str {
        match self.problem {
            Problem::Denied => "Access was not granted",
            Problem::Expired => "This took too long",
            Problem::Replayed => "This was done before",
            Problem::Tampered => "This did not come from Earmark",
            Problem::OtherBrowser => "This was begun elsewhere",
            Problem::OtherPerson => "This was begun by someone else",
            Problem::NotAllowed => "You may not connect Intercom here",
            Problem::AppGone => "The OAuth app is gone",
            Problem::ConnectionGone => "The connection is gone",
            Problem::Erasing => "The copy is still being erased",
            Problem::Uninstalled => "The app was being uninstalled",
            Problem::CodeRefused => "Intercom refused the code",
            Problem::IntercomDown(_) => "Intercom cannot be reached",
            Problem::RateLimited(_) => "Intercom asks to wait",
            Problem::AnotherWorkspace { .. } => "This is another Intercom workspace",
            Problem::MissingReadAdmins => "A permission is missing",
            Problem::Unexpected(_) | Problem::Sealed(_) | Problem::Database(_) => {
                "Intercom's answer was not understood"
            }
        }
    }

    fn happened(&self) -> String {
        match &self.problem {
            Problem::IntercomDown(why) => {
                format!("You granted access, but Intercom could not be asked for it: {why}.")
            }
            Problem::RateLimited(seconds) => format!(
                "Intercom takes no more calls at the moment. Start again in {seconds} seconds."
            ),
            Problem::AnotherWorkspace { expected, found } => format!(
                "The connection is one to {expected}, but at Intercom you chose {found}. Choose {expected} there to \
                 reconnect, or connect {found} as another connection."
            ),
            Problem::Unexpected(why) => {
                format!("Intercom said something that Earmark cannot use: {why}.")
            }
            other => in_words(other).to_owned(),
        }
    }

    const fn kept(&self) -> &'static str {
        match (&self.problem, &self.again) {
            (Problem::Replayed, _) => {
                "If it worked the first time, the connection is there. Nothing else was changed."
            }
            (_, Again::Reconnect { .. }) => {
                "The connection is as it was before. No new credentials were kept."
            }
            _ => "Nothing was stored and nothing was changed.",
        }
    }

    const fn status(&self) -> StatusCode {
        match self.problem {
            Problem::Denied => StatusCode::OK,
            Problem::Expired
            | Problem::Replayed
            | Problem::Tampered
            | Problem::OtherBrowser
            | Problem::OtherPerson => StatusCode::BAD_REQUEST,
            Problem::NotAllowed => StatusCode::FORBIDDEN,
            Problem::AppGone
            | Problem::ConnectionGone
            | Problem::Erasing
            | Problem::Uninstalled
            | Problem::CodeRefused
            | Problem::AnotherWorkspace { .. }
            | Problem::MissingReadAdmins => StatusCode::UNPROCESSABLE_ENTITY,
            Problem::IntercomDown(_)
            | Problem::RateLimited(_)
            | Problem::Unexpected(_)
            | Problem::Sealed(_)
            | Problem::Database(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// What happened, where no more is to be said than that.
const fn in_words(problem: &Problem) -> &'static str {
    match problem {
        Problem::Denied => {
            "Intercom sent you back without granting access, as it does when “Deny” is pressed."
        }
        Problem::Expired => {
            "More than ten minutes passed between leaving Earmark and coming back, so the request is no longer valid."
        }
        Problem::Replayed => {
            "Each request to connect works once, and this one was used already. That happens when the page is reloaded \
             or opened from the history."
        }
        Problem::Tampered => {
            "The address carries no request of this Earmark, or one that was changed on the way."
        }
        Problem::OtherBrowser => {
            "The request was made in another browser, or before you last signed in. If you did not make it, somebody \
             may have tried to have you connect their Intercom."
        }
        Problem::OtherPerson => {
            "Another person made the request. Each person connects with their own sign-in."
        }
        Problem::NotAllowed => {
            "Only owners and admins of the workspace connect Intercom, and you are none of them now."
        }
        Problem::AppGone => {
            "The OAuth app that the request was made with was removed or replaced meanwhile."
        }
        Problem::ConnectionGone => "The connection that was to be reconnected is no longer there.",
        Problem::Erasing => {
            "What was copied from this Intercom workspace is still being erased. Connect again when that is finished: \
             the connection's page shows how far it is."
        }
        Problem::Uninstalled => {
            "While you were at Intercom, the last connection through this app was disconnected, and Intercom was told to \
             uninstall the app. That ends what you had just granted. Start again: it works now."
        }
        Problem::CodeRefused => {
            "Intercom did not accept the code it gave, or does not know the app's client ID and secret. A code works \
             once and for a short time."
        }
        Problem::MissingReadAdmins => {
            "The app lacks the permission Read admins, which tells Earmark whose Intercom workspace this is. Whoever \
             looks after the app ticks it in the Developer Hub, under Authentication."
        }
        Problem::IntercomDown(_)
        | Problem::RateLimited(_)
        | Problem::AnotherWorkspace { .. }
        | Problem::Unexpected(_)
        | Problem::Sealed(_)
        | Problem::Database(_) => "Something failed on our side.",
    }
}

/// What Intercom appends to the address.
#[derive(Deserialize)]
pub(crate) struct Sent {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
}

/// Makes the connection that was asked for, or says why there is none.
pub(crate) async fn callback(person: Person, sent: Query<Sent>) -> Result<HttpResponse, Failed> {
    let Sent { state, code, error } = sent.into_inner();
    let answer = Answer { state, code, error };
    let visit = Visit {
        user: person.user.id,
        browser: person.known_browser_value(),
        address: person.address(),
    };
    let memberships = person.web().accounts().memberships(person.user.id).await?;
    let slug = |workspace| {
        let found = memberships.iter().find(|one| one.workspace.id == workspace);
        found.map(|one| one.workspace.slug.clone())
    };
    match person.web().oauth().finish(answer, visit).await {
        Ok(finished) => {
            let Finished {
                workspace,
                chosen,
                connected,
            } = finished;
            let ws = slug(workspace).ok_or(Failed::NotFound)?;
            person.flash(Tone::Ok, connected_words(&connected, chosen))?;
            let id = connected.connection.to_string();
            Ok(see_other(&url::connection(&ws, &id)))
        }
        Err(Refused {
            problem: Problem::Database(error),
            ..
        }) => Err(error.into()),
        Err(Refused {
            problem: Problem::Sealed(error),
            ..
        }) => Err(Failed::internal(error)),
        Err(Refused {
            problem,
            workspace,
            reconnect,
        }) => {
            tracing::warn!(user = %person.user.id, %problem, "an authorization made no connection");
            let again = match (workspace.and_then(slug), reconnect) {
                (Some(ws), Some(connection)) => Again::Reconnect {
                    ws,
                    connection: connection.to_string(),
                },
                (Some(ws), None) => Again::Connect { ws },
                (None, _) => Again::Unplaced,
            };
            let page = OAuthProblemPage { problem, again };
            person.page_as(page.status(), &page)
        }
    }
}

impl Page for OAuthProblemPage {
    const NAME: &'static str = "auth/problem";

    fn head(&self) -> Head {
        Head {
            title: self.title().to_owned(),
            place: Place::Plain,
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let connect = || Again::Connect {
            ws: "quillwater".to_owned(),
        };
        let reconnect = || Again::Reconnect {
            ws: "quillwater".to_owned(),
            connection: "c1".to_owned(),
        };
        let another = |found: &str| Problem::AnotherWorkspace {
            expected: "Quillwater Support".to_owned(),
            found: found.to_owned(),
        };
        let down = "it answered with status 503".to_owned();
        let odd = "it holds no access token".to_owned();
        [
            ("denied", Problem::Denied, connect()),
            ("expired", Problem::Expired, connect()),
            ("replayed", Problem::Replayed, connect()),
            ("tampered", Problem::Tampered, Again::Unplaced),
            ("other-browser", Problem::OtherBrowser, Again::Unplaced),
            ("other-person", Problem::OtherPerson, Again::Unplaced),
            ("not-allowed", Problem::NotAllowed, Again::Unplaced),
            ("app-gone", Problem::AppGone, connect()),
            ("connection-gone", Problem::ConnectionGone, connect()),
            ("erasing", Problem::Erasing, connect()),
            ("uninstalled", Problem::Uninstalled, connect()),
            ("code-refused", Problem::CodeRefused, connect()),
            ("intercom-down", Problem::IntercomDown(down), connect()),
            ("rate-limited", Problem::RateLimited(9), connect()),
            ("another-workspace", another("Fjordline Care"), reconnect()),
            ("read-admins", Problem::MissingReadAdmins, reconnect()),
            ("unexpected", Problem::Unexpected(odd), connect()),
            ("hostile", another(HOSTILE), reconnect()),
        ]
        .into_iter()
        .map(|(name, problem, again)| (name, Self { problem, again }))
        .collect()
    }
}
