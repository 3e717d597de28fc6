//! Message bodies made safe to show, and the titles taken from them.

use ammonia::Builder;
use earmark_intercom::looks_like_html;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Characters of a derived title at most.
const TITLE: usize = 100;

/// Elements that a message may keep. Headings are left out: a page has its own.
const KEPT: [&str; 19] = [
    "a",
    "b",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "hr",
    "i",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "strong",
    "sub",
    "sup",
    "u",
    "ul",
];

static WITH_IMAGES: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = plain_builder();
    builder
        .add_tags(["img"])
        .add_tag_attributes("img", ["src", "alt"]);
    builder
});

static FINAL: LazyLock<Builder<'static>> = LazyLock::new(plain_builder);

fn plain_builder() -> Builder<'static> {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from(KEPT))
        .add_clean_content_tags(["script", "style"])
        .add_tag_attributes("a", ["href"])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"));
    builder
}

/// A message body as HTML that may be shown: few elements, links only to http, https and mailto, images as links, nothing
/// that loads from elsewhere. Plain text becomes paragraphs.
#[must_use]
pub fn sanitise(body: &str) -> String {
    let body = without_nul(body);
    if !looks_like_html(&body) {
        return paragraphs(&body);
    }
    // The first pass leaves images in a form that can be told apart surely; the second one has the last word.
    let tidy = WITH_IMAGES.clean(&body).to_string();
    FINAL.clean(&images_to_links(&tidy)).to_string()
}

/// Plain text as HTML: blank lines divide paragraphs, other line ends stay.
#[must_use]
pub fn paragraphs(text: &str) -> String {
    text.replace("\r\n", "\n")
        .split("\n\n")
        .map(str::trim)
        .filter(|paragraph| !paragraph.is_empty())
        .map(|paragraph| {
            let lines: Vec<String> = paragraph.lines().map(escape).collect();
            format!("<p>{}</p>", lines.join("<br>"))
        })
        .collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Turns each `<img …>` of sanitised HTML into a link to the image. Attribute values there are quoted and escaped.
fn images_to_links(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find("<img") {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let Some(end) = end_of_element(from) else {
            return out;
        };
        let element = &from[..end];
        if let Some(src) = attribute(element, "src") {
            let alt = attribute(element, "alt")
                .filter(|alt| !alt.trim().is_empty())
                .unwrap_or("image");
            out.push_str(&format!("<a href=\"{src}\">[{alt}]</a>"));
        }
        rest = &from[end..];
    }
    out.push_str(rest);
    out
}

/// Where an element's start tag ends: the first `>` outside quotes.
fn end_of_element(from: &str) -> Option<usize> {
    let mut quoted = false;
    for (at, c) in from.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let start = element.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = &element[start..];
    Some(&value[..value.find('"')?])
}

/// A title from a message's text: its first line; a long one is cut after its first sentence, else at a word.
#[must_use]
pub(crate) fn title(plain: &str) -> Option<String> {
    let line = plain.lines().map(str::trim).find(|line| !line.is_empty())?;
    if line.chars().count() <= TITLE {
        return Some(line.to_owned());
    }
    let cut: String = line.chars().take(TITLE).collect();
    let sentence = [". ", "? ", "! "]
        .iter()
        .filter_map(|end| cut.find(end))
        .filter(|at| *at > TITLE / 4)
        .min();
    if let Some(at) = sentence {
        return Some(cut[..=at].to_owned());
    }
    let cut = match cut.rfind(char::is_whitespace) {
        Some(at) if at > cut.len() / 2 => &cut[..at],
        _ => &cut,
    };
    Some(format!(
        "{}…",
        cut.trim_end_matches([' ', ',', '.', ';', ':'])
    ))
}

/// PostgreSQL stores no NUL in text; JSON may hold one.
pub(crate) fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_active_or_remote_survives() {
        let html = "<p onclick=\"x()\">Hi<script>alert(1)</script><style>p{}</style> \
            <a href=\"javascript:alert(1)\">a</a> <a href=\"/w/x\">b</a> <iframe src=\"https://evil.example\"></iframe>\
            <img src=\"https://cdn.example/a.png?x=1&amp;y=2\" alt='a \"shot\" > here' onerror=\"x()\"><svg><p>deep</p></svg></p>";
        let safe = sanitise(html);
        for bad in [
            "script",
            "onclick",
            "onerror",
            "javascript",
            "iframe",
            "<img",
            "style",
            "href=\"/w",
            "svg",
        ] {
            assert!(!safe.contains(bad), "{bad} in {safe}");
        }
        assert!(
            safe.contains("href=\"https://cdn.example/a.png?x=1&amp;y=2\""),
            "{safe}"
        );
        assert!(
            safe.contains("rel=\"noopener noreferrer nofollow\""),
            "{safe}"
        );
        assert!(safe.contains("deep"), "{safe}");
    }

    #[test]
    fn an_image_without_a_usable_address_disappears() {
        assert_eq!(
            sanitise("<p>a<img src=\"data:image/png;base64,AAAA\">b</p>"),
            "<p>ab</p>"
        );
    }

    #[test]
    fn plain_text_is_escaped_into_paragraphs() {
        assert_eq!(
            sanitise("a < b\nc\0d\n\n\n e & f"),
            "<p>a &lt; b<br>cd</p><p>e &amp; f</p>"
        );
    }

    #[test]
    fn titles_are_first_lines_cut_at_sentences_or_words() {
        assert_eq!(
            title("\n  Export as CSV\nplease").as_deref(),
            Some("Export as CSV")
        );
        let long = title(&"several words ".repeat(20)).unwrap();
        assert!(
            long.ends_with("words…") || long.ends_with("several…"),
            "{long}"
        );
        assert!(long.chars().count() <= TITLE + 1);
        assert_eq!(title(&"x".repeat(300)).unwrap().chars().count(), TITLE + 1);
        let two = format!(
            "Could the export keep its columns? {}",
            "It matters. ".repeat(20)
        );
        assert_eq!(
            title(&two).as_deref(),
            Some("Could the export keep its columns?")
        );
        assert_eq!(title(" \n "), None);
    }
}
