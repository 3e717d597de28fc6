//! The raw request: whatever has no action of its own.

use super::actions;
use super::raw_acted::acted;
use crate::describe::{Input, Kind};
use crate::input::{Fault, Upload, Values};
use crate::plan::{Answer, Built, Plan, Reply, Shown, Work, refused};
use earmark_intercom::{
    Client, FilePart, MOST_RETRIES, RawAnswer, RawBody, RawContent, RawRequest, RawRetries,
    ResponseKind,
};
use earmark_sync::Acted;
use serde_json::{Value, json};
use std::time::Duration;

const METHODS: &[(&str, &str)] = &[
    ("GET", "GET"),
    ("HEAD", "HEAD"),
    ("POST", "POST"),
    ("PUT", "PUT"),
    ("PATCH", "PATCH"),
    ("DELETE", "DELETE"),
];
const RESPONSES: &[(&str, &str)] = &[("json", "JSON"), ("text", "Text"), ("binary", "Binary")];

fn body(values: &Values) -> Result<RawBody, Vec<Fault>> {
    let (data, form, files) = (
        values.json("data"),
        values.pairs("form_data"),
        values.files("file_data"),
    );
    match (data, form.is_empty(), files.is_empty()) {
        (Some(data), true, true) => Ok(RawBody::Json(data)),
        (Some(_), _, _) => Err(vec![Fault::at(
            "data",
            "Send either data, or form data and files; leave the other empty.",
        )]),
        (None, true, true) => Ok(RawBody::None),
        (None, false, true) => Ok(RawBody::Form(form)),
        (None, _, false) => {
            let field = values
                .text("file_field")
                .unwrap_or_else(|| "file".to_owned());
            let part = |file: Upload| FilePart {
                field: field.clone(),
                file_name: file.file_name,
                content_type: file.content_type,
                bytes: file.bytes,
            };
            let files = files.into_iter().map(part).collect();
            Ok(RawBody::Multipart {
                fields: form,
                files,
            })
        }
    }
}

fn milliseconds(values: &Values, name: &str) -> Option<Duration> {
    let value = u64::try_from(values.number(name)?).ok()?;
    Some(Duration::from_millis(value))
}

fn request(values: &Values) -> Result<RawRequest, Vec<Fault>> {
    let standard = RawRetries::default();
    let retries = RawRetries {
        most: values
            .number("max_retry_count")
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(standard.most),
        delay: milliseconds(values, "retry_delay").unwrap_or(standard.delay),
        exponential: values
            .flag("exponential_backoff")
            .unwrap_or(standard.exponential),
        on_all_errors: values.is_on("retry_on_all_errors"),
    };
    let version = values.text("version").map(|version| version.parse());
    let version = version.transpose();
    Ok(RawRequest {
        query: values.pairs("query_parameters"),
        headers: values.pairs("headers"),
        body: body(values)?,
        response: match values.text("response_type").as_deref() {
            Some("text") => ResponseKind::Text,
            Some("binary") => ResponseKind::Binary,
            _ => ResponseKind::Json,
        },
        version: version.map_err(|fault| vec![Fault::at("version", format!("{fault}."))])?,
        timeout: milliseconds(values, "timeout"),
        retries,
        ..RawRequest::new(values.need("method"), values.need("url"))
    })
}

/// The body as it is shown and logged: of a file what tells it apart.
fn shown_body(body: &RawBody) -> Option<Value> {
    match body {
        RawBody::None => None,
        RawBody::Json(value) => Some(value.clone()),
        RawBody::Form(pairs) => Some(json!({"form": pairs})),
        RawBody::Multipart { fields, files } => {
            let files = files.iter().map(|file| {
                let FilePart { field, file_name, content_type, bytes } = file;
                json!({"field": field, "file_name": file_name, "content_type": content_type, "bytes": bytes.len()})
            });
            Some(json!({"form": fields, "files": files.collect::<Vec<_>>()}))
        }
        RawBody::Text { content_type, text } => {
            Some(json!({"content_type": content_type, "text": text}))
        }
    }
}

