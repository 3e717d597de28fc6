//! What was filled in, and how it is read: every fault names its field and the cure, before anything is sent.

use crate::describe::{Action, Input, Kind};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// What is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The input's name; empty when it is about all of them.
    pub field: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl Fault {
    pub(crate) fn at(field: &'static str, message: impl Into<String>) -> Self {
        Self {
            field,
            message: message.into(),
        }
    }
}

/// A file that was given.
#[derive(Clone, PartialEq, Eq)]
pub struct Upload {
    /// The input it was given for.
    pub input: String,
    /// Its name.
    pub file_name: String,
    /// Its media type.
    pub content_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes)", self.file_name, self.bytes.len())
    }
}

/// What was filled in, as texts. An input that stands several times counts as several lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs {
    fields: BTreeMap<String, String>,
    files: Vec<Upload>,
}

impl Inputs {
    /// What a form or a command gave; what is empty was not filled in.
    pub fn new(
        fields: impl IntoIterator<Item = (String, String)>,
        files: impl IntoIterator<Item = Upload>,
    ) -> Self {
        let mut all = BTreeMap::<String, String>::new();
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            all.entry(name)
                .and_modify(|lines| {
                    lines.push('\n');
                    lines.push_str(&value);
                })
                .or_insert(value);
        }
        Self {
            fields: all,
            files: files.into_iter().collect(),
        }
    }

    /// What the log kept of a run; files are not kept.
    #[must_use]
    pub fn from_log(text: &str) -> Self {
        let fields = serde_json::from_str::<BTreeMap<String, Json>>(text).unwrap_or_default();
        let texts = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
        Self::new(texts, [])
    }

    /// What the log keeps: names and texts, of files what tells them apart.
    #[must_use]
    pub fn to_log(&self) -> String {
        let mut all = Map::new();
        for (name, value) in &self.fields {
            all.insert(name.clone(), Json::from(value.as_str()));
        }
        for file in &self.files {
            let about = serde_json::json!({
                "file_name": file.file_name, "content_type": file.content_type, "bytes": file.bytes.len(),
            });
            if let Some(list) = all
                .entry(file.input.clone())
                .or_insert_with(|| Json::Array(Vec::new()))
                .as_array_mut()
            {
                list.push(about);
            }
        }
        Json::Object(all).to_string()
    }

    /// What stands in an input; empty when nothing does.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// The inputs that were filled in, with their texts.
    pub fn filled(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.fields.iter();
        fields.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// A value that was read.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    Number(i64),
    Flag(bool),
    Date(DateTime<Utc>),
    Json(Json),
    List(Vec<String>),
    Pairs(Vec<(String, String)>),
    Files(Vec<Upload>),
}

/// What was filled in, read. A required input is always there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values(BTreeMap<&'static str, Value>);

macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident: $variant:ident -> $type:ty;)+) => {$(
        $(#[$doc])*
        pub(crate) fn $name(&self, name: &str) -> Option<$type> {
            match self.0.get(name)? {
                Value::$variant(value) => Some(value.clone()),
                _ => None,
            }
        }
    )+};
}

impl Values {
    getters! {
        /// A text, an id or a choice.
        text: Text -> String;
        number: Number -> i64;
        date: Date -> DateTime<Utc>;
        json: Json -> Json;
    }

    /// A required text.
    pub(crate) fn need(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.0.get(name)? {
            Value::Flag(value) => Some(*value),
            _ => None,
        }
    }

