//! A workspace that is set up as its people would do it: signed up, connected with a token, products with trigger tags.

use super::house::House;
use super::talk::{APP_ID, Talk};
use earmark_accounts::{Member, SignUp, products};
use earmark_actions::{Action, Asker, Inputs, Place, Step};
use earmark_connections::{Region, TokenForm};
use earmark_db::tenant::{self as mirrored, ActionRun, ActionRunFilter, Contact, CopyTime};
use earmark_db::tenant::{
    Actor, Connection, Conversation, Delivery, DeliveryFilter, Message, Ticket, TicketTag,
};
use earmark_db::{Db, Tenant};
use earmark_model::{ActionRunId, ActionVia, RunId, RunKind};
use earmark_model::{ConnectionId, ProductId, Role, WorkspaceId};
use earmark_server::app::App;

/// The trigger tag of Invoicing.
pub(crate) const TAG: (&str, &str) = ("830041", "product feedback");
/// The other trigger tag of Invoicing.
pub(crate) const OTHER_TAG: (&str, &str) = ("830052", "billing");
/// The trigger tag of Mobile.
pub(crate) const VIP: (&str, &str) = ("830060", "mobile idea");
/// The tags of the sandbox; the first triggers nothing.
pub(crate) const TAGS: [(&str, &str); 4] = [("830007", "key account"), TAG, OTHER_TAG, VIP];
/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// What a workspace is made of.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    pub(crate) email: String,
    pub(crate) app_id: &'static str,
    /// The private app's name in the sandbox.
    pub(crate) client_id: &'static str,
    pub(crate) token: String,
    pub(crate) client_secret: String,
    /// Two products: the one with two trigger tags, the one with one.
    pub(crate) products: [&'static str; 2],
}

impl Plan {
    /// The workspace of most tests.
    pub(crate) fn first() -> Self {
        Self {
            name: "Birch Works",
            email: "olivia@birch.example".to_owned(),
            app_id: APP_ID,
            client_id: "earmark",
            products: ["Invoicing", "Mobile"],
            token: "dG9rOmZpcnN0LXRva2VuLW9mLWJpcmNo".to_owned(),
            client_secret: "3f1c0a52-first-secret-of-birch".to_owned(),
        }
    }

    /// Another workspace, which has nothing to do with the first.
    pub(crate) fn second() -> Self {
        Self {
            name: "Other House",
            email: "nora@other.example".to_owned(),
            app_id: "zz9other",
            client_id: "earmark-other",
            products: ["Notebook", "Shelf"],
            token: "dG9rOnNlY29uZC10b2tlbi1vZi1vdGhlcg".to_owned(),
            client_secret: "9b7e4d11-second-secret-of-other".to_owned(),
        }
    }
}

/// A workspace with its connection.
pub(crate) struct Company {
    pub(crate) member: Member,
    pub(crate) email: String,
    pub(crate) slug: String,
    pub(crate) workspace: WorkspaceId,
    pub(crate) connection: ConnectionId,
    /// The Intercom workspace.
    pub(crate) app_id: &'static str,
    pub(crate) token: String,
    pub(crate) client_secret: String,
    /// The webhook URL.
    pub(crate) hook: String,
    pub(crate) invoicing: ProductId,
    pub(crate) mobile: ProductId,
}

impl Company {
    /// Signs up, connects with the plan's token, switches feedback on and makes two products.
    pub(crate) async fn found(app: &App, base: &str, plan: &Plan) -> Self {
        let who = SignUp {
            name: "Olivia".to_owned(),
            email: plan.email.clone(),
            password: PASSWORD.to_owned().into(),
            workspace_name: plan.name.to_owned(),
        };
        let (user, workspace) = app.accounts.sign_up(who, None).await.expect("a sign-up");
        let member = Member::load(&app.db, user.id, &workspace.slug).await;
        let member = member.expect("a query").expect("the owner");
        let connection = connect(app, &member, plan).await;
        let product = async |name: &str| {
            let made = products::create(&app.db, &member, name, None).await;
            made.expect("a product").id
        };
        Self {
            email: plan.email.clone(),
            slug: workspace.slug.clone(),
            workspace: workspace.id,
            connection: connection.id,
            app_id: plan.app_id,
            token: plan.token.clone(),
            client_secret: plan.client_secret.clone(),
            hook: format!("{base}/hooks/intercom/{}", connection.endpoint_token),
            invoicing: product(plan.products[0]).await,
            mobile: product(plan.products[1]).await,
            member,
        }
    }

