//! The tenancy walk: every row of the routes table, as everybody who has no business there.

use crate::support::{Browser, Company, House, PASSWORD, Page, TAG, Talk, houses, post};
use earmark_model::{Right, Role};
use earmark_web::routes::{Guard, Method, Name, ROUTES, Route};
use serde_json::json;

pub(crate) const VIEWER: &str = "victor@birch.example";
const AGENT: &str = "grace@birch.example";

/// What stands for a path's placeholders: the things of one workspace.
pub(crate) struct Things {
    name: String,
    token: String,
    workspace: String,
    ticket: String,
    product: String,
    connection: String,
    delivery: String,
    run: String,
    person: String,
    pass: String,
}

impl Things {
    pub(crate) async fn of(house: &House, company: &Company) -> Self {
        let tenant = company.tenant(house);
        let products = tenant.products().await.unwrap();
        let product = products
            .into_iter()
            .find(|product| product.id == company.invoicing);
        let prefix = &company.member.workspace().ticket_prefix;
        Self {
            name: company.member.workspace().name.clone(),
            token: company.token.clone(),
            workspace: company.slug.clone(),
            ticket: format!("{prefix}-1"),
            product: product.unwrap().slug,
            connection: company.connection.to_string(),
            delivery: company.deliveries(house).await[0].id.to_string(),
            run: company.run_id(house).await.to_string(),
            person: company.person(),
            pass: company.pass(house).await.to_string(),
        }
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        match name {
            "ws" => &self.workspace,
            "key" => &self.ticket,
            "product" => &self.product,
            "connection" => &self.connection,
            "delivery" => &self.delivery,
            "run" => &self.run,
            "contact" | "company" => &self.person,
            "pass" => &self.pass,
            // Not of a workspace: every one has the same.
            "action" => "tags.list",
            _ => panic!("the walk does not know what stands for {{{name}}}: add it to `Things`"),
        }
    }
}

