//! `{intercom}/oauth`: sends a member to Intercom's Authorize page.

use super::super::prelude::*;
use super::connect::ConnectPage;
use super::token::name_fault;
use actix_web::http::header::LOCATION;
use earmark_connections::Region;
use earmark_model::ConnectionId;
use earmark_oauth::{BeginError, Wish};

/// What the forms send: that of the connect page, and the buttons of a connection.
#[derive(Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    region: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    reconnect: String,
}

/// Begins at Intercom.
pub(crate) async fn post(at: At, Form(sent): Form<Sent>) -> Result<HttpResponse, Failed> {
    let Sent {
        region,
        name,
        reconnect,
    } = sent;
    let region: Region = region.parse().unwrap_or(Region::Us);
    let name = name.trim().to_owned();
    let reconnect = reconnecting(&reconnect)?;
    if let Some(fault) = name_fault(&name) {
        let mut page = ConnectPage::load(&at, region).await?;
        page.name = name;
        page.errors.add("name", fault);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return at
            .page_as(status, url::intercom_connect(at.ws()), &page)
            .await;
    }
    let wish = Wish {
        workspace: at.id(),
        user: at.user.id,
        browser: at.browser_value()?,
        region,
        name,
        reconnect,
    };
    match at.web().oauth().begin(wish).await {
        Ok(page) => Ok(HttpResponse::SeeOther()
            .insert_header((LOCATION, page.as_str()))
            .finish()),
        Err(BeginError::NoApp) => Ok(at.see_other(url::intercom_connect(at.ws()))),
        Err(BeginError::Missing) => Err(Failed::NotFound),
        Err(error @ (BeginError::Sealed(_) | BeginError::Signing(_))) => {
            Err(Failed::internal(error))
        }
        Err(BeginError::Database(error)) => Err(error.into()),
    }
}

/// The connection that a form or an address names as the one to be reconnected; empty names none.
pub(super) fn reconnecting(id: &str) -> Result<Option<ConnectionId>, Failed> {
    if id.is_empty() {
        return Ok(None);
    }
    let id = id.parse();
    id.map(Some).map_err(|_| Failed::NotFound)
}