    /// Runs an action as the owner, on a page, confirmed where that is asked; gives what the log says of it.
    pub(crate) async fn run_action(
        &self,
        house: &House,
        action: &str,
        fields: &[(&str, &str)],
    ) -> ActionRun {
        let actions = house.app.actions();
        let (place, asker) = (self.place(), self.asker());
        let action = Action::find(action).expect("an action");
        let fields = fields.iter();
        let fields = fields.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let inputs = Inputs::new(fields, []);
        let run = async |confirmed: Option<&str>| {
            let step = actions.run(place, &asker, action, &inputs, confirmed).await;
            step.unwrap_or_else(|refusal| panic!("{}: {refusal}", action.id))
        };
        let mut step = run(None).await;
        if let Step::Confirm(shown) = &step {
            step = run(Some(&shown.digest())).await;
        }
        let Step::Ran(ran) = step else {
            panic!("{} was confirmed", action.id);
        };
        let run = self.tenant(house).action_run(ran.id).await;
        run.expect("a query").expect("the run")
    }

    /// The newest run in the log.
    pub(crate) async fn run_id(&self, house: &House) -> ActionRunId {
        let filter = ActionRunFilter::default();
        let tenant = self.tenant(house);
        let runs = tenant.action_runs(self.connection, &filter, 1).await;
        runs.expect("a query")[0].id
    }

    /// The id of this workspace's contact and company of [`Company::mirror`]: no other has one like it.
    pub(crate) fn person(&self) -> String {
        format!("person-of-{}", self.slug)
    }

    /// A contact and a company as if they had been copied, and the run that copied them.
    pub(crate) async fn mirror(&self, house: &House) {
        let (id, now) = (self.person(), house.now());
        let time = CopyTime {
            updated_at: now,
            observed_at: now,
        };
        let contact = Contact {
            id: id.clone(),
            role: Some("user".to_owned()),
            external_id: None,
            email: None,
            phone: None,
            name: Some("A currency trader".to_owned()),
            owner_id: None,
            content: "{}".to_owned(),
            digest: id.clone(),
            created_at: None,
            last_seen_at: None,
            lists_cut: false,
            time,
        };
        let company = mirrored::Company {
            id: id.clone(),
            company_id: None,
            name: Some("A currency exchange".to_owned()),
            plan: None,
            industry: None,
            website: None,
            size: None,
            monthly_spend: None,
            user_count: None,
            content: "{}".to_owned(),
            digest: id,
            created_at: None,
            last_request_at: None,
            time,
        };
        let tx = house.app.db.begin().await.expect("a transaction");
        let tenant = tx.workspace(self.workspace);
        let stored = tenant.put_contacts(self.connection, &[contact], true).await;
        stored.expect("a contact");
        let stored = tenant
            .put_companies(self.connection, &[company], true)
            .await;
        stored.expect("a company");
        let run = tenant.create_run(self.connection, RunKind::Proof, None, None);
        run.await.expect("a run");
        tx.commit().await.expect("a commit");
    }

    /// The run of [`Company::mirror`].
    pub(crate) async fn pass(&self, house: &House) -> RunId {
        let tenant = self.tenant(house);
        let runs = tenant.runs(Some(self.connection), None, 1).await;
        runs.expect("a query")[0].id
    }

    pub(crate) fn place(&self) -> Place {
        Place {
            workspace: self.workspace,
            connection: self.connection,
        }
    }

    pub(crate) fn asker(&self) -> Asker {
        Asker {
            actor: self.actor(),
            role: self.member.role(),
            via: ActionVia::Page,
        }
    }

    /// Chooses the products' trigger tags, once the tags have been fetched.
    pub(crate) async fn choose(&self, app: &App) {
        self.set_feedback(&app.db, self.invoicing, true, &[TAG, OTHER_TAG])
            .await;
        self.set_feedback(&app.db, self.mobile, true, &[VIP]).await;
    }

    /// What the product's settings page does.
    pub(crate) async fn set_feedback(
        &self,
        db: &Db,
        product: ProductId,
        on: bool,
        tags: &[(&str, &str)],
    ) {
        let chosen: Vec<_> = tags
            .iter()
            .map(|(id, _)| (self.connection, (*id).to_owned()))
            .collect();
        let set = products::set_feedback(db, &self.member, None, product, on, &chosen).await;
        set.expect("the product's feedback is set");
    }

