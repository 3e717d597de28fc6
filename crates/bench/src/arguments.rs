//! The bench's few arguments.

use crate::{backfill, client, idle, ingest, latency};
use std::fmt::Display;
use std::str::FromStr;

pub(crate) const HELP: &str = "\
Usage: just bench NAME

  ingest   webhooks accepted per second, on SQLite and PostgreSQL: group commit beside one INSERT a request and beside
           verifying alone
           --requests N      requests a round (20000)
           --pairs N         rounds of each set-up (5)
           --clients N       keep-alive connections of the load generator (128)
           --connections N   Intercom connections the requests are spread over (1)
  idle     `earmark serve` on SQLite: time from start to first answer, memory when idle
           --runs N          starts (5)
  backfill a first copy of all contacts on SQLite, beside a loop that follows one cursor
           --contacts N      contacts, over three years with a fifth on one day (200000)
           --latency N       milliseconds of each of Intercom's answers (100)
           --rate N          calls that Intercom allows in 10 seconds (166 and then 1666: 1,000 and 10,000 a minute)
  client   pages a second from the client's streams, without and with latency, beside a plain loop over reqwest; memory
           while all contacts are streamed
           --contacts N      contacts (200000)
           --pages N         pages of each measurement (150)
           --latency N       milliseconds of each answer, in the measurements that have some (100)
  latency  from a webhook that is sent to its ticket in the inbox, on SQLite and PostgreSQL: alone, and beside another
           workspace that backfills and posts as fast as intake accepts
           --seconds N       seconds of each figure (15)
           --clients N       keep-alive connections of the neighbour (8)";

/// What to run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Bench {
    Help,
    Ingest(ingest::Plan),
    Idle(idle::Plan),
    Backfill(backfill::Plan),
    Client(client::Plan),
    Latency(latency::Plan),
    /// Intercom's side of the latter three, in a process of its own.
    StandIn(backfill::Plan),
}

/// Reads the arguments after the program's name.
pub(crate) fn read(arguments: impl IntoIterator<Item = String>) -> Result<Bench, String> {
    let mut arguments = arguments.into_iter();
    match arguments.next().as_deref() {
        None => Err("which bench?".to_owned()),
        Some("help" | "--help" | "-h") => Ok(Bench::Help),
        Some("ingest") => {
            let mut plan = ingest::Plan::default();
            while let Some(flag) = arguments.next() {
                let number = number(&flag, arguments.next())?;
                match flag.as_str() {
                    "--requests" => plan.requests = number,
                    "--pairs" => plan.pairs = number,
                    "--clients" => plan.clients = number,
                    "--connections" => plan.connections = number,
                    _ => return Err(format!("ingest has no {flag}")),
                }
            }
            Ok(Bench::Ingest(plan))
        }
        Some("idle") => {
            let mut plan = idle::Plan::default();
            while let Some(flag) = arguments.next() {
                let number = number(&flag, arguments.next())?;
                match flag.as_str() {
                    "--runs" => plan.runs = number,
                    _ => return Err(format!("idle has no {flag}")),
                }
            }
            Ok(Bench::Idle(plan))
        }
        Some("latency") => {
            let mut plan = latency::Plan::default();
            while let Some(flag) = arguments.next() {
                let number = number(&flag, arguments.next())?;
                match flag.as_str() {
                    "--seconds" => plan.seconds = number,
                    "--clients" => plan.clients = number,
                    _ => return Err(format!("latency has no {flag}")),
                }
            }
            Ok(Bench::Latency(plan))
        }
        Some("backfill") => backfill_plan(arguments).map(Bench::Backfill),
        Some("client") => {
            let mut plan = client::Plan::default();
            while let Some(flag) = arguments.next() {
                let number = number(&flag, arguments.next())?;
                match flag.as_str() {
                    "--contacts" => plan.contacts = number,
                    "--pages" => plan.pages = number,
                    "--latency" => plan.latency = number,
                    _ => return Err(format!("client has no {flag}")),
                }
            }
            Ok(Bench::Client(plan))
        }
        Some("stand-in") => backfill_plan(arguments).map(Bench::StandIn),
        Some(other) => Err(format!("there is no bench {other}")),
    }
}

fn backfill_plan(mut arguments: impl Iterator<Item = String>) -> Result<backfill::Plan, String> {
    let mut plan = backfill::Plan::default();
    while let Some(flag) = arguments.next() {
        let given = arguments.next();
        if flag == "--latency" && given.as_deref() == Some("0") {
            plan.latency = 0;
            continue;
        }
        let number = number(&flag, given)?;
        match flag.as_str() {
            "--contacts" => plan.contacts = number,
            "--latency" => plan.latency = number,
            "--rate" => plan.rate = number,
            _ => return Err(format!("backfill has no {flag}")),
        }
    }
    Ok(plan)
}

fn number<N: FromStr + Default + PartialEq>(
    flag: &impl Display,
    given: Option<String>,
) -> Result<N, String> {
    given
        .and_then(|given| given.parse().ok())
        .filter(|number| *number != N::default())
        .ok_or_else(|| format!("{flag} needs a number from 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Result<Bench, String> {
        read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_change_the_plan() {
        let plan = ingest::Plan {
            requests: 500,
            clients: 8,
            ..ingest::Plan::default()
        };
        assert_eq!(
            words("ingest --requests 500 --clients 8"),
            Ok(Bench::Ingest(plan))
        );
        assert_eq!(words("idle"), Ok(Bench::Idle(idle::Plan::default())));
        let plan = backfill::Plan {
            rate: 1_666,
            ..backfill::Plan::default()
        };
        assert_eq!(words("backfill --rate 1666"), Ok(Bench::Backfill(plan)));
        let plan = backfill::Plan {
            latency: 0,
            ..backfill::Plan::default()
        };
        assert_eq!(words("stand-in --latency 0"), Ok(Bench::StandIn(plan)));
        let plan = client::Plan {
            pages: 20,
            ..client::Plan::default()
        };
        assert_eq!(words("client --pages 20"), Ok(Bench::Client(plan)));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (line, why) in [
            ("", "which bench?"),
            ("tickets", "there is no bench tickets"),
            ("ingest --pairs", "--pairs needs a number from 1"),
            ("ingest --pairs 0", "--pairs needs a number from 1"),
            ("idle --clients 3", "idle has no --clients"),
            ("backfill --runs 3", "backfill has no --runs"),
            ("latency --rate 3", "latency has no --rate"),
        ] {
            assert_eq!(words(line), Err(why.to_owned()), "{line}");
        }
    }
}
