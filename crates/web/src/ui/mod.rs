//! Components: small typed parts that templates call as `ui::icon("inbox")`. Each has a template in `templates/components`.

mod form;
mod json;
mod marks;
mod pager;
mod tabs;
mod time;

pub use form::{Choice, FieldError, FormErrors, Select, TextField, error_summary, select, text};
pub use json::payload;
pub use marks::{
    Tone, avatar, icon, outcome_pill, pill, product_mark, status_pill, status_tone, tag, topic,
    workspace_mark,
};
pub use pager::{Pager, pager};
pub use tabs::{ConnectionTabs, connection_tabs};
pub use time::{ago, exact, time};

use crate::render::Context;
use askama::filters::HtmlSafe;
use askama::{FastWritable, Template, Values};
use std::fmt;

/// Marks component templates as HTML, so that the template that holds them does not escape them again.
macro_rules! components {
    ($($name:ty),+ $(,)?) => { $(impl askama::filters::HtmlSafe for $name {})+ };
}
pub(crate) use components;

/// The hidden field that proves a form came from our own page.
#[derive(Debug, Clone, Copy)]
pub struct Csrf;

/// The hidden field with the session's CSRF token; stands in every form that posts.
#[must_use]
pub const fn csrf() -> Csrf {
    Csrf
}

impl FastWritable for Csrf {
    fn write_into(&self, out: &mut dyn fmt::Write, values: &dyn Values) -> askama::Result<()> {
        let context = Context::of(values)?;
        let field = CsrfField {
            token: &context.csrf,
        };
        field.render_into(out)
    }
}

impl fmt::Display for Csrf {
    /// Fails: without the renderer there is no token, and a form without one is useless.
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

impl HtmlSafe for Csrf {}

#[derive(Template)]
#[template(path = "components/csrf.html")]
struct CsrfField<'a> {
    token: &'a str,
}

/// A button that copies the text or value of another element.
#[derive(Debug, Template)]
#[template(path = "components/copy.html")]
pub struct Copy<'a> {
    target: &'a str,
    quiet: bool,
    label: &'a str,
}

/// A copy button that joins the field it copies; `target` is the field's id.
#[must_use]
pub const fn copy(target: &str) -> Copy<'_> {
    Copy {
        target,
        quiet: false,
        label: "Copy",
    }
}

/// A quiet copy button; `target` is the id of what it copies.
#[must_use]
pub const fn copy_quiet<'a>(target: &'a str, label: &'a str) -> Copy<'a> {
    Copy {
        target,
        quiet: true,
        label,
    }
}

components!(Copy<'_>);
