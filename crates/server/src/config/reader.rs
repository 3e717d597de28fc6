//! Takes typed values out of the layers, and notes every fault and everything understood on the way.

use super::fault::{Fault, Faults, variable};
use super::input::{self, Input, Layer};
use ::config::{Value, ValueKind};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;
use url::Url;

/// Reads each key once. A method that returns `None` for a required key has noted the fault.
pub(super) struct Reader {
    given: Layer,
    defaults: Layer,
    known: BTreeSet<&'static str>,
    faults: Vec<Fault>,
    understood: Vec<Understood>,
}

struct Understood {
    key: &'static str,
    shown: String,
    is_default: bool,
}

impl Reader {
    pub(super) fn new(input: &Input) -> Result<Self, Faults> {
        Ok(Self {
            given: input::given(input)?,
            defaults: input::defaults()?,
            known: BTreeSet::new(),
            faults: Vec::new(),
            understood: Vec::new(),
        })
    }

    /// What was understood, and the faults, those of unknown keys included.
    pub(super) fn finish(mut self) -> (String, Vec<Fault>) {
        let unknown: Vec<Fault> = self
            .given
            .iter()
            .filter_map(|(key, value)| self.unknown(key, value))
            .collect();
        self.faults.extend(unknown);
        (self.render(), self.faults)
    }

    pub(super) fn fault(&mut self, key: &'static str, problem: impl Into<String>) {
        self.faults.push(Fault::of_key(key, problem));
    }

    /// Notes how a value that came from its own key is shown.
    pub(super) fn understand(&mut self, key: &'static str, shown: String) {
        let is_default = !self.is_given(key);
        self.understand_as(key, shown, is_default);
    }

    /// Notes how a value that may have come from another key is shown.
    pub(super) fn understand_as(&mut self, key: &'static str, shown: String, is_default: bool) {
        self.understood.push(Understood {
            key,
            shown,
            is_default,
        });
    }

    /// Whether file, environment or command line gave the key.
    pub(super) fn is_given(&self, key: &str) -> bool {
        self.given.contains_key(key)
    }

    fn value(&mut self, key: &'static str) -> Option<Value> {
        self.known.insert(key);
        let value = self.given.get(key).or_else(|| self.defaults.get(key));
        value.cloned()
    }

    fn required(&mut self, key: &'static str) -> Option<Value> {
        let value = self.value(key);
        if value.is_none() {
            self.fault(key, "is missing");
        }
        value
    }

    /// The text of a key that may be absent; the caller notes how it is shown.
    pub(super) fn optional_text(&mut self, key: &'static str) -> Option<String> {
        let value = self.value(key)?;
        let text = text_of(&value);
        if text.is_none() {
            self.fault(key, "must be a text; write it in quotes");
        }
        text
    }