fn raw(client: &Client, values: &Values) -> Built {
    let request = request(values)?;
    let at = |field, error| {
        let faults = refused(error).into_iter();
        faults
            .map(|fault| Fault::at(field, fault.message))
            .collect::<Vec<_>>()
    };
    // Alone first, so that what is wrong is told at its field.
    let bare = RawRequest::new(request.method.as_str(), request.target.as_str());
    client
        .preview_raw(&bare)
        .map_err(|error| at("url", error))?;
    let preview = client
        .preview_raw(&request)
        .map_err(|error| at("headers", error))?;
    let root = client
        .preview_raw(&RawRequest::new("GET", "/"))
        .map_err(refused)?;
    let (root, path) = (root.url.path().trim_end_matches('/'), preview.url.path());
    let path = path.strip_prefix(root).unwrap_or(path).to_owned();
    let shown = Shown {
        headers: request.headers.clone(),
        body: shown_body(&request.body),
        ..Shown::of(preview)
    };
    let client = client.clone();
    let work = async move {
        let answer = client.raw(&request).await?;
        Ok(reply(answer, |answer| acted(&request, &path, answer)))
    };
    Ok(Plan {
        shown,
        work: Work::Once(Box::pin(work)),
    })
}

/// The same with what our copy is to follow.
fn reply(answer: RawAnswer, acted: impl FnOnce(&RawContent) -> Option<Acted>) -> Reply {
    let RawAnswer {
        status,
        content_type,
        request_id,
        content,
    } = answer;
    let acted = acted(&content);
    let answer = match content {
        RawContent::Json(value) => Answer::Json(value),
        RawContent::Text(text) => Answer::File {
            content_type,
            bytes: text.into_bytes(),
        },
        RawContent::Binary(bytes) => Answer::File {
            content_type,
            bytes,
        },
    };
    Reply {
        status,
        request_id,
        answer,
        acted,
    }
}

actions! { Raw;
    /// Sends a request of your own to this connection's Intercom host, and to no other.
    RAW = "raw", "Raw request", Changes, Whatever, "",
    [
        Input::new("method", "Method", Kind::Choice(METHODS)).example("GET").required(),
        Input::new("url", "Path or URL", Kind::Text(4_000))
            .help("A path, or an address on this connection's own Intercom host. Nothing below /auth/.")
            .example("/tags").required(),
        Input::new("data", "Data", Kind::Json(false)).help("The body as JSON.").example(r#"{"name": "product feedback"}"#),
        Input::new("form_data", "Form data", Kind::Pairs('=')).help("One name=value a line, in place of data.")
            .example("name=product feedback"),
        Input::new("file_data", "Files", Kind::Files(10)).help("Sent with the form data; ten at most."),
        Input::text("file_field", "Field of the files").help("The form field they are sent as; file when left empty.")
            .example("file"),
        Input::new("query_parameters", "Query parameters", Kind::Pairs('=')).help("One name=value a line.")
            .example("per_page=5"),
        Input::new("headers", "Headers", Kind::Pairs(':'))
            .help("One Name: value a line. Authorization, Host and others that belong to the connection are refused.")
            .example("X-Trace: 7"),
        Input::new("response_type", "Response type", Kind::Choice(RESPONSES))
            .help("JSON when left empty. Text and binary come as a file.").example("json"),
        Input::text("version", "API version").help("That of the connection when left empty.").example("2.14"),
        Input::new("timeout", "Timeout", Kind::Number(1, 120_000)).help("Of one attempt, in milliseconds.").example("30000"),
        Input::new("max_retry_count", "Retries", Kind::Number(0, MOST_RETRIES as i64))
            .help("Attempts after the first; ten at most.").example("2"),
        Input::new("retry_delay", "Retry delay", Kind::Number(0, 60_000)).help("Before the second attempt, in milliseconds.")
            .example("500"),
        Input::new("retry_on_all_errors", "Retry on all errors", Kind::Flag)
            .help("Also after 4xx, and whatever the method: what was done already may be done twice."),
        Input::new("exponential_backoff", "Exponential backoff", Kind::Flag)
            .help("Whether the delay doubles each time. Yes when left empty."),
    ],
    |client, values| raw(client, values);
}
