//! What is logged of a request: the route's pattern, never the address itself, which may hold an endpoint token.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use tracing::Span;
use tracing::field::Empty;
use tracing_actix_web::RootSpanBuilder;

/// Opens a span for each request and closes it with its status.
#[derive(Debug)]
pub(crate) struct RoutePattern;

impl RootSpanBuilder for RoutePattern {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let route = request
            .match_pattern()
            .unwrap_or_else(|| "no route".to_owned());
        tracing::info_span!("request", method = %request.method(), %route, status = Empty)
    }

    fn on_request_end<B: MessageBody>(
        span: Span,
        outcome: &Result<ServiceResponse<B>, actix_web::Error>,
    ) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        span.record("status", status.as_u16());
        span.in_scope(|| {
            if status.is_server_error() {
                tracing::error!("answered");
            } else {
                tracing::debug!("answered");
            }
        });
    }
}
