//! Companies.

use super::{
    ATTRIBUTES, COMPANY_ID, FETCH_ALL, NO_CURSOR, PAGE, PER_PAGE_50, TAG_ID, actions,
    changes_something, one_of, optional,
};
use crate::describe::{Input, Kind, Pick};
use crate::input::{Fault, Values};
use crate::plan::{Built, Lists, Work, call, call_acting, list};
use earmark_intercom::{Client, Company, CompanyFields, Order};
use earmark_sync::Acted;

/// Intercom's plain list of companies ends here; a scroll goes on.
const LIST_ENDS: u64 = 10_000;

const OWN_ID: Input = Input::text("company_id", "Company ID")
    .help("Your own id of the company. It can never change.")
    .example("lumen-dental");
const REMOTE_CREATED_AT: Input = Input::new("remote_created_at", "Remote created at", Kind::Date)
    .help("When it was made in your own system.")
    .example("2026-03-12T10:41:00Z");
const NAME: Input = Input::text("name", "Name").example("Lumen Dental");
const SPEND: Input = Input::new(
    "monthly_spend",
    "Monthly spend",
    Kind::Number(0, i32::MAX as i64),
)
.help("Whole numbers only.")
.example("1180");
const PLAN: Input = Input::text("plan", "Plan").example("Team");
const SIZE: Input = Input::new("size", "Size", Kind::Number(0, i32::MAX as i64))
    .help("Number of employees.")
    .example("85");
const WEBSITE: Input =
    Input::new("website", "Website", Kind::Text(2_000)).example("https://example.com");
const INDUSTRY: Input = Input::text("industry", "Industry").example("Healthcare");
const ORDERS: &[(&str, &str)] = &[("asc", "Oldest first"), ("desc", "Newest first")];
const ORDER: Input = Input::new("order", "Order", Kind::Choice(ORDERS))
    .help("By their latest request.")
    .example("desc");

fn fields(values: &Values) -> CompanyFields {
    CompanyFields {
        company_id: values.text("company_id").into(),
        name: values.text("name").into(),
        plan: values.text("plan").into(),
        size: values.number("size").map(i64::unsigned_abs).into(),
        website: values.text("website").into(),
        industry: values.text("industry").into(),
        monthly_spend: values.number("monthly_spend").into(),
        custom_attributes: values.object("custom_attributes").into(),
        remote_created_at: values.date("remote_created_at").into(),
    }
}

fn there(company: &Company) -> Acted {
    Acted::Company(Box::new(company.clone()))
}

fn update(client: &Client, values: &Values) -> Built {
    let (named_by, id) = one_of(values, &["id", "company_id"])?;
    let mut fields = fields(values);
    if named_by == "company_id" {
        return call_acting(client.put_company(&fields), there);
    }
    if values.date("remote_created_at").is_some() {
        let message = "This can be set by the company ID only: leave it out, or name the company by your own id.";
        return Err(vec![Fault::at("remote_created_at", message)]);
    }
    fields.company_id = earmark_intercom::Change::Keep;
    changes_something(&fields)?;
    call_acting(client.update_company(&id, &fields), there)
}

fn companies(client: &Client, values: &Values) -> Built {
    const FILTERS: [&str; 4] = ["name", "company_id", "tag_id", "segment_id"];
    let filters = FILTERS
        .iter()
        .filter_map(|name| Some((*name, values.text(name)?)));
    let filters: Vec<_> = filters.collect();
    match filters.as_slice() {
        [] => every(client, values),
        [("name", name)] => call(client.company_by_name(name)),
        [("company_id", id)] => call(client.company_by_company_id(id)),
        [("tag_id", id)] => list(client.companies_with_tag(id), values),
        [(_, id)] => list(client.companies_in_segment(id), values),
        [_, (second, _), ..] => {
            let message = "Intercom takes one of name, company ID, tag ID and segment ID. Leave the others empty.";
            Err(vec![Fault::at(second, message)])
        }
    }
}

fn every(client: &Client, values: &Values) -> Built {
    let order = match values.text("order").as_deref() {
        Some("asc") => Order::Ascending,
        _ => Order::Descending,
    };
    let mut plan = list(client.companies(order), values)?;
    if let Work::All(Lists { beyond, .. }) = &mut plan.work {
        *beyond = Some((LIST_ENDS, Box::new(client.scroll_companies())));
    }
    Ok(plan)
}

actions! { Companies;
    /// Creates a company, or changes the one that has this company ID. Intercom hides it until it has a user.
    CREATE = "companies.create", "Create company", Changes, WritePeople, "companies.create_or_update",
    [OWN_ID.required(), REMOTE_CREATED_AT, NAME, SPEND, PLAN, SIZE, WEBSITE, INDUSTRY, ATTRIBUTES],
    |client, values| call_acting(client.put_company(&fields(values)), there);

    /// Changes a company, named by your own id (one that is not there is created) or by Intercom's.
    UPDATE = "companies.update", "Update company", Changes, WritePeople, "companies.update",
    [
        OWN_ID, Input::new("id", "Intercom's ID", Kind::Id(Some(Pick::Companies))).help("In place of the company ID.")
            .example("6a1b2c3d4e5f607182930415"),
        REMOTE_CREATED_AT, NAME, SPEND, PLAN, SIZE, WEBSITE, INDUSTRY, ATTRIBUTES,
    ],
    |client, values| update(client, values);

    /// Shows one company.
    GET = "companies.get", "Get company", Reads, OnePerson, "companies.get",
    [COMPANY_ID],
    |client, values| call(client.company(&values.need("company_id")));

    /// Deletes a company; Intercom does so a while after its answer.
    DELETE = "companies.delete", "Delete company", Destroys, WritePeople, "companies.delete",
    [COMPANY_ID],
    |client, values| {
        let id = values.need("company_id");
        call_acting(client.delete_company(&id), |_| Acted::CompanyDeleted(id))
    };

    /// Lists the companies that have a user, or finds them by name, company ID, tag or segment.
    LIST = "companies.list", "List companies", Reads, ListPeople, "companies.list",
    [
        FETCH_ALL, PAGE, PER_PAGE_50, ORDER, NAME.help("Finds the one company with this name."),
        OWN_ID.help("Finds the one company with this id of your own."),
        optional(TAG_ID).help("Lists the companies with this tag."),
        Input::id("segment_id", "Segment ID").help("Lists the companies in this segment.")
            .example("5f0a1c2b3d4e5f6071829306"),
        NO_CURSOR,
    ],
    |client, values| companies(client, values);

    /// Lists the contacts of a company.
    CONTACTS = "companies.list_contacts", "List contacts of a company", Reads, ListPeople, "companies.list_contacts",
    [COMPANY_ID, FETCH_ALL],
    |client, values| list(client.company_contacts(&values.need("company_id")), values);

    /// Lists the segments a company is in.
    SEGMENTS = "companies.list_segments", "List segments of a company", Reads, ListPeople, "companies.list_segments",
    [COMPANY_ID],
    |client, values| call(client.company_segments(&values.need("company_id")).page());
}
