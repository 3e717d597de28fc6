//! Form parts: fields with label, hint and error, selects, and the summary of what is wrong.

use super::components;
use askama::Template;
use earmark_accounts::FieldErrors;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name, which is also its id.
    pub field: &'static str,
    /// What happened and what to do.
    pub message: String,
}

/// What is wrong with a form; empty when nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormErrors(Vec<FieldError>);

impl FormErrors {
    /// Nothing wrong.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// One field is wrong.
    #[must_use]
    pub fn one(field: &'static str, message: impl Into<String>) -> Self {
        let mut errors = Self::none();
        errors.add(field, message);
        errors
    }

    /// Adds what is wrong with a field.
    pub fn add(&mut self, field: &'static str, message: impl Into<String>) {
        let message = message.into();
        self.0.push(FieldError { field, message });
    }

    /// What the service found wrong, its fields named as in the form.
    pub(crate) fn of_service(errors: FieldErrors) -> Self {
        let mut all = Self::none();
        for error in errors.0 {
            all.add(error.field, error.message);
        }
        all
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first message about a field.
    #[must_use]
    pub fn of(&self, field: &str) -> Option<&str> {
        let found = self.0.iter().find(|error| error.field == field)?;
        Some(&found.message)
    }
}

/// The list of everything wrong with a form, linking to the fields.
#[derive(Debug, Template)]
#[template(path = "components/error_summary.html")]
pub struct ErrorSummary<'a> {
    errors: &'a [FieldError],
}

/// The error summary of a form; nothing when nothing is wrong.
#[must_use]
pub fn error_summary(errors: &FormErrors) -> ErrorSummary<'_> {
    ErrorSummary { errors: &errors.0 }
}

/// A one-line input with its label.
#[derive(Debug, Template)]
#[template(path = "components/text_field.html")]
pub struct TextField<'a> {
    name: &'a str,
    label: &'a str,
    kind: &'a str,
    value: &'a str,
    hint: &'a str,
    error: Option<&'a str>,
    autocomplete: &'a str,
    mono: bool,
    max: usize,
    optional: bool,
}

/// A required text field; `name` is its name and id.
#[must_use]
pub const fn text<'a>(name: &'a str, label: &'a str) -> TextField<'a> {
    TextField {
        name,
        label,
        kind: "text",
        value: "",
        hint: "",
        error: None,
        autocomplete: "off",
        mono: false,
        max: 200,
        optional: false,
    }
}

impl<'a> TextField<'a> {
    /// The type of the input: `email` or `password`. A password is never filled in again, and can be revealed.
    #[must_use]
    pub const fn kind(mut self, kind: &'a str) -> Self {
        self.kind = kind;
        self
    }

    /// What stands in it.
    #[must_use]
    pub const fn value(mut self, value: &'a str) -> Self {
        self.value = value;
        self
    }

    /// A sentence under it.
    #[must_use]
    pub const fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// Takes its error from those of the form.
    #[must_use]
    pub fn errors(mut self, errors: &'a FormErrors) -> Self {
        self.error = errors.of(self.name);
        self
    }

    /// The value of `autocomplete`.
    #[must_use]
    pub const fn autocomplete(mut self, autocomplete: &'a str) -> Self {
        self.autocomplete = autocomplete;
        self
    }

    /// May stay empty.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Sets it in the code font.
    #[must_use]
    pub const fn mono(mut self) -> Self {
        self.mono = true;
        self
    }

    fn described_by(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.name));
        let error = self.error.map(|_| format!("{}-error", self.name));
        [error, hint]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// One option of a select.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Sent.
    pub value: String,
    /// Shown.
    pub label: String,
    /// Whether it is the current one.
    pub chosen: bool,
}

impl Choice {
    /// An option that is chosen when `value` equals `current`.
    pub fn new(value: impl Into<String>, label: impl Into<String>, current: &str) -> Self {
        let value = value.into();
        Self {
            chosen: value == current,
            label: label.into(),
            value,
        }
    }
}

/// A select with its label.
#[derive(Debug, Template)]
#[template(path = "components/select.html")]
pub struct Select<'a> {
    name: &'a str,
    label: &'a str,
    choices: &'a [Choice],
    id: &'a str,
    hidden_label: bool,
    disabled: bool,
}

/// A small select; `id` is its id, which differs from its name where a page holds several forms.
#[must_use]
pub const fn select<'a>(
    id: &'a str,
    name: &'a str,
    label: &'a str,
    choices: &'a [Choice],
) -> Select<'a> {
    Select {
        name,
        label,
        choices,
        id,
        hidden_label: false,
        disabled: false,
    }
}

impl Select<'_> {
    /// Keeps the label for assistive software only.
    #[must_use]
    pub const fn label_hidden(mut self) -> Self {
        self.hidden_label = true;
        self
    }

    /// Shows the choice without letting it be changed.
    #[must_use]
    pub const fn disabled(mut self, disabled: &bool) -> Self {
        self.disabled = *disabled;
        self
    }
}

components!(ErrorSummary<'_>, TextField<'_>, Select<'_>);
