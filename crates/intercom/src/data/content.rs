//! The help centre, and the attributes of contacts and companies.

use chrono::{DateTime, Utc};

use super::record::record;

record! {
    /// An article of the help centre.
    Article by
    /// Intercom's id.
    id = id "id",
    /// Title.
    title: Option<String> = text "title",
    /// What it is about.
    description: Option<String> = text "description",
    /// The body as it came, HTML: to be sanitised, never trusted.
    body: Option<String> = raw_text "body",
    /// Id of the teammate who wrote it.
    author_id: Option<String> = id "author_id",
    /// `published` or `draft`; others are kept as they come.
    state: Option<String> = text "state",
    /// Its page; drafts have none.
    url: Option<String> = text "url",
    /// The collection it is in; API version 2.16 names all of them in `other`, as `parent_ids`.
    parent_id: Option<String> = id "parent_id",
    /// What its parent is.
    parent_type: Option<String> = text "parent_type",
    /// Language of the texts above.
    default_locale: Option<String> = text "default_locale",
    /// When it was made.
    created_at: Option<DateTime<Utc>> = date "created_at",
    /// When it was last changed.
    updated_at: Option<DateTime<Utc>> = date "updated_at",
}

record! {
    /// A collection of articles.
    Collection by
    /// Intercom's id.
    id = id "id",
    /// Name.
    name: Option<String> = text "name",
    /// What it is about.
    description: Option<String> = text "description",
    /// Its page.
    url: Option<String> = text "url",
    /// The collection it is in.
    parent_id: Option<String> = id "parent_id",
    /// The help centre it is in.
    help_center_id: Option<String> = id "help_center_id",
    /// Its place among the others.
    order: Option<u64> = count "order",
    /// When it was made.
    created_at: Option<DateTime<Utc>> = date "created_at",
    /// When it was last changed.
    updated_at: Option<DateTime<Utc>> = date "updated_at",
}

record! {
    /// A help centre.
    HelpCenter by
    /// Intercom's id.
    id = id "id",
    /// Name.
    name: Option<String> = text "display_name",
    /// The part of its address that names it.
    identifier: Option<String> = text "identifier",
    /// Its address.
    url: Option<String> = text "url",
}

record! {
    /// An attribute of contacts or companies, built in or the customer's own.
    DataAttribute by
    /// Name.
    name = text "name",
    /// Intercom's id; the customer's own attributes have one.
    id: Option<String> = id "id",
    /// The name with the objects that lead to it, such as `custom_attributes.tier`.
    full_name: Option<String> = text "full_name",
    /// What people see.
    label: Option<String> = text "label",
    /// What it means.
    description: Option<String> = text "description",
    /// `contact` or `company`; others are kept as they come.
    model: Option<String> = text "model",
    /// `string`, `integer`, `float`, `boolean` or `date`; others are kept as they come.
    data_type: Option<String> = text "data_type",
    /// The values a list allows.
    options: Vec<String> = texts "options",
    /// Whether it is the customer's own.
    custom: Option<bool> = flag "custom",
    /// Whether calls may change it.
    api_writable: Option<bool> = flag "api_writable",
    /// Whether it is out of use.
    archived: Option<bool> = flag "archived",
}
