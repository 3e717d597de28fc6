//! What a page is, and the gallery of every page in its sample states.

use crate::render::{
    Banner, Context, Fix, Flash, NavProduct, Person, Shell, Theme, WorkspaceLink, WorkspaceNav,
    render,
};
use crate::ui::Tone;
use askama::Template;
use chrono::{DateTime, Utc};
use earmark_model::Role;

/// A page: a template with a title and a place in the app, and the states it can be in.
pub trait Page: Template + Sized {
    /// Its name in the gallery, which is that of its template.
    const NAME: &'static str;

    /// Title and place.
    fn head(&self) -> Head;

    /// The states worth looking at. One is named `hostile` and holds [`HOSTILE`] wherever people can write.
    fn samples() -> Vec<(&'static str, Self)>;
}

/// Title and place of a page.
#[derive(Debug, Clone)]
pub struct Head {
    /// The title, without the workspace's name.
    pub title: String,
    /// Where it stands.
    pub place: Place,
}

/// The layout a page stands in.
#[derive(Debug, Clone)]
pub enum Place {
    /// Signing up and logging in.
    Gate,
    /// A page outside a workspace.
    Plain,
    /// A page of a workspace.
    App {
        /// The marked entry of the sidebar.
        current: Current,
        /// The way here, after the workspace's name.
        crumbs: Vec<Crumb>,
        /// How the page fills the window.
        main: Main,
    },
}

/// The entry of the sidebar that a page belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Current {
    /// The inbox.
    Inbox,
    /// The tickets assigned to the reader.
    Mine,
    /// A product's tickets, by its slug.
    Product(String),
    /// What tickets tell together.
    Insights,
    /// The contacts.
    Contacts,
    /// The companies.
    Companies,
    /// The connections.
    Integrations,
    /// The products' settings.
    Products,
    /// Retention and removals.
    Privacy,
}

/// How a page fills the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Main {
    /// Scrolls as a whole.
    Scroll,
    /// Its panes scroll.
    Fill,
}

/// One step of the way to a page.
#[derive(Debug, Clone)]
pub struct Crumb {
    /// Shown.
    pub label: String,
    /// Where it leads; `None` for the page itself.
    pub href: Option<String>,
}

impl Crumb {
    /// A step with a link.
    pub fn link(label: impl Into<String>, href: String) -> Self {
        Self {
            label: label.into(),
            href: Some(href),
        }
    }

    /// The page itself.
    pub fn here(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: None,
        }
    }
}

/// What a hostile visitor types; must never stand raw in a page.
pub const HOSTILE: &str = "<script>alert(1)</script>";

/// A rendered sample.
#[derive(Debug, Clone)]
pub struct GalleryEntry {
    /// The page's name, such as `inbox`.
    pub page: &'static str,
    /// The sample's name, such as `empty`.
    pub sample: &'static str,
    /// The whole document.
    pub html: String,
}

/// The time that the samples are made around.
#[must_use]
pub fn sample_now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_773_312_120, 0).unwrap_or_default()
}

/// A sample time, some seconds before [`sample_now`].
#[must_use]
pub fn sample_ago(seconds: i64) -> DateTime<Utc> {
    sample_now() - chrono::TimeDelta::seconds(seconds)
}

/// The shell that samples are rendered in; `name` stands for workspace, product and person where it is given.
fn sample_shell(hostile: bool) -> Shell {
    let or = |name: &str| if hostile { HOSTILE } else { name }.to_owned();
    let product = |slug: &str, name: &str, new| NavProduct {
        slug: slug.to_owned(),
        name: or(name),
        new,
    };
    let link = |slug: &str, name: &str| WorkspaceLink {
        slug: slug.to_owned(),
        name: or(name),
    };
    Shell {
        context: Context {
            now: sample_now(),
            csrf: "sample-csrf-token".to_owned(),
        },
        theme: Theme::System,
        shortcuts: true,
        person: Some(Person {
            name: or("Priya Raman"),
            email: or("priya@quillwater.example"),
        }),
        flash: hostile.then(|| Flash {
            tone: Tone::Ok,
            text: or(""),
        }),
        workspaces: vec![
            link("quillwater", "Quillwater"),
            link("harrow-lane", "Harrow Lane"),
        ],
        workspace: Some(WorkspaceNav {
            slug: "quillwater".to_owned(),
            name: or("Quillwater"),
            role: Role::Owner,
            new: 12,
            mine: 3,
            products: vec![
                product("ledger", "Ledger", 7),
                product("invoicing", "Invoicing", 4),
                product("payroll", "Payroll", 0),
                product("mobile", "Mobile", 1),
            ],
            intercom_refused: false,
            banner: hostile.then(|| Banner {
                name: or(""),
                note: or(""),
                fix: Fix::Ask(vec![or("")]),
                more: 2,
                ..sample_banner(Tone::Bad)
            }),
        }),
        here: "/w/quillwater/inbox".to_owned(),
    }
}

