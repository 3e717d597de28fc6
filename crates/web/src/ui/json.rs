//! A stored payload, indented and coloured for reading. Keys keep their order and numbers their digits.

use crate::html::{SafeHtml, escape_into};

/// How much of a payload is shown, in bytes of its source.
const SOURCE_MAX: usize = 64 * 1024;
/// The length of the HTML after which nothing more is shown, in bytes.
const HTML_MAX: usize = 256 * 1024;
/// The deepest indentation, in steps: deeper nesting stays at it.
const INDENT_MAX: usize = 32;

/// A payload as coloured HTML. What is no JSON is shown as text. A long one is cut, and its last line says so.
#[must_use]
pub fn payload(text: &str) -> SafeHtml {
    let mut printer = Printer::default();
    let shown = &text[..text.floor_char_boundary(SOURCE_MAX)];
    let mut whole = shown.len() == text.len();
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        whole &= printer.print(shown);
    } else {
        escape_into(&mut printer.out, shown);
    }
    if !whole {
        let note = format!("\n\nCut here; the whole has {} bytes.", text.len());
        printer.out.push_str(&note);
    }
    SafeHtml::from_sanitised(printer.out)
}

#[derive(Default)]
struct Printer {
    out: String,
    depth: usize,
}

impl Printer {
    /// Walks the tokens of valid JSON, or of its beginning, and says whether it came to the end.
    fn print(&mut self, text: &str) -> bool {
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            if self.out.len() > HTML_MAX {
                return false;
            }
            rest = match first {
                '{' | '[' => self.open(first, &rest[1..]),
                '}' | ']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.line();
                    self.out.push(first);
                    &rest[1..]
                }
                ',' => {
                    self.out.push(',');
                    self.line();
                    &rest[1..]
                }
                ':' => {
                    self.out.push_str(": ");
                    &rest[1..]
                }
                '"' => self.string(rest),
                _ => self.word(rest),
            }
            .trim_start();
        }
        true
    }

    /// An opening bracket; an empty pair stays on its line.
    fn open<'a>(&mut self, bracket: char, rest: &'a str) -> &'a str {
        self.out.push(bracket);
        let inner = rest.trim_start();
        if let Some(close) = inner.chars().next().filter(|c| matches!(c, '}' | ']')) {
            self.out.push(close);
            return &inner[1..];
        }
        self.depth += 1;
        self.line();
        inner
    }

    fn string<'a>(&mut self, rest: &'a str) -> &'a str {
        let mut escaped = false;
        let end = rest[1..]
            .find(|c| {
                let is_end = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                is_end
            })
            .map_or(rest.len(), |end| end + 2);
        let (token, after) = rest.split_at(end);
        let is_key = after.trim_start().starts_with(':');
        self.span(if is_key { 'k' } else { 's' }, token);
        after
    }

    fn word<'a>(&mut self, rest: &'a str) -> &'a str {
        let end = rest
            .find(|c: char| matches!(c, ',' | '}' | ']') || c.is_whitespace())
            .unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        let is_number = token.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        self.span(if is_number { 'n' } else { 'b' }, token);
        after
    }

    fn span(&mut self, class: char, token: &str) {
        self.out.push_str("<span class=\"");
        self.out.push(class);
        self.out.push_str("\">");
        escape_into(&mut self.out, token);
        self.out.push_str("</span>");
    }

    fn line(&mut self) {
        self.out.push('\n');
        self.out.push_str(&"  ".repeat(self.depth.min(INDENT_MAX)));
    }
}

#[cfg(test)]
mod tests {
    use super::{HTML_MAX, payload};

    fn plain(html: &str) -> String {
        let mut out = String::new();
        let mut inside = false;
        for c in html.chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                c if !inside => out.push(c),
                _ => {}
            }
        }
        out
    }

    #[test]
    fn keeps_order_and_digits_and_escapes() {
        let html = payload(r#"{"z":1.50,"a":["<b>\"",null],"e":{},"f":[ ]}"#).to_string();
        assert!(!html.contains("<b>"));
        assert_eq!(
            plain(&html),
            "{\n  &#34;z&#34;: 1.50,\n  &#34;a&#34;: [\n    &#34;&#60;b&#62;\\&#34;&#34;,\n    null\n  ],\n  &#34;e&#34;: {},\n  &#34;f&#34;: []\n}"
        );
    }

    #[test]
    fn deep_and_long_payloads_are_cut_and_say_so() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let html = payload(&deep).to_string();
        assert!(html.len() < 2 * HTML_MAX, "{}", html.len());
        assert!(html.ends_with("Cut here; the whole has 200000 bytes."));
        let wide = format!("[{}\"é\"]", "\"é\",".repeat(100_000));
        assert!(payload(&wide).to_string().len() < 2 * HTML_MAX);
        let quoted = format!("\"{}\"", "\\\"".repeat(100_000));
        let html = payload(&quoted).to_string();
        assert!(html.len() < 2 * HTML_MAX && html.contains("Cut here"));
        let text = payload(&"<".repeat(100_000)).to_string();
        assert!(text.len() < 2 * HTML_MAX && text.contains("Cut here"));
        assert!(!payload("[[]]").to_string().contains("Cut"));
    }

    #[test]
    fn what_is_no_json_stays_text() {
        assert_eq!(payload("<oops").to_string(), "&#60;oops");
    }
}
