//! Contacts.

use crate::{Client, Company, Contact, Error, Next, Page, client::Request};

impl Client {
    /// One contact. Needs Read one user and one company.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::NotFound`] or [`Error::Merged`] once it was merged.
    pub async fn contact(&self, id: &str) -> Result<Contact, Error> {
        self.fetch(Request::get(&["contacts", id]), Contact::read)
            .await
    }

    /// A page of the contacts, at most 150 a page. `after` is [`Page::next`] of the page before. Archived and
    /// merged contacts are never listed. Needs Read and list users and companies.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn contacts_page(
        &self,
        per_page: u8,
        after: Option<&Next>,
    ) -> Result<Page<Contact>, Error> {
        let request = paged(Request::get(&["contacts"]), per_page, after);
        self.fetch(request, |list| {
            Page::read(list, &["data", "contacts"], Contact::read)
        })
        .await
    }

    /// A page of one contact's companies, at most 60 a page. Needs Read one user and one company.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn contact_companies(
        &self,
        id: &str,
        per_page: u8,
        after: Option<&Next>,
    ) -> Result<Page<Company>, Error> {
        let request = paged(
            Request::get(&["contacts", id, "companies"]),
            per_page,
            after,
        );
        self.fetch(request, |list| {
            Page::read(list, &["companies", "data"], Company::read)
        })
        .await
    }
}

fn paged<'a>(request: Request<'a>, per_page: u8, after: Option<&Next>) -> Request<'a> {
    let request = request.query("per_page", per_page.to_string());
    match after {
        None => request,
        Some(Next::Cursor(cursor)) => request.query("starting_after", cursor.as_str()),
        Some(Next::Number(page)) => request.query("page", page.to_string()),
    }
}