/// The banner of a connection that is degraded, or else refused.
fn sample_banner(tone: Tone) -> Banner {
    let (status, note, fix) = match tone {
        Tone::Warn => (
            "Degraded",
            "The permission Read tags is missing: threads, names and tags cannot be fetched. Tick it under Authentication \
             in your app in the Developer Hub, then check again.",
            Fix::Check,
        ),
        _ => (
            "Needs reconnecting",
            "Intercom refuses the access token (token_revoked). Webhooks still arrive, but threads, names and tags cannot \
             be fetched. Paste a new one to go on.",
            Fix::Authorize,
        ),
    };
    Banner {
        tone,
        connection: "c1".to_owned(),
        name: "Support EU".to_owned(),
        status,
        since: sample_ago(7_500),
        note: note.to_owned(),
        fix,
        more: 0,
    }
}

fn entries<P: Page>(into: &mut Vec<GalleryEntry>) -> askama::Result<()> {
    for (sample, page) in P::samples() {
        let mut shell = sample_shell(sample == "hostile");
        if let Some(workspace) = &mut shell.workspace {
            match sample {
                "degraded" => workspace.banner = Some(sample_banner(Tone::Warn)),
                // With a page that fills the window, too.
                "refused" | "no-match" => workspace.banner = Some(sample_banner(Tone::Bad)),
                _ => {}
            }
        }
        match page.head().place {
            Place::Gate => shell.person = None,
            Place::Plain | Place::App { .. } => {}
        }
        into.push(GalleryEntry {
            page: P::NAME,
            sample,
            html: render(&shell, &page)?,
        });
    }
    Ok(())
}

macro_rules! pages {
    ($($page:ty),+ $(,)?) => {
        /// Every page in each of its samples, rendered.
        ///
        /// # Errors
        /// When a template fails.
        pub fn gallery() -> askama::Result<Vec<GalleryEntry>> {
            let mut all = Vec::new();
            $(entries::<$page>(&mut all)?;)+
            Ok(all)
        }
    };
}