    /// What the switch on the connection's page does.
    pub(crate) async fn switch_feedback(&self, house: &House, on: bool) {
        let switched = house
            .app
            .store
            .set_feedback(self.workspace, &self.actor(), self.connection, on)
            .await;
        switched.expect("the connection's feedback is switched");
    }

    pub(crate) fn actor(&self) -> Actor {
        self.member.actor(None)
    }

    pub(crate) fn tenant<'a>(&self, house: &'a House) -> Tenant<'a, Db> {
        house.app.db.workspace(self.workspace)
    }

    /// All tickets, oldest first.
    pub(crate) async fn tickets(&self, house: &House) -> Vec<Ticket> {
        let mut tickets = Vec::new();
        for number in 1.. {
            match self.tenant(house).ticket(number).await.expect("a query") {
                Some(ticket) => tickets.push(ticket),
                None => break,
            }
        }
        tickets
    }

    /// The only ticket.
    pub(crate) async fn ticket(&self, house: &House) -> Ticket {
        let mut tickets = self.tickets(house).await;
        assert_eq!(tickets.len(), 1, "{tickets:#?}");
        tickets.remove(0)
    }

    pub(crate) async fn tags_of(&self, house: &House, ticket: &Ticket) -> Vec<TicketTag> {
        let tags = self.tenant(house).ticket_tags(ticket.id).await;
        tags.expect("a query")
    }

    /// The messages of a conversation as our copy has them.
    pub(crate) async fn thread(&self, house: &House, talk: &Talk) -> Vec<Message> {
        let thread = self.tenant(house).messages(self.connection, &talk.id).await;
        thread.expect("a query")
    }

    /// Our copy of a conversation.
    pub(crate) async fn conversation(&self, house: &House, talk: &Talk) -> Conversation {
        let found = self
            .tenant(house)
            .conversation(self.connection, &talk.id)
            .await;
        found.expect("a query").expect("the conversation")
    }

    /// All deliveries, newest first.
    pub(crate) async fn deliveries(&self, house: &House) -> Vec<Delivery> {
        let (tenant, all) = (self.tenant(house), DeliveryFilter::default());
        let found = tenant.deliveries(self.connection, &all, 100_000).await;
        found.expect("a query")
    }

    /// The kept body of a delivery.
    pub(crate) async fn body_of(&self, house: &House, delivery: &Delivery) -> Option<Vec<u8>> {
        let found = self.tenant(house).delivery(delivery.id).await;
        found.expect("a query").expect("the delivery").1
    }

    /// Another person of this workspace.
    pub(crate) async fn hire(&self, app: &App, email: &str, role: Role) {
        let who = SignUp {
            name: "Hired".to_owned(),
            email: email.to_owned(),
            password: PASSWORD.to_owned().into(),
            workspace_name: "Own".to_owned(),
        };
        let (user, _) = app.accounts.sign_up(who, None).await.expect("a sign-up");
        let tx = app.db.begin().await.expect("a transaction");
        let added = tx.workspace(self.workspace).add_member(user.id, role).await;
        added.expect("a new member");
        tx.commit().await.expect("a commit");
    }
}

/// Connects by token, and no more.
pub(crate) async fn prove(app: &App, member: &Member, plan: &Plan) -> Connection {
    let (workspace, actor) = (member.workspace().id, member.actor(None));
    let form = TokenForm {
        name: String::new(),
        region: Region::Us,
        token: plan.token.clone(),
        reconnect: None,
    };
    let connected = app.store.connect_with_token(workspace, &actor, form).await;
    let id = connected.expect("the token is proved").connection;
    let found = app.db.workspace(workspace).connection(id).await;
    found.expect("a query").expect("the connection")
}

/// Connects by token with everything that feedback needs.
pub(crate) async fn connect(app: &App, member: &Member, plan: &Plan) -> Connection {
    let (workspace, actor) = (member.workspace().id, member.actor(None));
    let id = prove(app, member, plan).await.id;
    let secret = app
        .store
        .set_client_secret(workspace, &actor, id, &plan.client_secret);
    secret.await.expect("the client secret is kept");
    let on = app.store.set_feedback(workspace, &actor, id, true).await;
    on.expect("feedback is on");
    let found = app.db.workspace(workspace).connection(id).await;
    found.expect("a query").expect("the connection")
}