    /// A text that `parse` turns into a value, or says what is wrong with.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.required(key)?;
        let text = self.optional_text(key)?;
        match parse(text.trim()) {
            Ok(value) => {
                self.understand(key, quoted(text.trim()));
                Some(value)
            }
            Err(problem) => {
                self.fault(key, problem);
                None
            }
        }
    }

    /// One of the texts of an enum.
    pub(super) fn choice<T: FromStr + ToString>(
        &mut self,
        key: &'static str,
        choices: &[T],
    ) -> Option<T> {
        self.parsed(key, |text| {
            text.parse().map_err(|_| {
                let choices: Vec<String> = choices
                    .iter()
                    .map(|choice| quoted(&choice.to_string()))
                    .collect();
                format!("must be {}", choices.join(" or "))
            })
        })
    }

    /// A whole number within a range.
    pub(super) fn number<T>(&mut self, key: &'static str, range: RangeInclusive<T>) -> Option<T>
    where
        T: TryFrom<i64> + PartialOrd + std::fmt::Display + Copy,
    {
        let number = match self.required(key)?.kind {
            ValueKind::I64(number) => Some(number),
            ValueKind::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let fitting = number
            .and_then(|number| T::try_from(number).ok())
            .filter(|number| range.contains(number));
        match fitting {
            Some(number) => self.understand(key, number.to_string()),
            None => self.fault(
                key,
                format!(
                    "must be a whole number from {} to {}",
                    range.start(),
                    range.end()
                ),
            ),
        }
        fitting
    }

    /// Whole seconds within a range.
    pub(super) fn seconds(
        &mut self,
        key: &'static str,
        range: RangeInclusive<u32>,
    ) -> Option<Duration> {
        self.number(key, range)
            .map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// A list of texts, each of which `parse` turns into a value, or says what is wrong with.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        self.required(key)?;
        let texts = self.texts(key)?;
        let mut values = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            match parse(text) {
                Ok(value) => values.push(value),
                Err(problem) => self.fault(key, format!("entry {} {problem}", index + 1)),
            }
        }
        let shown: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
        self.understand(key, format!("[{}]", shown.join(", ")));
        (values.len() == texts.len()).then_some(values)
    }

    /// The texts of a list, or of one text with commas; `None` when the key is not set, or is no list.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        let texts = match self.value(key)?.kind {
            ValueKind::String(text) => Some(
                text.split(',')
                    .map(|part| part.trim().to_owned())
                    .filter(|part| !part.is_empty())
                    .collect(),
            ),
            ValueKind::Array(values) => values.iter().map(text_of).collect(),
            _ => None,
        };
        if texts.is_none() {
            self.fault(key, "must be a list of texts in quotes");
        }
        texts
    }

    /// The content of the file that `file_key` names, without the white space around it. `key` is the key whose place
    /// the file takes; both at once are a fault.
    pub(super) fn secret_file(
        &mut self,
        key: &'static str,
        file_key: &'static str,
    ) -> Option<String> {
        self.known.insert(key);
        let path = self.optional_text(file_key)?;
        if self.is_given(key) {
            self.fault(
                file_key,
                format!("{key} is set as well; keep one of the two"),
            );
            return None;
        }
        match std::fs::read_to_string(&path) {
            Ok(text) if text.trim().is_empty() => {
                self.fault(file_key, format!("the file {path} is empty"));
                None
            }
            Ok(text) => {
                self.understand(file_key, quoted(&path));
                Some(text.trim().to_owned())
            }
            Err(cause) => {
                self.fault(file_key, format!("the file {path} cannot be read: {cause}"));
                None
            }
        }
    }

    fn unknown(&self, key: &str, value: &Value) -> Option<Fault> {
        let children = format!("{key}.");
        let is_section = self.known.iter().any(|known| known.starts_with(&children));
        let is_table = matches!(value.kind, ValueKind::Table(_));
        let problem = match (self.known.contains(key), is_section) {
            (true, _) => return None,
            (false, true) if is_table => return None,
            (false, true) => format!("is a section; set its keys, such as {}", {
                let known = self.known.iter().find(|known| known.starts_with(&children));
                variable(known.copied().unwrap_or_default())
            }),
            (false, false) => self.misspelt(key),
        };
        Some(Fault::of_key(key, problem))
    }

    fn misspelt(&self, key: &str) -> String {
        let (section, _) = key.rsplit_once('.').unwrap_or((key, ""));
        if self.known.contains(section) {
            return format!("{section} is a key with a value, it is no section");
        }
        let siblings: Vec<&str> = self
            .known
            .iter()
            .filter_map(|known| known.rsplit_once('.'))
            .filter_map(|(of, name)| (of == section).then_some(name))
            .collect();
        if siblings.is_empty() {
            let sections: BTreeSet<&str> = self
                .known
                .iter()
                .filter_map(|known| known.rsplit_once('.'))
                .map(|(section, _)| section)
                .collect();
            let sections: Vec<&str> = sections.into_iter().collect();
            format!("no such section; there are {}", sections.join(", "))
        } else {
            format!("no such key; [{section}] has {}", siblings.join(", "))
        }
    }

    fn render(&self) -> String {
        let mut text = String::new();
        let mut current = "";
        for Understood {
            key,
            shown,
            is_default,
        } in &self.understood
        {
            let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
            if section != current {
                let gap = if current.is_empty() { "" } else { "\n" };
                text.push_str(&format!("{gap}[{section}]\n"));
                current = section;
            }
            let note = if *is_default { "  # default" } else { "" };
            text.push_str(&format!("{name} = {shown}{note}\n"));
        }
        text
    }
}

/// The text in quotes, as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// An address with nothing but scheme, host and port.
pub(super) fn origin(text: &str) -> Result<Url, String> {
    let cure = "must be like https://feedback.example.com: scheme, host and port alone";
    let url = Url::parse(text).map_err(|_| cure.to_owned())?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.path() == "/"
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if plain { Ok(url) } else { Err(cure.to_owned()) }
}

fn text_of(value: &Value) -> Option<String> {
    match &value.kind {
        ValueKind::String(text) => Some(text.clone()),
        _ => None,
    }
}
