//! `/preferences`.

use super::prelude::*;
use crate::guard::{SHORTCUTS, THEME};
use crate::render::Theme;
use crate::url::is_inside;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::web::Query;

/// Theme and shortcuts of the reader.
#[derive(Debug, Template)]
#[template(path = "pages/preferences.html")]
pub struct PreferencesPage {
    /// The colours.
    pub theme: Theme,
    /// Whether single-letter shortcuts are on.
    pub shortcuts: bool,
    /// Where to go back to, a path inside the app.
    pub back: String,
}

impl Page for PreferencesPage {
    const NAME: &'static str = "preferences";

    fn head(&self) -> Head {
        Head {
            title: "Preferences".to_owned(),
            place: Place::Plain,
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |back: &str, shortcuts| Self {
            theme: Theme::Dark,
            shortcuts,
            back: back.to_owned(),
        };
        vec![
            ("on", page("/w/quillwater/inbox", true)),
            ("hostile", page(HOSTILE, false)),
        ]
    }
}

#[derive(Deserialize)]
pub(crate) struct PreferencesQuery {
    #[serde(default)]
    back: String,
}

#[derive(Deserialize)]
pub(crate) struct PreferencesForm {
    #[serde(default)]
    theme: Option<String>,
    /// Sent as `off`, and once more as `on` when the switch is on.
    #[serde(default)]
    shortcuts: Vec<String>,
    #[serde(default)]
    back: String,
}

/// The form.
pub(crate) async fn get(
    person: Person,
    query: Query<PreferencesQuery>,
) -> Result<HttpResponse, Failed> {
    let browser = person.browser();
    person.page(&PreferencesPage {
        theme: browser.theme,
        shortcuts: browser.shortcuts,
        back: query.into_inner().back,
    })
}

/// Keeps in cookies what was sent: the menu sends the theme alone.
pub(crate) async fn post(
    person: Person,
    Form(form): Form<PreferencesForm>,
) -> Result<HttpResponse, Failed> {
    let PreferencesForm {
        theme,
        shortcuts,
        back,
    } = form;
    let mut response = see_other(&if is_inside(&back) {
        back
    } else {
        url::preferences()
    });
    let secure = person.web().settings().secure_cookies;
    let mut keep = |name, value: &'static str| {
        let cookie = Cookie::build(name, value)
            .path("/")
            .secure(secure)
            .http_only(true)
            .same_site(SameSite::Lax)
            .max_age(Duration::days(365))
            .finish();
        response.add_cookie(&cookie).map_err(Failed::internal)
    };
    if let Some(theme) = theme {
        keep(THEME, Theme::parse(&theme).as_str())?;
    }
    if let Some(shortcuts) = shortcuts.last() {
        keep(SHORTCUTS, if shortcuts == "off" { "off" } else { "on" })?;
    }
    Ok(response)
}