/// The names of a pattern's placeholders.
fn placeholders(pattern: &str) -> impl Iterator<Item = &str> {
    pattern
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// A pattern with each placeholder's value.
pub(crate) fn filled<'a>(pattern: &str, value: impl Fn(&str) -> &'a str) -> String {
    let part = |part: &str| {
        let name = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        name.map_or_else(|| part.to_owned(), |name| value(name).to_owned())
    };
    pattern.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// What a form of the page would send, about these things. A row that posts and has no case here fails the walk.
fn form(name: Name, things: &Things) -> Vec<(&'static str, String)> {
    let fields: &[(&'static str, &str)] = match name {
        Name::TicketPost => &[("version", "1"), ("title", "Walked"), ("back", "")],
        Name::CommentPost => &[("body", "Walked")],
        Name::ProductCreate => &[("name", "Walked")],
        Name::ProductRename => &[("rename", "Walked too")],
        Name::FeedbackPost => &[("enabled", "on")],
        Name::TagsRefresh => &[("connection", &things.connection)],
        Name::PrivacyPost => &[("days", "7")],
        Name::IntercomTokenPost => &[("token", &things.token), ("name", ""), ("region", "US")],
        Name::OAuthBegin => &[("region", "US")],
        Name::OwnAppPost => &[
            ("client_id", "7d1c-a-walked-app"),
            ("client_secret", "4c1d-a-walked-secret"),
        ],
        Name::OwnAppSecret => &[("client_secret", "4c1d-another-walked-secret")],
        Name::ConnectionSecret => &[("client_secret", "4c1d-a-walked-secret")],
        Name::ConnectionRename => &[("name", "Walked")],
        Name::DoctorPost => &[("line", "token")],
        Name::DisconnectPost => &[("confirm", &things.name), ("mirrored", "keep")],
        Name::ConnectionErase => &[("confirm", &things.name)],
        Name::ConnectionContacts => &[("contacts", "on")],
        Name::RunAsk => &[("what", "proof")],
        Name::ActionPost
        | Name::ActionStop
        | Name::AttachmentsRefresh
        | Name::ProductArchive
        | Name::ProductUnarchive
        | Name::ConnectionCheck
        | Name::RunPause
        | Name::RunResume
        | Name::RunRetry
        | Name::RunCancel
        | Name::RunTickets
        | Name::FeedbackPreview
        | Name::OwnAppRemove
        | Name::ConnectionFeedback
        | Name::Logout
        | Name::PreferencesPost => &[],
        Name::WorkspaceNewPost => &[("name", "Walked")],
        Name::LoginPost => &[("email", AGENT), ("password", PASSWORD), ("next", "")],
        Name::SignUpPost => &[
            ("name", "Walked"),
            ("email", "walked@birch.example"),
            ("password", PASSWORD),
            ("workspace", "Walked"),
        ],
        _ => panic!("the walk has no form for {name:?}: add it here"),
    };
    fields
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect()
}

pub(crate) async fn ask(browser: &mut Browser, route: &Route, path: &str, things: &Things) -> Page {
    match route.method {
        Method::Get => browser.get(path).await,
        Method::Post => {
            let form = form(route.name, things);
            let fields: Vec<_> = form
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            browser.post(path, &fields).await
        }
    }
}

pub(crate) fn member_routes() -> impl Iterator<Item = (&'static Route, Right)> {
    ROUTES.iter().filter_map(|route| match route.guard {
        Guard::Member(right) => Some((route, right)),
        Guard::Person | Guard::Public => None,
    })
}

async fn browser(house: &House, email: &str) -> Browser {
    let mut browser = Browser::at(&house.base);
    browser.log_in(email, PASSWORD).await;
    browser
}

/// Two workspaces with a ticket each, and a viewer and an agent of the first.
pub(crate) async fn furnish(house: &House) -> Company {
    let other = house.another_company().await;
    for company in [&house.company, &other] {
        let talk = Talk::open("The currency is wrong.", house.now().timestamp());
        let mut tagged = talk.tagged(&talk.opening, TAG, house.now());
        tagged["app_id"] = json!(company.app_id);
        let body = tagged.to_string().into_bytes();
        let answer = post(&house.http, &company.hook, &company.client_secret, body);
        assert_eq!(answer.await.status(), 200);
        house.settle().await;
        company.ticket(house).await;
        company.run_action(house, "tags.list", &[]).await;
        company.mirror(house).await;
    }
    house.company.hire(&house.app, VIEWER, Role::Viewer).await;
    house.company.hire(&house.app, AGENT, Role::Agent).await;
    other
}

/// What people did in a workspace, as far as anything was changed.
async fn changes(house: &House, company: &Company) -> usize {
    company
        .tenant(house)
        .audit_lines(10_000)
        .await
        .unwrap()
        .len()
}

houses! {
    async fn a_stranger_is_sent_to_log_in_from_every_page_that_is_not_public(house: House) {
        furnish(&house).await;
        let things = Things::of(&house, &house.company).await;
        let before = changes(&house, &house.company).await;
        for route in ROUTES.iter().filter(|route| route.guard != Guard::Public) {
            let path = filled(route.path, |name| things.value(name));
            let mut stranger = Browser::at(&house.base);
            let page = ask(&mut stranger, route, &path, &things).await;
            match route.method {
                Method::Get => assert!(page.asks_to_log_in(), "{route:?}: {page:?}"),
                Method::Post => assert!(page.asks_to_log_in() || page.status == 403, "{route:?}: {page:?}"),
            }
            // With the token of a page that strangers see.
            stranger.get("/login").await;
            let page = ask(&mut stranger, route, &path, &things).await;
            assert!(page.asks_to_log_in(), "{route:?}: {page:?}");
        }
        assert_eq!(changes(&house, &house.company).await, before);
    }

    async fn a_member_of_another_workspace_finds_nothing_under_any_address(house: House) {
        let other = furnish(&house).await;
        let things = Things::of(&house, &house.company).await;
        let before = changes(&house, &house.company).await;
        let mut member = browser(&house, &other.email).await;
        for (route, _) in member_routes() {
            let path = filled(route.path, |name| things.value(name));
            let page = ask(&mut member, route, &path, &things).await;
            assert_eq!(page.status, 404, "{route:?}");
            assert!(!page.body.contains("currency"), "{route:?}");
        }
        assert_eq!(changes(&house, &house.company).await, before);
    }

    async fn another_workspaces_things_are_not_found_inside_ones_own(house: House) {
        let other = furnish(&house).await;
        let (own, theirs) = (Things::of(&house, &house.company).await, Things::of(&house, &other).await);
        let mut owner = browser(&house, &house.company.email).await;
        let (before, walked) = (changes(&house, &other).await, changes(&house, &house.company).await);
        let mut tried = 0;
        for (route, _) in member_routes() {
            for foreign in placeholders(route.path).filter(|name| !["ws", "action"].contains(name)) {
                let value = |name: &str| if name == foreign { &theirs } else { &own };
                let path = filled(route.path, |name| value(name).value(name));
                let page = ask(&mut owner, route, &path, &own).await;
                assert_eq!(page.status, 404, "{route:?} with their {foreign}");
                tried += 1;
            }
        }
        assert!(tried > 10, "{tried} addresses were tried");
        assert_eq!(changes(&house, &other).await, before);
        assert_eq!(changes(&house, &house.company).await, walked);
    }

    async fn a_role_too_low_is_told_so_and_changes_nothing(house: House) {
        furnish(&house).await;
        let things = Things::of(&house, &house.company).await;
        let before = changes(&house, &house.company).await;
        for (email, role) in [(VIEWER, Role::Viewer), (AGENT, Role::Agent)] {
            let mut member = browser(&house, email).await;
            let mut refused = 0;
            for (route, right) in member_routes().filter(|(_, right)| !role.may(*right)) {
                let path = filled(route.path, |name| things.value(name));
                let page = ask(&mut member, route, &path, &things).await;
                assert_eq!(page.status, 403, "{route:?} as {role}");
                assert!(page.body.contains(right.in_words()), "{route:?} does not say what may not be done");
                refused += 1;
            }
            assert!(refused > 5, "{refused} rows are refused to {role}");
        }
        assert_eq!(changes(&house, &house.company).await, before);
    }

    async fn every_address_of_the_walk_is_a_real_one_for_the_owner(house: House) {
        furnish(&house).await;
        let things = Things::of(&house, &house.company).await;
        let mut owner = browser(&house, &house.company.email).await;
        // Reading first: what is posted below archives and disconnects.
        let (reads, writes): (Vec<_>, Vec<_>) = member_routes().partition(|(route, _)| route.method == Method::Get);
        for (route, _) in reads.into_iter().chain(writes) {
            let path = filled(route.path, |name| things.value(name));
            let page = ask(&mut owner, route, &path, &things).await;
            let wanted = if route.method == Method::Get { 200 } else { 303 };
            assert_eq!(page.status, wanted, "{route:?}: {page:?}");
            assert!(!page.asks_to_log_in(), "{route:?}");
        }
    }

    async fn another_workspaces_things_named_in_a_form_are_refused(house: House) {
        let other = furnish(&house).await;
        let (own, theirs) = (Things::of(&house, &house.company).await, Things::of(&house, &other).await);
        let mut owner = browser(&house, &house.company.email).await;
        let before = changes(&house, &house.company).await;
        let path = |name: Name| filled(name.path(), |name| own.value(name));
        let stranger = other.member.user().id.to_string();
        let (product, tag) = (other.invoicing.to_string(), format!("{}:{}", theirs.connection, TAG.0));
        for (name, field, value) in [
            (Name::TicketPost, "product", theirs.product.as_str()),
            (Name::TicketPost, "product", product.as_str()),
            (Name::TicketPost, "assignee", stranger.as_str()),
            (Name::FeedbackPost, "tag", tag.as_str()),
            (Name::TagsRefresh, "connection", theirs.connection.as_str()),
            (Name::FeedbackPreview, "tag", tag.as_str()),
            (Name::OAuthBegin, "reconnect", theirs.connection.as_str()),
        ] {
            let page = owner.post(&path(name), &[("version", "1"), ("enabled", "on"), (field, value)]).await;
            assert!((400..500).contains(&page.status), "{name:?} with their {field}: {page:?}");
        }
        assert_eq!(changes(&house, &house.company).await, before);
        let ticket = house.company.ticket(&house).await;
        assert_eq!((ticket.product, ticket.assignee, ticket.version), (house.company.invoicing, None, 1));
    }

    async fn a_form_with_no_token_or_with_another_sessions_changes_nothing(house: House) {
        furnish(&house).await;
        let things = Things::of(&house, &house.company).await;
        let before = changes(&house, &house.company).await;
        let mut owner = browser(&house, &house.company.email).await;
        // The same person at another browser.
        let elsewhere = browser(&house, &house.company.email).await;
        assert!(elsewhere.form_token().len() > 8);
        for route in ROUTES.iter().filter(|route| route.method == Method::Post) {
            let path = filled(route.path, |name| things.value(name));
            for token in ["", elsewhere.form_token()] {
                owner.forge_form_token(token);
                let page = ask(&mut owner, route, &path, &things).await;
                assert_eq!(page.status, 403, "{route:?} with the token {token:?}");
            }
        }
        assert_eq!(changes(&house, &house.company).await, before);
        assert_eq!(owner.get("/workspaces").await.status, 200, "nor was the session ended");
    }
}

#[test]
fn the_walk_knows_every_placeholder() {
    let word = || "x".to_owned();
    let things = Things {
        name: word(),
        token: word(),
        workspace: word(),
        ticket: word(),
        product: word(),
        connection: word(),
        delivery: word(),
        run: word(),
        person: word(),
        pass: word(),
    };
    for route in ROUTES.iter().filter(|route| route.guard != Guard::Public) {
        let path = filled(route.path, |name| things.value(name));
        assert!(!path.contains('{'), "{path}");
    }
}
