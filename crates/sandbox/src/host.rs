//! Three regions behind one address: `/us`, `/eu` and `/au` stand in for the hosts of a region, the bare paths for the
//! general ones, which route to any region.

use std::future::{Ready, ready};

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::header::{HeaderValue, LOCATION};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest};

use crate::state::{Region, State, Workspace};

/// Which host the caller meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Host(pub(crate) Option<Region>);

impl Host {
    /// What its links begin with.
    pub(crate) fn base(self) -> &'static str {
        self.0.map_or("", Region::path)
    }

    /// The workspace of that `app_id`, unless it lies in another region; `_` stands for the first one, as in Intercom's own
    /// links.
    pub(crate) fn workspace<'a>(self, state: &'a State, app_id: &str) -> Option<&'a Workspace> {
        let workspace = match app_id {
            "_" => self.workspaces(state).next(),
            _ => state.workspaces.get(app_id),
        };
        workspace.filter(|workspace| self.0.is_none_or(|region| region == workspace.region))
    }

    /// The workspaces it serves.
    pub(crate) fn workspaces(self, state: &State) -> impl Iterator<Item = &Workspace> {
        state
            .workspaces
            .values()
            .filter(move |workspace| self.0.is_none_or(|region| region == workspace.region))
    }
}

impl FromRequest for Host {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(of(req)))
    }
}

/// The host of a request.
pub(crate) fn of(req: &HttpRequest) -> Host {
    req.extensions().get::<Host>().copied().unwrap_or_default()
}

/// Takes a region's prefix off the path before it is routed, and puts it on the redirects that stay here.
pub(crate) async fn regions(
    mut req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let Some((region, uri)) = split(req.uri()) else {
        return next.call(req).await;
    };
    req.match_info_mut().get_mut().update(&uri);
    req.head_mut().uri = uri;
    req.extensions_mut().insert(Host(Some(region)));
    let mut response = next.call(req).await?;
    let location = response.headers().get(LOCATION).map(HeaderValue::to_str);
    if let Some(Ok(path)) = location
        && path.starts_with('/')
        && let Ok(value) = HeaderValue::try_from(format!("{}{path}", region.path()))
    {
        response.headers_mut().insert(LOCATION, value);
    }
    Ok(response)
}

fn split(uri: &Uri) -> Option<(Region, Uri)> {
    let whole = uri.path_and_query()?.as_str();
    Region::ALL.into_iter().find_map(|region| {
        let rest = whole.strip_prefix(region.path())?;
        let rest = match rest.chars().next() {
            Some('/') => rest.to_owned(),
            None | Some('?') => format!("/{rest}"),
            Some(_) => return None,
        };
        Some((region, rest.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_segment_is_a_region() {
        let split = |path: &str| {
            let (region, uri) = split(&path.parse().expect("a URI"))?;
            Some((region, uri.to_string()))
        };
        let is = |region, path: &str| Some((region, path.to_owned()));
        assert_eq!(split("/eu/me?a=1"), is(Region::EU, "/me?a=1"));
        assert_eq!(split("/au"), is(Region::AU, "/"));
        assert_eq!(split("/us?x"), is(Region::US, "/?x"));
        assert_eq!(split("/europe"), None);
        assert_eq!(split("/a/eu"), None);
    }
}
