//! `/` and `/healthz`.

use super::prelude::*;
use crate::state::Web;
use actix_web::web::Data;

/// Sends a visitor to their only workspace's inbox, to the list of their workspaces, or to the login.
pub(crate) async fn get(visitor: Visitor) -> Result<HttpResponse, Failed> {
    let Some(user) = &visitor.user else {
        return Ok(see_other(&url::login()));
    };
    let memberships = visitor.web().accounts().memberships(user.id).await?;
    Ok(see_other(&match memberships.as_slice() {
        [only] => url::inbox(&only.workspace.slug),
        _ => url::workspaces(),
    }))
}

/// Says `ok` when the database answers.
pub(crate) async fn health(web: Data<Web>) -> Result<HttpResponse, Failed> {
    web.db().ping().await?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ok"))
}
