//! `{intercom}/app`: the workspace's own OAuth app.

use super::super::prelude::*;
use super::token::developer_hub;
use earmark_connections::webhook::TOPICS;
use earmark_connections::{AppError, HEALTH_SUFFIX, Region, UNINSTALL_SUFFIX, hook_path};
use earmark_db::tenant::{SecretKind, StoredSecret};
use earmark_model::{ConnectionStatus, Permission};

/// A client secret as far as it is shown.
#[derive(Debug, Clone)]
pub struct SecretRow {
    /// Its last four characters; empty for a short one.
    pub last4: String,
    /// When it last verified a webhook.
    pub verified_at: Option<DateTime<Utc>>,
}

impl From<StoredSecret> for SecretRow {
    fn from(secret: StoredSecret) -> Self {
        let StoredSecret {
            last4, verified_at, ..
        } = secret;
        Self { last4, verified_at }
    }
}

/// The app, once it is added.
#[derive(Debug, Clone)]
pub struct AppView {
    /// The client id's last four characters; empty for a short one.
    pub client_id_last4: String,
    /// The live client secrets, newest first.
    pub secrets: Vec<SecretRow>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// The address for its webhooks.
    pub webhook_url: String,
    /// The live connections made through it: id and name.
    pub connections: Vec<(String, String)>,
}

/// The guided steps, or the app.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/app.html")]
pub struct OwnAppPage {
    /// The workspace's slug.
    pub ws: String,
    /// Opens the Developer Hub.
    pub developer_hub: String,
    /// Where Intercom's Authorize page is to lead back.
    pub redirect_url: String,
    /// The app, once it is added.
    pub app: Option<AppView>,
    /// What is wrong.
    pub errors: FormErrors,
}

impl OwnAppPage {
    async fn load(at: &At) -> Result<Self, Failed> {
        let tenant = at.tenant();
        let app = match tenant.oauth_app().await? {
            Some(app) => {
                let ids = tenant.secrets(app.id, SecretKind::ClientId).await?;
                let secrets = tenant.secrets(app.id, SecretKind::ClientSecret).await?;
                let users = tenant.connections().await?.into_iter().filter(|one| {
                    one.via.own_app() == Some(app.id)
                        && one.status != ConnectionStatus::Disconnected
                });
                let last4 = ids.into_iter().next().map(|id| id.last4);
                Some(AppView {
                    client_id_last4: last4.unwrap_or_default(),
                    secrets: secrets.into_iter().map(SecretRow::from).collect(),
                    created_at: app.created_at,
                    webhook_url: at.web().public(&hook_path(&app.endpoint_token)),
                    connections: users.map(|one| (one.id.to_string(), one.name)).collect(),
                })
            }
            None => None,
        };
        Ok(Self {
            ws: at.ws().to_owned(),
            developer_hub: developer_hub(at.web().store().hosts(), Region::Us),
            redirect_url: at.web().oauth().callback().to_string(),
            app,
            errors: FormErrors::none(),
        })
    }
}

/// What the form of a new app sends.
#[derive(Deserialize)]
pub(crate) struct SentApp {
    client_id: String,
    client_secret: String,
}

/// What the form of a new secret sends.
#[derive(Deserialize)]
pub(crate) struct SentSecret {
    client_secret: String,
}

/// Shows the app, or the steps to one.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    let page = OwnAppPage::load(&at).await?;
    at.page(url::own_app(at.ws()), &page).await
}

/// Adds the app.
pub(crate) async fn post(at: At, Form(sent): Form<SentApp>) -> Result<HttpResponse, Failed> {
    let SentApp {
        client_id,
        client_secret,
    } = sent;
    let store = at.web().store();
    let actor = at.actor();
    let added = store.add_app(at.id(), &actor, &client_id, &client_secret);
    let added = added.await.map(drop);
    answer(
        &at,
        added,
        "The app is added. Next, give Intercom the webhook URL, then connect.",
    )
    .await
}

