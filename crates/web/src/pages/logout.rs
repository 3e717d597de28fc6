//! `/logout`.

use super::prelude::*;

/// Ends the session.
pub(crate) async fn post(person: Person, _: Form<Nothing>) -> HttpResponse {
    person.log_out();
    see_other(&url::login())
}