    /// Whether it was answered with yes.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.flag(name) == Some(true)
    }

    pub(crate) fn object(&self, name: &str) -> Option<Map<String, Json>> {
        match self.json(name)? {
            Json::Object(object) => Some(object),
            _ => None,
        }
    }

    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::List(list)) => list.clone(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn pairs(&self, name: &str) -> Vec<(String, String)> {
        match self.0.get(name) {
            Some(Value::Pairs(pairs)) => pairs.clone(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn files(&self, name: &str) -> Vec<Upload> {
        match self.0.get(name) {
            Some(Value::Files(files)) => files.clone(),
            _ => Vec::new(),
        }
    }
}

impl Action {
    /// Reads what was filled in.
    ///
    /// # Errors
    /// Every [`Fault`], in the order of the inputs; those about unknown inputs come first.
    pub fn read(&self, inputs: &Inputs) -> Result<Values, Vec<Fault>> {
        let (mut values, mut faults) = (Values::default(), self.strange(inputs));
        for input in self.inputs {
            match input.read(inputs) {
                Ok(Some(value)) => {
                    values.0.insert(input.name, value);
                }
                Ok(None) => {}
                Err(message) => faults.push(Fault::at(input.name, message)),
            }
        }
        if faults.is_empty() {
            Ok(values)
        } else {
            Err(faults)
        }
    }

    fn strange(&self, inputs: &Inputs) -> Vec<Fault> {
        let files = inputs.files.iter().map(|file| file.input.as_str());
        let names = inputs.filled().map(|(name, _)| name).chain(files);
        let strange = names.filter(|name| self.input(name).is_none());
        let known: Vec<_> = self.inputs.iter().map(|input| input.name).collect();
        let known = if known.is_empty() {
            "It takes none.".to_owned()
        } else {
            format!("It takes {}.", known.join(", "))
        };
        strange
            .map(|name| Fault::at("", format!("{} has no input {name}. {known}", self.id)))
            .collect()
    }
}

impl Input {
    fn read(&self, inputs: &Inputs) -> Result<Option<Value>, String> {
        if let Kind::Files(most) = self.kind {
            return self.read_files(inputs, most);
        }
        let text = inputs.get(self.name);
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return if self.required {
                Err(format!(
                    "{} is missing. Fill it in{}.",
                    self.label,
                    self.like()
                ))
            } else {
                Ok(None)
            };
        }
        if text.contains('\0') {
            return Err("It contains a character that cannot be stored.".to_owned());
        }
        let value = match self.kind {
            Kind::Text(most) => self.line(trimmed, most).map(Value::Text),
            Kind::Id(_) => self.line(trimmed, 255).map(Value::Text),
            Kind::Long(most) => self.within(text, most).map(Value::Text),
            Kind::Number(least, most) => self.number(trimmed, least, most).map(Value::Number),
            Kind::Flag => self.flag(trimmed).map(Value::Flag),
            Kind::Date => self.date(trimmed).map(Value::Date),
            Kind::Choice(choices) => self.choice(trimmed, choices).map(Value::Text),
            Kind::Json(object) => self.json(trimmed, object).map(Value::Json),
            Kind::List(most) => self.list(trimmed, most).map(Value::List),
            Kind::Pairs(separator) => self.pairs(text, separator).map(Value::Pairs),
            Kind::Absent | Kind::Files(_) => Err(self.help.to_owned()),
        };
        value.map(Some)
    }

    /// The example, to end a sentence with.
    fn like(&self) -> String {
        if self.example.is_empty() {
            String::new()
        } else {
            format!(", like {}", self.example)
        }
    }

    fn within(&self, text: &str, most: usize) -> Result<String, String> {
        let length = text.chars().count();
        if length > most {
            return Err(format!(
                "{} has {length} characters; {most} are allowed. Shorten it.",
                self.label
            ));
        }
        Ok(text.to_owned())
    }

    fn line(&self, text: &str, most: usize) -> Result<String, String> {
        if text.chars().any(char::is_control) {
            return Err(format!("{} must be one line of text.", self.label));
        }
        self.within(text, most)
    }

    fn number(&self, text: &str, least: i64, most: i64) -> Result<i64, String> {
        let number = text.parse::<i64>().ok();
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| {
                format!(
                    "{} must be a whole number from {least} to {most}{}.",
                    self.label,
                    self.like()
                )
            })
    }

    fn flag(&self, text: &str) -> Result<bool, String> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(format!("{} must be true or false.", self.label)),
        }
    }

    fn date(&self, text: &str) -> Result<DateTime<Utc>, String> {
        read_date(text).ok_or_else(|| {
            format!(
                "{} must be a date like 2026-03-12T10:41:52Z, a day like 2026-03-12, or Unix seconds.",
                self.label
            )
        })
    }

    fn choice(&self, text: &str, choices: &[(&str, &str)]) -> Result<String, String> {
        let found = choices
            .iter()
            .find(|(value, _)| value.eq_ignore_ascii_case(text));
        match found {
            Some((value, _)) => Ok((*value).to_owned()),
            None => {
                let all: Vec<_> = choices.iter().map(|(value, _)| *value).collect();
                Err(format!("{} must be one of {}.", self.label, all.join(", ")))
            }
        }
    }

    fn json(&self, text: &str, object: bool) -> Result<Json, String> {
        let read: Json = serde_json::from_str(text).map_err(|fault| {
            format!(
                "{} is not JSON: line {}, column {}{}.",
                self.label,
                fault.line(),
                fault.column(),
                self.like()
            )
        })?;
        if object && !read.is_object() {
            return Err(format!(
                "{} must be a JSON object{}.",
                self.label,
                self.like()
            ));
        }
        Ok(read)
    }

    fn list(&self, text: &str, most: usize) -> Result<Vec<String>, String> {
        let parts = text.split([',', '\n']).map(str::trim);
        let list: Vec<_> = parts
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        if list.len() > most {
            return Err(format!(
                "{} has {} values; {most} are allowed.",
                self.label,
                list.len()
            ));
        }
        list.iter()
            .map(|part| self.line(part, 2_000))
            .collect::<Result<_, _>>()
    }

    fn pairs(&self, text: &str, separator: char) -> Result<Vec<(String, String)>, String> {
        let lines = (1..).zip(text.lines());
        lines
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(number, line)| {
                let (name, value) = line.split_once(separator).ok_or_else(|| {
                    format!(
                        "Line {number} of {} has no {separator}; write one a line{}.",
                        self.label,
                        self.like()
                    )
                })?;
                Ok((name.trim().to_owned(), value.trim().to_owned()))
            })
            .collect()
    }

    fn read_files(&self, inputs: &Inputs, most: usize) -> Result<Option<Value>, String> {
        if !inputs.get(self.name).is_empty() {
            return Err(format!("{} takes files, not text.", self.label));
        }
        let own = inputs.files.iter().filter(|file| file.input == self.name);
        let files: Vec<_> = own.cloned().collect();
        if files.len() > most {
            return Err(format!(
                "{} has {} files; {most} are allowed.",
                self.label,
                files.len()
            ));
        }
        Ok((!files.is_empty()).then_some(Value::Files(files)))
    }
}

