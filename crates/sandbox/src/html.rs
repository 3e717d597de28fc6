//! From plain text to the HTML of a message and back.

/// Escapes text and wraps its paragraphs, as Intercom stores what is typed into its inbox.
pub(crate) fn from_text(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    text.split("\n\n")
        .map(str::trim)
        .filter(|paragraph| !paragraph.is_empty())
        .map(|paragraph| format!("<p>{}</p>", escape(paragraph).replace('\n', "<br>")))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What a seed or the control API gives: HTML when it begins with `<`, else text.
pub(crate) fn from_either(body: &str) -> String {
    if body.starts_with('<') {
        body.to_owned()
    } else {
        from_text(body)
    }
}

/// The body of an API call: HTML is kept, bare text becomes a paragraph.
pub(crate) fn from_api(body: &str) -> String {
    if body.trim_start().starts_with('<') {
        body.to_owned()
    } else {
        format!("<p>{body}</p>")
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// What a reader sees of the HTML: tags gone, line breaks kept, the common entities resolved.
pub(crate) fn to_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        let Some(close) = rest[open..].find('>') else {
            rest = "";
            break;
        };
        let tag = rest[open + 1..open + close].trim().to_ascii_lowercase();
        let name = tag
            .trim_end_matches('/')
            .split_whitespace()
            .next()
            .unwrap_or("");
        if matches!(
            name,
            "br" | "/p" | "/div" | "/li" | "/h1" | "/h2" | "/h3" | "/ul" | "/ol"
        ) && !text.ends_with('\n')
        {
            text.push('\n');
        }
        rest = rest[open + close + 1..].trim_start_matches('\n');
    }
    text.push_str(rest);
    unescape(text.trim())
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_the_way_to_html_and_back() {
        let html = from_text("Is 3 < 4 & 5 > 4?\r\nYes.\n\nBye");
        assert_eq!(
            html,
            "<p>Is 3 &lt; 4 &amp; 5 &gt; 4?<br>Yes.</p>\n<p>Bye</p>"
        );
        assert_eq!(to_text(&html), "Is 3 < 4 & 5 > 4?\nYes.\nBye");
    }

    #[test]
    fn markup_is_dropped_and_an_escaped_entity_is_resolved_once() {
        assert_eq!(
            to_text("<p>keep the <b>status</b> column</p>"),
            "keep the status column"
        );
        assert_eq!(to_text("&amp;lt;"), "&lt;");
        assert_eq!(to_text("broken <b"), "broken");
    }
}
