//! `earmark doctor`: looks at connections now and prints what is wrong.

use crate::app::{App, StartError};
use crate::cli::DoctorArgs;
use crate::commands::{block_on, complain, say};
use crate::config::{Config, Input};
use earmark_db::{Db, Options};
use earmark_intercom::Lane;
use earmark_model::{CheckVerdict, ConnectionId, Finding, Sources, WorkspaceId};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Something is red.
const RED: u8 = 1;
/// Nothing could be looked at.
const COULD_NOT_RUN: u8 = 2;

/// Why nothing could be looked at.
#[derive(Debug, thiserror::Error)]
enum DoctorError {
    #[error("{0}")]
    Start(#[from] StartError),
    #[error("the database cannot be used: {0}")]
    Database(#[from] earmark_db::Error),
    #[error(
        "no connection that is not disconnected fits. --workspace takes the name in addresses after /w/, --connection the id \
         in the address of the connection's page"
    )]
    NoneFits,
}

/// A connection with what was found of it.
struct Examined {
    workspace: String,
    connection: ConnectionId,
    name: String,
    findings: Vec<Finding>,
}

/// Runs the command.
pub(super) fn run(args: &DoctorArgs) -> ExitCode {
    let config = match Config::load(&Input::from_process(args.config.config.clone())) {
        Ok(config) => config,
        Err(faults) => {
            complain(&faults.to_string());
            return ExitCode::from(COULD_NOT_RUN);
        }
    };
    match block_on(examine(&config, args)) {
        Ok(examined) => {
            if args.json {
                say(&Value::from_iter(examined.iter().map(as_json)).to_string());
            } else {
                examined.iter().for_each(print);
            }
            let mut all = examined.iter().flat_map(|one| &one.findings);
            match all.any(|finding| finding.verdict == CheckVerdict::Bad) {
                true => ExitCode::from(RED),
                false => ExitCode::SUCCESS,
            }
        }
        Err(error) => {
            complain(&format!("The doctor could not look: {error}"));
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

async fn examine(config: &Config, args: &DoctorArgs) -> Result<Vec<Examined>, DoctorError> {
    let options = Options {
        max_connections: config.database.max_connections,
        ..Options::new(config.database.url.expose())
    };
    let db = Db::connect(&options, Sources::system()).await?;
    // A look changes no schema, not even that of an SQLite file: a serving process may hold it.
    match db.pending_migrations().await? {
        0 => {}
        pending => return Err(StartError::NotMigrated(pending).into()),
    }
    let app = App::over(db, config)?;
    let mut examined = Vec::new();
    for (slug, workspace, connection) in chosen(&app.db, args).await? {
        examined.push(look(&app, (slug, workspace), connection).await?);
    }
    let _ = app.db.close().await;
    Ok(examined)
}

/// The connections that the arguments name: all of them without any.
async fn chosen(
    db: &Db,
    args: &DoctorArgs,
) -> Result<Vec<(String, WorkspaceId, ConnectionId)>, DoctorError> {
    let mut found = db.across().live_connections().await?;
    found.retain(|(slug, _, connection)| {
        let workspace = args.workspace.as_ref().is_none_or(|wanted| wanted == slug);
        let id = connection.to_string();
        workspace && args.connection.as_ref().is_none_or(|wanted| *wanted == id)
    });
    let named = args.workspace.is_some() || args.connection.is_some();
    if found.is_empty() && named {
        return Err(DoctorError::NoneFits);
    }
    Ok(found)
}

async fn look(
    app: &App,
    (slug, workspace): (String, WorkspaceId),
    connection: ConnectionId,
) -> Result<Examined, DoctorError> {
    let row = app.db.workspace(workspace).connection(connection).await?;
    let found = app
        .doctor
        .examine(workspace, connection, None, Lane::Interactive);
    Ok(Examined {
        workspace: slug,
        connection,
        name: row.map(|row| row.name).unwrap_or_default(),
        findings: found.await?.unwrap_or_default(),
    })
}

fn print(examined: &Examined) {
    let Examined {
        workspace,
        connection,
        name,
        findings,
    } = examined;
    say(&format!("{name} ({connection}) of workspace {workspace}"));
    for finding in findings {
        let mark = match finding.verdict {
            CheckVerdict::Good => "good     ",
            CheckVerdict::NotChecked => "unchecked",
            CheckVerdict::Unknown => "unknown  ",
            CheckVerdict::Warn => "ATTENTION",
            CheckVerdict::Bad => "BROKEN   ",
        };
        let title = finding.check.title();
        say(&format!("  {mark}  {title}: {}", finding.evidence));
        if let Some(cure) = &finding.cure {
            say(&format!("             Cure: {cure}"));
        }
    }
}

fn as_json(examined: &Examined) -> Value {
    let lines: Vec<Value> = examined
        .findings
        .iter()
        .map(|finding| {
            json!({
                "check": finding.check,
                "title": finding.check.title(),
                "verdict": finding.verdict,
                "evidence": finding.evidence,
                "cure": finding.cure,
            })
        })
        .collect();
    json!({
        "workspace": examined.workspace,
        "connection": examined.connection,
        "name": examined.name,
        "lines": lines,
    })
}