/// Replaces the app's secret.
pub(crate) async fn secret(at: At, Form(sent): Form<SentSecret>) -> Result<HttpResponse, Failed> {
    let (store, actor) = (at.web().store(), at.actor());
    let replaced = store.replace_app_secret(at.id(), &actor, &sent.client_secret);
    let replaced = replaced.await;
    answer(&at, replaced, "The client secret is saved.").await
}

/// Removes the app.
pub(crate) async fn remove(at: At, _: Form<Nothing>) -> Result<HttpResponse, Failed> {
    let removed = at.web().store().remove_app(at.id(), &at.actor()).await;
    answer(
        &at,
        removed,
        "The app is removed, and its credentials are wiped.",
    )
    .await
}

async fn answer(at: &At, done: Result<(), AppError>, words: &str) -> Result<HttpResponse, Failed> {
    let here = url::own_app(at.ws());
    let (field, error) = match done {
        Ok(()) => {
            at.flash(Tone::Ok, words)?;
            return Ok(at.see_other(here));
        }
        Err(AppError::Database(error)) => return Err(error.into()),
        Err(error @ AppError::Sealed(_)) => return Err(Failed::internal(error)),
        Err(AppError::Missing) => {
            at.flash(Tone::Warn, AppError::Missing.to_string())?;
            return Ok(at.see_other(here));
        }
        Err(error @ AppError::NotAClientId) => ("client_id", error),
        Err(error @ AppError::InUse(_)) => ("remove-h", error),
        Err(error @ AppError::NotASecret) => ("client_secret", error),
    };
    let mut page = OwnAppPage::load(at).await?;
    page.errors.add(field, error.to_string());
    at.page_as(StatusCode::UNPROCESSABLE_ENTITY, here, &page)
        .await
}

impl Page for OwnAppPage {
    const NAME: &'static str = "intercom/app";

    fn head(&self) -> Head {
        Head {
            title: "Your own OAuth app".to_owned(),
            place: app(
                Current::Integrations,
                intercom_crumbs(&self.ws, "Own OAuth app"),
            ),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |app, errors| Self {
            ws: "quillwater".to_owned(),
            developer_hub: "https://app.intercom.com/a/apps/_/developer-hub".to_owned(),
            redirect_url: "https://earmark.example/auth/intercom/callback".to_owned(),
            app,
            errors,
        };
        let view = |names: &[&str]| AppView {
            client_id_last4: "9c1e".to_owned(),
            secrets: vec![
                SecretRow {
                    last4: "77d0".to_owned(),
                    verified_at: None,
                },
                SecretRow {
                    last4: "2222".to_owned(),
                    verified_at: Some(sample_ago(5_000)),
                },
            ],
            created_at: sample_ago(700_000),
            webhook_url: "https://earmark.example/hooks/intercom/7kq2mxv9tdrzb4h6w3n5c8y2p7s4f6g3"
                .to_owned(),
            connections: names
                .iter()
                .map(|&name| ("c1".to_owned(), name.to_owned()))
                .collect(),
        };
        let mut wrong = FormErrors::one("client_id", AppError::NotAClientId.to_string());
        wrong.add("client_secret", AppError::NotASecret.to_string());
        vec![
            ("steps", page(None, FormErrors::none())),
            ("wrong", page(None, wrong)),
            (
                "added",
                page(
                    Some(AppView {
                        secrets: vec![SecretRow {
                            last4: "2222".to_owned(),
                            verified_at: None,
                        }],
                        ..view(&[])
                    }),
                    FormErrors::none(),
                ),
            ),
            (
                "used",
                page(Some(view(&["Support EU"])), FormErrors::none()),
            ),
            (
                "hostile",
                page(
                    Some(view(&[HOSTILE])),
                    FormErrors::one("client_secret", HOSTILE),
                ),
            ),
        ]
    }
}
