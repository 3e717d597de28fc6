//! A built action: what it would send, and the work that sends it.

use crate::input::{Fault, Values};
use async_trait::async_trait;
use earmark_intercom::{
    Call, Client, Error, Listing, Page, Position, Preview, Search, SearchError,
};
use earmark_sync::Acted;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) type Build = fn(&Client, &Values) -> Result<Plan, Vec<Fault>>;
/// What an action of one call builds.
pub(crate) type Built = Result<Plan, Vec<Fault>>;

/// The exact request, for showing it before it is sent. It holds everything but the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The version of the API.
    pub version: String,
    /// Headers of one's own.
    pub headers: Vec<(String, String)>,
    /// The body as JSON, or what it is made of.
    pub body: Option<Value>,
}

impl Shown {
    pub(crate) fn of(preview: Preview) -> Self {
        let Preview {
            method,
            url,
            version,
            body,
        } = preview;
        let query = url.query().map(|query| format!("?{query}"));
        Self {
            method,
            path: format!("{}{}", url.path(), query.unwrap_or_default()),
            version: version.to_string(),
            headers: Vec::new(),
            body,
        }
    }

    /// As the log keeps it.
    #[must_use]
    pub fn to_log(&self) -> String {
        let Self {
            method,
            path,
            version,
            headers,
            body,
        } = self;
        json!({"method": method, "path": path, "version": version, "headers": headers, "body": body})
            .to_string()
    }

    /// Reads what [`Shown::to_log`] wrote; `None` once it was erased.
    #[must_use]
    pub fn from_log(text: &str) -> Option<Self> {
        let log: Value = serde_json::from_str(text).ok()?;
        let field = |name: &str| Some(log.get(name)?.as_str()?.to_owned());
        Some(Self {
            method: field("method")?,
            path: field("path")?,
            version: field("version")?,
            headers: serde_json::from_value(log.get("headers")?.clone()).ok()?,
            body: log.get("body").filter(|body| !body.is_null()).cloned(),
        })
    }

    /// Tells this request from another: what was confirmed is what is sent.
    #[must_use]
    pub fn digest(&self) -> String {
        hex::encode(&Sha256::digest(self.to_log())[..16])
    }
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    pub(crate) answer: Answer,
    /// What our copy is to follow.
    pub(crate) acted: Option<Acted>,
}

/// The content of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// JSON, to be shown.
    Json(Value),
    /// Text or bytes, to be kept as a file and never rendered.
    File {
        /// The media type Intercom gave. Not to be trusted when showing the content.
        content_type: Option<String>,
        /// The content.
        bytes: Vec<u8>,
    },
}

/// A built action.
pub(crate) struct Plan {
    pub(crate) shown: Shown,
    pub(crate) work: Work,
}

pub(crate) enum Work {
    /// One call. Nothing is sent before it is polled.
    Once(BoxFuture<'static, Result<Reply, Error>>),
    /// Every page of a list, by a job.
    All(Lists),
}

/// A list that is fetched whole.
pub(crate) struct Lists {
    pub(crate) first: Box<dyn Lister>,
    /// For more entries than the first can give: from how many on, and the list to take instead.
    pub(crate) beyond: Option<(u64, Box<dyn Lister>)>,
}

/// One page of a list, as Intercom sent it.
pub(crate) struct Fetched {
    pub(crate) entries: Vec<Value>,
    pub(crate) next: Option<Position>,
    pub(crate) total: Option<u64>,
}

/// A list whose entries need not be known to be handed on.
#[async_trait]
pub(crate) trait Lister: Send + Sync {
    async fn page(&self, at: Option<Position>) -> Result<Fetched, Error>;
}

#[async_trait]
impl<T: Send + 'static> Lister for Listing<T> {
    async fn page(&self, at: Option<Position>) -> Result<Fetched, Error> {
        let exchange = self.clone().resume(at).page().exchange().await?;
        let Page { next, total, .. } = exchange.value;
        Ok(Fetched {
            entries: exchange.answer.map(entries).unwrap_or_default(),
            next,
            total,
        })
    }
}

/// The list inside an answer, whatever its kind is called.
fn entries(mut answer: Value) -> Vec<Value> {
    const KEYS: [&str; 9] = [
        "data",
        "contacts",
        "companies",
        "conversations",
        "tickets",
        "articles",
        "collections",
        "events",
        "notes",
    ];
    for key in KEYS {
        match answer.get_mut(key).map(Value::take) {
            Some(Value::Array(list)) => return list,
            Some(inner @ Value::Object(_)) => return entries(inner),
            _ => {}
        }
    }
    Vec::new()
}

/// A call, and what its value changes that we copy.
pub(crate) fn call_acting<T: Send + 'static>(
    call: Call<T>,
    acted: impl FnOnce(&T) -> Acted + Send + 'static,
) -> Built {
    call_perhaps(call, |value| Some(acted(value)))
}

/// A call that changes nothing that we copy.
pub(crate) fn call<T: Send + 'static>(made: Call<T>) -> Built {
    call_perhaps(made, |_| None)
}

fn call_perhaps<T: Send + 'static>(
    call: Call<T>,
    acted: impl FnOnce(&T) -> Option<Acted> + Send + 'static,
) -> Built {
    let shown = Shown::of(call.preview().map_err(refused)?);
    let work = async move {
        let exchange = call.exchange().await?;
        Ok(Reply {
            acted: acted(&exchange.value),
            status: exchange.status,
            request_id: exchange.request_id,
            answer: Answer::Json(exchange.answer.unwrap_or(Value::Null)),
        })
    };
    Ok(Plan {
        shown,
        work: Work::Once(Box::pin(work)),
    })
}

/// A list: one page of it at the place that was filled in, or all of it.
pub(crate) fn list<T: Send + 'static>(listing: Listing<T>, values: &Values) -> Built {
    let listing = match values.number("per_page").map(u8::try_from) {
        Some(Ok(size)) => listing.per_page(size),
        _ => listing,
    };
    if values.is_on(crate::catalog::FETCH_ALL.name) {
        let shown = Shown::of(listing.preview().map_err(refused)?);
        let first = Box::new(listing);
        let lists = Lists {
            first,
            beyond: None,
        };
        let work = Work::All(lists);
        return Ok(Plan { shown, work });
    }
    let cursor = values.text("starting_after").map(Position::Cursor);
    let page = values
        .number("page")
        .and_then(|page| u32::try_from(page).ok());
    call(listing.resume(cursor.or(page.map(Position::Number))).page())
}

/// A request that the client would not send.
pub(crate) fn refused(error: Error) -> Vec<Fault> {
    let message = match error {
        Error::Refused { reason } => reason,
        Error::NotFound { .. } => "An id is empty or cannot be one. Check the ids.".to_owned(),
        other => other.to_string(),
    };
    vec![Fault::at("", message)]
}

/// A search that a person wrote.
pub(crate) fn written<O: earmark_intercom::search::Searchable>(
    query: &Value,
) -> Result<Search<O>, Vec<Fault>> {
    Search::from_json(query).map_err(|fault: SearchError| {
        vec![Fault::at(
            "query",
            format!("The query cannot be sent: {fault}."),
        )]
    })
}
