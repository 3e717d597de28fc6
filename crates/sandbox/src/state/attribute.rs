//! Data attributes: the custom fields of contacts, companies and conversations.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::act::Refusal;
use super::{IdKind, Workspace};

/// Whose field it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Model {
    Contact,
    Company,
    Conversation,
}

impl Model {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Company => "company",
            Self::Conversation => "conversation",
        }
    }
}

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DataType {
    String,
    Integer,
    Float,
    Boolean,
    Date,
}

impl DataType {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Date => "date",
        }
    }

    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(_) => Some(Self::String),
            Value::Bool(_) => Some(Self::Boolean),
            Value::Number(number) if number.is_f64() => Some(Self::Float),
            Value::Number(_) => Some(Self::Integer),
            _ => None,
        }
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer | Self::Date => value.is_i64() || value.is_u64(),
            Self::Float => value.is_number(),
            Self::Boolean => value.is_boolean(),
        }
    }
}

/// A custom field. A time of 0 in a seed means "now".
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attribute {
    #[serde(default)]
    pub(crate) id: String,
    pub(crate) model: Model,
    pub(crate) name: String,
    pub(crate) data_type: DataType,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) options: Vec<String>,
    #[serde(default)]
    pub(crate) archived: bool,
    #[serde(default)]
    pub(crate) created_at: i64,
    #[serde(default)]
    pub(crate) updated_at: i64,
}

impl Workspace {
    pub(crate) fn attribute(&self, model: Model, name: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|one| one.model == model && one.name == name && !one.archived)
    }

    /// Refuses values of unknown fields and of the wrong type. Null clears a field.
    pub(crate) fn check_custom(
        &self,
        model: Model,
        values: &Map<String, Value>,
    ) -> Result<(), Refusal> {
        for (name, value) in values {
            let known = self.attribute(model, name).ok_or_else(|| {
                Refusal::Invalid(format!("Custom attribute '{name}' does not exist"))
            })?;
            if !value.is_null() && !known.data_type.fits(value) {
                return Err(Refusal::Invalid(format!(
                    "Custom attribute '{name}' must be of type {}",
                    known.data_type.word()
                )));
            }
        }
        Ok(())
    }

    /// Makes the fields that values bring along, as Intercom does for companies and imports.
    pub(crate) fn define(&mut self, model: Model, values: &Map<String, Value>, now: i64) {
        for (name, value) in values {
            if self.attribute(model, name).is_some() {
                continue;
            }
            if let Some(data_type) = DataType::of(value) {
                let id = self.digits(IdKind::Attribute);
                self.attributes.push(Attribute {
                    id,
                    model,
                    name: name.clone(),
                    data_type,
                    description: String::new(),
                    options: Vec::new(),
                    archived: false,
                    created_at: now,
                    updated_at: now,
                });
            }
        }
    }
}

/// Takes values over; null takes a field away.
pub(crate) fn set_custom(to: &mut Map<String, Value>, values: Map<String, Value>) {
    for (name, value) in values {
        if value.is_null() {
            to.remove(&name);
        } else {
            to.insert(name, value);
        }
    }
}
