//! Contacts.

use super::{
    ATTRIBUTES, COMPANY_ID, CONTACT_ID, NOTE, TAG_ID, actions, changes_something, optional,
};
use crate::describe::{Input, Kind, Pick};
use crate::input::Values;
use crate::plan::{call, call_acting};
use earmark_intercom::{Company, Contact, ContactFields, ContactRole};
use earmark_sync::Acted;

const ROLES: &[(&str, &str)] = &[("user", "User"), ("lead", "Lead")];
const ROLE: Input = Input::new("role", "Role", Kind::Choice(ROLES)).example("user");
const EXTERNAL_ID: Input = Input::text("external_id", "External ID")
    .help("Your own id of the contact.")
    .example("usr_20418");
const EMAIL: Input = Input::text("email", "E-mail address").example("ines@example.com");
const PHONE: Input = Input::text("phone", "Phone").example("+351210555014");
const NAME: Input = Input::text("name", "Name").example("Ines Carvalho");
const AVATAR: Input = Input::new("avatar", "Avatar URL", Kind::Text(2_000))
    .help("Address of their picture.")
    .example("https://example.com/ines.png");
const SIGNED_UP_AT: Input =
    Input::new("signed_up_at", "Signed up at", Kind::Date).example("2026-03-12T10:41:00Z");
const LAST_SEEN_AT: Input =
    Input::new("last_seen_at", "Last seen at", Kind::Date).example("2026-03-12T10:41:00Z");
const OWNER: Input = Input::new("owner_id", "Owner ID", Kind::Id(Some(Pick::Admins)))
    .help("The teammate who owns the contact.")
    .example("814860");
const UNSUBSCRIBED: Input = Input::new(
    "unsubscribed_from_emails",
    "Unsubscribed from emails",
    Kind::Flag,
);

fn fields(values: &Values) -> ContactFields {
    let role = values.text("role").map(|role| match role.as_str() {
        "lead" => ContactRole::Lead,
        _ => ContactRole::User,
    });
    ContactFields {
        role: role.into(),
        external_id: values.text("external_id").into(),
        email: values.text("email").into(),
        phone: values.text("phone").into(),
        name: values.text("name").into(),
        avatar: values.text("avatar").into(),
        owner_id: values.text("owner_id").into(),
        unsubscribed_from_emails: values.flag("unsubscribed_from_emails").into(),
        custom_attributes: values.object("custom_attributes").into(),
        signed_up_at: values.date("signed_up_at").into(),
        last_seen_at: values.date("last_seen_at").into(),
    }
}

fn there(contact: &Contact) -> Acted {
    Acted::Contact(Box::new(contact.clone()))
}

/// A company attached to a contact or detached from it.
fn member(contact: String, company: &Company, attached: bool) -> Acted {
    let company = Box::new(company.clone());
    Acted::Member {
        contact,
        company,
        attached,
    }
}

