//! Message bodies: HTML up to API version 2.14, plain text in webhooks from 2.15.

const TAGS: [&str; 34] = [
    "a",
    "article",
    "b",
    "blockquote",
    "body",
    "br",
    "code",
    "div",
    "em",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "span",
    "strong",
    "table",
    "td",
    "tr",
    "u",
    "ul",
    "video",
];

/// Whether a body appears to be HTML: it opens with a tag that Intercom uses, or closes one somewhere.
/// A mere `<` in plain text does not make it HTML.
#[must_use]
pub fn looks_like_html(body: &str) -> bool {
    let body = body.trim_start();
    // Looked for once: a body of a hundred thousand tags that never end is then still read in one pass.
    let Some(last_end) = body.rfind('>') else {
        return false;
    };
    if body.starts_with('<') && tag_name(body, 1, last_end).is_some() {
        return true;
    }
    body.match_indices('<').any(|(at, _)| {
        if body[at + 1..].starts_with('/') {
            tag_name(body, at + 2, last_end).is_some()
        } else {
            tag_name(body, at + 1, last_end) == Some("br")
        }
    })
}

/// The known tag whose name starts at `at`, when the body's last `>` comes after it.
fn tag_name(body: &str, at: usize, last_end: usize) -> Option<&'static str> {
    let rest = &body[at..];
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric())?;
    let (name, after) = rest.split_at(end);
    let delimited = after.starts_with(['>', '/']) || after.starts_with(char::is_whitespace);
    if !delimited || last_end < at + end {
        return None;
    }
    TAGS.into_iter().find(|tag| tag.eq_ignore_ascii_case(name))
}

/// The visible text of a body: HTML loses its tags and entities, blocks become lines; plain text stays.
/// For excerpts and comparison only: the result is not safe to place into HTML unescaped.
#[must_use]
pub fn plain_text(body: &str) -> String {
    if !looks_like_html(body) {
        return body.trim().to_owned();
    }
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('>') else {
            rest = &rest[at..];
            break;
        };
        let tag = rest[at + 1..at + end].trim_start_matches('/');
        if breaks_line(tag) {
            text.push('\n');
        }
        rest = &rest[at + end + 1..];
    }
    text.push_str(rest);
    let lines: Vec<String> = decode_entities(&text)
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

fn breaks_line(tag: &str) -> bool {
    let name: String = tag
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    !matches!(
        name.as_str(),
        "a" | "b" | "code" | "em" | "i" | "img" | "span" | "strong" | "u" | ""
    )
}

fn decode_entities(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity = rest
            .char_indices()
            .take(12)
            .find(|(_, c)| *c == ';')
            .map(|(end, _)| &rest[1..end]);
        match entity.and_then(|name| decode(name).map(|c| (c, name.len() + 2))) {
            Some((character, length)) => {
                decoded.push(character);
                rest = &rest[length..];
            }
            None => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

fn decode(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_html_from_plain_text() {
        for html in [
            "<p>Hi</p>",
            "  <div class=\"intercom-container\"><img src=\"x\"></div>",
            "Hello<br>there",
            "see <a href=\"x\">this</a>",
            "<BR/>",
        ] {
            assert!(looks_like_html(html), "{html}");
        }
        for plain in [
            "",
            "a < b and c > d",
            "1<2",
            "<3 you all",
            "x <y> z",
            "<",
            "</",
            "<p",
        ] {
            assert!(!looks_like_html(plain), "{plain}");
        }
    }

    #[test]
    fn a_large_body_of_tags_that_never_end_is_read_in_one_pass() {
        for piece in ["</a ", "<br ", "&", "<", "</"] {
            let body = piece.repeat(2 * 1024 * 1024 / piece.len());
            assert!(!looks_like_html(&body), "{piece}");
            assert_eq!(plain_text(&body), body.trim(), "{piece}");
        }
        let unknown = format!("{}>", "</zz ".repeat(400_000));
        assert!(!looks_like_html(&unknown));
    }

    #[test]
    fn keeps_the_visible_text() {
        assert_eq!(
            plain_text(
                "<p>One &amp; <b>two</b>&nbsp;&#x1F600;</p><p> </p><p>a &lt; b &bogus; &</p>"
            ),
            "One & two 😀\na < b &bogus; &"
        );
        assert_eq!(plain_text("  a < b\nc "), "a < b\nc");
        assert_eq!(plain_text("<p></p><div><img src=\"x\"></div>"), "");
        assert_eq!(plain_text("<p>cut <b"), "cut <b");
    }
}
