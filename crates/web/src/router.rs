//! The router, made from the routes table.

use crate::assets;
use crate::failed::{self, Failed};
use crate::guard::admit;
use crate::pages;
use crate::routes::{Guard, Method, Name, ROUTES, Route as Row};
use crate::session;
use crate::state::Web;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Resource, Route, guard};

/// All pages, to be configured after everything else: they answer every path that nothing before them took.
pub fn routes(web: Web) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        let (around, data) = (web.clone(), Data::new(web.clone()));
        let mut outer = web::scope("").app_data(data);
        let mut inner = web::scope("");
        for path in paths() {
            // What is asked for all the time needs no session.
            if [Name::Static.path(), Name::Health.path()].contains(&path) {
                outer = outer.service(resource(path));
            } else {
                inner = inner.service(resource(path));
            }
        }
        let inner = inner
            .default_service(admitted(Guard::Public, web::to(no_page)))
            .wrap(session::middleware(&web));
        let outer = outer.service(inner).wrap(from_fn(move |request, next| {
            failed::layer(around.clone(), request, next)
        }));
        config.service(outer);
    }
}

/// The paths of the table, each once, in its order.
fn paths() -> Vec<&'static str> {
    let mut paths: Vec<&str> = Vec::new();
    for Row { path, .. } in ROUTES {
        if !paths.contains(path) {
            paths.push(path);
        }
    }
    paths
}

fn resource(path: &'static str) -> Resource {
    let rows = ROUTES.iter().filter(|row| row.path == path);
    let resource = web::resource(path).default_service(web::to(wrong_method));
    rows.fold(resource, |resource, row| {
        let route = match row.method {
            Method::Get => Route::new().guard(guard::Any(guard::Get()).or(guard::Head())),
            Method::Post => web::post(),
        };
        resource.route(admitted(row.guard, handler(row.name, route)))
    })
}

fn admitted(guard: Guard, route: Route) -> Route {
    route.wrap(from_fn(move |request, next| admit(guard, request, next)))
}

async fn no_page() -> Result<HttpResponse, Failed> {
    Err(Failed::NotFound)
}

async fn wrong_method() -> Result<HttpResponse, Failed> {
    Err(Failed::WrongMethod)
}

/// Joins a row with its handler.
#[expect(clippy::too_many_lines, reason = "a line for each route")]
fn handler(name: Name, route: Route) -> Route {
    use pages::{
        auth, companies, contacts, conversations, events, home, inbox, insights, intercom, login,
        logout, preferences, privacy, products, sign_up, tickets, workspaces,
    };
    match name {
        Name::Home => route.to(home::get),
        Name::Health => route.to(home::health),
        Name::Static => route.to(assets::get),
        Name::SignUp => route.to(sign_up::get),
        Name::SignUpPost => route.to(sign_up::post),
        Name::Login => route.to(login::get),
        Name::LoginPost => route.to(login::post),
        Name::Logout => route.to(logout::post),
        Name::Preferences => route.to(preferences::get),
        Name::PreferencesPost => route.to(preferences::post),
        Name::Workspaces => route.to(workspaces::get),
        Name::WorkspaceNew => route.to(workspaces::new),
        Name::WorkspaceNewPost => route.to(workspaces::new_post),

        Name::OAuthCallback => route.to(auth::callback),

        Name::Inbox => route.to(inbox::get),
        Name::InboxRows => route.to(inbox::rows),
        Name::Events => route.to(events::get),
        Name::Ticket => route.to(tickets::get),
        Name::TicketPost => route.to(tickets::post),
        Name::CommentPost => route.to(tickets::comment),
        Name::AttachmentsRefresh => route.to(tickets::refresh),

        Name::Insights => route.to(insights::get),
        Name::Contacts => route.to(contacts::get),
        Name::ContactsCsv => route.to(contacts::csv),
        Name::ContactsJson => route.to(contacts::jsonl),
        Name::Contact => route.to(contacts::contact::get),
        Name::Companies => route.to(companies::get),
        Name::CompaniesCsv => route.to(companies::csv),
        Name::CompaniesJson => route.to(companies::jsonl),
        Name::Company => route.to(companies::company::get),
        Name::ConversationsJson => route.to(conversations::jsonl),

        Name::Products => route.to(products::get),
        Name::ProductCreate => route.to(products::create),
        Name::ProductRename => route.to(products::rename),
        Name::ProductArchive => route.to(products::archive),
        Name::ProductUnarchive => route.to(products::unarchive),
        Name::Feedback => route.to(products::feedback::get),
        Name::FeedbackPost => route.to(products::feedback::post),
        Name::FeedbackPreview => route.to(products::feedback::preview::post),
        Name::TagsRefresh => route.to(products::feedback::refresh),

        Name::Privacy => route.to(privacy::get),
        Name::PrivacyPost => route.to(privacy::post),

        Name::Intercom => route.to(intercom::get),
        Name::IntercomConnect => route.to(intercom::connect::get),
        Name::IntercomToken => route.to(intercom::token::get),
        Name::IntercomTokenPost => route.to(intercom::token::post),
        Name::OAuthBegin => route.to(intercom::oauth::post),
        Name::OwnApp => route.to(intercom::app::get),
        Name::OwnAppPost => route.to(intercom::app::post),
        Name::OwnAppSecret => route.to(intercom::app::secret),
        Name::OwnAppRemove => route.to(intercom::app::remove),
        Name::Connection => route.to(intercom::connection::get),
        Name::ConnectionCheck => route.to(intercom::connection::check),
        Name::ConnectionSecret => route.to(intercom::connection::secret),
        Name::ConnectionFeedback => route.to(intercom::connection::feedback),
        Name::ConnectionRename => route.to(intercom::connection::rename),
        Name::Disconnect => route.to(intercom::disconnect::get),
        Name::DisconnectPost => route.to(intercom::disconnect::post),
        Name::Actions => route.to(intercom::actions::get),
        Name::Action => route.to(intercom::actions::action::get),
        Name::ActionPost => route.to(intercom::actions::action::post),
        Name::ActionRuns => route.to(intercom::actions::runs::get),
        Name::ActionRun => route.to(intercom::actions::runs::open::get),
        Name::ActionDownload => route.to(intercom::actions::runs::open::download),
        Name::ActionStop => route.to(intercom::actions::runs::open::stop),
        Name::ConnectionErase => route.to(intercom::connection::erase),
        Name::Doctor => route.to(intercom::doctor::get),
        Name::DoctorPost => route.to(intercom::doctor::post),
        Name::Deliveries => route.to(intercom::deliveries::get),
        Name::Calls => route.to(intercom::calls::get),
        Name::Activity => route.to(intercom::activity::get),
        Name::Runs => route.to(intercom::runs::get),
        Name::Run => route.to(intercom::runs::run::get),
        Name::RunReport => route.to(intercom::runs::run::download::get),
        Name::RunAsk => route.to(intercom::runs::ask),
        Name::RunPause => route.to(intercom::runs::run::moves::pause),
        Name::RunResume => route.to(intercom::runs::run::moves::resume),
        Name::RunRetry => route.to(intercom::runs::run::moves::retry),
        Name::RunTickets => route.to(intercom::runs::run::moves::tickets),
        Name::RunCancelAsk => route.to(intercom::runs::run::cancel::get),
        Name::RunCancel => route.to(intercom::runs::run::cancel::post),
        Name::ConnectionContacts => route.to(intercom::connection::contacts),
    }
}
