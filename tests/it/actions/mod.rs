//! Actions on the pages and on the command line: their descriptions alone drive these tests.

mod erased;
mod fetch;
mod fill;
mod follow;
mod log;
mod picks;
mod rights;

use crate::support::{Browser, Company, House, PASSWORD, houses};
use clap::Parser;
use earmark_actions::{Action, Effect, Kind};
use earmark_db::tenant::{ActionRun, ActionRunFilter};
use earmark_model::{ActionState, ActionVia};
use earmark_server::cli::{ActionArgs, ActionsCommand, Cli, Command};
use earmark_server::commands::actions::{Output, execute};
use fill::Maker;

/// The path of a page below a connection's actions.
pub(super) fn path(house: &House, rest: &str) -> String {
    let company = &house.company;
    format!(
        "/w/{}/settings/integrations/intercom/{}/actions{rest}",
        company.slug, company.connection
    )
}

pub(super) async fn logged_in(house: &House, email: &str) -> Browser {
    let mut browser = Browser::at(&house.base);
    browser.log_in(email, PASSWORD).await;
    browser
}

/// The arguments that a command line comes to.
pub(super) fn args(house: &House, email: &str, action: &str, more: &[String]) -> ActionArgs {
    let connection = house.company.connection.to_string();
    let line = [
        "earmark",
        "actions",
        "run",
        action,
        "--connection",
        &connection,
        "--as",
        email,
    ];
    let line = line
        .iter()
        .map(|word| (*word).to_owned())
        .chain(more.iter().cloned());
    let cli = Cli::try_parse_from(line).expect("a command line");
    let Command::Actions(ActionsCommand::Run(args)) = cli.command else {
        panic!("a run was asked for");
    };
    args
}

pub(super) async fn command(house: &House, args: &ActionArgs) -> Result<Output, String> {
    execute(&house.app.actions(), &house.app.db, args, |_| false).await
}

