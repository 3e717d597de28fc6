//! Whoever asks, known or not.

use super::{Admitted, admitted, web_of};
use crate::failed::Failed;
use crate::page::Page;
use crate::render::{Context, Flash, Person as PersonView, Shell, Theme, render};
use crate::routes::Name;
use crate::session::{BROWSER, CSRF, FLASH};
use crate::state::Web;
use crate::ui::Tone;
use crate::url::is_inside;
use actix_session::{Session, SessionExt};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use earmark_accounts::{SESSION_USER, User};
use earmark_model::client_address;
use serde::{Deserialize, Serialize};
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::ops::Deref;
use std::rc::Rc;

/// The cookie with the theme.
pub(crate) const THEME: &str = "theme";
/// The cookie that says `off` when single-letter shortcuts are.
pub(crate) const SHORTCUTS: &str = "shortcuts";

/// What a browser tells with each request.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) theme: Theme,
    pub(crate) shortcuts: bool,
    here: String,
}

impl Browser {
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let cookie = |name| request.cookie(name);
        Self {
            theme: cookie(THEME).map_or(Theme::System, |c| Theme::parse(c.value())),
            shortcuts: cookie(SHORTCUTS).is_none_or(|c| c.value() != "off"),
            here: here(request),
        }
    }

    /// What surrounds a page outside a workspace.
    pub(crate) fn shell(
        &self,
        now: DateTime<Utc>,
        person: Option<PersonView>,
        csrf: String,
    ) -> Shell {
        Shell {
            context: Context { now, csrf },
            theme: self.theme,
            shortcuts: self.shortcuts,
            person,
            flash: None,
            workspaces: Vec::new(),
            workspace: None,
            here: self.here.clone(),
        }
    }
}

/// The path and query that a page is read at; for what is no page, the start. So it is for what Intercom sends somebody
/// back with, which works once and belongs in no page and no other address.
pub(super) fn here(request: &HttpRequest) -> String {
    if request.method().is_safe() && request.path() != Name::OAuthCallback.path() {
        let uri = request.uri();
        uri.path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned()
    } else {
        "/".to_owned()
    }
}

#[derive(Serialize, Deserialize)]
struct StoredFlash {
    tone: Tone,
    text: String,
}

/// Whoever asks: a session, in which somebody may be logged in.
pub(crate) struct Visitor {
    pub(super) web: Web,
    pub(super) session: Session,
    pub(super) request: HttpRequest,
    /// Who is logged in.
    pub(crate) user: Option<User>,
}

impl FromRequest for Visitor {
    type Error = Failed;
    type Future = Ready<Result<Self, Failed>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).map(|(visitor, _)| visitor))
    }
}

impl Visitor {
    pub(super) fn of(request: &HttpRequest) -> Result<(Self, Rc<Admitted>), Failed> {
        let admitted = admitted(request).ok_or_else(|| Failed::internal("no admission"))?;
        let visitor = Self {
            web: web_of(request)?.clone(),
            session: request.get_session(),
            request: request.clone(),
            user: admitted.user.clone(),
        };
        Ok((visitor, admitted))
    }

    /// The services.
    pub(crate) fn web(&self) -> &Web {
        &self.web
    }

