//! Links inside the app: paths made from the routes table, never with a host.

use crate::routes::Name;
use serde::Serialize;

/// The path of a route with its placeholders filled in order; each value is percent-encoded.
#[must_use]
pub fn path(name: Name, values: &[&str]) -> String {
    let mut values = values.iter();
    let parts = name.path().split('/').map(|part| {
        if part.starts_with('{') {
            let value = values.next().copied().unwrap_or_default();
            url::form_urlencoded::byte_serialize(value.as_bytes())
                .collect::<String>()
                .replace('+', "%20")
        } else {
            part.to_owned()
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

/// A path with a query; what serialises to nothing is left out.
#[must_use]
pub fn with_query(path: String, query: &impl Serialize) -> String {
    match serde_html_form::to_string(query) {
        Ok(text) if !text.is_empty() => format!("{path}?{text}"),
        _ => path,
    }
}

/// Whether a text is a path inside this app, fit for a redirect: a host or a scheme makes it unfit.
#[must_use]
pub fn is_inside(target: &str) -> bool {
    target.starts_with('/')
        && !target.starts_with("//")
        && !target.contains('\\')
        && !target.chars().any(char::is_control)
}

macro_rules! links {
    ($($(#[$doc:meta])* $fn:ident($($arg:ident),*) = $name:ident;)+) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $fn($($arg: &str),*) -> String {
            path(Name::$name, &[$($arg),*])
        }
    )+};
}

links! {
    /// The start.
    home() = Home;
    /// Signing up.
    sign_up() = SignUp;
    /// Logging in.
    login() = Login;
    /// Logging out.
    logout() = Logout;
    /// Theme and shortcuts.
    preferences() = Preferences;
    /// A person's workspaces.
    workspaces() = Workspaces;
    /// A new workspace.
    workspace_new() = WorkspaceNew;
    /// A workspace's inbox.
    inbox(ws) = Inbox;
    /// The inbox's list alone.
    inbox_rows(ws) = InboxRows;
    /// The stream of changes.
    events(ws) = Events;
    /// A ticket.
    ticket(ws, key) = Ticket;
    /// A ticket's comments.
    comments(ws, key) = CommentPost;
    /// Fetching a ticket's attachments again.
    attachments_refresh(ws, key) = AttachmentsRefresh;
    /// Tickets by tag, team and reply time.
    insights(ws) = Insights;
    /// The contacts.
    contacts(ws) = Contacts;
    /// The contacts as CSV.
    contacts_csv(ws) = ContactsCsv;
    /// The contacts as JSON lines.
    contacts_json(ws) = ContactsJson;
    /// A contact.
    contact(ws, connection, contact) = Contact;
    /// The companies.
    companies(ws) = Companies;
    /// The companies as CSV.
    companies_csv(ws) = CompaniesCsv;
    /// The companies as JSON lines.
    companies_json(ws) = CompaniesJson;
    /// A company.
    company(ws, connection, company) = Company;
    /// The escalated conversations as JSON lines.
    conversations_json(ws) = ConversationsJson;
    /// The products.
    products(ws) = Products;
    /// Renaming a product.
    product_rename(ws, product) = ProductRename;
    /// Archiving a product.
    product_archive(ws, product) = ProductArchive;
    /// Bringing a product back.
    product_unarchive(ws, product) = ProductUnarchive;
    /// A product's feedback settings.
    feedback(ws, product) = Feedback;
    /// Asking what tags would have made.
    feedback_preview(ws, product) = FeedbackPreview;
    /// Fetching tags again.
    tags_refresh(ws, product) = TagsRefresh;
    /// Retention and removals.
    privacy(ws) = Privacy;
    /// The connections.
    intercom(ws) = Intercom;
    /// How to connect.
    intercom_connect(ws) = IntercomConnect;
    /// The access-token steps.
    intercom_token(ws) = IntercomToken;
    /// Connecting by Intercom's Authorize page.
    oauth(ws) = OAuthBegin;
    /// The workspace's own OAuth app.
    own_app(ws) = OwnApp;
    /// The own app's client secret.
    own_app_secret(ws) = OwnAppSecret;
    /// Removing the own app.
    own_app_remove(ws) = OwnAppRemove;
    /// A connection.
    connection(ws, connection) = Connection;
    /// Checking a connection again.
    connection_check(ws, connection) = ConnectionCheck;
    /// A connection's client secret.
    connection_secret(ws, connection) = ConnectionSecret;
    /// A connection's feedback switch.
    connection_feedback(ws, connection) = ConnectionFeedback;
    /// Another name for a connection.
    connection_rename(ws, connection) = ConnectionRename;
    /// Erasing what was copied through a disconnected connection.
    connection_erase(ws, connection) = ConnectionErase;
    /// Disconnecting.
    disconnect(ws, connection) = Disconnect;
    /// A connection's actions.
    actions(ws, connection) = Actions;
    /// An action of a connection.
    action(ws, connection, action) = Action;
    /// The log of a connection's actions.
    action_runs(ws, connection) = ActionRuns;
    /// A run of an action.
    action_run(ws, connection, run) = ActionRun;
    /// A run's answer, or what it fetched.
    action_download(ws, connection, run) = ActionDownload;
    /// Ending a run.
    action_stop(ws, connection, run) = ActionStop;
    /// What the doctor found of a connection.
    doctor(ws, connection) = Doctor;
    /// A connection's deliveries.
    deliveries(ws, connection) = Deliveries;
    /// A connection's deliveries by hour and by day.
    activity(ws, connection) = Activity;
    /// How a connection's calls are used.
    calls(ws, connection) = Calls;
    /// A connection's runs.
    runs(ws, connection) = Runs;
    /// A run.
    run(ws, connection, run) = Run;
    /// A run's report.
    run_report(ws, connection, run) = RunReport;
    /// Holding a run.
    run_pause(ws, connection, run) = RunPause;
    /// Letting a run go on.
    run_resume(ws, connection, run) = RunResume;
    /// Trying again what failed in a run.
    run_retry(ws, connection, run) = RunRetry;
    /// Making the tickets that a run left to a member.
    run_tickets(ws, connection, run) = RunTickets;
    /// Ending a run.
    run_cancel(ws, connection, run) = RunCancel;
    /// A connection's contacts switch.
    connection_contacts(ws, connection) = ConnectionContacts;
}

/// The access-token steps for a connection that is there.
#[must_use]
pub fn intercom_token_of(ws: &str, connection: &str) -> String {
    with_query(intercom_token(ws), &[("reconnect", connection)])
}

/// A product's part of the inbox.
#[must_use]
pub fn inbox_of(ws: &str, product: &str) -> String {
    with_query(inbox(ws), &[("product", product)])
}

/// The inbox's tickets assigned to the reader.
#[must_use]
pub fn inbox_mine(ws: &str) -> String {
    with_query(inbox(ws), &[("assignee", "me")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded() {
        assert_eq!(ticket("quill", "FB-41"), "/w/quill/tickets/FB-41");
        assert_eq!(ticket("a/b", "x y?"), "/w/a%2Fb/tickets/x%20y%3F");
        assert_eq!(inbox_of("quill", "a&b"), "/w/quill/inbox?product=a%26b");
    }

    #[test]
    fn only_paths_are_inside() {
        assert!(is_inside("/w/quill/inbox?ticket=FB-1"));
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "w/x",
            "/a\nb",
        ] {
            assert!(!is_inside(bad), "{bad:?}");
        }
    }
}
