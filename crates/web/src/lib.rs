//! The pages people see: routes, guards, forms, view models.
//!
//! A page is a struct beside its handler and a template of the same path. The struct holds plain values; the renderer puts
//! it into its layout and injects time, CSRF token, person, navigation and flash.

pub mod assets;
mod failed;
mod form;
mod guard;
pub mod html;
pub mod page;
pub mod pages;
pub mod render;
mod router;
pub mod routes;
pub mod security;
mod session;
mod state;
pub mod ui;
pub mod url;

pub use router::routes;
pub use state::{Settings, Web};
