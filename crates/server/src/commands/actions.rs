//! `earmark actions`: the same actions as on the pages, under the same rights, in the same log.

use crate::app::App;
use crate::cli::{ActionArgs, ActionsCommand};
use crate::commands::{block_on, complain, say};
use crate::config::{Config, Input};
use earmark_actions::{
    Action, Actions, Answer, Asker, Effect, Inputs, Kind, Place, Ran, Refusal, Shown, Step, Upload,
};
use earmark_db::Db;
use earmark_db::tenant::Actor;
use earmark_model::{ActionState, ActionVia, ConnectionId, Sources};
use serde_json::{Value, json};
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

/// What a command prints: text, or the bytes of a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Text for people or programs.
    Text(String),
    /// A file's content.
    Bytes(Vec<u8>),
}

/// Runs the command.
pub(crate) fn run(command: ActionsCommand) -> ExitCode {
    let printed = match command {
        ActionsCommand::List { json } => Ok(Output::Text(list(json))),
        ActionsCommand::Describe { action, json } => describe(&action, json).map(Output::Text),
        ActionsCommand::Run(args) => run_action(&args),
    };
    match printed {
        Ok(Output::Text(text)) => {
            say(&text);
            ExitCode::SUCCESS
        }
        Ok(Output::Bytes(bytes)) => {
            let _ = io::stdout().lock().write_all(&bytes);
            ExitCode::SUCCESS
        }
        Err(why) => {
            complain(&why);
            ExitCode::FAILURE
        }
    }
}

fn run_action(args: &ActionArgs) -> Result<Output, String> {
    let input = Input::from_process(args.config.config.clone());
    let config = Config::load(&input).map_err(|faults| faults.to_string())?;
    block_on(async {
        let app = App::build(&config, Sources::system()).await;
        let app = app.map_err(|error| error.to_string())?;
        let printed = execute(&app.actions(), &app.db, args, ask).await;
        // Connections are closed in any case when the process ends.
        let _ = app.db.close().await;
        let printed = printed?;
        match &args.output {
            Some(path) => {
                let content = match &printed {
                    Output::Text(text) => text.as_bytes(),
                    Output::Bytes(bytes) => bytes,
                };
                let written = std::fs::write(path, content);
                written.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
                Ok(Output::Text(format!("Written to {}", path.display())))
            }
            None => Ok(printed),
        }
    })
}

/// Asks at the terminal; elsewhere `--yes` has to say it.
fn ask(shown: &str) -> bool {
    if !io::stdin().is_terminal() {
        return false;
    }
    complain(shown);
    complain("Type yes to run this:");
    let mut line = String::new();
    io::stdin().read_line(&mut line).is_ok() && line.trim() == "yes"
}

/// Every action, a line each.
#[must_use]
pub fn list(as_json: bool) -> String {
    if as_json {
        let all: Vec<_> = Action::all().map(about).collect();
        return pretty(&Value::from(all));
    }
    let lines = Action::all().map(|action| format!("{:34} {}", action.id, action.help));
    lines.collect::<Vec<_>>().join("\n")
}

/// What an action does and takes.
///
/// # Errors
/// That there is no such action.
pub fn describe(id: &str, as_json: bool) -> Result<String, String> {
    let action = find(id)?;
    if as_json {
        return Ok(pretty(&about(action)));
    }
    let mut lines = vec![
        format!("{}  {}", action.id, action.title),
        action.help.to_owned(),
        format!(
            "{}; needs {} in Intercom, and the right to {} here.",
            effect(action.effect),
            action.needs.words(),
            action.right().in_words()
        ),
    ];
    for input in action.inputs {
        let required = if input.required {
            "required"
        } else {
            "optional"
        };
        let example = match input.example {
            "" => String::new(),
            example => format!(" Like {example}"),
        };
        let kind = kind(input.kind);
        lines.push(format!(
            "  {:26} {kind}, {required}. {}{example}",
            input.name, input.help
        ));
    }
    Ok(lines.join("\n"))
}

fn find(id: &str) -> Result<&'static Action, String> {
    Action::find(id)
        .ok_or_else(|| format!("There is no action {id}. `earmark actions list` shows them."))
}

const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Reads => "Reads",
        Effect::Changes => "Changes something",
        Effect::Destroys => "Destroys something",
    }
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Text(most) | Kind::Long(most) => format!("text of at most {most} characters"),
        Kind::Number(least, most) => format!("number from {least} to {most}"),
        Kind::Flag => "true or false".to_owned(),
        Kind::Date => "date".to_owned(),
        Kind::Choice(choices) => {
            let all: Vec<_> = choices.iter().map(|(value, _)| *value).collect();
            all.join(" | ")
        }
        Kind::Json(_) => "JSON".to_owned(),
        Kind::Id(_) => "id".to_owned(),
        Kind::List(most) => format!("list of at most {most}"),
        Kind::Pairs(separator) => format!("lines of name{separator}value"),
        Kind::Files(most) => format!("at most {most} files, each as @PATH"),
        Kind::Absent => "not offered".to_owned(),
    }
}

