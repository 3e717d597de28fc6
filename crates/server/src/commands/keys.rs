//! `earmark keys`: makes encryption keys, seals everything anew under another one, checks that everything opens.

use super::{block_on, complain, say};
use crate::app::{StartError, open, store};
use crate::cli::{ConfigArgs, KeysCommand};
use crate::config::{Config, Input};
use earmark_connections::{Checked, Resealed, Shut, Store};
use earmark_model::Sources;
use earmark_seal::MasterKey;
use std::process::ExitCode;

/// Runs the command. A new key stands on a line of its own, so that it can be sent into a file.
pub(super) fn run(command: KeysCommand) -> ExitCode {
    match command {
        KeysCommand::Generate => {
            say(&MasterKey::generate(&Sources::system()).to_text());
            ExitCode::SUCCESS
        }
        KeysCommand::Rotate(args) => with_store(args, async |store| {
            Ok(rotated(&store, &store.reseal_all().await?))
        }),
        KeysCommand::Check(args) => with_store(args, async |store| {
            Ok(checked(&store, &store.check_all().await?))
        }),
    }
}

/// Does something with the installation's secrets, and tells whether all was well.
fn with_store(
    args: ConfigArgs,
    work: impl AsyncFnOnce(Store) -> Result<bool, earmark_db::Error>,
) -> ExitCode {
    let config = match Config::load(&Input::from_process(args.config)) {
        Ok(config) => config,
        Err(faults) => {
            complain(&faults.to_string());
            return ExitCode::FAILURE;
        }
    };
    let done = block_on(async {
        let db = open(&config, Sources::system()).await?;
        let well = work(store(&db, &config)?.0).await?;
        // It is closed in any case when the process ends.
        let _ = db.close().await;
        Ok::<_, StartError>(well)
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&format!("The secrets cannot be gone through: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn rotated(store: &Store, done: &Resealed) -> bool {
    let Resealed {
        resealed,
        current,
        replaced,
        shut,
        complete,
    } = done;
    let key = store.primary_key();
    say(&format!("{resealed} sealed anew under the key {key}"));
    say(&format!("{current} were under it already"));
    if *replaced > 0 {
        say(&format!("{replaced} were replaced or wiped meanwhile"));
    }
    tell_shut(shut);
    if !complete {
        complain(
            "A process goes on sealing under another key: restart it with the new key as keys.master, then run this again.",
        );
    }
    *complete && shut.is_empty()
}

fn checked(store: &Store, found: &Checked) -> bool {
    let Checked { open, shut } = found;
    let primary = store.primary_key();
    let others = open.iter().filter(|(key, _)| *key != primary);
    let under = open.get(primary).copied().unwrap_or_default();
    say(&format!("{under} under the key {primary}, which seals"));
    for (key, count) in others {
        say(&format!("{count} under the former key {key}"));
    }
    tell_shut(shut);
    shut.is_empty()
}

fn tell_shut(shut: &[Shut]) {
    for Shut {
        table,
        id,
        workspace,
        why,
    } in shut
    {
        complain(&format!(
            "Does not open: {table} {id} of workspace {workspace}: {why}"
        ));
    }
}
