//! The renderer: puts a page into its layout and injects what every page needs.

use crate::page::{Current, Head, Main, Page, Place};
use crate::ui::Tone;
use crate::{assets, html::SafeHtml, ui, url};
use askama::{Template, Values};
use chrono::{DateTime, Utc};
use earmark_model::Role;
use std::any::Any;

/// What components may ask for while a page renders.
#[derive(Debug, Clone)]
pub struct Context {
    /// The time the page is rendered at.
    pub now: DateTime<Utc>,
    /// The session's CSRF token.
    pub csrf: String,
}

impl Context {
    const KEY: &'static str = "context";

    /// The context of the page being rendered.
    ///
    /// # Errors
    /// When a template is rendered without the renderer.
    pub(crate) fn of(values: &dyn Values) -> askama::Result<&Self> {
        askama::get_value(values, Self::KEY)
    }
}

impl Values for Context {
    fn get_value<'a>(&'a self, key: &str) -> Option<&'a dyn Any> {
        (key == Self::KEY).then_some(self)
    }
}

/// The colours a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system has them.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// Every theme with its shown name.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::System, "System"),
        (Self::Light, "Light"),
        (Self::Dark, "Dark"),
    ];

    /// The text in cookie and form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads a cookie or form value; anything unknown is the system's.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let found = Self::ALL
            .into_iter()
            .find(|(theme, _)| theme.as_str() == text);
        found.map_or(Self::System, |(theme, _)| theme)
    }
}

/// The signed-in person.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
}

/// A message about what was just done, shown once.
#[derive(Debug, Clone)]
pub struct Flash {
    /// How it went.
    pub tone: Tone,
    /// In words.
    pub text: String,
}

/// A workspace in the switcher.
#[derive(Debug, Clone)]
pub struct WorkspaceLink {
    /// Its name in URLs.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// A product in the sidebar.
#[derive(Debug, Clone)]
pub struct NavProduct {
    /// Its name in URLs.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its tickets with a status of the category new.
    pub new: u64,
}

/// The workspace a page stands in.
#[derive(Debug, Clone)]
pub struct WorkspaceNav {
    /// Its name in URLs.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The reader's role.
    pub role: Role,
    /// New tickets.
    pub new: u64,
    /// Tickets assigned to the reader whose status is not closed.
    pub mine: u64,
    /// The products that are not archived.
    pub products: Vec<NavProduct>,
    /// Whether Intercom refuses the credentials of a connection.
    pub intercom_refused: bool,
    /// What is wrong with the connections, if anything is.
    pub banner: Option<Banner>,
}

/// What stands over every page of a workspace while a connection does not work: the worst of them.
#[derive(Debug, Clone)]
pub struct Banner {
    /// How bad it is.
    pub tone: Tone,
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub name: String,
    /// Its status in words.
    pub status: &'static str,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What broke, what that stops and the cure, in sentences.
    pub note: String,
    /// What the reader can do.
    pub fix: Fix,
    /// How many more connections do not work.
    pub more: usize,
}

/// What a reader can do about a connection.
#[derive(Debug, Clone)]
pub enum Fix {
    /// Reconnect it on Intercom's Authorize page.
    Authorize,
    /// Reconnect it with another access token.
    Paste,
    /// Check it again.
    Check,
    /// Ask one of these people, by name.
    Ask(Vec<String>),
}

/// What surrounds every page.
#[derive(Debug, Clone)]
pub struct Shell {
    /// Time and CSRF token.
    pub context: Context,
    /// The colours.
    pub theme: Theme,
    /// Whether single-letter shortcuts are on.
    pub shortcuts: bool,
    /// Who is signed in.
    pub person: Option<Person>,
    /// The message to show once.
    pub flash: Option<Flash>,
    /// The person's workspaces.
    pub workspaces: Vec<WorkspaceLink>,
    /// The workspace of this page.
    pub workspace: Option<WorkspaceNav>,
    /// The path and query of this page, to come back to after a change of preferences.
    pub here: String,
}

/// The parts of the sidebar that change while a page stands open.
#[derive(Debug, Template)]
#[template(path = "components/nav.html")]
pub struct Nav<'a> {
    workspace: &'a WorkspaceNav,
    current: &'a Current,
    oob: bool,
}

impl<'a> Nav<'a> {
    /// The navigation as an out-of-band part of an answer to htmx.
    #[must_use]
    pub const fn out_of_band(workspace: &'a WorkspaceNav, current: &'a Current) -> Self {
        Self {
            workspace,
            current,
            oob: true,
        }
    }

    fn is_product(&self, slug: &str) -> bool {
        matches!(self.current, Current::Product(current) if current == slug)
    }
}

/// The banner's place, empty while all is well.
#[derive(Debug, Template)]
#[template(path = "components/banner.html")]
pub struct BannerPlace<'a> {
    workspace: &'a WorkspaceNav,
    oob: bool,
}

impl<'a> BannerPlace<'a> {
    /// The banner as an out-of-band part of an answer to htmx.
    #[must_use]
    pub const fn out_of_band(workspace: &'a WorkspaceNav) -> Self {
        Self {
            workspace,
            oob: true,
        }
    }

    /// The status's words within a sentence.
    fn status(&self, words: &str) -> String {
        let (first, rest) = words.split_at_checked(1).unwrap_or((words, ""));
        format!("{}{rest}", first.to_lowercase())
    }

    /// Who can help.
    fn who(&self, names: &[String]) -> String {
        match names {
            [] => "An owner or admin can fix this.".to_owned(),
            [one] => format!("{one} can fix this."),
            [first @ .., last] => format!("{} or {last} can fix this.", first.join(", ")),
        }
    }
}

ui::components!(Nav<'_>, BannerPlace<'_>);

#[derive(Template)]
#[template(path = "layouts/app.html")]
struct AppDocument<'a> {
    shell: &'a Shell,
    workspace: &'a WorkspaceNav,
    head: &'a Head,
    nav: Nav<'a>,
    banner: BannerPlace<'a>,
    crumbs: &'a [crate::page::Crumb],
    fill: bool,
    body: SafeHtml,
}

#[derive(Template)]
#[template(path = "layouts/plain.html")]
struct PlainDocument<'a> {
    shell: &'a Shell,
    head: &'a Head,
    gate: bool,
    body: SafeHtml,
}

/// Renders a page inside its layout.
///
/// # Errors
/// When a template fails, or when a page of a workspace is rendered without one.
pub fn render<P: Page>(shell: &Shell, page: &P) -> askama::Result<String> {
    let body = SafeHtml::from_sanitised(page.render_with_values(&shell.context)?);
    let head = page.head();
    match &head.place {
        Place::App {
            current,
            crumbs,
            main,
        } => {
            let workspace = shell
                .workspace
                .as_ref()
                .ok_or(askama::Error::ValueMissing)?;
            let document = AppDocument {
                shell,
                workspace,
                head: &head,
                nav: Nav {
                    workspace,
                    current,
                    oob: false,
                },
                banner: BannerPlace {
                    workspace,
                    oob: false,
                },
                crumbs,
                fill: *main == Main::Fill,
                body,
            };
            document.render_with_values(&shell.context)
        }
        Place::Gate | Place::Plain => {
            let document = PlainDocument {
                shell,
                head: &head,
                gate: matches!(head.place, Place::Gate),
                body,
            };
            document.render_with_values(&shell.context)
        }
    }
}

/// Renders a part of a page, for htmx.
///
/// # Errors
/// When the template fails.
pub fn render_part(context: &Context, part: &impl Template) -> askama::Result<String> {
    part.render_with_values(context)
}
