//! Intercom's token endpoint: a code, or a refresh token, for an access token.

use async_trait::async_trait;
use chrono::TimeDelta;
use earmark_connections::{AppCredentials, Refresher, Tokens};
use earmark_intercom::{Error, Hosts, Http, Token};
use earmark_model::Sources;
use oauth2::basic::{BasicClient, BasicErrorResponse, BasicTokenResponse};
use oauth2::http::Response;
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, RedirectUrl, RefreshToken, RequestTokenError, TokenResponse, TokenUrl,
};
use std::pin::Pin;
use url::Url;

type Sent = Pin<Box<dyn Future<Output = Result<HttpResponse, Error>> + Send>>;

type Client =
    BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Asks the token endpoint. Cheap to clone.
#[derive(Clone)]
pub struct Exchange {
    http: Http,
    sources: Sources,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Exchange")
    }
}

impl Exchange {
    /// An exchange with the time limits of `http`.
    #[must_use]
    pub fn new(http: Http, sources: Sources) -> Self {
        Self { http, sources }
    }

    /// Exchanges a code, which is used up by that.
    pub(crate) async fn code(
        &self,
        app: &AppCredentials,
        hosts: &Hosts,
        code: &str,
        callback: &Url,
    ) -> Result<Tokens, Error> {
        let url = hosts.token();
        let client = client(app, &url)?.set_redirect_uri(RedirectUrl::from_url(callback.clone()));
        let ask = sending(self.http.clone(), url);
        let code = AuthorizationCode::new(code.to_owned());
        let answer = client.exchange_code(code).request_async(&ask).await;
        self.read(answer)
    }

    fn read(
        &self,
        answer: Result<BasicTokenResponse, RequestTokenError<Error, BasicErrorResponse>>,
    ) -> Result<Tokens, Error> {
        let answer = answer.map_err(|fault| match fault {
            RequestTokenError::Request(error) => error,
            // The library's own texts hold the body, and with it perhaps a token.
            RequestTokenError::ServerResponse(_)
            | RequestTokenError::Parse(..)
            | RequestTokenError::Other(_) => unreadable("it holds no access token"),
        })?;
        let lifetime = answer
            .expires_in()
            .and_then(|left| TimeDelta::from_std(left).ok());
        let now = self.sources.now();
        let token = |secret: &str| Token::new(secret);
        Ok(Tokens {
            access: token(answer.access_token().secret()),
            refresh: answer
                .refresh_token()
                .map(|refresh| token(refresh.secret())),
            expires_at: lifetime.and_then(|lifetime| now.checked_add_signed(lifetime)),
        })
    }
}

/// Sends the library's requests over our client.
fn sending(http: Http, url: Url) -> impl Fn(HttpRequest) -> Sent {
    move |request| {
        let (http, url) = (http.clone(), url.clone());
        Box::pin(async move {
            Ok(Response::new(
                http.post_form(&url, request.into_body()).await?,
            ))
        })
    }
}

/// Id and secret go in the body, as Intercom documents it, and not in a header.
fn client(app: &AppCredentials, url: &Url) -> Result<Client, Error> {
    let secret = app.secrets.first();
    let secret = secret.and_then(|secret| secret.expose_str().ok());
    let secret = secret.ok_or_else(|| unreadable("the client secret is no text"))?;
    Ok(BasicClient::new(ClientId::new(app.client_id.clone()))
        .set_client_secret(ClientSecret::new(secret.to_owned()))
        .set_auth_type(AuthType::RequestBody)
        .set_token_uri(TokenUrl::from_url(url.clone())))
}

fn unreadable(reason: &str) -> Error {
    Error::Unreadable {
        reason: reason.to_owned(),
        request_id: None,
    }
}

#[async_trait]
impl Refresher for Exchange {
    async fn refresh(
        &self,
        app: &AppCredentials,
        hosts: &Hosts,
        refresh: &Token,
    ) -> Result<Tokens, Error> {
        let url = hosts.token();
        let client = client(app, &url)?;
        let ask = sending(self.http.clone(), url);
        let refresh = RefreshToken::new(refresh.expose().to_owned());
        let answer = client.exchange_refresh_token(&refresh);
        self.read(answer.request_async(&ask).await)
    }
}
