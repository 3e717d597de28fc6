//! `{intercom}/connect`: how to connect, and what Earmark asks for.

use super::super::prelude::*;
use super::region_words;
use super::token::{NAME_TOO_LONG, RegionChoice, regions};
use earmark_connections::Region;
use earmark_model::Permission;

/// The OAuth app that a connection would be made through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppChoice {
    /// There is none.
    None,
    /// The installation's.
    Installation,
    /// The workspace's own, which takes precedence.
    Own,
}

impl AppChoice {
    /// The app of a workspace.
    pub(crate) async fn of(at: &At) -> earmark_db::Result<Self> {
        Ok(if at.tenant().oauth_app().await?.is_some() {
            Self::Own
        } else if at.web().store().installation_app().is_some() {
            Self::Installation
        } else {
            Self::None
        })
    }
}

/// What connecting takes.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/connect.html")]
pub struct ConnectPage {
    /// The workspace's slug.
    pub ws: String,
    /// The OAuth app to connect through.
    pub app: AppChoice,
    /// The regions to choose from.
    pub regions: Vec<RegionChoice>,
    /// The chosen region: `US`, `EU`, `AU`.
    pub region: String,
    /// What was typed as the connection's name.
    pub name: String,
    /// What is wrong.
    pub errors: FormErrors,
}

impl ConnectPage {
    pub(super) async fn load(at: &At, region: Region) -> Result<Self, Failed> {
        Ok(Self {
            ws: at.ws().to_owned(),
            app: AppChoice::of(at).await?,
            regions: regions(at.web().store().hosts()),
            region: region.as_str().to_owned(),
            name: String::new(),
            errors: FormErrors::none(),
        })
    }

    /// What Earmark asks for: each permission with its picture and what it is for.
    fn asks() -> impl Iterator<Item = (Permission, &'static str, &'static str)> {
        Permission::ALL.iter().map(|&permission| {
            let (icon, why) = purpose(permission);
            (permission, icon, why)
        })
    }
}

/// The picture of a permission, and what Earmark does with it.
const fn purpose(permission: Permission) -> (&'static str, &'static str) {
    match permission {
        Permission::ReadConversations => (
            "inbox",
            "Tagged ones become tickets. What Intercom sends of others stays in the log of deliveries",
        ),
        Permission::ReadTags => ("tag", "To choose the trigger tags from"),
        Permission::ReadListUsersCompanies | Permission::ReadOneUserCompany => {
            ("users", "To show who wrote, and for whom they work")
        }
        Permission::ReadWriteUsers => (
            "users",
            "Intercom wants it for some of the topics; nobody is changed unless your team runs an action",
        ),
        Permission::ReadAdmins => ("user", "To prove the token and to show who applied a tag"),
    }
}

/// Shows the ways to connect.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    let page = ConnectPage::load(&at, Region::Us).await?;
    at.page(url::intercom_connect(at.ws()), &page).await
}

impl Page for ConnectPage {
    const NAME: &'static str = "intercom/connect";

    fn head(&self) -> Head {
        Head {
            title: "Connect Intercom".to_owned(),
            place: app(Current::Integrations, intercom_crumbs(&self.ws, "Connect")),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let region = |region: Region, host: &str| RegionChoice {
            value: region.as_str(),
            label: region_words(region.as_str()),
            host: host.to_owned(),
        };
        let page = |app, name: &str, errors| Self {
            ws: "quillwater".to_owned(),
            app,
            regions: vec![
                region(Region::Us, "app.intercom.com"),
                region(Region::Eu, "app.eu.intercom.com"),
                region(Region::Au, "app.au.intercom.com"),
            ],
            region: "EU".to_owned(),
            name: name.to_owned(),
            errors,
        };
        let wrong = || FormErrors::one("name", NAME_TOO_LONG);
        let installation = AppChoice::Installation;
        vec![
            ("plain", page(installation, "", FormErrors::none())),
            ("own-app", page(AppChoice::Own, "", FormErrors::none())),
            ("no-app", page(AppChoice::None, "", FormErrors::none())),
            ("wrong", page(installation, "", wrong())),
            ("hostile", page(installation, HOSTILE, wrong())),
        ]
    }
}
