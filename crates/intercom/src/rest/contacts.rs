//! Contacts.

use serde_json::json;

use crate::{
    Call, Client, Company, Contact, ContactFields, Listing, MergedContact, Note, Removed, Search,
    Segment, SubscriptionType, Tag, operation::table as op, paging::Style, search::Contacts, write,
};

/// Most contacts on a page ("List all contacts", as corrected by Intercom for every version).
const MOST: u8 = 150;
/// Most entries on a page of what belongs to a contact.
const MOST_NESTED: u8 = 60;

impl Client {
    /// All contacts, users and leads, 150 a page at most. Archived and merged ones are never listed. Needs Read and
    /// list users and companies.
    pub fn contacts(&self) -> Listing<Contact> {
        let request = self.to(&op::CONTACT_LIST, &[]);
        let keys = &["data", "contacts"];
        Listing::new(self, request, Style::Query, MOST, keys, Contact::read)
    }

    /// The contacts that a search finds, 150 a page at most. New ones take minutes to be found, archived and merged
    /// ones never are. Needs Read and list users and companies.
    pub fn search_contacts(&self, search: impl Into<Search<Contacts>>) -> Listing<Contact> {
        let request = self
            .to(&op::CONTACT_SEARCH, &[])
            .json(&search.into().to_json());
        let keys = &["data", "contacts"];
        Listing::new(self, request, Style::Body, MOST, keys, Contact::read)
    }

    /// One contact. [`crate::Error::NotFound`] once it was merged, or, asked with version 2.16, [`crate::Error::Merged`].
    /// Needs Read one user and one company.
    pub fn contact(&self, id: &str) -> Call<Contact> {
        self.call(self.to(&op::CONTACT_GET, &[id]), Contact::read)
    }

    /// One user, by the customer's own id; leads are not found by it. Needs Read one user and one company.
    pub fn contact_by_external_id(&self, external_id: &str) -> Call<Contact> {
        self.call(self.to(&op::CONTACT_FIND, &[external_id]), Contact::read)
    }

    /// Makes a contact from one of e-mail address, external id and role at least. A user who exists already, archived
    /// or not, is a [`crate::Error::Rejected`] with status 409; [`crate::Error::existing_contact`] names them. Needs
    /// Write users and companies.
    pub fn create_contact(&self, fields: &ContactFields) -> Call<Contact> {
        let request = self.to(&op::CONTACT_CREATE, &[]).json(fields);
        self.call(request.shaped(write::owner_by_version), Contact::read)
    }

    /// Changes a contact. Needs Write users and companies.
    pub fn update_contact(&self, id: &str, fields: &ContactFields) -> Call<Contact> {
        let request = self.to(&op::CONTACT_UPDATE, &[id]).json(fields);
        self.call(request.shaped(write::owner_by_version), Contact::read)
    }

    /// Deletes a contact for good. Needs Write users and companies.
    pub fn delete_contact(&self, id: &str) -> Call<Removed> {
        self.call(self.to(&op::CONTACT_DELETE, &[id]), Removed::read)
    }

    /// Archives a contact: it is neither listed nor found any more. Needs Write users and companies.
    pub fn archive_contact(&self, id: &str) -> Call<Removed> {
        self.call(self.to(&op::CONTACT_ARCHIVE, &[id]), Removed::read)
    }

    /// Takes a contact out of the archive. Needs Write users and companies.
    pub fn unarchive_contact(&self, id: &str) -> Call<Removed> {
        self.call(self.to(&op::CONTACT_UNARCHIVE, &[id]), Removed::read)
    }

    /// Blocks a contact and archives their conversations. Needs Write users and companies.
    pub fn block_contact(&self, id: &str) -> Call<Removed> {
        self.call(self.to(&op::CONTACT_BLOCK, &[id]), Removed::read)
    }

    /// Merges a lead into a user; the lead is no more afterwards. Needs Write users and companies.
    pub fn merge_contacts(&self, lead_id: &str, into_user_id: &str) -> Call<Contact> {
        let body = json!({"from": lead_id, "into": into_user_id});
        let request = self.to(&op::CONTACT_MERGE, &[]).json(&body);
        self.call(request, Contact::read)
    }

    /// The contacts that were merged into this one. Asked with version 2.16.
    pub fn contact_merges(&self, id: &str) -> Listing<MergedContact> {
        let request = self.to(&op::CONTACT_MERGES, &[id]);
        let read = MergedContact::read;
        Listing::new(self, request, Style::History, MOST, &["data"], read)
    }

