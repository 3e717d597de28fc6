//! The one table of routes: it feeds the router, the URL builders and the tenancy walk of the tests.

use earmark_model::Right;

/// How a route is asked for. Forms know no other methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads; changes nothing.
    Get,
    /// Changes something, or signs in or out.
    Post,
}

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Anyone, signed in or not.
    Public,
    /// A signed-in person; strangers are sent to log in.
    Person,
    /// A member of the workspace in the path whose role may do this. Strangers are sent to log in, members of other
    /// workspaces get 404, a role too low gets 403.
    Member(Right),
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with `{…}` where a value stands.
    pub path: &'static str,
    /// Who may.
    pub guard: Guard,
    /// Its name, which picks the handler.
    pub name: Name,
}

macro_rules! routes {
    ($($(#[$doc:meta])* $name:ident $method:ident $path:literal $guard:expr;)+) => {
        /// The name of a route.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Name { $($(#[$doc])* $name),+ }

        impl Name {
            /// The path with its placeholders.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self { $(Self::$name => $path),+ }
            }
        }

        /// Every route of the web pages. Earlier rows win, so fixed words stand before placeholders.
        pub static ROUTES: &[Route] = &[
            $(Route { method: Method::$method, path: $path, guard: $guard, name: Name::$name }),+
        ];
    };
}

use Guard::{Member, Person, Public};
use Right::{
    ManageConnections, ManageProducts, ManageTriggers, ManageWorkspace, Read, RunReadActions,
    WorkOnTickets,
};

routes! {
    /// Sends a visitor to their inbox, their workspaces or the login.
    Home Get "/" Public;
    /// Whether the process and its database answer, for load balancers.
    Health Get "/healthz" Public;
    /// A file of the page furniture.
    Static Get "/static/{file:.*}" Public;
    /// The sign-up form.
    SignUp Get "/signup" Public;
    /// Makes a person and a first workspace.
    SignUpPost Post "/signup" Public;
    /// The login form.
    Login Get "/login" Public;
    /// Logs in.
    LoginPost Post "/login" Public;
    /// Ends the session.
    Logout Post "/logout" Person;
    /// Theme and shortcuts.
    Preferences Get "/preferences" Person;
    /// Keeps theme and shortcuts.
    PreferencesPost Post "/preferences" Person;
    /// The workspaces of a person.
    Workspaces Get "/workspaces" Person;
    /// The form for another workspace.
    WorkspaceNew Get "/workspaces/new" Person;
    /// Makes a workspace.
    WorkspaceNewPost Post "/workspaces/new" Person;

    /// Where Intercom's Authorize page leads back. Whether the person may connect is asked for the workspace in the state.
    OAuthCallback Get "/auth/intercom/callback" Person;

    /// The two-pane inbox.
    Inbox Get "/w/{ws}/inbox" Member(Read);
    /// The inbox's list alone, for live arrival.
    InboxRows Get "/w/{ws}/inbox/rows" Member(Read);
    /// Tells open pages, as server-sent events, that tickets changed.
    Events Get "/w/{ws}/events" Member(Read);
    /// One ticket.
    Ticket Get "/w/{ws}/tickets/{key}" Member(Read);
    /// Changes status, assignee, product or title.
    TicketPost Post "/w/{ws}/tickets/{key}" Member(WorkOnTickets);
    /// Adds a comment.
    CommentPost Post "/w/{ws}/tickets/{key}/comments" Member(WorkOnTickets);
    /// Asks for the attachments' links again.
    AttachmentsRefresh Post "/w/{ws}/tickets/{key}/attachments/refresh" Member(WorkOnTickets);

    /// Tickets by tag, team and reply time.
    Insights Get "/w/{ws}/insights" Member(Read);
    /// The contacts.
    Contacts Get "/w/{ws}/contacts" Member(Read);
    /// The filtered contacts as CSV.
    ContactsCsv Get "/w/{ws}/contacts.csv" Member(Read);
    /// The filtered contacts as JSON lines; with all of them, archived or not, those that were merged or deleted.
    ContactsJson Get "/w/{ws}/contacts.jsonl" Member(Read);
    /// One contact.
    Contact Get "/w/{ws}/contacts/{connection}/{contact}" Member(Read);
    /// The companies.
    Companies Get "/w/{ws}/companies" Member(Read);
    /// The filtered companies as CSV.
    CompaniesCsv Get "/w/{ws}/companies.csv" Member(Read);
    /// The filtered companies as JSON lines.
    CompaniesJson Get "/w/{ws}/companies.jsonl" Member(Read);
    /// One company.
    Company Get "/w/{ws}/companies/{connection}/{company}" Member(Read);
    /// Every escalated conversation as JSON lines.
    ConversationsJson Get "/w/{ws}/conversations.jsonl" Member(Read);

    /// The products.
    Products Get "/w/{ws}/products" Member(Read);
    /// Makes a product.
    ProductCreate Post "/w/{ws}/products" Member(ManageProducts);
    /// Renames a product.
    ProductRename Post "/w/{ws}/products/{product}" Member(ManageProducts);
    /// Archives a product.
    ProductArchive Post "/w/{ws}/products/{product}/archive" Member(ManageProducts);
    /// Brings an archived product back.
    ProductUnarchive Post "/w/{ws}/products/{product}/unarchive" Member(ManageProducts);
    /// A product's switch and trigger tags.
    Feedback Get "/w/{ws}/products/{product}/settings/feedback" Member(Read);
    /// Keeps the switch and the trigger tags.
    FeedbackPost Post "/w/{ws}/products/{product}/settings/feedback" Member(ManageTriggers);
    /// Asks what tags would have made.
    FeedbackPreview Post "/w/{ws}/products/{product}/settings/feedback/preview" Member(ManageTriggers);
    /// Asks for a connection's tags again.
    TagsRefresh Post "/w/{ws}/products/{product}/settings/feedback/refresh" Member(ManageTriggers);

    /// How long payloads are kept, and what was removed.
    Privacy Get "/w/{ws}/settings/privacy" Member(Read);
    /// Keeps how long payloads are kept.
    PrivacyPost Post "/w/{ws}/settings/privacy" Member(ManageWorkspace);

    /// The connections to Intercom.
    Intercom Get "/w/{ws}/settings/integrations/intercom" Member(Read);
    /// How to connect.
    IntercomConnect Get "/w/{ws}/settings/integrations/intercom/connect" Member(ManageConnections);
    /// The guided steps to an access token.
    IntercomToken Get "/w/{ws}/settings/integrations/intercom/token" Member(ManageConnections);
    /// Proves a pasted token and stores it.
    IntercomTokenPost Post "/w/{ws}/settings/integrations/intercom/token" Member(ManageConnections);
    /// The workspace's own OAuth app.
    OwnApp Get "/w/{ws}/settings/integrations/intercom/app" Member(ManageConnections);
    /// Adds the workspace's own OAuth app.
    OwnAppPost Post "/w/{ws}/settings/integrations/intercom/app" Member(ManageConnections);
    /// Replaces the own app's client secret.
    OwnAppSecret Post "/w/{ws}/settings/integrations/intercom/app/secret" Member(ManageConnections);
    /// Sends a member to Intercom's Authorize page.
    OAuthBegin Post "/w/{ws}/settings/integrations/intercom/oauth" Member(ManageConnections);
    /// Removes the own app.
    OwnAppRemove Post "/w/{ws}/settings/integrations/intercom/app/remove" Member(ManageConnections);
    /// One connection.
    Connection Get "/w/{ws}/settings/integrations/intercom/{connection}" Member(Read);
    /// Asks for the permissions to be checked again.
    ConnectionCheck Post "/w/{ws}/settings/integrations/intercom/{connection}/check" Member(ManageConnections);
    /// Keeps a client secret.
    ConnectionSecret Post "/w/{ws}/settings/integrations/intercom/{connection}/secret" Member(ManageConnections);
    /// Switches a connection's feedback on or off.
    ConnectionFeedback Post "/w/{ws}/settings/integrations/intercom/{connection}/feedback" Member(ManageConnections);
    /// Gives a connection another name.
    ConnectionRename Post "/w/{ws}/settings/integrations/intercom/{connection}/rename" Member(ManageConnections);
    /// What the doctor found of a connection.
    Doctor Get "/w/{ws}/settings/integrations/intercom/{connection}/doctor" Member(Read);
    /// Asks the doctor to look again, at one line or at all.
    DoctorPost Post "/w/{ws}/settings/integrations/intercom/{connection}/doctor" Member(ManageConnections);
    /// What can be run at Intercom.
    Actions Get "/w/{ws}/settings/integrations/intercom/{connection}/actions" Member(RunReadActions);
    /// The log of what was run.
    ActionRuns Get "/w/{ws}/settings/integrations/intercom/{connection}/actions/runs" Member(RunReadActions);
    /// One run.
    ActionRun Get "/w/{ws}/settings/integrations/intercom/{connection}/actions/runs/{run}" Member(RunReadActions);
    /// A run's answer, or what it fetched, as a file.
    ActionDownload Get "/w/{ws}/settings/integrations/intercom/{connection}/actions/runs/{run}/download" Member(RunReadActions);
    /// Ends a list that is being fetched.
    ActionStop Post "/w/{ws}/settings/integrations/intercom/{connection}/actions/runs/{run}/stop" Member(RunReadActions);
    /// One action's form.
    Action Get "/w/{ws}/settings/integrations/intercom/{connection}/actions/{action}" Member(RunReadActions);
    /// Previews or runs an action; one that changes something takes a higher role.
    ActionPost Post "/w/{ws}/settings/integrations/intercom/{connection}/actions/{action}" Member(RunReadActions);
    /// Deliveries by hour and by day.
    Activity Get "/w/{ws}/settings/integrations/intercom/{connection}/activity" Member(Read);
    /// How the calls that Intercom allows are used.
    Calls Get "/w/{ws}/settings/integrations/intercom/{connection}/calls" Member(Read);
    /// Switches the copying of contacts and companies on or off.
    ConnectionContacts Post "/w/{ws}/settings/integrations/intercom/{connection}/contacts" Member(ManageConnections);
    /// The runs that copy and compare, newest first.
    Runs Get "/w/{ws}/settings/integrations/intercom/{connection}/runs" Member(Read);
    /// Asks for a run.
    RunAsk Post "/w/{ws}/settings/integrations/intercom/{connection}/runs" Member(ManageConnections);
    /// One run.
    Run Get "/w/{ws}/settings/integrations/intercom/{connection}/runs/{pass}" Member(Read);
    /// A run's report with its lines, to keep.
    RunReport Get "/w/{ws}/settings/integrations/intercom/{connection}/runs/{pass}/report" Member(Read);
    /// Holds a run.
    RunPause Post "/w/{ws}/settings/integrations/intercom/{connection}/runs/{pass}/pause" Member(ManageConnections);
    /// Lets a held or failed run go on.
    RunResume Post "/w/{ws}/settings/integrations/intercom/{connection}/runs/{pass}/resume" Member(ManageConnections);
    /// Tries again what failed in a run.
    RunRetry Post "/w/{ws}/settings/integrations/intercom/{connection}/runs/{pass}/retry" Member(ManageConnections);
    /// Asks before it ends a run early.
    RunCancelAsk Get "/w/{ws}/settings/integrations/intercom/{connection}/runs/{pass}/cancel" Member(ManageConnections);
    /// Makes the tickets of a conversation that a run left to a member.
    RunTickets Post "/w/{ws}/settings/integrations/intercom/{connection}/runs/{pass}/tickets" Member(ManageConnections);
    /// Ends a run early.
    RunCancel Post "/w/{ws}/settings/integrations/intercom/{connection}/runs/{pass}/cancel" Member(ManageConnections);
    /// Asks before disconnecting.
    Disconnect Get "/w/{ws}/settings/integrations/intercom/{connection}/disconnect" Member(ManageConnections);
    /// Disconnects.
    DisconnectPost Post "/w/{ws}/settings/integrations/intercom/{connection}/disconnect" Member(ManageConnections);
    /// Erases what was copied through a disconnected connection.
    ConnectionErase Post "/w/{ws}/settings/integrations/intercom/{connection}/erase" Member(ManageConnections);
    /// The log of deliveries.
    Deliveries Get "/w/{ws}/settings/integrations/intercom/{connection}/deliveries" Member(Read);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_name_and_each_method_with_path_stands_once() {
        let names: HashSet<Name> = ROUTES.iter().map(|route| route.name).collect();
        let asked: HashSet<(Method, &str)> = ROUTES
            .iter()
            .map(|route| (route.method, route.path))
            .collect();
        assert_eq!(names.len(), ROUTES.len());
        assert_eq!(asked.len(), ROUTES.len());
    }

    #[test]
    fn tenant_paths_and_member_guards_go_together() {
        for route in ROUTES {
            assert_eq!(
                route.path.starts_with("/w/{ws}/"),
                matches!(route.guard, Member(_)),
                "{}",
                route.path
            );
        }
    }
}
