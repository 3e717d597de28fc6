//! The client: one pipeline for every call, with budget, retries and limits.

mod answer;
mod call;
mod classify;
mod form;
mod request;

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use reqwest::header;

use crate::{
    ApiVersion, BudgetKey, Error, Hosts, Http, Lane, RateBudget, Repeat, Token, UnreachableCause,
    WaitUntil, environment,
};
pub(crate) use answer::Answer;
pub use call::{Call, Exchange, Preview};
pub(crate) use request::{Body, Request, Tries};

/// No raw request takes longer in all.
const LONGEST_RAW: Duration = Duration::from_secs(600);

/// A client for one Intercom workspace. Cheap to clone; `Debug` shows neither token nor hosts' secrets.
#[derive(Clone)]
pub struct Client {
    http: Http,
    hosts: Arc<Hosts>,
    token: Token,
    budget: Arc<dyn RateBudget>,
    key: Arc<BudgetKey>,
    lane: Lane,
    version: ApiVersion,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("api", &self.hosts.api.as_str())
            .field("app_id", &self.key.app_id)
            .field("lane", &self.lane)
            .field("version", &self.version)
            .finish_non_exhaustive()
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
            version: ApiVersion::default(),
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

    /// The same client speaking another version of the API. An operation, or a form of one, that came with a later
    /// version is asked with that one.
    #[must_use]
    pub fn with_version(&self, version: ApiVersion) -> Self {
        Self {
            version,
            ..self.clone()
        }
    }

    /// The version this client speaks; 2.14 when nothing else was said.
    #[must_use]
    pub const fn version(&self) -> ApiVersion {
        self.version
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

    /// The same client counting its calls in a budget made of its own one, to watch them for instance.
    #[must_use]
    pub fn with_budget(
        &self,
        make: impl FnOnce(Arc<dyn RateBudget>) -> Arc<dyn RateBudget>,
    ) -> Self {
        Self {
            budget: make(self.budget.clone()),
            ..self.clone()
        }
    }

    /// The pipeline of every call.
    pub(crate) async fn send(&self, request: &Request) -> Result<Answer, Error> {
        self.send_within(request, self.http.policy.total_timeout)
            .await
    }

    /// The pipeline with another limit for all attempts and waits.
    pub(crate) async fn send_within(
        &self,
        request: &Request,
        bound: Duration,
    ) -> Result<Answer, Error> {
        if let Some(fault) = &request.fault {
            return Err(fault.clone());
        }
        tokio::time::timeout(bound, self.attempts(request))
            .await
            .unwrap_or(Err(Error::Unreachable {
                cause: UnreachableCause::Timeout,
            }))
    }

    async fn attempts(&self, request: &Request) -> Result<Answer, Error> {
        let policy = &self.http.policy;
        let tries = request.tries.unwrap_or_else(|| Tries::of(policy));
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
            if let Error::WaitUntil { at, .. } = &fault {
                // Refused before anything was done, so any request may be repeated.
                if left.attempt >= tries.most.max(2) || !self.wait(*at, &mut left).await {
                    return Err(fault);
                }
            } else if left.attempt < tries.most && may_repeat(request, tries, &fault) {
                tokio::time::sleep(self.backoff(tries, left.attempt)).await;
            } else {
                return Err(fault);
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

    fn backoff(&self, tries: Tries, attempt: u32) -> Duration {
        let growth = if tries.doubling {
            2_u32.saturating_pow(attempt.saturating_sub(1))
        } else {
            1
        };
        tries
            .first_backoff
            .saturating_mul(growth)
            .min(self.http.policy.longest_backoff.max(tries.first_backoff))
            .mul_f64(0.75 + self.jitter() / 2.0)
    }

    /// One attempt: ask, read within the limit, learn from the headers, classify.
    async fn attempt(&self, request: &Request, number: u32) -> Result<Answer, Error> {
        let quiet = request
            .attempt_timeout
            .unwrap_or(self.http.policy.read_timeout);
        let sending = self.build(request)?.send();
        let response = tokio::time::timeout(quiet, sending)
            .await
            .map_err(|_| Error::Unreachable {
                cause: UnreachableCause::Timeout,
            })?
            .map_err(|fault| classify::transport(&fault))?;
        let answer = answer::read(response, self.http.policy.body_limit, quiet).await;
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
            operation = request.name,
            "Intercom answered"
        );
        if request.redirects && (300..400).contains(&answer.status) {
            return Ok(answer);
        }
        classify::answer(answer, refused, self.token.expose())
    }

    fn build(&self, request: &Request) -> Result<reqwest::RequestBuilder, Error> {
        let url = request.address();
        let mut built = self
            .http
            .pool_for(&url)
            .request(request.method.clone(), url)
            .headers(request.headers.clone())
            .bearer_auth(self.token.expose())
            .header(header::ACCEPT, request.accept.clone())
            .header("Intercom-Version", request.spoken().to_string());
        if let Some(limit) = request.attempt_timeout {
            built = built.timeout(limit);
        }
        Ok(match request.finished_body() {
            Body::None => built,
            Body::Json(value) => built.json(&value),
            Body::Form(pairs) => built.form(&pairs),
            Body::Text { content_type, text } => {
                built.header(header::CONTENT_TYPE, content_type).body(text)
            }
            Body::Multipart { fields, files } => {
                built.multipart(crate::raw::multipart(fields, files)?)
            }
        })
    }

    /// How long a raw request may take in all: what its attempts and the waits between them add up to, and ten minutes at
    /// most.
    pub(crate) fn raw_bound(&self, request: &Request) -> Duration {
        let policy = &self.http.policy;
        let tries = request.tries.unwrap_or_else(|| Tries::of(policy));
        let attempt = request.attempt_timeout.unwrap_or(policy.attempt_timeout);
        let wait = tries
            .first_backoff
            .max(policy.longest_backoff)
            .mul_f64(1.25);
        let own = (attempt + wait).saturating_mul(tries.most);
        own.max(policy.total_timeout).min(LONGEST_RAW)
    }

    fn now(&self) -> DateTime<Utc> {
        environment::now(&*self.http.environment)
    }

    fn jitter(&self) -> f64 {
        self.http.environment.jitter().clamp(0.0, 1.0)
    }
}

/// Whether a fault is one that another attempt may cure without doing the same thing twice.
fn may_repeat(request: &Request, tries: Tries, fault: &Error) -> bool {
    match fault {
        // No connection, so nothing was sent.
        Error::Unreachable {
            cause: UnreachableCause::Connect,
        } => true,
        Error::Unreachable { .. } | Error::ServerTrouble { .. } => {
            tries.on_all || request.repeat == Repeat::Safe
        }
        _ => tries.on_all,
    }
}
