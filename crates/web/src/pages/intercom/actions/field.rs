//! An input of an action as a field of its form.

use super::super::super::prelude::*;
use earmark_actions::{Action, Input, Inputs, Kind, Suggestion};

/// How a field is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// One line, in the code font when true.
    Line(bool),
    /// Several lines, in the code font when true.
    Lines(bool),
    /// One of the choices.
    Select(Vec<Choice>),
    /// Files.
    Files,
    /// Not filled in: the hint says what is there instead.
    Hint,
}

/// A field of the form.
#[derive(Debug, Clone)]
pub struct FieldView {
    /// The input.
    pub input: &'static Input,
    /// What stands in it.
    pub value: String,
    /// What is wrong with it.
    pub error: Option<String>,
    /// Ids that our copy knows.
    pub suggestions: Vec<Suggestion>,
}

impl FieldView {
    /// The fields of an action with what stands in them.
    pub(super) fn all(action: &Action, inputs: &Inputs, errors: &FormErrors) -> Vec<Self> {
        let field = |input: &'static Input| Self {
            input,
            value: inputs.get(input.name).to_owned(),
            error: errors.of(input.name).map(str::to_owned),
            suggestions: Vec::new(),
        };
        action.inputs.iter().map(field).collect()
    }

    fn choices(&self, all: &[(&str, &str)]) -> Control {
        let empty = Choice::new("", "Not set", &self.value);
        let first = (!self.input.required || self.value.is_empty()).then_some(empty);
        let choices = all
            .iter()
            .map(|(value, name)| Choice::new(*value, *name, &self.value));
        Control::Select(first.into_iter().chain(choices).collect())
    }

    /// How it is filled in.
    #[must_use]
    pub fn control(&self) -> Control {
        match self.input.kind {
            Kind::Text(_) | Kind::Number(..) => Control::Line(false),
            Kind::Date | Kind::Id(_) => Control::Line(true),
            Kind::Long(_) => Control::Lines(false),
            Kind::Json(_) | Kind::List(_) | Kind::Pairs(_) => Control::Lines(true),
            Kind::Flag => self.choices(&[("true", "Yes"), ("false", "No")]),
            Kind::Choice(choices) => self.choices(choices),
            Kind::Files(_) => Control::Files,
            Kind::Absent => Control::Hint,
        }
    }

    /// The longest text it takes.
    pub(super) fn longest(&self) -> usize {
        match self.input.kind {
            Kind::Text(most) | Kind::Long(most) => most,
            Kind::Id(_) => 255,
            Kind::Number(..) | Kind::Date => 40,
            _ => 60_000,
        }
    }

    /// The keyboard that a phone shows.
    pub(super) const fn keyboard(&self) -> &'static str {
        match self.input.kind {
            Kind::Number(..) => "numeric",
            _ => "text",
        }
    }

    /// The hint: what the description says, and an example where it helps.
    pub(super) fn hint(&self) -> String {
        let Input {
            help,
            example,
            kind,
            ..
        } = self.input;
        let like = match kind {
            Kind::Date => format!("UTC, like {example}."),
            Kind::Json(_) | Kind::Pairs(_) => format!("Like {example}."),
            Kind::Id(_) if help.is_empty() => format!("Like {example}."),
            _ => String::new(),
        };
        [*help, &like].join(" ").trim().to_owned()
    }

    pub(super) fn described_by(&self) -> String {
        let name = self.input.name;
        let hint = (!self.hint().is_empty()).then(|| format!("{name}-hint"));
        let error = self.error.as_ref().map(|_| format!("{name}-error"));
        let all: Vec<_> = [error, hint].into_iter().flatten().collect();
        all.join(" ")
    }
}
