//! Names made fit for URLs.

/// A lower-case ASCII slug of `name`, at most 40 characters, words joined with `-`; `fallback` when nothing is left.
#[must_use]
pub fn slugify(name: &str, fallback: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
        if slug.len() == 40 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        fallback.to_owned()
    } else {
        slug.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::slugify;

    #[test]
    fn slugs() {
        assert_eq!(slugify("Quillwater & Sons", "workspace"), "quillwater-sons");
        assert_eq!(slugify("  !!", "workspace"), "workspace");
        assert_eq!(slugify(&"long ".repeat(20), "x").len(), 39);
    }
}
