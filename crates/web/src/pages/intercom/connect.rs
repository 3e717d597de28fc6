//! `{intercom}/connect`: how to connect, and what Earmark asks for.

use super::super::prelude::*;
use earmark_model::Permission;

/// What connecting takes.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/connect.html")]
pub struct ConnectPage {
    /// The workspace's slug.
    pub ws: String,
}

impl ConnectPage {
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
            "Intercom wants it for some of the topics; Earmark changes nobody",
        ),
        Permission::ReadAdmins => ("user", "To prove the token and to show who applied a tag"),
    }
}

/// Shows the ways to connect.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    let page = ConnectPage {
        ws: at.ws().to_owned(),
    };
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
        let page = |ws: &str| Self { ws: ws.to_owned() };
        vec![("plain", page("quillwater")), ("hostile", page(HOSTILE))]
    }
}