    /// The time now.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.web.db().sources().now()
    }

    /// The client's address.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        let peer = self.request.peer_addr()?.ip();
        let lines = self.request.headers().get_all("x-forwarded-for");
        let lines = lines.filter_map(|line| line.to_str().ok());
        let trusted = &self.web.settings().trusted_proxies;
        Some(client_address(peer, lines, trusted))
    }

    /// What the browser tells.
    pub(crate) fn browser(&self) -> Browser {
        Browser::of(&self.request)
    }

    /// The token of this session's forms; a session without one gets one.
    pub(crate) fn csrf(&self) -> Result<String, Failed> {
        if let Some(token) = self.session.get(CSRF).ok().flatten() {
            return Ok(token);
        }
        let token = self.web.db().sources().token();
        self.session
            .insert(CSRF, &token)
            .map_err(Failed::internal)?;
        Ok(token)
    }

    /// The random value of this session, which what is begun at Intercom is bound to; a session without one gets one.
    pub(crate) fn browser_value(&self) -> Result<String, Failed> {
        if let Some(value) = self.known_browser_value() {
            return Ok(value);
        }
        let value = self.web.db().sources().token();
        let kept = self.session.insert(BROWSER, &value);
        kept.map_err(Failed::internal)?;
        Ok(value)
    }

    /// The random value of this session, if it has one.
    pub(crate) fn known_browser_value(&self) -> Option<String> {
        self.session.get(BROWSER).ok().flatten()
    }

    /// Logs in: the session gets a new key and a new token.
    pub(crate) fn log_in(&self, user: &User) -> Result<(), Failed> {
        let token = self.web.db().sources().token();
        self.session.clear();
        self.session.renew();
        let stored = self.session.insert(SESSION_USER, user.id);
        stored.map_err(Failed::internal)?;
        self.session.insert(CSRF, token).map_err(Failed::internal)
    }

    /// Ends the session.
    pub(crate) fn log_out(&self) {
        self.session.purge();
    }

    /// Keeps a message for the next page.
    pub(crate) fn flash(&self, tone: Tone, text: impl Into<String>) -> Result<(), Failed> {
        let text = text.into();
        let stored = self.session.insert(FLASH, StoredFlash { tone, text });
        stored.map_err(Failed::internal)
    }

    /// The message kept for this page. What htmx asks for shows no message, so it leaves it.
    fn take_flash(&self) -> Option<Flash> {
        if self.request.headers().contains_key("hx-request") || !self.session.contains_key(FLASH) {
            return None;
        }
        let StoredFlash { tone, text } = self.session.remove_as(FLASH)?.ok()?;
        Some(Flash { tone, text })
    }

    /// What surrounds a page of this visitor, outside a workspace.
    pub(super) fn shell(&self) -> Result<Shell, Failed> {
        let person = self.user.as_ref().map(shown);
        let shell = self.browser().shell(self.now(), person, self.csrf()?);
        Ok(Shell {
            flash: self.take_flash(),
            ..shell
        })
    }

    /// A page outside a workspace.
    pub(crate) fn page(&self, page: &impl Page) -> Result<HttpResponse, Failed> {
        self.page_as(StatusCode::OK, page)
    }

    /// A page outside a workspace with another status than 200.
    pub(crate) fn page_as(
        &self,
        status: StatusCode,
        page: &impl Page,
    ) -> Result<HttpResponse, Failed> {
        Ok(html(status, render(&self.shell()?, page)?))
    }
}

/// A person who is logged in.
pub(crate) struct Person {
    pub(super) visitor: Visitor,
    /// Who.
    pub(crate) user: User,
}

impl FromRequest for Person {
    type Error = Failed;
    type Future = Ready<Result<Self, Failed>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Visitor::of(request).and_then(|(visitor, _)| {
            let user = visitor.user.clone();
            let user = user.ok_or_else(|| Failed::internal("a public route asks for a person"))?;
            Ok(Self { visitor, user })
        }))
    }
}

impl Deref for Person {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.visitor
    }
}

/// The person of a request, for the shell of an error page.
#[derive(Clone)]
struct Seen {
    person: PersonView,
    csrf: String,
}

/// Notes who asks, because an error page is made when the session is closed already.
pub(super) fn note(request: &HttpRequest, user: &User) {
    let csrf = request.get_session().get(CSRF).ok().flatten();
    let seen = Seen {
        person: shown(user),
        csrf: csrf.unwrap_or_default(),
    };
    request.extensions_mut().insert(seen);
}

/// Who was noted, and the token of their session's forms.
pub(crate) fn noted(request: &HttpRequest) -> (Option<PersonView>, String) {
    match request.extensions().get::<Seen>().cloned() {
        Some(Seen { person, csrf }) => (Some(person), csrf),
        None => (None, String::new()),
    }
}

fn shown(user: &User) -> PersonView {
    PersonView {
        name: user.name.clone(),
        email: user.email.clone(),
    }
}

pub(super) fn html(status: StatusCode, html: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(html)
}

/// Sends the browser to a path inside the app; anything else becomes the start.
pub(crate) fn see_other(target: &str) -> HttpResponse {
    let target = if is_inside(target) { target } else { "/" };
    HttpResponse::SeeOther()
        .insert_header((LOCATION, target))
        .finish()
}
