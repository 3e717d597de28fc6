//! Companies.

use crate::{
    Call, Client, Company, CompanyFields, Contact, Listing, Note, Order, Removed, SegmentRef,
    Unreadable, json::Object, operation::table as op, paging::Style,
};

/// Entries on a page. Intercom names no limit for companies; connectors go up to 50.
const MOST: u8 = 50;

impl Client {
    /// The companies that have a user, latest request first, 50 a page. Intercom stops at 10,000; beyond, take
    /// [`Client::scroll_companies`]. Needs Read and list users and companies.
    pub fn companies(&self, order: Order) -> Listing<Company> {
        let order = match order {
            Order::Ascending => "asc",
            Order::Descending => "desc",
        };
        let request = self.to(&op::COMPANY_LIST, &[]).query("order", order);
        let keys = &["data", "companies"];
        Listing::new(self, request, Style::Number, MOST, keys, Company::read)
    }

    /// All companies, in one pass that cannot be resumed after a fault or a minute without asking: see
    /// [`crate::Error::ScrollLost`]. There is one scroll at a time for an app in an Intercom workspace, else
    /// [`crate::Error::ScrollBusy`]; a workspace without companies may answer [`crate::Error::NotFound`]. A page of a
    /// scroll is never asked for twice, because its answer moves the scroll on even when it is lost. Needs Read and
    /// list users and companies.
    pub fn scroll_companies(&self) -> Listing<Company> {
        let request = self.to(&op::COMPANY_SCROLL, &[]);
        let keys = &["data", "companies"];
        Listing::new(self, request, Style::Scroll, 0, keys, Company::read)
    }

    /// The companies with a tag. Needs Read and list users and companies.
    pub fn companies_with_tag(&self, tag_id: &str) -> Listing<Company> {
        self.companies_by("tag_id", tag_id)
    }

    /// The companies in a segment. Needs Read and list users and companies.
    pub fn companies_in_segment(&self, segment_id: &str) -> Listing<Company> {
        self.companies_by("segment_id", segment_id)
    }

    fn companies_by(&self, name: &str, value: &str) -> Listing<Company> {
        let request = self.to(&op::COMPANY_FIND, &[]).query(name, value);
        let keys = &["data", "companies"];
        Listing::new(self, request, Style::Number, MOST, keys, Company::read)
    }

    /// One company, by Intercom's id. Needs Read one user and one company.
    pub fn company(&self, id: &str) -> Call<Company> {
        self.call(self.to(&op::COMPANY_GET, &[id]), Company::read)
    }

    /// One company, by the customer's own id. Needs Read one user and one company.
    pub fn company_by_company_id(&self, company_id: &str) -> Call<Company> {
        let request = self.to(&op::COMPANY_FIND, &[]);
        self.call(request.query("company_id", company_id), found)
    }

    /// One company, by its name. Needs Read one user and one company.
    pub fn company_by_name(&self, name: &str) -> Call<Company> {
        let request = self.to(&op::COMPANY_FIND, &[]).query("name", name);
        self.call(request, found)
    }

    /// Makes the company with the customer's own id in `fields`, or changes it when it is there. Intercom hides it from
    /// lists until it has a user. Needs Write users and companies.
    pub fn put_company(&self, fields: &CompanyFields) -> Call<Company> {
        let request = self.to(&op::COMPANY_PUT, &[]).json(fields);
        self.call(request, Company::read)
    }

    /// Changes a company, by Intercom's id. A `company_id` in `fields` is not sent, since it cannot change. Needs Write
    /// users and companies.
    pub fn update_company(&self, id: &str, fields: &CompanyFields) -> Call<Company> {
        let mut request = self.to(&op::COMPANY_UPDATE, &[id]).json(fields);
        request.edit(|body| {
            body.remove("company_id");
            body.remove("remote_created_at");
        });
        self.call(request, Company::read)
    }

    /// Deletes a company; Intercom does so a while after its answer, by archiving it. Needs Write users and companies.
    pub fn delete_company(&self, id: &str) -> Call<Removed> {
        self.call(self.to(&op::COMPANY_DELETE, &[id]), Removed::read)
    }

    /// The contacts of a company, in pages of Intercom's size. Needs Read and list users and companies.
    pub fn company_contacts(&self, id: &str) -> Listing<Contact> {
        let request = self.to(&op::COMPANY_CONTACT_LIST, &[id]);
        let keys = &["data", "contacts"];
        Listing::new(self, request, Style::Either, 0, keys, Contact::read)
    }

    /// The segments a company is in. Needs Read and list users and companies.
    pub fn company_segments(&self, id: &str) -> Listing<SegmentRef> {
        let request = self.to(&op::COMPANY_SEGMENT_LIST, &[id]);
        let read = |entry: &Object| {
            SegmentRef::read(entry).ok_or_else(|| Unreadable::new("the segment has no id"))
        };
        Listing::new(self, request, Style::Whole, 0, &["data", "segments"], read)
    }

    /// The notes about a company. Asked with version 2.16.
    pub fn company_notes(&self, id: &str) -> Listing<Note> {
        let request = self.to(&op::COMPANY_NOTE_LIST, &[id]);
        Listing::new(
            self,
            request,
            Style::Whole,
            0,
            &["data", "notes"],
            Note::read,
        )
    }

    /// Writes a note about a company. Asked with version 2.16.
    pub fn note_company(&self, id: &str, body: &str, admin_id: Option<&str>) -> Call<Note> {
        let request = self.to(&op::COMPANY_NOTE_CREATE, &[id]);
        self.call(request.json(&super::note(body, admin_id)), Note::read)
    }
}

/// The description promises a list, Intercom gives the company itself; either is read.
fn found(answer: &Object) -> Result<Company, Unreadable> {
    let first = answer
        .get("data")
        .and_then(|list| list.as_array()?.first()?.as_object());
    Company::read(first.unwrap_or(answer))
}
