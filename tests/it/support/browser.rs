//! A browser without a screen: keeps cookies, sends the form token of the last page, follows nothing by itself.

use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, RequestBuilder, Response};
use std::collections::BTreeMap;
use std::fmt;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    /// The `Content-Disposition` header.
    pub(crate) disposition: Option<String>,
    pub(crate) body: String,
}

impl Page {
    /// Whether it sends the reader to log in.
    pub(crate) fn asks_to_log_in(&self) -> bool {
        let to_login = |to: &String| to.starts_with("/login");
        (300..400).contains(&self.status) && self.location.as_ref().is_some_and(to_login)
    }
}

/// A browser at one installation.
pub(crate) struct Browser {
    http: Client,
    base: String,
    cookies: BTreeMap<String, String>,
    csrf: String,
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Browser").field(&self.base).finish()
    }
}

impl Browser {
    pub(crate) fn at(base: &str) -> Self {
        let http = Client::builder().redirect(reqwest::redirect::Policy::none());
        Self {
            http: http.build().expect("a client"),
            base: base.trim_end_matches('/').to_owned(),
            cookies: BTreeMap::new(),
            csrf: String::new(),
        }
    }

    /// Opens a page.
    pub(crate) async fn get(&mut self, path: &str) -> Page {
        let request = self.http.get(format!("{}{path}", self.base));
        self.send(request).await
    }

    /// Sends a form with the token of the last page that had one.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf.clone();
        let mut form = vec![("csrf", csrf.as_str())];
        form.extend_from_slice(fields);
        let request = self.http.post(format!("{}{path}", self.base)).form(&form);
        self.send(request).await
    }

    /// Logs in and opens the start, whose forms carry the new session's token.
    pub(crate) async fn log_in(&mut self, email: &str, password: &str) {
        self.get("/login").await;
        let fields = [("email", email), ("password", password), ("next", "")];
        let page = self.post("/login", &fields).await;
        assert!(
            (300..400).contains(&page.status) && !page.asks_to_log_in(),
            "{email} is not let in: {page:?}"
        );
        self.get("/workspaces").await;
    }

    /// Another browser with the cookies that this one has now.
    pub(crate) fn twin(&self) -> Self {
        Self {
            cookies: self.cookies.clone(),
            csrf: self.csrf.clone(),
            ..Self::at(&self.base)
        }
    }

    /// As if the page had been open since before the session began.
    pub(crate) fn forget_form_token(&mut self) {
        self.csrf.clear();
    }

    async fn send(&mut self, request: RequestBuilder) -> Page {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = request.header(COOKIE, cookies.join("; "));
        let response = request.send().await.expect("an answer");
        self.keep_cookies(&response);
        let header = |name| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let (status, location) = (response.status().as_u16(), header(LOCATION));
        let disposition = header(CONTENT_DISPOSITION);
        let endless =
            header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/event-stream"));
        let body = if endless {
            String::new()
        } else {
            response.text().await.expect("a body")
        };
        if let Some(token) = form_token(&body) {
            self.csrf = token;
        }
        Page {
            status,
            location,
            disposition,
            body,
        }
    }

    fn keep_cookies(&mut self, response: &Response) {
        for cookie in response.headers().get_all(SET_COOKIE) {
            let text = cookie.to_str().expect("a cookie in ASCII");
            let pair = text.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies
                    .insert(name.trim().to_owned(), value.to_owned());
            }
        }
    }
}

fn form_token(body: &str) -> Option<String> {
    let from = body.split_once("name=\"csrf\" value=\"")?.1;
    Some(from.split_once('"')?.0.to_owned())
}
