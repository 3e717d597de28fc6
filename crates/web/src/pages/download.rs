//! Files that are made while they are sent: page by page, so that their length does not matter.

use super::prelude::*;
use actix_web::http::header::{
    CONTENT_DISPOSITION, ContentDisposition, DispositionParam, DispositionType, HeaderValue,
    TryIntoHeaderValue as _,
};
use bytes::Bytes;
use futures::stream::unfold;

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Comma-separated values with a header row, RFC 4180.
    Csv,
    /// A JSON object a line.
    JsonLines,
}

impl Format {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::JsonLines => "application/x-ndjson",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }
}

/// Where a file comes from: its first lines, then page after page until there is none.
pub(crate) trait Pages: 'static {
    /// What stands before the first page.
    fn head(&self) -> String {
        String::new()
    }

    /// The next page; `None` after the last.
    async fn next(&mut self) -> Result<Option<String>, Failed>;
}

/// A file of the workspace, sent as its pages are read. The first page is read before the answer begins, so that what
/// fails at once is answered with a page; what fails later ends the transfer before its end, and the browser says so.
pub(crate) async fn stream(
    at: &At,
    what: &str,
    format: Format,
    mut pages: impl Pages,
) -> Result<HttpResponse, Failed> {
    let date = at.now().format("%Y-%m-%d");
    let name = format!("{}-{what}-{date}.{}", at.ws(), format.extension());
    let mut response = HttpResponse::Ok();
    response
        .content_type(format.content_type())
        .insert_header((CONTENT_DISPOSITION, attachment(name)?));
    if at.is_head() {
        return Ok(response.finish());
    }
    let mut begin = pages.head();
    let first = pages.next().await?;
    let is_last = first.is_none();
    begin.push_str(&first.unwrap_or_default());
    let state = (Some(begin), pages, is_last);
    let body = unfold(state, |(begin, mut pages, is_last)| async move {
        if let Some(begin) = begin {
            return Some((Ok(Bytes::from(begin)), (None, pages, is_last)));
        }
        if is_last {
            return None;
        }
        match pages.next().await {
            Ok(Some(page)) => Some((Ok(Bytes::from(page)), (None, pages, false))),
            Ok(None) => None,
            Err(error) => {
                tracing::error!(%error, "an export stopped before its end");
                Some((Err(error), (None, pages, true)))
            }
        }
    });
    Ok(response.streaming(body))
}

/// The header that makes a browser keep the answer as a file.
pub(crate) fn attachment(name: String) -> Result<HeaderValue, Failed> {
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(name)],
    };
    disposition.try_into_value().map_err(Failed::internal)
}

/// What a cell must not begin with: signs that a spreadsheet calculates with, their full-width forms, which some take for
/// the same, and white space that is dropped before one.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A line of CSV. A spreadsheet would calculate what begins like a formula, so that gets an apostrophe before it. A cell
/// with a semicolon is quoted, too: some spreadsheets part cells there.
pub(crate) fn csv_line<S: AsRef<str>>(cells: impl IntoIterator<Item = S>) -> String {
    let mut line = String::new();
    for (n, cell) in cells.into_iter().enumerate() {
        let cell = cell.as_ref();
        let formula = cell.starts_with(FORMULA);
        if n > 0 {
            line.push(',');
        }
        if formula || cell.contains([',', ';', '"', '\n', '\r']) {
            line.push('"');
            line.push_str(if formula { "'" } else { "" });
            line.push_str(&cell.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(cell);
        }
    }
    line.push_str("\r\n");
    line
}

/// A time in a file; empty when there is none.
pub(crate) fn time_cell(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(String::new, |at| {
        at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::{FORMULA, csv_line};

    #[test]
    fn formulas_are_text_and_quotes_are_doubled() {
        assert_eq!(csv_line(["a", "", "b c"]), "a,,b c\r\n");
        assert_eq!(
            csv_line(["a,b", "say \"hi\"", "x\ny"]),
            "\"a,b\",\"say \"\"hi\"\"\",\"x\ny\"\r\n"
        );
        assert_eq!(csv_line(["a;b"]), "\"a;b\"\r\n");
        for begin in FORMULA {
            let cell = format!("{begin}1\"");
            assert_eq!(csv_line([cell]), format!("\"'{begin}1\"\"\"\r\n"));
        }
    }
}
