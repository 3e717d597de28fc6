//! The client: one pipeline for every call, with budget, retries and limits.

mod answer;
mod classify;

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use reqwest::{Method, header};

use crate::{
    BudgetKey, Error, Hosts, Http, Lane, RateBudget, Token, UnreachableCause, WaitUntil,
    environment, json::Object, region::join,
};
use answer::Answer;

/// The API version that is asked for, whatever version the app is set to. From 2.14 parts carry their tags.
const API_VERSION: &str = "2.14";

/// A client for one Intercom workspace. Cheap to clone; `Debug` shows neither token nor hosts' secrets.
#[derive(Clone)]
pub struct Client {
    http: Http,
    hosts: Arc<Hosts>,
    token: Token,
    budget: Arc<dyn RateBudget>,
    key: Arc<BudgetKey>,
    lane: Lane,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("api", &self.hosts.api.as_str())
            .field("app_id", &self.key.app_id)
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}

/// A call to be made.
pub(crate) struct Request<'a> {
    method: Method,
    segments: Vec<&'a str>,
    query: Vec<(&'a str, String)>,
    /// Whether repeating it changes nothing more in Intercom.
    safe: bool,
}

impl<'a> Request<'a> {
    pub(crate) fn get(segments: &[&'a str]) -> Self {
        Self {
            method: Method::GET,
            segments: segments.to_vec(),
            query: Vec::new(),
            safe: true,
        }
    }

    pub(crate) fn post(segments: &[&'a str]) -> Self {
        Self {
            method: Method::POST,
            safe: false,
            ..Self::get(segments)
        }
    }

    pub(crate) fn query(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }
}

/// What is left of a call's allowances.
struct Allowance {
    attempt: u32,
    patience: Duration,
}

impl Client {
    /// A client that calls `hosts` with `token`, counting its calls in `budget` under `key`.
    #[must_use]
    pub fn new(
        http: &Http,
        hosts: Hosts,
        token: Token,
        budget: Arc<dyn RateBudget>,
        key: BudgetKey,
        lane: Lane,
    ) -> Self {
        Self {
            http: http.clone(),
            hosts: Arc::new(hosts),
            token,
            budget,
            key: Arc::new(key),
            lane,
        }
    }

    /// The same client in another lane.
    #[must_use]
    pub fn in_lane(&self, lane: Lane) -> Self {
        Self {
            lane,
            ..self.clone()
        }
    }

    /// The hosts this client calls and links to.
    #[must_use]
    pub fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// The budget this client counts in, and its key there.
    #[must_use]
    pub fn budget(&self) -> (&dyn RateBudget, &BudgetKey) {
        (&*self.budget, &self.key)
    }

    /// Makes a call and reads the answer's JSON object with `read`.
    pub(crate) async fn fetch<T>(
        &self,
        request: Request<'_>,
        read: impl FnOnce(&Object) -> Result<T, crate::Unreadable>,
    ) -> Result<T, Error> {
        let answer = self.send(request).await?;
        let parsed = crate::json::object_from(&answer.body).and_then(|object| read(&object));
        parsed.map_err(|fault| Error::Unreadable {
            reason: fault.reason,
            request_id: answer.request_id,
        })
    }

    /// The pipeline of every call.
    pub(crate) async fn send(&self, request: Request<'_>) -> Result<Answer, Error> {
        if request
            .segments
            .iter()
            .any(|part| matches!(*part, "" | "." | ".."))
        {
            return Err(Error::NotFound {
                code: None,
                request_id: None,
            });
        }
        tokio::time::timeout(self.http.policy.total_timeout, self.attempts(&request))
            .await
            .unwrap_or(Err(Error::Unreachable {
                cause: UnreachableCause::Timeout,
            }))
    }

    async fn attempts(&self, request: &Request<'_>) -> Result<Answer, Error> {
        let policy = &self.http.policy;
        let mut left = Allowance {
            attempt: 1,
            patience: match self.lane {
                Lane::Interactive => policy.interactive_patience,
                Lane::Webhook | Lane::Backfill => policy.background_patience,
            },
        };
        loop {
            self.take_turn(&mut left).await?;
            let fault = match self.attempt(request, left.attempt).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            match &fault {
                Error::WaitUntil { at, .. } => {
                    // Refused before anything was done, so any request may be repeated.
                    if left.attempt >= policy.max_attempts.max(2)
                        || !self.wait(*at, &mut left).await
                    {
                        return Err(fault);
                    }
                }
                Error::Unreachable { .. } | Error::ServerTrouble { .. } => {
                    if !request.safe || left.attempt >= policy.max_attempts {
                        return Err(fault);
                    }
                    tokio::time::sleep(self.backoff(left.attempt)).await;
                }
                _ => return Err(fault),
            }
            left.attempt += 1;
        }
    }

    /// Waits for a call of the budget, as long as patience allows.
    async fn take_turn(&self, left: &mut Allowance) -> Result<(), Error> {
        while let Err(WaitUntil(at)) = self.budget.acquire(&self.key, self.lane).await {
            if !self.wait(at, left).await {
                return Err(Error::WaitUntil {
                    at,
                    request_id: None,
                });
            }
        }
        Ok(())
    }

    /// Sleeps until a time, when patience allows; says whether it did.
    async fn wait(&self, at: DateTime<Utc>, left: &mut Allowance) -> bool {
        let gap = (at - self.now()).to_std().unwrap_or_default();
        // A little later than told, each caller differently: the header has whole seconds.
        let spread = Duration::from_millis(20).mul_f64(1.0 + self.jitter() * 10.0);
        let Some(patience) = left.patience.checked_sub(gap + spread) else {
            return false;
        };
        left.patience = patience;
        tokio::time::sleep(gap + spread).await;
        true
    }

    fn backoff(&self, attempt: u32) -> Duration {
        let policy = &self.http.policy;
        let doubled = policy
            .first_backoff
            .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        doubled
            .min(policy.longest_backoff)
            .mul_f64(0.75 + self.jitter() / 2.0)
    }

    /// One attempt: ask, read within the limit, learn from the headers, classify.
    async fn attempt(&self, request: &Request<'_>, number: u32) -> Result<Answer, Error> {
        let url = join(&self.hosts.api, &request.segments);
        let response = self
            .http
            .pool_for(&url)
            .request(request.method.clone(), url)
            .query(&request.query)
            .bearer_auth(self.token.expose())
            .header(header::ACCEPT, "application/json")
            .header("Intercom-Version", API_VERSION)
            .send()
            .await
            .map_err(|fault| classify::transport(&fault))?;
        let answer = answer::read(response, self.http.policy.body_limit).await;
        let headers = match &answer {
            Ok(answer) => &answer.headers,
            Err((headers, _)) => headers,
        };
        let seen = classify::observation(headers);
        let refused = matches!(&answer, Ok(answer) if answer.status == 429).then(|| {
            classify::refused_until(headers, seen.reset_at, self.now(), number, self.jitter())
        });
        self.budget
            .observe(
                &self.key,
                crate::Observation {
                    refused_until: refused,
                    ..seen
                },
            )
            .await;
        let answer = answer.map_err(|(_, fault)| fault)?;
        tracing::debug!(
            status = answer.status,
            request_id = answer.request_id.as_deref(),
            attempt = number,
            object = request.segments.first().copied(),
            "Intercom answered"
        );
        classify::answer(answer, refused, self.token.expose())
    }

    fn now(&self) -> DateTime<Utc> {
        environment::now(&*self.http.environment)
    }

    fn jitter(&self) -> f64 {
        self.http.environment.jitter().clamp(0.0, 1.0)
    }
}
