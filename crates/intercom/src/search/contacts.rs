//! Fields of contacts that can be searched.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Contacts, Date, Field, Flag, Id, Kind, Number, Order, Search, TagId, Text};

/// Intercom's id.
pub const ID: Field<Contacts, Id> = Field::new("id");
/// The customer's own id.
pub const EXTERNAL_ID: Field<Contacts, Text> = Field::new("external_id");
/// `user` or `lead`.
pub const ROLE: Field<Contacts, Id> = Field::new("role");
/// Name.
pub const NAME: Field<Contacts, Text> = Field::new("name");
/// E-mail address.
pub const EMAIL: Field<Contacts, Text> = Field::new("email");
/// What follows the @ of the e-mail address.
pub const EMAIL_DOMAIN: Field<Contacts, Text> = Field::new("email_domain");
/// Telephone number.
pub const PHONE: Field<Contacts, Text> = Field::new("phone");
/// Address of their picture.
pub const AVATAR: Field<Contacts, Text> = Field::new("avatar");
/// Id of the admin who owns the contact.
pub const OWNER_ID: Field<Contacts, Id> = Field::new("owner_id");
/// A tag, by id: present or absent, and nothing else.
pub const TAG_ID: Field<Contacts, TagId> = Field::new("tag_id");
/// A segment, by id: inside or outside.
pub const SEGMENT_ID: Field<Contacts, TagId> = Field::new("segment_id");
/// When Intercom learned of them.
pub const CREATED_AT: Field<Contacts, Date> = Field::new("created_at");
/// When they were last changed.
pub const UPDATED_AT: Field<Contacts, Date> = Field::new("updated_at");
/// When they signed up with the customer.
pub const SIGNED_UP_AT: Field<Contacts, Date> = Field::new("signed_up_at");
/// When they were last seen.
pub const LAST_SEEN_AT: Field<Contacts, Date> = Field::new("last_seen_at");
/// When they were last written to.
pub const LAST_CONTACTED_AT: Field<Contacts, Date> = Field::new("last_contacted_at");
/// When they last wrote.
pub const LAST_REPLIED_AT: Field<Contacts, Date> = Field::new("last_replied_at");
/// Whether they refuse e-mails.
pub const UNSUBSCRIBED_FROM_EMAILS: Field<Contacts, Flag> = Field::new("unsubscribed_from_emails");
/// Whether e-mails to them fail.
pub const HAS_HARD_BOUNCED: Field<Contacts, Flag> = Field::new("has_hard_bounced");
/// Country.
pub const LOCATION_COUNTRY: Field<Contacts, Text> = Field::new("location.country");
/// Region of the country.
pub const LOCATION_REGION: Field<Contacts, Text> = Field::new("location.region");
/// City.
pub const LOCATION_CITY: Field<Contacts, Text> = Field::new("location.city");
/// How often they came.
pub const SESSION_COUNT: Field<Contacts, Number> = Field::new("session_count");

/// The fields above, for holding a written search against the rules.
pub(super) const FIELDS: &[(&str, Kind)] = &[
    ("id", Kind::Id),
    ("external_id", Kind::Text),
    ("role", Kind::Id),
    ("name", Kind::Text),
    ("email", Kind::Text),
    ("email_domain", Kind::Text),
    ("phone", Kind::Text),
    ("avatar", Kind::Text),
    ("owner_id", Kind::Id),
    ("tag_id", Kind::TagId),
    ("segment_id", Kind::TagId),
    ("created_at", Kind::Date),
    ("updated_at", Kind::Date),
    ("signed_up_at", Kind::Date),
    ("last_seen_at", Kind::Date),
    ("last_contacted_at", Kind::Date),
    ("last_replied_at", Kind::Date),
    ("unsubscribed_from_emails", Kind::Flag),
    ("has_hard_bounced", Kind::Flag),
    ("location.country", Kind::Text),
    ("location.region", Kind::Text),
    ("location.city", Kind::Text),
    ("session_count", Kind::Number),
];

/// A day, and the time zone furthest from UTC.
const OVERLAP: TimeDelta = TimeDelta::hours(24 + 14);

/// All that may have changed since a time, oldest change first, with an overlap of a day and the widest time zone because
/// whole days are compared. What is known already comes again.
#[must_use]
pub fn changed_since(time: DateTime<Utc>) -> Search<Contacts> {
    let from = time - OVERLAP;
    let filters = [UPDATED_AT.after_day_of(from), UPDATED_AT.on_day_of(from)];
    Search::either(filters).sorted(&UPDATED_AT, Order::Ascending)
}