fn about(action: &Action) -> Value {
    let inputs = action.inputs.iter().map(|input| {
        json!({
            "name": input.name, "label": input.label, "help": input.help, "kind": kind(input.kind),
            "required": input.required, "example": input.example,
        })
    });
    json!({
        "id": action.id, "title": action.title, "help": action.help, "group": action.group.title(),
        "effect": effect(action.effect), "needs": action.needs.words(), "endpoint": action.endpoint(),
        "inputs": inputs.collect::<Vec<_>>(),
    })
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// Runs an action as the arguments say; `confirm` is shown the request of what destroys, and says whether to go on.
///
/// # Errors
/// Why it was not run, or what Intercom refused, in words.
pub async fn execute(
    actions: &Actions,
    db: &Db,
    args: &ActionArgs,
    confirm: impl Fn(&str) -> bool,
) -> Result<Output, String> {
    let action = find(&args.action)?;
    let inputs = inputs(action, &args.inputs)?;
    let (place, asker) = who(db, args).await?;
    if args.dry_run {
        let shown = actions.preview(place, &asker, action, &inputs).await;
        return Ok(Output::Text(request(&shown.map_err(in_words)?, args.json)));
    }
    let mut step = actions.run(place, &asker, action, &inputs, None).await;
    if let Ok(Step::Confirm(shown)) = &step {
        let words = format!("{}\n{}", action.help, request(shown, false));
        if !args.yes && !confirm(&words) {
            return Err(format!(
                "Nothing was sent: {} destroys something. Add --yes to run it.",
                action.id
            ));
        }
        let digest = shown.digest();
        step = actions
            .run(place, &asker, action, &inputs, Some(&digest))
            .await;
    }
    match step.map_err(in_words)? {
        Step::Ran(ran) => report(db, place, args, ran).await,
        Step::Confirm(_) => Err("Nothing was sent: the request changed meanwhile.".to_owned()),
    }
}

/// The connection, and the member whose rights count.
async fn who(db: &Db, args: &ActionArgs) -> Result<(Place, Asker), String> {
    let unavailable = |error: earmark_db::Error| error.to_string();
    let nobody = || {
        format!(
            "There is no connection {} in a workspace of {}.",
            args.connection, args.as_email
        )
    };
    let connection: ConnectionId = args.connection.parse().map_err(|_| nobody())?;
    let user = db.across().user_by_email(&args.as_email).await;
    let user = user.map_err(unavailable)?.ok_or_else(nobody)?;
    for membership in db
        .across()
        .memberships(user.id)
        .await
        .map_err(unavailable)?
    {
        let workspace = membership.workspace.id;
        let found = db.workspace(workspace).connection(connection).await;
        if found.map_err(unavailable)?.is_some() {
            let place = Place {
                workspace,
                connection,
            };
            let actor = Actor {
                user: Some(user.id),
                address: None,
            };
            let asker = Asker {
                actor,
                role: membership.role,
                via: ActionVia::Command,
            };
            return Ok((place, asker));
        }
    }
    Err(nobody())
}

/// Reads `name=value` arguments; `name=@path` is a file.
fn inputs(action: &Action, given: &[String]) -> Result<Inputs, String> {
    let (mut fields, mut files) = (Vec::new(), Vec::new());
    for one in given {
        let (name, value) = one
            .split_once('=')
            .ok_or_else(|| format!("--input {one} has no value: write NAME=VALUE."))?;
        let Some(path) = value.strip_prefix('@') else {
            fields.push((name.to_owned(), value.to_owned()));
            continue;
        };
        let bytes = std::fs::read(path);
        let bytes =
            bytes.map_err(|error| format!("--input {name}: cannot read {path}: {error}"))?;
        let takes_files = action
            .input(name)
            .is_some_and(|input| matches!(input.kind, Kind::Files(_)));
        if takes_files {
            let file_name = std::path::Path::new(path).file_name();
            let file_name = file_name.map(|name| name.to_string_lossy().into_owned());
            files.push(Upload {
                input: name.to_owned(),
                file_name: file_name.unwrap_or_default(),
                content_type: "application/octet-stream".to_owned(),
                bytes,
            });
        } else {
            let text = String::from_utf8(bytes);
            let text = text.map_err(|_| format!("--input {name}: {path} is no text."))?;
            fields.push((name.to_owned(), text));
        }
    }
    Ok(Inputs::new(fields, files))
}

fn request(shown: &Shown, as_json: bool) -> String {
    let Shown {
        method,
        path,
        version,
        headers,
        body,
    } = shown;
    if as_json {
        return pretty(&json!({
            "method": method, "path": path, "version": version, "headers": headers, "body": body,
        }));
    }
    let mut text = format!("{method} {path}\nIntercom-Version: {version}");
    for (name, value) in headers {
        text.push_str(&format!("\n{name}: {value}"));
    }
    if let Some(body) = body {
        text.push_str("\n\n");
        text.push_str(&pretty(body));
    }
    text
}

fn in_words(refusal: Refusal) -> String {
    format!("Nothing was sent: {refusal}")
}

async fn report(db: &Db, place: Place, args: &ActionArgs, ran: Ran) -> Result<Output, String> {
    let Ran { id, state, answer } = ran;
    let run = db.workspace(place.workspace).action_run(id).await;
    let run = run.map_err(|error| error.to_string())?;
    let run = run.ok_or("The run is no longer in the log.")?;
    if state == ActionState::Failed {
        let advice = run.advice.unwrap_or_default();
        return Err(format!(
            "{} {advice} (run {id})",
            run.error.unwrap_or_default()
        ));
    }
    match answer {
        Some(Answer::File { bytes, .. }) => Ok(Output::Bytes(bytes)),
        Some(Answer::Json(value)) if args.json => Ok(Output::Text(pretty(&json!({
            "run": id, "status": run.status, "request_id": run.request_id, "took_ms": run.took_ms,
            "calls": run.calls, "answer": value,
        })))),
        Some(Answer::Json(value)) => Ok(Output::Text(pretty(&value))),
        None => Ok(Output::Text(format!(
            "Fetching in the background as run {id}, wherever `earmark serve` runs. The log of actions has the file."
        ))),
    }
}
