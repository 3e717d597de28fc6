//! Running queued jobs on both databases: verdicts, workers side by side, lost workers and a database that goes away.
#![cfg(test)]

mod lost;
mod recurring;
mod support;
mod verdicts;
mod workers;
