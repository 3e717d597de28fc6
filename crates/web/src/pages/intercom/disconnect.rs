//! `{intercom}/{connection}/disconnect`: asks before it forgets a connection.

use super::super::prelude::*;
use super::products_of;
use earmark_connections::{Mirrored, Uninstalled};
use earmark_db::tenant::Connection;
use earmark_model::{ConnectionStatus, Method};

/// The question, with the workspace's name to type.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/disconnect.html")]
pub struct DisconnectPage {
    /// The workspace's slug.
    pub ws: String,
    /// The workspace's name, to be typed.
    pub workspace: String,
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub name: String,
    /// How it is connected.
    pub method: Method,
    /// The products that get tickets through it, by name.
    pub products: Vec<String>,
    /// Whether erasing what was copied is chosen.
    pub erase: bool,
    /// What is wrong.
    pub errors: FormErrors,
}

impl DisconnectPage {
    async fn load(at: &At, connection: &Connection) -> Result<Self, Failed> {
        let products = products_of(at, connection.id).await?;
        Ok(Self {
            ws: at.ws().to_owned(),
            workspace: at.workspace().name.clone(),
            connection: connection.id.to_string(),
            name: connection.name.clone(),
            method: connection.via.method(),
            products: products.into_iter().map(|(_, name)| name).collect(),
            erase: false,
            errors: FormErrors::none(),
        })
    }

    fn here(&self) -> String {
        url::disconnect(&self.ws, &self.connection)
    }

    fn hint(&self) -> String {
        format!("Type {} to confirm.", self.workspace)
    }
}

/// What is wrong with a confirmation that is not the workspace's name.
pub(super) fn mistyped(workspace: &str) -> String {
    format!("This is not the workspace's name. Type {workspace}.")
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Sent {
    confirm: String,
    /// `erase`, or else it is kept.
    #[serde(default)]
    mirrored: String,
}

impl Sent {
    fn mirrored(&self) -> Mirrored {
        match self.mirrored.as_str() {
            "erase" => Mirrored::Erase,
            _ => Mirrored::Keep,
        }
    }
}

/// Asks.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?;
    let page = DisconnectPage::load(&at, &connection).await?;
    if connection.status == ConnectionStatus::Disconnected {
        return Ok(at.see_other(url::connection(at.ws(), &page.connection)));
    }
    at.page(page.here(), &page).await
}

/// Disconnects, when the workspace's name was typed.
pub(crate) async fn post(at: At, Form(sent): Form<Sent>) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?;
    let mirrored = sent.mirrored();
    if sent.confirm.trim() != at.workspace().name {
        let mut page = DisconnectPage::load(&at, &connection).await?;
        page.erase = mirrored == Mirrored::Erase;
        page.errors.add("confirm", mistyped(&page.workspace));
        return at
            .page_as(StatusCode::UNPROCESSABLE_ENTITY, page.here(), &page)
            .await;
    }
    let store = at.web().store();
    let uninstalled = store
        .disconnect(at.id(), &at.actor(), connection.id, mirrored)
        .await?;
    let tone = match uninstalled {
        Uninstalled::Untold(_) => Tone::Warn,
        Uninstalled::Done | Uninstalled::Before | Uninstalled::StillListed => Tone::Ok,
    };
    let words = format!(
        "{} is disconnected, and its credentials are wiped. {}",
        connection.name,
        uninstalled.words(connection.via.method())
    );
    at.flash(tone, words)?;
    Ok(at.see_other(url::connection(at.ws(), &connection.id.to_string())))
}

impl Page for DisconnectPage {
    const NAME: &'static str = "intercom/disconnect";

    fn head(&self) -> Head {
        let Self {
            ws,
            connection,
            name,
            ..
        } = self;
        let crumbs = vec![
            Crumb::link("Intercom", url::intercom(ws)),
            Crumb::link(name, url::connection(ws, connection)),
            Crumb::here("Disconnect"),
        ];
        Head {
            title: format!("Disconnect {name}"),
            place: app(Current::Integrations, crumbs),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |name: &str, products: &[&str], errors: FormErrors| Self {
            ws: "quillwater".to_owned(),
            workspace: name.to_owned(),
            connection: "c1".to_owned(),
            name: name.to_owned(),
            method: match products {
                [] => Method::OAuth,
                _ => Method::AccessToken,
            },
            products: products.iter().map(|&product| product.to_owned()).collect(),
            erase: errors.of("confirm").is_some(),
            errors,
        };
        let wrong = FormErrors::one(
            "confirm",
            "This is not the workspace's name. Type Quillwater.",
        );
        vec![
            (
                "asked",
                page("Quillwater", &["Ledger", "Mobile"], FormErrors::none()),
            ),
            ("mistyped", page("Quillwater", &[], wrong)),
            ("hostile", page(HOSTILE, &[HOSTILE], FormErrors::none())),
        ]
    }
}
