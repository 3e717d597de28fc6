//! A call: a request and how its answer is read, to be looked at or to be made.

use std::{future::IntoFuture, sync::Arc};

use futures::future::BoxFuture;
use serde_json::Value;
use url::Url;

use super::{Answer, Client, Request, request::Body};
use crate::{ApiVersion, Error, Operation, Unreadable, json::Object};

type Reader<T> = Arc<dyn Fn(&Answer) -> Result<T, Unreadable> + Send + Sync>;

/// A call that is made when it is awaited.
///
/// Dropping it, or the future it becomes, cancels it: nothing more is sent. What Intercom has already been sent it
/// may still do.
#[must_use = "a call is made when it is awaited"]
pub struct Call<T> {
    client: Client,
    request: Request,
    read: Reader<T>,
}

/// What a call sends, for showing it before it is sent. It holds everything but the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The method.
    pub method: String,
    /// The address, query included.
    pub url: Url,
    /// The version it is asked with.
    pub version: ApiVersion,
    /// The JSON body, when there is one.
    pub body: Option<Value>,
}

/// What came back, besides the value that was read from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange<T> {
    /// The value.
    pub value: T,
    /// HTTP status.
    pub status: u16,
    /// Intercom's id of the request.
    pub request_id: Option<String>,
    /// The answer as it came, when it was JSON.
    pub answer: Option<Value>,
}

impl<T: 'static> Call<T> {
    pub(crate) fn object(
        client: &Client,
        request: Request,
        read: impl Fn(&Object) -> Result<T, Unreadable> + Send + Sync + 'static,
    ) -> Self {
        let read = move |answer: &Answer| read(&crate::json::object_from(&answer.body)?);
        Self {
            client: client.clone(),
            request,
            read: Arc::new(read),
        }
    }

    /// With another version for this one call, which reads what that version sends. An operation that is not
    /// there before a later version is asked with that one all the same.
    pub fn version(mut self, version: ApiVersion) -> Self {
        self.request.version = version;
        self
    }

    /// What would be sent.
    ///
    /// # Errors
    /// [`Error::NotFound`] or [`Error::Refused`] when it would not be sent at all.
    pub fn preview(&self) -> Result<Preview, Error> {
        if let Some(fault) = &self.request.fault {
            return Err(fault.clone());
        }
        Ok(Preview {
            method: self.request.method.to_string(),
            url: self.request.address(),
            version: self.request.spoken(),
            body: match self.request.finished_body() {
                Body::Json(value) => Some(value),
                _ => None,
            },
        })
    }

    /// Makes the call and keeps what came back, for a log.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn exchange(self) -> Result<Exchange<T>, Error> {
        let (value, answer) = self.run().await?;
        Ok(Exchange {
            value,
            status: answer.status,
            request_id: answer.request_id,
            answer: serde_json::from_slice(&answer.body).ok(),
        })
    }

    pub(crate) async fn run(self) -> Result<(T, Answer), Error> {
        let answer = self.client.send(&self.request).await?;
        match (self.read)(&answer) {
            Ok(value) => Ok((value, answer)),
            Err(fault) => Err(Error::Unreadable {
                reason: fault.reason,
                request_id: answer.request_id,
            }),
        }
    }

    pub(crate) fn map<U: 'static>(self, then: fn(T) -> U) -> Call<U> {
        let read = self.read;
        Call {
            client: self.client,
            request: self.request,
            read: Arc::new(move |answer| read(answer).map(then)),
        }
    }
}

impl Call<()> {
    /// A call whose answer says nothing more than that it was done, or is empty.
    pub(crate) fn done(client: &Client, request: Request) -> Self {
        Self {
            client: client.clone(),
            request,
            read: Arc::new(|_| Ok(())),
        }
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Ok(self.run().await?.0) })
    }
}

impl Client {
    pub(crate) fn to(&self, operation: &'static Operation, arguments: &[&str]) -> Request {
        Request::to(operation, &self.hosts, self.version, arguments)
    }

    /// A call that answers with an object.
    pub(crate) fn call<T: 'static>(
        &self,
        request: Request,
        read: fn(&Object) -> Result<T, Unreadable>,
    ) -> Call<T> {
        Call::object(self, request, read)
    }
}
