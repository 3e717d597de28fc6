//! `/data_attributes`: the custom fields, and the ones every contact and company has.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::error::ApiError;
use crate::state::IdKind;
use crate::state::app::Permission::{ReadListUsersAndCompanies, WriteDataAttributes};
use crate::state::app::Version;
use crate::state::attribute::{Attribute, DataType, Model};

/// Fields every contact or company has: model, name, label, type, whether the API may write it.
const PRESET: [(Model, &str, &str, DataType, bool); 10] = [
    (Model::Contact, "name", "Name", DataType::String, true),
    (Model::Contact, "email", "Email", DataType::String, true),
    (Model::Contact, "phone", "Phone", DataType::String, true),
    (
        Model::Contact,
        "external_id",
        "User ID",
        DataType::String,
        true,
    ),
    (
        Model::Contact,
        "created_at",
        "First seen",
        DataType::Date,
        false,
    ),
    (
        Model::Contact,
        "last_seen_at",
        "Last seen",
        DataType::Date,
        true,
    ),
    (
        Model::Company,
        "name",
        "Company name",
        DataType::String,
        true,
    ),
    (
        Model::Company,
        "company_id",
        "Company ID",
        DataType::String,
        true,
    ),
    (
        Model::Company,
        "size",
        "Company size",
        DataType::Integer,
        true,
    ),
    (
        Model::Company,
        "website",
        "Company website",
        DataType::String,
        true,
    ),
];

pub(super) fn route(call: &mut Call<'_>, method: &str, path: &[&str]) -> Answer {
    match (method, path) {
        ("GET", []) => list(call),
        ("POST", []) => create(call),
        ("PUT", [id]) => update(call, id),
        _ => Err(ApiError::not_found()),
    }
}

/// `model=conversation` is refused from 2.16 on.
fn model(call: &Call<'_>, word: &str) -> Result<Model, ApiError> {
    match word {
        "contact" => Ok(Model::Contact),
        "company" => Ok(Model::Company),
        "conversation" if call.version >= Version::V2_16 => Err(ApiError::new(
            422,
            "parameter_invalid",
            "model=conversation is no longer supported. Use GET /conversations/attributes instead",
        )),
        "conversation" => Ok(Model::Conversation),
        _ => Err(ApiError::invalid(
            "The Data Attribute model field must be either contact or company",
        )),
    }
}

fn list(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadListUsersAndCompanies])?;
    let query = &call.incoming.query;
    let wanted = query
        .get("model")
        .map(|word| model(call, word))
        .transpose()?;
    let archived = query
        .get("include_archived")
        .is_some_and(|value| value == "true");
    let of_model = |model: Model| match wanted {
        Some(wanted) => model == wanted,
        None => model != Model::Conversation,
    };
    let preset = PRESET.iter().filter(|one| of_model(one.0)).map(preset);
    let custom = call
        .workspace
        .attributes
        .iter()
        .filter(|one| of_model(one.model) && (archived || !one.archived))
        .map(shown);
    let data: Vec<Value> = preset.chain(custom).collect();
    Ok(json!({"type": "list", "data": data}))
}

fn preset(
    (model, name, label, data_type, writable): &(Model, &str, &str, DataType, bool),
) -> Value {
    json!({
        "type": "data_attribute",
        "name": name,
        "full_name": name,
        "label": label,
        "description": label,
        "data_type": data_type.word(),
        "api_writable": writable,
        "messenger_writable": false,
        "ui_writable": writable,
        "custom": false,
        "archived": false,
        "model": model.word(),
    })
}

fn shown(one: &Attribute) -> Value {
    let mut value = json!({
        "type": "data_attribute",
        "id": one.id.parse::<u64>().ok(),
        "name": one.name,
        "full_name": format!("custom_attributes.{}", one.name),
        "label": one.name,
        "description": one.description,
        "data_type": one.data_type.word(),
        "api_writable": true,
        "messenger_writable": false,
        "ui_writable": true,
        "custom": true,
        "archived": one.archived,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "model": one.model.word(),
    });
    if !one.options.is_empty() {
        value["options"] = json!(one.options);
    }
    value
}

fn data_type(word: &str) -> Option<DataType> {
    Some(match word {
        "string" | "options" => DataType::String,
        "integer" => DataType::Integer,
        "float" => DataType::Float,
        "boolean" => DataType::Boolean,
        "date" | "datetime" => DataType::Date,
        _ => return None,
    })
}

/// The values of a list field, at least two.
fn options(call: &Call<'_>) -> Result<Vec<String>, ApiError> {
    match &call.body["options"] {
        Value::Null => Ok(Vec::new()),
        Value::Array(options) if options.len() >= 2 => options
            .iter()
            .map(|one| one["value"].as_str().or(one.as_str()).map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(|| ApiError::invalid("Options must have a value")),
        Value::Array(_) => Err(ApiError::invalid(
            "The Data Attribute options must hold at least two values",
        )),
        _ => Err(ApiError::invalid("Options isn't an array")),
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    call.need(&[WriteDataAttributes])?;
    let name = call.required("name")?;
    let fits = |letter: char| letter.is_alphanumeric() || " -_$€£".contains(letter);
    if !name.chars().all(fits) {
        return Err(ApiError::invalid(
            "Your name for this attribute must only contain alphanumeric characters, currency symbols, and \
             hyphens",
        ));
    }
    let model = model(call, &call.required("model")?)?;
    let word = call.required("data_type")?;
    let data_type =
        data_type(&word).ok_or_else(|| ApiError::invalid("Data Type isn't an option"))?;
    let options = options(call)?;
    if word == "options" && options.is_empty() {
        return Err(ApiError::invalid("Options isn't an array"));
    }
    if call.workspace.attribute(model, &name).is_some() {
        return Err(ApiError::invalid(format!(
            "You already have '{name}' in your {} data. To save this as new {} data, use a different name.",
            model.word(),
            model.word()
        )));
    }
    let one = Attribute {
        id: call.workspace.digits(IdKind::Attribute),
        model,
        name,
        data_type,
        description: call.text("description").unwrap_or_default(),
        options,
        archived: false,
        created_at: call.now,
        updated_at: call.now,
    };
    let value = shown(&one);
    call.workspace.attributes.push(one);
    Ok(value)
}

/// Description, options and whether it is archived; name and type stay.
fn update(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteDataAttributes])?;
    let (description, options) = (call.text("description"), options(call)?);
    let (archived, now) = (call.body["archived"].as_bool(), call.now);
    let mut known = call.workspace.attributes.iter_mut();
    let one = known.find(|one| one.id == id).ok_or_else(|| {
        ApiError::new(
            404,
            "field_not_found",
            "We couldn't find that data attribute to update",
        )
    })?;
    one.description = description.unwrap_or_else(|| one.description.clone());
    if !options.is_empty() {
        one.options = options;
    }
    one.archived = archived.unwrap_or(one.archived);
    one.updated_at = now;
    Ok(shown(one))
}
