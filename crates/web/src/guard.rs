//! Who asks: admission by the routes table, and what handlers are given of it.

mod at;
mod visitor;

pub(crate) use at::At;
pub(crate) use visitor::{Browser, Person, SHORTCUTS, THEME, Visitor, noted, see_other};

use crate::failed::Failed;
use crate::form::NUL;
use crate::routes::Guard;
use crate::state::Web;
use actix_session::SessionExt;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, web};
use earmark_accounts::{Member, SESSION_USER, User};
use earmark_model::{Right, UserId};
use std::rc::Rc;

/// What admission found out; handlers get it through [`Visitor`], [`Person`] and [`At`].
#[derive(Clone)]
struct Admitted {
    user: Option<User>,
    member: Option<Member>,
}

/// Lets a request through to its handler when its row of the routes table allows it.
pub(crate) async fn admit(
    guard: Guard,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match check(guard, request.request()).await {
        Ok(admitted) => {
            request.extensions_mut().insert(Rc::new(admitted));
            Ok(next.call(request).await?.map_into_boxed_body())
        }
        Err(failed) => Ok(request.error_response(failed)),
    }
}

async fn check(guard: Guard, request: &HttpRequest) -> Result<Admitted, Failed> {
    let uri = request.uri();
    if uri.path().contains(NUL) {
        return Err(Failed::NotFound);
    }
    if uri.query().is_some_and(|query| query.contains(NUL)) {
        return Err(Failed::nul());
    }
    let web = web_of(request)?;
    let id = request.get_session().get::<UserId>(SESSION_USER);
    let user = match id.ok().flatten() {
        Some(id) => web.accounts().user(id).await?,
        None => None,
    };
    if let Some(user) = &user {
        visitor::note(request, user);
    }
    let right = match guard {
        Guard::Public => return Ok(Admitted { user, member: None }),
        Guard::Person | Guard::Member(_) if user.is_none() => return Err(log_in(request)),
        Guard::Person => return Ok(Admitted { user, member: None }),
        Guard::Member(right) => right,
    };
    let slug = request.match_info().get("ws").unwrap_or_default();
    let id = user.as_ref().map(|user| user.id).ok_or(Failed::NotFound)?;
    let member = Member::load(web.db(), id, slug).await?;
    let member = member.ok_or(Failed::NotFound)?;
    if !member.may(right) {
        return Err(forbidden(web, &member, right).await?);
    }
    Ok(Admitted {
        user,
        member: Some(member),
    })
}

/// That a role is too low, with who may.
async fn forbidden(web: &Web, member: &Member, right: Right) -> Result<Failed, Failed> {
    let members = web.db().workspace(member.workspace().id).members().await?;
    let who = members.into_iter().filter(|member| member.role.may(right));
    Ok(Failed::Forbidden {
        right,
        who: who.map(|member| member.name).collect(),
    })
}

/// To the login, and back here when it was a page.
fn log_in(request: &HttpRequest) -> Failed {
    let next = if request.method().is_safe() {
        visitor::here(request)
    } else {
        String::new()
    };
    Failed::LogIn { next }
}

fn web_of(request: &HttpRequest) -> Result<&Web, Failed> {
    let data = request.app_data::<web::Data<Web>>();
    data.map(|data| data.get_ref())
        .ok_or_else(|| Failed::internal("no Web in the app's data"))
}

fn admitted(request: &HttpRequest) -> Option<Rc<Admitted>> {
    request.extensions().get::<Rc<Admitted>>().cloned()
}
