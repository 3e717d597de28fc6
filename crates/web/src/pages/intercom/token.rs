//! `{intercom}/token`: the guided steps to an access token, and the form that takes it.

use super::super::prelude::*;
use super::oauth::reconnecting;
use super::{connected_words, region_words};
use actix_web::web::Query;
use earmark_connections::{ConnectError, HostMap, Region, TokenForm};
use earmark_model::{ConnectionId, Permission};

const NAME_MAX: usize = 80;
pub(super) const NAME_TOO_LONG: &str = "Choose a name of at most 80 characters, on one line.";

/// What is wrong with the name of a connection, if anything is. An empty one takes the Intercom workspace's.
pub(super) fn name_fault(name: &str) -> Option<&'static str> {
    let name = name.trim();
    let wrong = name.chars().count() > NAME_MAX || name.chars().any(char::is_control);
    wrong.then_some(NAME_TOO_LONG)
}

/// The steps and the form.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/token.html")]
pub struct TokenPage {
    /// The workspace's slug.
    pub ws: String,
    /// Opens the Developer Hub.
    pub developer_hub: String,
    /// What was typed as the connection's name.
    pub name: String,
    /// The regions to choose from.
    pub regions: Vec<RegionChoice>,
    /// The chosen region: `US`, `EU`, `AU`.
    pub region: String,
    /// The connection that is to get the token: its id and the name of its Intercom workspace.
    pub reconnect: Option<(String, String)>,
    /// What is wrong.
    pub errors: FormErrors,
}

/// A region to choose.
#[derive(Debug, Clone)]
pub struct RegionChoice {
    /// `US`, `EU`, `AU`.
    pub value: &'static str,
    /// Its name in words.
    pub label: &'static str,
    /// Where people there open Intercom: the host, with port and path when they are not the usual ones.
    pub host: String,
}

/// Where an app is made and looked after.
pub(super) fn developer_hub(hosts: &HostMap, region: Region) -> String {
    let mut hub = hosts.of(region).web.clone();
    if let Ok(mut path) = hub.path_segments_mut() {
        path.pop_if_empty()
            .extend(["a", "apps", "_", "developer-hub"]);
    }
    hub.into()
}

/// The regions to choose from.
pub(super) fn regions(hosts: &HostMap) -> Vec<RegionChoice> {
    let choice = |region: Region| {
        let web = &hosts.of(region).web;
        let host = web.host_str().unwrap_or_default();
        let path = web.path().trim_end_matches('/');
        RegionChoice {
            value: region.as_str(),
            label: region_words(region.as_str()),
            host: match web.port() {
                Some(port) => format!("{host}:{port}{path}"),
                None => format!("{host}{path}"),
            },
        }
    };
    Region::ALL.into_iter().map(choice).collect()
}

impl TokenPage {
    fn new(ws: &str, hosts: &HostMap, region: Region) -> Self {
        Self {
            ws: ws.to_owned(),
            developer_hub: developer_hub(hosts, region),
            regions: regions(hosts),
            name: String::new(),
            region: region.as_str().to_owned(),
            reconnect: None,
            errors: FormErrors::none(),
        }
    }

    /// The same for a connection that is there.
    async fn reconnecting(mut self, at: &At, id: Option<ConnectionId>) -> Result<Self, Failed> {
        if let Some(id) = id {
            let known = at.tenant().connection(id).await?.ok_or(Failed::NotFound)?;
            self.region = known.region;
            self.reconnect = Some((id.to_string(), known.app_name));
        }
        Ok(self)
    }

    fn title(&self) -> String {
        match &self.reconnect {
            Some((_, app_name)) => format!("An access token for {app_name}"),
            None => "Connect with an access token".to_owned(),
        }
    }
}

/// What the address says.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    reconnect: String,
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Sent {
    token: String,
    #[serde(default)]
    name: String,
    region: String,
    #[serde(default)]
    reconnect: String,
}

/// Shows the steps.
pub(crate) async fn get(at: At, asked: Query<Asked>) -> Result<HttpResponse, Failed> {
    let id = reconnecting(&asked.reconnect)?;
    let page = TokenPage::new(at.ws(), at.web().store().hosts(), Region::Us);
    let page = page.reconnecting(&at, id).await?;
    at.page(url::intercom_token(at.ws()), &page).await
}

