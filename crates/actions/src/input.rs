//! What was filled in, as texts and as values; a fault names its field and the cure.

use crate::describe::Action;
use chrono::{DateTime, Utc};
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
    pub(crate) files: Vec<Upload>,
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
pub(crate) enum Value {
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

#[cfg(test)]
mod tests {
    use super::*;

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