fn read_date(text: &str) -> Option<DateTime<Utc>> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return DateTime::from_timestamp(text.parse().ok()?, 0);
    }
    if let Ok(date) = DateTime::parse_from_rfc3339(text) {
        return Some(date.to_utc());
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(day.and_time(NaiveTime::MIN).and_utc());
    }
    ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, text: &str) -> Result<Option<Value>, String> {
        let input = Input::new("x", "The field", kind).example("an example");
        let inputs = Inputs::new([("x".to_owned(), text.to_owned())], []);
        input.read(&inputs)
    }

    #[test]
    fn dates_come_in_four_forms() {
        let expected = DateTime::from_timestamp(1_773_273_600, 0).unwrap();
        for text in [
            "1773273600",
            "2026-03-12",
            "2026-03-12T00:00",
            "2026-03-12T01:00:00+01:00",
        ] {
            assert_eq!(read_date(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_is_told_with_the_cure() {
        for (kind, text, words) in [
            (Kind::Text(3), "four", "3 are allowed"),
            (Kind::Text(30), "two\nlines", "one line"),
            (Kind::Number(1, 5), "6", "from 1 to 5"),
            (Kind::Number(1, 5), "1.5", "whole number"),
            (Kind::Flag, "maybe", "true or false"),
            (Kind::Date, "soon", "2026-03-12"),
            (Kind::Choice(&[("a", "A"), ("b", "B")]), "c", "one of a, b"),
            (Kind::Json(false), "{", "line 1, column"),
            (Kind::Json(true), "[]", "JSON object, like an example"),
            (Kind::List(1), "a,b", "1 are allowed"),
            (Kind::Pairs(':'), "a: b\nc", "Line 2"),
            (Kind::Files(1), "text", "takes files"),
            (Kind::Text(30), "a\0b", "cannot be stored"),
        ] {
            let fault = read(kind, text).unwrap_err();
            assert!(fault.contains(words), "{kind:?}: {fault}");
        }
    }

    #[test]
    fn the_log_gives_back_what_was_filled_in() {
        let inputs = Inputs::new(
            [("a", "1"), ("a", "2"), ("b", "")].map(|(k, v)| (k.to_owned(), v.to_owned())),
            [Upload {
                input: "f".to_owned(),
                file_name: "x.png".to_owned(),
                content_type: "image/png".to_owned(),
                bytes: b"secret".to_vec(),
            }],
        );
        let log = inputs.to_log();
        assert!(log.contains("x.png") && !log.contains("secret"));
        let back = Inputs::from_log(&log);
        assert_eq!(back.filled().collect::<Vec<_>>(), [("a", "1\n2")]);
    }
}