pages! {
    crate::pages::login::LoginPage,
    crate::pages::sign_up::SignUpPage,
    crate::pages::preferences::PreferencesPage,
    crate::pages::workspaces::WorkspacesPage,
    crate::pages::workspaces::WorkspaceNewPage,
    crate::pages::inbox::InboxPage,
    crate::pages::tickets::TicketPage,
    crate::pages::insights::InsightsPage,
    crate::pages::contacts::ContactsPage,
    crate::pages::contacts::contact::ContactPage,
    crate::pages::companies::CompaniesPage,
    crate::pages::companies::company::CompanyPage,
    crate::pages::products::ProductsPage,
    crate::pages::products::feedback::FeedbackPage,
    crate::pages::privacy::PrivacyPage,
    crate::pages::intercom::IntercomPage,
    crate::pages::intercom::connect::ConnectPage,
    crate::pages::intercom::token::TokenPage,
    crate::pages::intercom::app::OwnAppPage,
    crate::pages::auth::OAuthProblemPage,
    crate::pages::intercom::connection::ConnectionPage,
    crate::pages::intercom::disconnect::DisconnectPage,
    crate::pages::intercom::deliveries::DeliveriesPage,
    crate::pages::intercom::actions::ActionsPage,
    crate::pages::intercom::actions::action::ActionPage,
    crate::pages::intercom::actions::runs::RunsPage,
    crate::pages::intercom::actions::runs::open::RunPage,
    crate::pages::intercom::doctor::DoctorPage,
    crate::pages::intercom::activity::ActivityPage,
    crate::pages::intercom::runs::RunsPage,
    crate::pages::intercom::runs::run::RunPage,
    crate::pages::intercom::runs::run::cancel::CancelPage,
    crate::pages::intercom::calls::CallsPage,
    crate::pages::error::ErrorPage,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_page_renders_every_sample_and_escapes_what_people_write() {
        let all = gallery().unwrap();
        let pages: HashSet<_> = all.iter().map(|entry| entry.page).collect();
        let hostile: HashSet<_> = all
            .iter()
            .filter(|entry| entry.sample == "hostile")
            .map(|entry| entry.page)
            .collect();
        assert_eq!(pages, hostile, "each page has a hostile sample");
        for GalleryEntry { page, sample, html } in &all {
            let at = format!("{page}/{sample}");
            assert!(!html.contains(HOSTILE), "{at}: raw markup");
            assert_eq!(html.matches("<h1").count(), 1, "{at}: one h1");
            assert_eq!(html.matches("<main").count(), 1, "{at}: one main");
            for banned in [
                " style=",
                "<style",
                " onclick=",
                " onchange=",
                "javascript:",
            ] {
                assert!(!html.contains(banned), "{at}: {banned}");
            }
            assert!(!html.contains("<script>"), "{at}: inline script");
        }
        for entry in all.iter().filter(|entry| entry.sample == "hostile") {
            assert!(
                html_escaped(&entry.html),
                "{}: hostile text is missing",
                entry.page
            );
        }
    }

    fn html_escaped(html: &str) -> bool {
        html.contains("&#60;script&#62;alert(1)")
    }

    #[test]
    fn ids_are_unique_and_posting_forms_prove_their_origin() {
        for GalleryEntry { page, sample, html } in gallery().unwrap() {
            let mut seen = HashSet::new();
            for id in html
                .split(" id=\"")
                .skip(1)
                .filter_map(|rest| rest.split('"').next())
            {
                assert!(seen.insert(id.to_owned()), "{page}/{sample}: id {id} twice");
            }
            for form in html.split("<form").skip(1) {
                let form = form.split("</form>").next().unwrap();
                let posts = form.split('>').next().unwrap().contains("method=\"post\"");
                assert_eq!(
                    posts,
                    form.contains("name=\"csrf\""),
                    "{page}/{sample}: {form}"
                );
            }
        }
    }

    /// The elements inside of the one with this id.
    fn inside<'a>(html: &'a str, id: &str) -> Option<&'a str> {
        let part = &html[html.find(&format!(" id=\"{id}\""))?..];
        let mut depth = 1;
        let mut at = part.find('>')?;
        while depth > 0 {
            let next = at + part[at..].find("div")?;
            match &part[..next] {
                before if before.ends_with("</") => depth -= 1,
                before if before.ends_with('<') => depth += 1,
                _ => {}
            }
            at = next + 3;
        }
        Some(&part[..at])
    }

    #[test]
    fn what_is_replaced_while_it_is_looked_at_keeps_the_focus() {
        let mut seen = HashSet::new();
        for GalleryEntry { page, sample, html } in gallery().unwrap() {
            for id in ["run-live", "previews"] {
                let Some(part) = inside(&html, id) else {
                    continue;
                };
                seen.insert(page);
                for tag in part.split('<').filter_map(|rest| rest.split('>').next()) {
                    let takes_focus = ["a ", "button ", "select ", "summary"]
                        .iter()
                        .any(|name| tag.starts_with(name));
                    let has_id = tag.contains(" id=\"");
                    assert!(!takes_focus || has_id, "{page}/{sample}: no id: <{tag}>");
                }
            }
        }
        let live = [
            "companies/list",
            "contacts/list",
            "intercom/connection",
            "intercom/run",
            "intercom/runs",
            "products/feedback",
        ];
        assert_eq!(seen, HashSet::from(live));
    }

    /// Writes the gallery into the target folder, for looking at it in a browser.
    #[test]
    fn the_gallery_can_be_looked_at() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/gallery");
        std::fs::create_dir_all(&folder).unwrap();
        for GalleryEntry { page, sample, html } in gallery().unwrap() {
            let name = format!("{}--{sample}.html", page.replace('/', "-"));
            std::fs::write(folder.join(name), html).unwrap();
        }
    }
}
