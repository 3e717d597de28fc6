//! Rules that are read from the files themselves: lints, markup and the list of crates.

use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

use super::{ROOMS, assert_none, root};

const WALL_CLOCK: &str =
    "Clock and randomness are passed in; the ambient ones are forbidden by lint.";
const NO_ALLOW: &str = "A lint is silenced with `expect` and a reason, never with `allow`.";
const NO_INLINE: &str =
    "The content security policy starts from none and allows no inline script or style.";

/// All files below `folder` whose name ends in `extension`, except what tools put there.
fn files(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_ours = !path.ends_with("node_modules") && !path.ends_with("target");
        if path.is_dir() && is_ours {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    Ok(found)
}

/// Applies `rule` to every such file in the named folders and puts the file before each fault.
fn faults_in(
    folders: &[&str],
    extension: &str,
    rule: impl Fn(&str) -> Vec<String>,
) -> Result<Vec<String>, Box<dyn Error>> {
    let mut faults = Vec::new();
    for folder in folders {
        for path in files(&root().join(folder), extension)? {
            let found = rule(&fs::read_to_string(&path)?);
            let shown = path.strip_prefix(root()).unwrap_or(&path).display();
            faults.extend(found.iter().map(|fault| format!("{shown}: {fault}")));
        }
    }
    Ok(faults)
}

/// Attributes that allow a lint, also behind `cfg_attr`.
fn allow_attributes(source: &str) -> Vec<String> {
    let dense: String = source.split_whitespace().collect();
    let attributes = dense.split('#').skip(1).filter_map(|rest| {
        let rest = rest.strip_prefix('!').unwrap_or(rest);
        let end = rest.find(")]")?;
        rest.starts_with('[').then(|| &rest[1..end])
    });
    attributes
        .filter(|it| {
            it.starts_with("allow(") || (it.starts_with("cfg_attr(") && it.contains(",allow("))
        })
        .map(|it| format!("#[{it})]. {NO_ALLOW}"))
        .collect()
}

/// `text` with every stretch from `open` to `close` replaced by a space.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once(open) {
        kept.push_str(before);
        kept.push(' ');
        rest = inside.split_once(close).map_or("", |(_, after)| after);
    }
    kept + rest
}

/// Splits what follows a `<` at the `>` that ends the tag; quoted values are left out of the tag's text.
fn tag(text: &str) -> (String, &str) {
    let mut unquoted = String::new();
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (None, '>') => return (unquoted, &text[at + 1..]),
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => {
                quote = None;
                unquoted.push(' ');
            }
            (None, _) => unquoted.push(character),
            (Some(_), _) => {}
        }
    }
    (unquoted, "")
}

fn is_inline(attribute: &str) -> bool {
    let handler = attribute
        .strip_prefix("on")
        .is_some_and(|event| !event.is_empty());
    attribute == "style" || handler || attribute.starts_with("hx-on")
}

/// Inline styles, inline scripts and inline handlers in a template.
fn inline_code(template: &str) -> Vec<String> {
    let mut markup = template.to_ascii_lowercase();
    for (open, close) in [("{#", "#}"), ("{%", "%}"), ("{{", "}}"), ("<!--", "-->")] {
        markup = without(&markup, open, close);
    }
    let mut faults = Vec::new();
    let mut rest = markup.as_str();
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        if !after.starts_with(|first: char| first.is_ascii_alphabetic()) {
            continue;
        }
        let (text, content) = tag(after);
        rest = content;
        let mut words = text.split(|it: char| it.is_whitespace() || it == '/');
        let name = words.next().unwrap_or_default();
        let content = content
            .split_once("</script")
            .map_or(content, |(inside, _)| inside);
        if name == "style" || (name == "script" && !content.trim().is_empty()) {
            faults.push(format!("<{name}> with content. {NO_INLINE}"));
        }
        let attributes = words.map(|word| word.split_once('=').map_or(word, |(name, _)| name));
        let inline = attributes.filter(|attribute| is_inline(attribute));
        faults.extend(inline.map(|attribute| format!("`{attribute}` on <{name}>. {NO_INLINE}")));
    }
    faults
}

