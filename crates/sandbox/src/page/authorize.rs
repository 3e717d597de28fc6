//! The page on which a teammate of a workspace lets an OAuth app in, or does not.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue, LOCATION};
use actix_web::web::{Data, Form, Query};
use askama::Template;
use serde::Deserialize;
use url::Url;

use super::guard::policy_with;
use super::show;
use crate::host::Host;
use crate::shared::Shared;
use crate::state::State;
use crate::state::app::App;

#[derive(Template)]
#[template(path = "pages/sandbox/authorize.html")]
struct AuthorizePage {
    base: &'static str,
    name: String,
    ask: Ask,
    /// Where the answer leads, without path and query.
    goes_to: String,
    workspaces: Vec<Place>,
    permissions: Vec<String>,
    unchosen: bool,
}

/// A workspace to choose.
struct Place {
    app_id: String,
    name: String,
    region: &'static str,
    who: String,
    installed: bool,
}

#[derive(Template)]
#[template(path = "pages/sandbox/authorize_refused.html")]
struct RefusedPage {
    why: String,
}

/// What an app sends the browser with. Intercom knows no scope, and other parameters are passed over.
#[derive(Clone, Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    client_id: String,
    state: Option<String>,
    redirect_uri: Option<String>,
}

impl Ask {
    /// The app and where to go back to. On an error there is nowhere to redirect to: it must be shown here.
    fn check<'a>(&self, state: &'a State) -> Result<(&'a App, Url), String> {
        let app = state
            .apps
            .iter()
            .find(|app| app.client_id == self.client_id);
        let Some((app, oauth)) = app.and_then(|app| Some((app, app.oauth.as_ref()?))) else {
            return Err("No OAuth app here has the client id that was sent.".to_owned());
        };
        let registered = &oauth.redirect_uris;
        let chosen = match self.redirect_uri.as_deref().filter(|uri| !uri.is_empty()) {
            Some(wanted) => registered
                .iter()
                .find(|uri| *uri == wanted)
                .ok_or_else(|| {
                    format!("{wanted} is not among the redirect URLs of {}.", app.name)
                })?,
            None => registered
                .first()
                .ok_or_else(|| format!("{} has no redirect URL yet.", app.name))?,
        };
        let url = Url::parse(chosen).map_err(|_| format!("{chosen} is not a URL."))?;
        Ok((app, url))
    }

    /// The redirect with the answer, and the state as it came.
    fn answer(&self, mut to: Url, name: &str, value: &str) -> HttpResponse {
        to.query_pairs_mut().append_pair(name, value);
        if let Some(state) = &self.state {
            to.query_pairs_mut().append_pair("state", state);
        }
        HttpResponse::SeeOther()
            .insert_header((LOCATION, to.as_str()))
            .finish()
    }
}

fn refused(why: String) -> HttpResponse {
    show(StatusCode::BAD_REQUEST, &RefusedPage { why })
}

pub(super) async fn page(shared: Data<Shared>, host: Host, req: HttpRequest) -> HttpResponse {
    match Query::<Ask>::from_query(req.query_string()) {
        Ok(ask) => render(&shared, host, ask.into_inner(), false),
        Err(error) => refused(format!("The request cannot be read: {error}.")),
    }
}

fn render(shared: &Shared, host: Host, ask: Ask, unchosen: bool) -> HttpResponse {
    let state = shared.lock();
    let (app, redirect) = match ask.check(&state) {
        Ok(found) => found,
        Err(why) => return refused(why),
    };
    let origin = redirect.origin().ascii_serialization();
    let workspaces = host.workspaces(&state).map(|workspace| Place {
        app_id: workspace.app_id.clone(),
        name: workspace.name.clone(),
        region: workspace.region.word(),
        who: workspace
            .admins
            .first()
            .map_or_else(String::new, |admin| admin.name.clone()),
        installed: app.lives_in(&workspace.app_id),
    });
    let page = AuthorizePage {
        base: host.base(),
        name: app.name.clone(),
        goes_to: origin.clone(),
        workspaces: workspaces.collect(),
        permissions: app.permissions.iter().map(|one| one.words()).collect(),
        unchosen,
        ask,
    };
    drop(state);
    let status = match unchosen {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    let mut response = show(status, &page);
    // Browsers hold the redirect that answers a form against the policy, too.
    if let Ok(policy) = HeaderValue::try_from(policy_with(&origin)) {
        response
            .headers_mut()
            .insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[derive(Deserialize)]
pub(super) struct DecisionForm {
    client_id: String,
    state: Option<String>,
    redirect_uri: Option<String>,
    app_id: Option<String>,
    decision: String,
}

/// Goes back to the app with a code, or with the error of a denial, whose form Intercom does not document.
pub(super) async fn decide(
    shared: Data<Shared>,
    host: Host,
    form: Form<DecisionForm>,
) -> HttpResponse {
    let DecisionForm {
        client_id,
        state,
        redirect_uri,
        app_id,
        decision,
    } = form.into_inner();
    let ask = Ask {
        client_id,
        state,
        redirect_uri,
    };
    let redirect = match ask.check(&shared.lock()) {
        Ok((_, redirect)) => redirect,
        Err(why) => return refused(why),
    };
    if decision != "authorize" {
        return ask.answer(redirect, "error", "access_denied");
    }
    let code = shared.word();
    let granted = shared.change(|state, now, _| {
        let app_id = app_id?;
        host.workspace(state, &app_id)?;
        state.grant(code.clone(), &ask.client_id, &app_id, now);
        Some(())
    });
    match granted {
        Some(()) => ask.answer(redirect, "code", &code),
        None => render(&shared, host, ask, true),
    }
}
