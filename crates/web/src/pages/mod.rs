//! The pages, by URL.

pub mod auth;
pub mod companies;
pub mod contacts;
pub(crate) mod conversations;
mod download;
pub mod error;
pub(crate) mod events;
pub(crate) mod home;
pub mod inbox;
pub mod insights;
pub mod intercom;
pub mod login;
pub(crate) mod logout;
pub mod people;
pub mod preferences;
pub mod privacy;
pub mod products;
pub mod sign_up;
pub mod tickets;
pub mod workspaces;

/// What the pages' templates call, and their handlers use.
mod prelude {
    pub(super) use crate::failed::Failed;
    pub(super) use crate::form::{AnyForm, Form, Nothing};
    pub(super) use crate::guard::{At, Person, Visitor, see_other};
    pub(super) use crate::page::{Crumb, Current, HOSTILE, Head, Main, Page, Place, sample_ago};
    pub(super) use crate::ui::{self, Choice, FormErrors, Tone};
    pub(super) use crate::url;
    pub(super) use actix_web::HttpResponse;
    pub(super) use actix_web::http::StatusCode;
    pub(super) use askama::Template;
    pub(super) use chrono::{DateTime, Utc};
    pub(super) use serde::Deserialize;

    /// The place of a page of a workspace that scrolls as a whole.
    pub(super) fn app(current: Current, crumbs: Vec<Crumb>) -> Place {
        Place::App {
            current,
            crumbs,
            main: Main::Scroll,
        }
    }

    /// A product's page of the products' settings.
    pub(super) fn product_crumbs(ws: &str, name: &str) -> Vec<Crumb> {
        vec![
            Crumb::link("Products", url::products(ws)),
            Crumb::here(name),
        ]
    }

    /// The crumbs of a page below the list of connections.
    pub(super) fn intercom_crumbs(ws: &str, here: &str) -> Vec<Crumb> {
        vec![
            Crumb::link("Intercom", url::intercom(ws)),
            Crumb::here(here),
        ]
    }
}