/// Proves the token and stores it.
pub(crate) async fn post(at: At, Form(sent): Form<Sent>) -> Result<HttpResponse, Failed> {
    let Sent {
        token,
        name,
        region,
        reconnect,
    } = sent;
    let chosen: Region = region.parse().unwrap_or(Region::Us);
    let reconnect = reconnecting(&reconnect)?;
    let page = TokenPage::new(at.ws(), at.web().store().hosts(), chosen);
    let mut page = page.reconnecting(&at, reconnect).await?;
    page.region = chosen.as_str().to_owned();
    page.name = name.trim().to_owned();
    if let Some(fault) = name_fault(&page.name) {
        page.errors.add("name", fault);
    } else {
        let form = TokenForm {
            name,
            region: chosen,
            token,
            reconnect,
        };
        let store = at.web().store();
        match store.connect_with_token(at.id(), &at.actor(), form).await {
            Ok(connected) => {
                at.flash(Tone::Ok, connected_words(&connected, Some(chosen)))?;
                let id = connected.connection.to_string();
                return Ok(at.see_other(url::connection(at.ws(), &id)));
            }
            Err(ConnectError::Database(error)) => return Err(error.into()),
            Err(ConnectError::Missing) => return Err(Failed::NotFound),
            Err(error) => page.errors.add("token", error.to_string()),
        }
    }
    at.page_as(
        StatusCode::UNPROCESSABLE_ENTITY,
        url::intercom_token(at.ws()),
        &page,
    )
    .await
}

impl Page for TokenPage {
    const NAME: &'static str = "intercom/token";

    fn head(&self) -> Head {
        Head {
            title: self.title(),
            place: app(
                Current::Integrations,
                intercom_crumbs(&self.ws, "Access token"),
            ),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |name: &str, errors| Self {
            ws: "quillwater".to_owned(),
            developer_hub: "https://app.intercom.com/a/apps/_/developer-hub".to_owned(),
            name: name.to_owned(),
            regions: vec![RegionChoice {
                value: "EU",
                label: region_words("EU"),
                host: "app.eu.intercom.com".to_owned(),
            }],
            region: "EU".to_owned(),
            reconnect: None,
            errors,
        };
        let known = |app_name: &str| Some(("c1".to_owned(), app_name.to_owned()));
        let wrong =
            |why: ConnectError| page("Support EU", FormErrors::one("token", why.to_string()));
        let unreachable = ConnectError::Unreachable("it answered with status 503".to_owned());
        let mut several = FormErrors::one("token", ConnectError::NotAToken.to_string());
        several.add("name", NAME_TOO_LONG);
        vec![
            ("fresh", page("", FormErrors::none())),
            ("invalid", wrong(ConnectError::InvalidToken)),
            ("missing-permission", wrong(ConnectError::NeedsReadAdmins)),
            ("unreachable", wrong(unreachable)),
            ("several", page("", several)),
            (
                "reconnect",
                Self {
                    reconnect: known("Quillwater Support"),
                    ..wrong(ConnectError::AnotherWorkspace {
                        expected: "Quillwater Support".to_owned(),
                        found: "Fjordline Care".to_owned(),
                    })
                },
            ),
            ("hostile", page(HOSTILE, FormErrors::one("token", HOSTILE))),
            (
                "hostile-reconnect",
                Self {
                    reconnect: known(HOSTILE),
                    ..page(HOSTILE, FormErrors::none())
                },
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_and_developer_hub_are_where_the_installation_says() {
        let mut hosts = HostMap::intercom().unwrap();
        hosts
            .set_web(Some(Region::Us), "http://127.0.0.1:9099")
            .unwrap();
        let page = TokenPage::new("quillwater", &hosts, Region::Us);
        let shown: Vec<_> = page.regions.iter().map(|one| one.host.as_str()).collect();
        assert_eq!(
            shown,
            [
                "127.0.0.1:9099",
                "app.eu.intercom.com",
                "app.au.intercom.com"
            ]
        );
        assert!(
            page.developer_hub.starts_with("http://127.0.0.1:9099/a/"),
            "{}",
            page.developer_hub
        );
    }
}