/// Differences between the crates that are there and the lines of the list, which follows the table of rooms.
fn list_faults(list: &str, crates: &[String]) -> Vec<String> {
    let listed: Vec<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("- `")?.split_once("`: "))
        .filter(|(_, sentence)| sentence.ends_with('.'))
        .map(|(name, _)| name)
        .collect();
    let expected: Vec<&str> = ROOMS
        .iter()
        .map(|room| room.name)
        .filter(|room| crates.iter().any(|name| name == room))
        .collect();
    if listed == expected {
        return Vec::new();
    }
    vec![format!(
        "crates/README.md: one sentence a crate, in the order of the table of rooms: {expected:?}, not {listed:?}."
    )]
}

/// The folders of `crates/`, by name.
fn crates() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("crates"))? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").exists() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

/// A manifest that does not take the workspace's lints escapes all of them.
fn lint_faults(manifest: &str) -> Vec<String> {
    let lines: Vec<&str> = manifest.lines().map(str::trim).collect();
    let inherits = lines
        .windows(2)
        .any(|pair| pair == ["[lints]", "workspace = true"]);
    if inherits {
        return Vec::new();
    }
    vec![format!("does not take the workspace's lints. {WALL_CLOCK}")]
}

#[test]
fn lints_are_never_allowed_away() -> Result<(), Box<dyn Error>> {
    assert_none(&faults_in(
        &["crates", "migrations", "tests"],
        "rs",
        allow_attributes,
    )?);
    Ok(())
}

#[test]
fn every_package_takes_the_lints_of_the_workspace() -> Result<(), Box<dyn Error>> {
    assert_none(&faults_in(
        &["crates", "migrations", "tests"],
        "toml",
        |manifest| {
            if manifest.contains("[package]") {
                lint_faults(manifest)
            } else {
                Vec::new()
            }
        },
    )?);
    Ok(())
}

#[test]
fn templates_hold_no_inline_code() -> Result<(), Box<dyn Error>> {
    assert_none(&faults_in(&["templates", "crates"], "html", inline_code)?);
    Ok(())
}

#[test]
fn the_list_of_crates_follows_the_table() -> Result<(), Box<dyn Error>> {
    let list = fs::read_to_string(root().join("crates/README.md"))?;
    assert_none(&list_faults(&list, &crates()?));
    Ok(())
}

#[test]
fn an_allow_attribute_is_found() {
    for body in [
        "[allow(dead_code)]",
        "![allow(\n  unused\n)]",
        "[ allow (unused)]",
        "[cfg_attr(test, allow(unused))]",
    ] {
        let source = format!("//! Text.\n#{body}\nfn f() {{}}");
        assert_eq!(allow_attributes(&source).len(), 1, "{source}");
    }
    assert_none(&allow_attributes(
        "#[expect(dead_code, reason = \"allow(it)\")]\n#[derive(Debug)]\nfn allow() {}",
    ));
}

#[test]
fn inline_code_is_found() {
    for broken in [
        r#"<p style="color: red">"#,
        r#"<p {% if bad %}class="a"style='x'{% endif %}>"#,
        "<STYLE>p { color: red }</STYLE>",
        r#"<button type="button" onclick="go()">"#,
        r#"<div hx-on:click="go()">"#,
        "<script>go()</script>",
        r#"<script src="/static/a.js">{# note #} go()</script>"#,
        "<p>one</p>\n<img\n  onerror=go()>",
    ] {
        assert_eq!(inline_code(broken).len(), 1, "{broken}");
    }
    assert_none(&inline_code(
        r#"<!-- <p style="x"> --><script src="{{ asset("a.js") }}" defer></script>
        {% if a > b %}<p title="style=x onclick=y" data-style="x" class="on">1 < 2 style="no tag"</p>{% endif %}"#,
    ));
}

#[test]
fn a_crate_missing_from_the_list_or_out_of_order_is_found() {
    let crates = ["db".to_owned(), "model".to_owned()];
    let good = "# Crates\n\n- `model`: plain data.\n- `db`: the SQL.\n";
    assert_none(&list_faults(good, &crates));
    for broken in [
        "- `model`: plain data.\n",
        "- `db`: the SQL.\n- `model`: plain data.\n",
        "- `model`: \n- `db`: the SQL.\n",
    ] {
        assert_eq!(list_faults(broken, &crates).len(), 1, "{broken}");
    }
}

#[test]
fn a_manifest_without_the_lints_is_found() {
    assert_eq!(lint_faults("[package]\nname = \"x\"\n").len(), 1);
    assert_none(&lint_faults("[package]\n\n[lints]\nworkspace = true\n"));
}