actions! { Contacts;
    /// Creates a user or a lead; one who is there already is refused and named.
    CREATE = "contacts.create", "Create contact", Changes, WritePeople, "contacts.create",
    [
        ROLE.required(), EXTERNAL_ID, EMAIL, PHONE, NAME, AVATAR, SIGNED_UP_AT, LAST_SEEN_AT, UNSUBSCRIBED, OWNER,
        ATTRIBUTES,
    ],
    |client, values| call_acting(client.create_contact(&fields(values)), there);

    /// Changes a contact; fields left empty stay as they are.
    UPDATE = "contacts.update", "Update contact", Changes, WritePeople, "contacts.update",
    [
        CONTACT_ID, ROLE, EXTERNAL_ID, EMAIL, PHONE, NAME, AVATAR, SIGNED_UP_AT, LAST_SEEN_AT, UNSUBSCRIBED, OWNER,
        ATTRIBUTES,
    ],
    |client, values| {
        let fields = fields(values);
        changes_something(&fields)?;
        call_acting(client.update_contact(&values.need("contact_id"), &fields), there)
    };

    /// Shows one contact.
    GET = "contacts.get", "Get contact", Reads, OnePerson, "contacts.get",
    [CONTACT_ID],
    |client, values| call(client.contact(&values.need("contact_id")));

    /// Shows one user by your own id; leads are not found by it.
    FIND = "contacts.get_by_external_id", "Get contact by external ID", Reads, OnePerson, "contacts.get_by_external_id",
    [EXTERNAL_ID.required()],
    |client, values| call(client.contact_by_external_id(&values.need("external_id")));

    /// Archives a contact: it is neither listed nor found until it is unarchived.
    ARCHIVE = "contacts.archive", "Archive contact", Destroys, WritePeople, "contacts.archive",
    [CONTACT_ID],
    |client, values| {
        let id = values.need("contact_id");
        call_acting(client.archive_contact(&id), |_| Acted::ContactArchived(id))
    };

    /// Takes a contact out of the archive.
    UNARCHIVE = "contacts.unarchive", "Unarchive contact", Changes, WritePeople, "contacts.unarchive",
    [CONTACT_ID],
    |client, values| {
        let id = values.need("contact_id");
        call_acting(client.unarchive_contact(&id), |_| Acted::ContactUnarchived(id))
    };

    /// Deletes a contact for good, at Intercom and in every copy of ours.
    DELETE = "contacts.delete", "Delete contact", Destroys, WritePeople, "contacts.delete",
    [CONTACT_ID],
    |client, values| {
        let id = values.need("contact_id");
        call_acting(client.delete_contact(&id), |_| Acted::ContactDeleted(id))
    };

    /// Blocks a contact and archives their conversations.
    BLOCK = "contacts.block", "Block contact", Destroys, WritePeople, "contacts.block",
    [CONTACT_ID],
    |client, values| call(client.block_contact(&values.need("contact_id")));

    /// Merges a lead into a user; the lead is no more afterwards.
    MERGE = "contacts.merge", "Merge lead into user", Destroys, WritePeople, "contacts.merge",
    [
        Input::id("lead_id", "Lead ID").help("The lead, which goes.").example("5f0a1c2b3d4e5f6071829304").required(),
        Input::id("user_id", "User ID").help("The user, who stays.").example("5f0a1c2b3d4e5f6071829305").required(),
    ],
    |client, values| {
        let from = values.need("lead_id");
        call_acting(client.merge_contacts(&from, &values.need("user_id")), |user| {
            Acted::ContactsMerged { from, into: Box::new(user.clone()) }
        })
    };

    /// Attaches a company to a contact.
    ATTACH_COMPANY = "contacts.attach_company", "Attach company", Changes, WritePeople, "contacts.attach_company",
    [CONTACT_ID, COMPANY_ID],
    |client, values| {
        let (contact, company) = (values.need("contact_id"), values.need("company_id"));
        call_acting(client.attach_company(&contact, &company), |company| member(contact, company, true))
    };

    /// Detaches a company from a contact.
    DETACH_COMPANY = "contacts.detach_company", "Detach company", Changes, WritePeople, "contacts.detach_company",
    [CONTACT_ID, COMPANY_ID],
    |client, values| {
        let (contact, company) = (values.need("contact_id"), values.need("company_id"));
        call_acting(client.detach_company(&contact, &company), |company| member(contact, company, false))
    };

    /// Puts a tag on a contact.
    ATTACH_TAG = "contacts.attach_tag", "Attach tag", Changes, WriteTags, "contacts.attach_tag",
    [CONTACT_ID, TAG_ID],
    |client, values| {
        let (contact, tag) = (values.need("contact_id"), values.need("tag_id"));
        call_acting(client.tag_contact(&contact, &tag), |_| Acted::Tagged { contact, tag, added: true })
    };

    /// Takes a tag off a contact.
    DETACH_TAG = "contacts.detach_tag", "Detach tag", Changes, WriteTags, "contacts.detach_tag",
    [CONTACT_ID, TAG_ID],
    |client, values| {
        let (contact, tag) = (values.need("contact_id"), values.need("tag_id"));
        call_acting(client.untag_contact(&contact, &tag), |_| Acted::Tagged { contact, tag, added: false })
    };

    /// Writes a note about a contact, for teammates only.
    CREATE_NOTE = "contacts.create_note", "Create note", Changes, WritePeople, "contacts.create_note",
    [CONTACT_ID, NOTE, optional(super::ADMIN_ID)],
    |client, values| {
        let admin = values.text("admin_id");
        call(client.note_contact(&values.need("contact_id"), &values.need("body"), admin.as_deref()))
    };
}
