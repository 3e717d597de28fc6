//! What was fetched, as a file: JSON lines or CSV, page by page, so that memory stays the same whatever the length.

use crate::run::Actions;
use earmark_model::{ActionRunId, WorkspaceId};
use futures::{Stream, stream};
use serde_json::Value;

/// Most columns of a CSV file.
const MOST_COLUMNS: usize = 400;

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    JsonLines,
    /// Comma-separated, with a line of names first. Cells that a spreadsheet would take for a formula begin with an
    /// apostrophe.
    Csv,
}

impl Format {
    /// The format with this name: `jsonl` or `csv`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "jsonl" => Some(Self::JsonLines),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// The ending of a file's name.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::JsonLines => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

impl Actions {
    /// What a run fetched, in pieces. The tenant's own runs only: of another's there is nothing.
    ///
    /// # Errors
    /// [`earmark_db::Error::Unavailable`], before the first piece or in place of one.
    pub async fn export(
        &self,
        workspace: WorkspaceId,
        run: ActionRunId,
        format: Format,
    ) -> earmark_db::Result<impl Stream<Item = earmark_db::Result<String>> + Send + 'static> {
        let columns = match format {
            Format::JsonLines => Vec::new(),
            Format::Csv => self.columns(workspace, run).await?,
        };
        let first = (format == Format::Csv).then(|| row(columns.iter().cloned()));
        let this = self.clone();
        let pages = stream::try_unfold(0, move |after| {
            let (this, columns) = (this.clone(), columns.clone());
            async move {
                let page = this.tenant(workspace).action_page_after(run, after).await?;
                Ok(page.map(|(number, lines)| (as_text(&lines, format, &columns), number)))
            }
        });
        Ok(futures::StreamExt::chain(
            stream::iter(first.map(Ok)),
            pages,
        ))
    }

    /// The names of all columns, sorted by name inside an entry.
    async fn columns(
        &self,
        workspace: WorkspaceId,
        run: ActionRunId,
    ) -> earmark_db::Result<Vec<String>> {
        let (mut columns, mut after) = (Vec::new(), 0);
        while let Some((number, lines)) =
            self.tenant(workspace).action_page_after(run, after).await?
        {
            for line in lines.lines() {
                for (name, _) in cells(line) {
                    if columns.len() < MOST_COLUMNS && !columns.contains(&name) {
                        columns.push(name);
                    }
                }
            }
            after = number;
        }
        Ok(columns)
    }
}

fn as_text(lines: &str, format: Format, columns: &[String]) -> String {
    let mut text = String::with_capacity(lines.len() + 1);
    for line in lines.lines() {
        match format {
            Format::JsonLines => {
                text.push_str(line);
                text.push('\n');
            }
            Format::Csv => {
                let cells: std::collections::HashMap<_, _> = cells(line).into_iter().collect();
                let of = |name: &String| cells.get(name).cloned().unwrap_or_default();
                text.push_str(&row(columns.iter().map(of)));
            }
        }
    }
    text
}

/// The cells of an entry: its fields, and those of its objects one level down. Lists stay JSON.
fn cells(line: &str) -> Vec<(String, String)> {
    let mut cells = Vec::new();
    let Ok(Value::Object(entry)) = serde_json::from_str(line) else {
        return cells;
    };
    for (name, value) in entry {
        match value {
            Value::Object(inner) => {
                for (key, value) in inner {
                    cells.push((format!("{name}.{key}"), cell(&value)));
                }
            }
            value => cells.push((name, cell(&value))),
        }
    }
    cells
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => harmless(text),
        other => other.to_string(),
    }
}

/// A text that no spreadsheet runs.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn row(cells: impl Iterator<Item = String>) -> String {
    let quoted = cells.map(|cell| {
        if cell.contains(['"', ',', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    });
    let mut line = quoted.collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_all_are_quoted_where_needed() {
        let line = r#"{"id":"1","name":"=1+1","phone":"+351","n":-5,"note":"a \"b\", c","tags":{"data":[1]}}"#;
        let columns: Vec<String> = cells(line).into_iter().map(|(name, _)| name).collect();
        assert_eq!(columns, ["id", "n", "name", "note", "phone", "tags.data"]);
        let text = as_text(line, Format::Csv, &columns);
        assert_eq!(text, "1,-5,'=1+1,\"a \"\"b\"\", c\",'+351,[1]\r\n");
        for start in ["=", "+", "-", "@", "\t", "\r"] {
            assert!(harmless(start).starts_with('\''));
        }
    }
}
