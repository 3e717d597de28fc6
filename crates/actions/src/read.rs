//! How an input is read: whatever cannot be sent is told with the cure, before anything is.

use crate::describe::{Input, Kind};
use crate::input::{Inputs, Value};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde_json::Value as Json;

impl Input {
    /// Reads what stands in this input; nothing when it was left empty.
    pub(crate) fn read(&self, inputs: &Inputs) -> Result<Option<Value>, String> {
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
}
