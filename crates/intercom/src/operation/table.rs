//! One row for each operation, in the order of the files that make the calls.

use reqwest::Method;

use super::{Operation, Repeat};
use crate::ApiVersion;

macro_rules! operations {
    ($($id:ident = $name:literal, $method:ident $path:literal, $since:ident, $repeat:ident;)*) => {
        $(pub(crate) static $id: Operation = Operation {
            name: $name,
            method: Method::$method,
            path: $path,
            since: ApiVersion::$since,
            repeat: Repeat::$repeat,
        };)*
        pub(super) static ALL: &[&Operation] = &[$(&$id),*];
    };
}

operations! {
    // The token's owner, teammates and teams.
    ME = "me.get", GET "/me", V2_10, Safe;
    ADMIN_LIST = "admins.list", GET "/admins", V2_10, Safe;
    ADMIN_GET = "admins.get", GET "/admins/{admin_id}", V2_10, Safe;
    ADMIN_AWAY = "admins.set_away", PUT "/admins/{admin_id}/away", V2_10, Safe;
    TEAM_LIST = "teams.list", GET "/teams", V2_10, Safe;
    TEAM_GET = "teams.get", GET "/teams/{team_id}", V2_10, Safe;
    // Contacts.
    CONTACT_LIST = "contacts.list", GET "/contacts", V2_10, Safe;
    CONTACT_SEARCH = "contacts.search", POST "/contacts/search", V2_10, Safe;
    CONTACT_GET = "contacts.get", GET "/contacts/{contact_id}", V2_10, Safe;
    CONTACT_FIND = "contacts.get_by_external_id", GET "/contacts/find_by_external_id/{external_id}", V2_14, Safe;
    CONTACT_CREATE = "contacts.create", POST "/contacts", V2_10, WhenUnsent;
    CONTACT_UPDATE = "contacts.update", PUT "/contacts/{contact_id}", V2_10, Safe;
    CONTACT_DELETE = "contacts.delete", DELETE "/contacts/{contact_id}", V2_10, Safe;
    CONTACT_ARCHIVE = "contacts.archive", POST "/contacts/{contact_id}/archive", V2_10, Safe;
    CONTACT_UNARCHIVE = "contacts.unarchive", POST "/contacts/{contact_id}/unarchive", V2_10, Safe;
    CONTACT_BLOCK = "contacts.block", POST "/contacts/{contact_id}/block", V2_14, Safe;
    CONTACT_MERGE = "contacts.merge", POST "/contacts/merge", V2_10, WhenUnsent;
    CONTACT_MERGES = "contacts.merge_history", GET "/contacts/{contact_id}/merge_history", V2_16, Safe;
    CONTACT_COMPANY_LIST = "contacts.list_companies", GET "/contacts/{contact_id}/companies", V2_10, Safe;
    CONTACT_COMPANY_ATTACH = "contacts.attach_company", POST "/contacts/{contact_id}/companies", V2_10, Safe;
    CONTACT_COMPANY_DETACH = "contacts.detach_company", DELETE "/contacts/{contact_id}/companies/{company_id}", V2_10, Safe;
    CONTACT_TAG_LIST = "contacts.list_tags", GET "/contacts/{contact_id}/tags", V2_10, Safe;
    CONTACT_TAG_ATTACH = "contacts.attach_tag", POST "/contacts/{contact_id}/tags", V2_10, Safe;
    CONTACT_TAG_DETACH = "contacts.detach_tag", DELETE "/contacts/{contact_id}/tags/{tag_id}", V2_10, Safe;
    CONTACT_NOTE_LIST = "contacts.list_notes", GET "/contacts/{contact_id}/notes", V2_10, Safe;
    CONTACT_NOTE_CREATE = "contacts.create_note", POST "/contacts/{contact_id}/notes", V2_10, WhenUnsent;
    NOTE_GET = "notes.get", GET "/notes/{note_id}", V2_10, Safe;
    CONTACT_SUBSCRIPTION_LIST = "contacts.list_subscriptions", GET "/contacts/{contact_id}/subscriptions", V2_10, Safe;
    CONTACT_SUBSCRIPTION_ATTACH = "contacts.attach_subscription", POST "/contacts/{contact_id}/subscriptions", V2_10, Safe;
    CONTACT_SUBSCRIPTION_DETACH = "contacts.detach_subscription", DELETE "/contacts/{contact_id}/subscriptions/{subscription_id}", V2_10, Safe;
    CONTACT_SEGMENT_LIST = "contacts.list_segments", GET "/contacts/{contact_id}/segments", V2_10, Safe;
    // Companies.
    COMPANY_FIND = "companies.find", GET "/companies", V2_10, Safe;
    COMPANY_LIST = "companies.list", POST "/companies/list", V2_10, Safe;
    COMPANY_SCROLL = "companies.scroll", GET "/companies/scroll", V2_10, WhenUnsent;
    COMPANY_GET = "companies.get", GET "/companies/{company_id}", V2_10, Safe;
    COMPANY_PUT = "companies.create_or_update", POST "/companies", V2_10, Safe;
    COMPANY_UPDATE = "companies.update", PUT "/companies/{company_id}", V2_14, Safe;
    COMPANY_DELETE = "companies.delete", DELETE "/companies/{company_id}", V2_10, Safe;
    COMPANY_CONTACT_LIST = "companies.list_contacts", GET "/companies/{company_id}/contacts", V2_10, Safe;
    COMPANY_SEGMENT_LIST = "companies.list_segments", GET "/companies/{company_id}/segments", V2_10, Safe;
    COMPANY_NOTE_LIST = "companies.list_notes", GET "/companies/{company_id}/notes", V2_16, Safe;
    COMPANY_NOTE_CREATE = "companies.create_note", POST "/companies/{company_id}/notes", V2_16, WhenUnsent;
    // Tags and segments.
    TAG_LIST = "tags.list", GET "/tags", V2_10, Safe;
    TAG_GET = "tags.get", GET "/tags/{tag_id}", V2_10, Safe;
    TAG_PUT = "tags.create_or_update", POST "/tags", V2_10, Safe;
    TAG_DELETE = "tags.delete", DELETE "/tags/{tag_id}", V2_10, Safe;
    SEGMENT_LIST = "segments.list", GET "/segments", V2_10, Safe;
    SEGMENT_GET = "segments.get", GET "/segments/{segment_id}", V2_10, Safe;
    // Conversations.
    CONVERSATION_LIST = "conversations.list", GET "/conversations", V2_10, Safe;
    CONVERSATION_SEARCH = "conversations.search", POST "/conversations/search", V2_10, Safe;
    CONVERSATION_GET = "conversations.get", GET "/conversations/{conversation_id}", V2_14, Safe;
    CONVERSATION_CREATE = "conversations.create", POST "/conversations", V2_10, WhenUnsent;
    CONVERSATION_UPDATE = "conversations.update", PUT "/conversations/{conversation_id}", V2_14, Safe;
    CONVERSATION_DELETE = "conversations.delete", DELETE "/conversations/{conversation_id}", V2_14, Safe;
    CONVERSATION_DELETED = "conversations.list_deleted", GET "/conversations/deleted", V2_16, Safe;
    CONVERSATION_REPLY = "conversations.reply", POST "/conversations/{conversation_id}/reply", V2_10, WhenUnsent;
    CONVERSATION_MANAGE = "conversations.manage", POST "/conversations/{conversation_id}/parts", V2_10, WhenUnsent;
    CONVERSATION_REDACT = "conversations.redact", POST "/conversations/redact", V2_10, Safe;
    CONVERSATION_CONVERT = "conversations.convert", POST "/conversations/{conversation_id}/convert", V2_10, WhenUnsent;
    CONVERSATION_CONTACT_ATTACH = "conversations.attach_contact", POST "/conversations/{conversation_id}/customers", V2_10, Safe;
    CONVERSATION_CONTACT_DETACH = "conversations.detach_contact", DELETE "/conversations/{conversation_id}/customers/{contact_id}", V2_10, Safe;
    CONVERSATION_TAG_ATTACH = "conversations.attach_tag", POST "/conversations/{conversation_id}/tags", V2_10, Safe;
    CONVERSATION_TAG_DETACH = "conversations.detach_tag", DELETE "/conversations/{conversation_id}/tags/{tag_id}", V2_10, Safe;
    // Tickets.
    TICKET_CREATE = "tickets.create", POST "/tickets", V2_10, WhenUnsent;
    TICKET_ENQUEUE = "tickets.enqueue", POST "/tickets/enqueue", V2_14, WhenUnsent;
    TICKET_GET = "tickets.get", GET "/tickets/{ticket_id}", V2_10, Safe;
    TICKET_UPDATE = "tickets.update", PUT "/tickets/{ticket_id}", V2_14, Safe;
    TICKET_DELETE = "tickets.delete", DELETE "/tickets/{ticket_id}", V2_14, Safe;
    TICKET_SEARCH = "tickets.search", POST "/tickets/search", V2_10, Safe;
    TICKET_REPLY = "tickets.reply", POST "/tickets/{ticket_id}/reply", V2_10, WhenUnsent;
    TICKET_TAG_ATTACH = "tickets.attach_tag", POST "/tickets/{ticket_id}/tags", V2_10, Safe;
    TICKET_TAG_DETACH = "tickets.detach_tag", DELETE "/tickets/{ticket_id}/tags/{tag_id}", V2_10, Safe;
    TICKET_TYPE_LIST = "ticket_types.list", GET "/ticket_types", V2_10, Safe;
    TICKET_TYPE_GET = "ticket_types.get", GET "/ticket_types/{ticket_type_id}", V2_10, Safe;
    TICKET_TYPE_CREATE = "ticket_types.create", POST "/ticket_types", V2_10, WhenUnsent;
    TICKET_TYPE_UPDATE = "ticket_types.update", PUT "/ticket_types/{ticket_type_id}", V2_10, Safe;
    TICKET_STATE_LIST = "ticket_states.list", GET "/ticket_states", V2_14, Safe;
    // Help centre.
    ARTICLE_LIST = "articles.list", GET "/articles", V2_10, Safe;
    ARTICLE_SEARCH = "articles.search", GET "/articles/search", V2_10, Safe;
    ARTICLE_GET = "articles.get", GET "/articles/{article_id}", V2_10, Safe;
    ARTICLE_CREATE = "articles.create", POST "/articles", V2_10, WhenUnsent;
    ARTICLE_UPDATE = "articles.update", PUT "/articles/{article_id}", V2_10, Safe;
    ARTICLE_DELETE = "articles.delete", DELETE "/articles/{article_id}", V2_10, Safe;
    COLLECTION_LIST = "collections.list", GET "/help_center/collections", V2_10, Safe;
    COLLECTION_GET = "collections.get", GET "/help_center/collections/{collection_id}", V2_10, Safe;
    COLLECTION_CREATE = "collections.create", POST "/help_center/collections", V2_10, WhenUnsent;
    COLLECTION_UPDATE = "collections.update", PUT "/help_center/collections/{collection_id}", V2_10, Safe;
    COLLECTION_DELETE = "collections.delete", DELETE "/help_center/collections/{collection_id}", V2_10, Safe;
    HELP_CENTER_LIST = "help_centers.list", GET "/help_center/help_centers", V2_10, Safe;
    HELP_CENTER_GET = "help_centers.get", GET "/help_center/help_centers/{help_center_id}", V2_10, Safe;
    // Attributes, subscription types and events.
    ATTRIBUTE_LIST = "data_attributes.list", GET "/data_attributes", V2_10, Safe;
    ATTRIBUTE_CREATE = "data_attributes.create", POST "/data_attributes", V2_14, WhenUnsent;
    ATTRIBUTE_UPDATE = "data_attributes.update", PUT "/data_attributes/{data_attribute_id}", V2_14, Safe;
    SUBSCRIPTION_TYPE_LIST = "subscription_types.list", GET "/subscription_types", V2_10, Safe;
    EVENT_LIST = "events.list", GET "/events", V2_10, Safe;
    EVENT_CREATE = "events.create", POST "/events", V2_10, WhenUnsent;
    JOB_GET = "jobs.get", GET "/jobs/status/{job_id}", V2_14, Safe;
}
