//! Intercom's side of a bench: the sandbox with made-up contacts.

use crate::backfill::Plan;
use crate::{Failure, report};
use earmark_sandbox::{Generate, Options};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The token that the stand-in for Intercom knows.
pub(crate) const TOKEN: &str = "dG9rOmJhY2tmaWxsLWJlbmNo";

/// Intercom's stand-in in a process of its own, so that its memory is not counted. It gives way to what is measured: Intercom
/// is not on the same machine.
pub(crate) struct StandIn {
    process: Child,
    pub(crate) url: String,
}

impl StandIn {
    pub(crate) fn start(plan: &Plan) -> Result<Self, Failure> {
        let mut process = Command::new("nice")
            .args(["-n", "19"])
            .arg(std::env::current_exe()?)
            .arg("stand-in")
            .args(["--contacts", &plan.contacts.to_string()])
            .args(["--latency", &plan.latency.to_string()])
            .args(["--rate", &plan.rate.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = process.stdout.take().ok_or("the stand-in says nothing")?;
        let mut url = String::new();
        BufReader::new(out).read_line(&mut url)?;
        let url = url.trim().to_owned();
        let started = Self { process, url };
        if started.url.is_empty() {
            return Err("the stand-in for Intercom did not start".into());
        }
        Ok(started)
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the process of the stand-in does: says where it listens, and answers until it is ended.
pub(crate) async fn answer(plan: Plan) -> Result<(), Failure> {
    let seed = json!({"workspaces": [{
        "app_id": "bench",
        "name": "Bench",
        "admins": [{"id": "1", "name": "Ada", "email": "ada@bench.example"}],
        "apps": [{"client_id": "app", "name": "Earmark", "token": TOKEN, "client_secret": "not-used-here"}],
    }]});
    let running = earmark_sandbox::start(Options {
        latency: Duration::from_millis(plan.latency.try_into()?),
        rate: plan.rate.try_into()?,
        generate: Generate {
            contacts: plan.contacts.try_into()?,
            companies: 0,
            conversations: 0,
        },
        seed: Some(seed),
        ..Options::default()
    })
    .await?;
    report::line(&running.url())?;
    std::future::pending().await
}