fn words(filled: &[(&'static str, String)]) -> Vec<String> {
    let words = filled.iter();
    words
        .flat_map(|(name, value)| ["--input".to_owned(), format!("{name}={value}")])
        .collect()
}

pub(super) async fn newest(house: &House, action: &str) -> Option<ActionRun> {
    let filter = ActionRunFilter {
        action: Some(action.to_owned()),
        ..ActionRunFilter::default()
    };
    let tenant = house.company.tenant(house);
    let runs = tenant
        .action_runs(house.company.connection, &filter, 1)
        .await;
    runs.expect("a query").into_iter().next()
}

/// What an input of this kind cannot take.
fn wrong(kind: Kind) -> Option<String> {
    Some(match kind {
        Kind::Text(most) | Kind::Long(most) => "x".repeat(most + 1),
        Kind::Number(_, most) => most.checked_add(1)?.to_string(),
        Kind::Flag => "perhaps".to_owned(),
        Kind::Date => "yesterday".to_owned(),
        Kind::Choice(_) => "none of these".to_owned(),
        Kind::Json(_) => "{".to_owned(),
        Kind::Id(_) => "x".repeat(300),
        Kind::List(most) => "x\n".repeat(most + 1),
        Kind::Pairs(_) => "nothing to part it".to_owned(),
        Kind::Absent => "1".to_owned(),
        Kind::Files(_) => return None,
    })
}

pub(super) async fn requests(house: &House) -> u64 {
    let log = house.sandbox.ask("requests").await;
    log["total"].as_u64().expect("a total")
}

houses! {
    async fn every_action_runs_through_its_form(house: House) {
        let maker = Maker::new(&house, &house.company).await;
        let mut owner = logged_in(&house, &house.company.email).await;
        for action in Action::all() {
            let filled = maker.fill(action).await;
            let at = path(&house, &format!("/{}", action.id));
            let form = owner.get(&at).await;
            assert_eq!(form.status, 200, "{}", action.id);
            for input in action.inputs {
                let label = input.label.replace('\'', "&#39;");
                assert!(form.body.contains(&label), "{} shows no {}", action.id, input.name);
            }
            let mut fields: Vec<_> = filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
            fields.push(("intent", "run"));
            let mut page = owner.post(&at, &fields).await;
            let confirmed;
            if action.effect == Effect::Destroys {
                assert_eq!(page.status, 200, "{}: {}", action.id, page.body);
                assert!(newest(&house, action.id).await.is_none(), "{} was not confirmed", action.id);
                let from = page.body.split_once("name=\"confirmed\" value=\"").expect("a question").1;
                confirmed = from.split_once('"').expect("a digest").0.to_owned();
                fields.push(("confirmed", &confirmed));
                page = owner.post(&at, &fields).await;
            }
            assert_eq!(page.status, 303, "{}: {}", action.id, page.body);
            let run = newest(&house, action.id).await.expect("a run");
            assert_eq!(run.state, ActionState::Done, "{}: {run:?}", action.id);
            assert_eq!((run.via, run.actor), (ActionVia::Page, house.company.actor().user), "{}", action.id);
            assert!(run.calls == 1 && run.took_ms.is_some(), "{run:?}");
            let answer = owner.get(page.location.as_deref().expect("a place")).await;
            assert_eq!(answer.status, 200, "{}", action.id);
            assert!(answer.body.contains("Calls used"), "{}", action.id);
        }
    }

    async fn every_action_runs_as_a_command(house: House) {
        let maker = Maker::new(&house, &house.company).await;
        for action in Action::all() {
            let mut more = words(&maker.fill(action).await);
            let dry = args(&house, &house.company.email, action.id, &[more.clone(), vec!["--dry-run".to_owned()]].concat());
            let shown = command(&house, &dry).await.unwrap_or_else(|why| panic!("{}: {why}", action.id));
            let Output::Text(shown) = shown else { panic!("{}: a request is text", action.id) };
            assert!(shown.contains("Intercom-Version: 2."), "{}: {shown}", action.id);
            assert!(newest(&house, action.id).await.is_none(), "a dry run of {} was logged", action.id);
            if action.effect == Effect::Destroys {
                let unconfirmed = args(&house, &house.company.email, action.id, &more);
                let why = command(&house, &unconfirmed).await.unwrap_err();
                assert!(why.contains("Add --yes"), "{}: {why}", action.id);
                more.push("--yes".to_owned());
            }
            more.push("--json".to_owned());
            let args = args(&house, &house.company.email, action.id, &more);
            let printed = command(&house, &args).await.unwrap_or_else(|why| panic!("{}: {why}", action.id));
            let Output::Text(printed) = printed else { panic!("{}: JSON is text", action.id) };
            let printed: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
            assert!(printed["status"].as_u64().is_some_and(|status| status < 300), "{printed}");
            let run = newest(&house, action.id).await.expect("a run");
            assert_eq!((run.state, run.via), (ActionState::Done, ActionVia::Command), "{}: {run:?}", action.id);
            assert_eq!(printed["run"], run.id.to_string());
        }
    }

    async fn every_input_refuses_what_it_is_not_for(house: House) {
        let mut owner = logged_in(&house, &house.company.email).await;
        let before = requests(&house).await;
        let mut tried = 0;
        for action in Action::all() {
            for (input, wrong) in action.inputs.iter().filter_map(|input| Some((input, wrong(input.kind)?))) {
                let others = action.inputs.iter().filter(|other| other.required && other.name != input.name);
                let mut given: Vec<_> = others.map(|other| (other.name, other.example.to_owned())).collect();
                given.push((input.name, wrong));
                let fields: Vec<_> = given.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let at = path(&house, &format!("/{}", action.id));
                let page = owner.post(&at, &fields).await;
                let told = (page.status, page.body.contains(&format!("href=\"#{}\"", input.name)));
                assert_eq!(told, (422, true), "{} {}: {}", action.id, input.name, page.body);
                let args = args(&house, &house.company.email, action.id, &words(&given));
                let why = command(&house, &args).await.unwrap_err();
                assert!(why.contains(&format!("{}:", input.name)), "{} {}: {why}", action.id, input.name);
                tried += 1;
            }
        }
        assert!(tried > 200, "{tried}");
        assert_eq!(requests(&house).await, before);
    }

    async fn wrong_input_is_told_with_its_field_and_nothing_is_sent(house: House) {
        let mut owner = logged_in(&house, &house.company.email).await;
        let before = requests(&house).await;
        for action in Action::all() {
            let missing = action.inputs.iter().find(|input| input.required);
            let (given, words) = match missing {
                Some(input) => (Vec::new(), format!("{} is missing", input.label)),
                None => (vec![("nonsense", "1".to_owned())], "no input nonsense".to_owned()),
            };
            let fields: Vec<_> = given.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let at = path(&house, &format!("/{}", action.id));
            owner.get(&at).await;
            let page = owner.post(&at, &fields).await;
            assert_eq!(page.status, 422, "{}: {}", action.id, page.body);
            assert!(page.body.contains(&words), "{} does not say {words}", action.id);
            if let Some(input) = missing {
                assert!(page.body.contains(&format!("href=\"#{}\"", input.name)), "{}", action.id);
            }
            let args = args(&house, &house.company.email, action.id, &self::words(&given));
            let why = command(&house, &args).await.unwrap_err();
            assert!(why.contains(&words), "{}: {why}", action.id);
            if let Some(input) = missing {
                assert!(why.contains(&format!("{}:", input.name)), "{}: {why}", action.id);
            }
            assert!(newest(&house, action.id).await.is_none());
        }
        assert_eq!(requests(&house).await, before);
    }
}
