//! Companies come, change and go.

use serde_json::{Map, Value};

use super::Workspace;
use super::act::Refusal;
use super::attribute::{Model, set_custom};
use super::contact::{number, text};
use super::event::Event;
use super::people::Company;
use super::table::Key;

/// What to change of a company. `Some(None)` clears a field.
#[derive(Default)]
pub(crate) struct CompanyChange {
    pub(crate) company_id: Option<String>,
    name: Option<String>,
    plan: Option<Option<String>>,
    size: Option<Option<i64>>,
    website: Option<Option<String>>,
    industry: Option<Option<String>>,
    remote_created_at: Option<Option<i64>>,
    last_request_at: Option<Option<i64>>,
    monthly_spend: Option<i64>,
    custom_attributes: Map<String, Value>,
}

impl CompanyChange {
    /// Reads the body of `POST /companies` and `PUT /companies/{id}`.
    pub(crate) fn read(body: &Value) -> Result<Self, Refusal> {
        let custom_attributes = match &body["custom_attributes"] {
            Value::Null => Map::new(),
            Value::Object(values) => values.clone(),
            _ => {
                return Err(Refusal::Invalid(
                    "custom_attributes must be an object".to_owned(),
                ));
            }
        };
        Ok(Self {
            company_id: text(body, "company_id")?.flatten(),
            name: text(body, "name")?.flatten(),
            plan: text(body, "plan")?,
            size: number(body, "size")?,
            website: text(body, "website")?,
            industry: text(body, "industry")?,
            remote_created_at: number(body, "remote_created_at")?,
            last_request_at: number(body, "last_request_at")?,
            monthly_spend: number(body, "monthly_spend")?.flatten(),
            custom_attributes,
        })
    }

    fn apply(self, company: &mut Company) {
        let Self {
            company_id: _,
            name,
            plan,
            size,
            website,
            industry,
            remote_created_at,
            last_request_at,
            monthly_spend,
            custom_attributes,
        } = self;
        company.name = name.unwrap_or_else(|| company.name.clone());
        company.plan = plan.unwrap_or_else(|| company.plan.clone());
        company.size = size.unwrap_or(company.size);
        company.website = website.unwrap_or_else(|| company.website.clone());
        company.industry = industry.unwrap_or_else(|| company.industry.clone());
        company.remote_created_at = remote_created_at.unwrap_or(company.remote_created_at);
        company.last_request_at = last_request_at.unwrap_or(company.last_request_at);
        company.monthly_spend = monthly_spend.unwrap_or(company.monthly_spend);
        set_custom(&mut company.custom_attributes, custom_attributes);
    }
}

impl Workspace {
    /// A company by the customer's own id.
    pub(crate) fn company_of(&self, company_id: &str) -> Option<&Company> {
        self.companies
            .with(Key::External, company_id)
            .map(|(_, company)| company)
            .next()
    }

    /// Makes the company of that `company_id`, or changes the one there is.
    pub(crate) fn put_company(
        &mut self,
        change: CompanyChange,
        now: i64,
    ) -> Result<(String, Vec<Event>), Refusal> {
        let own = change.company_id.clone();
        if let Some(known) = own.as_deref().and_then(|own| self.company_of(own)) {
            let id = known.id.clone();
            let events = self.update_company(&id, change, now)?;
            return Ok((id, events));
        }
        self.define(Model::Company, &change.custom_attributes, now);
        let id = self.hex(now);
        let mut company = Company {
            id: id.clone(),
            company_id: own.unwrap_or_else(|| id.clone()),
            name: String::new(),
            created_at: now,
            updated_at: now,
            remote_created_at: None,
            last_request_at: None,
            plan: None,
            size: None,
            website: None,
            industry: None,
            monthly_spend: 0,
            tags: Vec::new(),
            custom_attributes: Map::new(),
        };
        change.apply(&mut company);
        self.companies.insert(company);
        let event = Event::Company {
            topic: "company.created",
            company: id.clone(),
        };
        Ok((id, vec![event]))
    }

    /// Changes a company. A change of nothing says nothing; its `company_id` stays.
    pub(crate) fn update_company(
        &mut self,
        id: &str,
        change: CompanyChange,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        self.define(Model::Company, &change.custom_attributes, now);
        let before = self.companies.get(id).ok_or(Refusal::Company)?;
        let mut after = before.clone();
        change.apply(&mut after);
        if after == *before {
            return Ok(Vec::new());
        }
        after.updated_at = now;
        self.companies.insert(after);
        Ok(vec![Event::Company {
            topic: "company.updated",
            company: id.to_owned(),
        }])
    }

    /// Deletes a company; its contacts stay. Intercom tells of the company alone.
    pub(crate) fn delete_company(&mut self, id: &str) -> Result<Vec<Event>, Refusal> {
        self.companies.remove(id).ok_or(Refusal::Company)?;
        let members: Vec<String> = self
            .contacts
            .with(Key::Company, id)
            .map(|(_, contact)| contact.id.clone())
            .collect();
        for member in members {
            if let Some(mut contact) = self.contacts.get_mut(&member) {
                contact.companies.retain(|known| known != id);
            }
        }
        Ok(vec![Event::CompanyDeleted {
            company: id.to_owned(),
        }])
    }

    /// Puts a tag, by id or name, on a company or takes it off. Intercom has no topic for it but the company's change.
    pub(crate) fn tag_company(
        &mut self,
        id: &str,
        tag: &str,
        on: bool,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        let tag = self.tag_named(tag).ok_or(Refusal::Tag)?.id.clone();
        let mut company = self.companies.get_mut(id).ok_or(Refusal::Company)?;
        if company.tags.contains(&tag) == on {
            return Ok(Vec::new());
        }
        if on {
            company.tags.push(tag);
        } else {
            company.tags.retain(|known| *known != tag);
        }
        company.updated_at = now;
        Ok(vec![Event::Company {
            topic: "company.updated",
            company: id.to_owned(),
        }])
    }
}