    /// The companies of a contact, 60 a page at most. Needs Read one user and one company.
    pub fn contact_companies(&self, id: &str) -> Listing<Company> {
        let request = self.to(&op::CONTACT_COMPANY_LIST, &[id]);
        let keys = &["companies", "data"];
        Listing::new(
            self,
            request,
            Style::Number,
            MOST_NESTED,
            keys,
            Company::read,
        )
    }

    /// Attaches a company, by Intercom's id of it; a contact can have 1,000. Needs Write users and companies.
    pub fn attach_company(&self, contact_id: &str, company_id: &str) -> Call<Company> {
        let request = self.to(&op::CONTACT_COMPANY_ATTACH, &[contact_id]);
        self.call(request.json(&json!({"id": company_id})), Company::read)
    }

    /// Detaches a company, by Intercom's id of it. Needs Write users and companies.
    pub fn detach_company(&self, contact_id: &str, company_id: &str) -> Call<Company> {
        let arguments = [contact_id, company_id];
        let request = self.to(&op::CONTACT_COMPANY_DETACH, &arguments);
        self.call(request, Company::read)
    }

    /// The tags of a contact. Needs Read tags.
    pub fn contact_tags(&self, id: &str) -> Listing<Tag> {
        let request = self.to(&op::CONTACT_TAG_LIST, &[id]);
        Listing::new(self, request, Style::Whole, 0, &["data", "tags"], Tag::read)
    }

    /// Puts a tag on a contact. Needs Write tags.
    pub fn tag_contact(&self, contact_id: &str, tag_id: &str) -> Call<Tag> {
        let request = self.to(&op::CONTACT_TAG_ATTACH, &[contact_id]);
        self.call(request.json(&json!({"id": tag_id})), Tag::read)
    }

    /// Takes a tag off a contact. Needs Write tags.
    pub fn untag_contact(&self, contact_id: &str, tag_id: &str) -> Call<Tag> {
        let request = self.to(&op::CONTACT_TAG_DETACH, &[contact_id, tag_id]);
        self.call(request, Tag::read)
    }

    /// The notes about a contact, 60 a page at most.
    pub fn contact_notes(&self, id: &str) -> Listing<Note> {
        let request = self.to(&op::CONTACT_NOTE_LIST, &[id]);
        Listing::new(
            self,
            request,
            Style::Number,
            MOST_NESTED,
            &["data", "notes"],
            Note::read,
        )
    }

    /// Writes a note about a contact. Needs Write users and companies.
    pub fn note_contact(&self, id: &str, body: &str, admin_id: Option<&str>) -> Call<Note> {
        let request = self.to(&op::CONTACT_NOTE_CREATE, &[id]);
        self.call(request.json(&super::note(body, admin_id)), Note::read)
    }

    /// One note.
    pub fn note(&self, id: &str) -> Call<Note> {
        self.call(self.to(&op::NOTE_GET, &[id]), Note::read)
    }

    /// The subscription types that a contact chose for or against; those they never chose are not listed.
    pub fn contact_subscriptions(&self, id: &str) -> Listing<SubscriptionType> {
        let request = self.to(&op::CONTACT_SUBSCRIPTION_LIST, &[id]);
        let read = SubscriptionType::read;
        Listing::new(self, request, Style::Whole, 0, &["data"], read)
    }

    /// Records a contact's choice: `opt_in` or `opt_out`, as the type wants it.
    pub fn subscribe_contact(
        &self,
        contact_id: &str,
        subscription_type_id: &str,
        consent_type: &str,
    ) -> Call<SubscriptionType> {
        let body = json!({"id": subscription_type_id, "consent_type": consent_type});
        let request = self.to(&op::CONTACT_SUBSCRIPTION_ATTACH, &[contact_id]);
        self.call(request.json(&body), SubscriptionType::read)
    }

    /// Forgets a contact's choice.
    pub fn unsubscribe_contact(
        &self,
        contact_id: &str,
        subscription_type_id: &str,
    ) -> Call<SubscriptionType> {
        let arguments = [contact_id, subscription_type_id];
        let request = self.to(&op::CONTACT_SUBSCRIPTION_DETACH, &arguments);
        self.call(request, SubscriptionType::read)
    }

    /// The segments a contact is in.
    pub fn contact_segments(&self, id: &str) -> Listing<Segment> {
        let request = self.to(&op::CONTACT_SEGMENT_LIST, &[id]);
        let keys = &["data", "segments"];
        Listing::new(self, request, Style::Whole, 0, keys, Segment::read)
    }
}
