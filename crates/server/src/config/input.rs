//! Where the configuration comes from, and its layers as flat maps of dotted keys.

use super::fault::{Fault, Faults};
use ::config::builder::DefaultState;
use ::config::{ConfigBuilder, Environment, File, FileFormat, Source, Value, ValueKind};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// What every environment variable of the configuration begins with.
pub(super) const PREFIX: &str = "EARMARK";
/// What separates the parts of an environment variable.
pub(super) const SEPARATOR: &str = "__";

const DEFAULTS: &str = include_str!("../../../../config/default.toml");

/// What a configuration is read from, beside the compiled-in defaults; later ones win.
#[derive(Clone, Default)]
pub struct Input {
    /// A file in TOML.
    pub file: Option<PathBuf>,
    /// Environment variables; those that do not begin with `EARMARK__` are ignored.
    pub environment: HashMap<String, String>,
    /// Values that the command line sets, by dotted key such as `server.listen`.
    pub overrides: Vec<(&'static str, String)>,
}

impl Input {
    /// The file given and the environment of this process.
    #[must_use]
    pub fn from_process(file: Option<PathBuf>) -> Self {
        let prefix = format!("{PREFIX}{SEPARATOR}");
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| {
                let name = name.into_string().ok()?;
                let ours = name.to_uppercase().starts_with(&prefix);
                ours.then(|| (name, value.to_string_lossy().into_owned()))
            })
            .collect();
        Self {
            file,
            environment,
            overrides: Vec::new(),
        }
    }

    /// The same, with a key set from the command line.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.overrides.push((key, value.into()));
        self
    }
}

/// Values by dotted key.
pub(super) type Layer = BTreeMap<String, Value>;

/// The compiled-in defaults.
pub(super) fn defaults() -> Result<Layer, Faults> {
    flatten(
        ConfigBuilder::<DefaultState>::default()
            .add_source(File::from_str(DEFAULTS, FileFormat::Toml)),
        "config/default.toml",
    )
}

/// What the file, the environment and the command line give, merged.
pub(super) fn given(input: &Input) -> Result<Layer, Faults> {
    let mut builder = ConfigBuilder::<DefaultState>::default();
    if let Some(path) = &input.file {
        let text = read_file(path).map_err(one)?;
        builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
    }
    builder = builder.add_source(
        Environment::with_prefix(PREFIX)
            .separator(SEPARATOR)
            .ignore_empty(true)
            .source(Some(input.environment.clone())),
    );
    let mut layer = flatten(builder, "the environment")?;
    for (key, value) in &input.overrides {
        layer.insert((*key).to_owned(), Value::from(value.as_str()));
    }
    Ok(layer)
}

/// Reads the file and checks its syntax. The parser's own message would quote the line, and with it perhaps a secret.
fn read_file(path: &Path) -> Result<String, Fault> {
    let text = std::fs::read_to_string(path).map_err(|cause| {
        Fault::at(
            path.display().to_string(),
            format!("the configuration file cannot be read: {cause}"),
        )
    })?;
    let Err(cause) = toml::from_str::<toml::Table>(&text) else {
        return Ok(text);
    };
    let before = cause.span().map_or(0, |span| span.start.min(text.len()));
    let line = 1 + text.as_bytes()[..before]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count();
    Err(Fault::at(
        path.display().to_string(),
        format!("line {line} is no TOML: {}", cause.message()),
    ))
}

fn flatten(builder: ConfigBuilder<DefaultState>, origin: &str) -> Result<Layer, Faults> {
    let unreadable = |_| one(Fault::at(origin, "the configuration cannot be read"));
    let tree = builder
        .build()
        .and_then(|built| built.collect())
        .map_err(unreadable)?;
    let mut layer = Layer::new();
    for (key, value) in tree {
        flatten_into(&mut layer, key, value);
    }
    Ok(layer)
}

/// An empty table stays a value of its own, so that a misspelt empty section is noticed.
fn flatten_into(layer: &mut Layer, key: String, value: Value) {
    match value.kind {
        ValueKind::Table(table) if !table.is_empty() => {
            for (name, inner) in table {
                flatten_into(layer, format!("{key}.{name}"), inner);
            }
        }
        _ => {
            layer.insert(key, value);
        }
    }
}

fn one(fault: Fault) -> Faults {
    Faults(vec![fault])
}
