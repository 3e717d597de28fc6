//! `{intercom}/connect`: how to connect, and what Earmark asks for.

use super::super::prelude::*;

/// What connecting takes.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/connect.html")]
pub struct ConnectPage {
    /// The workspace's slug.
    pub ws: String,
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
