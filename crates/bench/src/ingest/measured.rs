//! The figures of one database, and how they are shown.

use super::client::Round;
use crate::figures::{median, percentile, range};
use crate::{Failure, report};

/// The counted rounds of each set-up, in the order they ran.
#[derive(Debug, Default)]
pub(super) struct Measured {
    verify: Vec<Round>,
    alone: Vec<Round>,
    group: Vec<Round>,
}

impl Measured {
    /// Adds a round of each: verifying alone, one INSERT a request, group commit.
    pub(super) fn add(&mut self, rounds: Vec<Round>) -> Result<(), Failure> {
        let [verify, alone, group] =
            <[Round; 3]>::try_from(rounds).map_err(|_| "a turn has three rounds")?;
        self.verify.push(verify);
        self.alone.push(alone);
        self.group.push(group);
        Ok(())
    }

    /// Prints the table and the ratios. `alone` says how many transactions ran at a time with one INSERT a request.
    pub(super) fn print(&self, title: &str, alone: &str, expected: f64) -> Result<(), Failure> {
        report::line(&format!("\n{title}"))?;
        let heading = [
            "",
            "requests/s",
            "min to max",
            "p50 ms",
            "p99 ms",
            "refused",
        ];
        report::table(&[
            heading.map(str::to_owned),
            row("verify only, nothing stored", &self.verify),
            row(&format!("one INSERT a request, {alone}"), &self.alone),
            row("group commit", &self.group),
        ])?;
        let ratios: Vec<f64> = self
            .alone
            .iter()
            .zip(&self.group)
            .map(|(alone, group)| group.rate() / alone.rate())
            .collect();
        let (least, most) = range(ratios.iter().copied());
        let each: Vec<_> = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
        let won = ratios.iter().filter(|ratio| **ratio > 1.0).count();
        report::line(&format!(
            "  group commit / one INSERT, pair by pair: {}\n  median {:.2} ({least:.2} to {most:.2}), group commit won {won} \
             of {} pairs; expected: every pair, median at least {expected}",
            each.join(", "),
            median(ratios.iter().copied()),
            ratios.len(),
        ))
    }
}

fn row(name: &str, rounds: &[Round]) -> [String; 6] {
    let rates = || rounds.iter().map(Round::rate);
    let (least, most) = range(rates());
    let milliseconds = |percent| {
        let all = rounds.iter().flat_map(|round| &round.latencies);
        let value = percentile(all.map(|latency| latency.as_secs_f64() * 1000.0), percent);
        format!("{value:.2}")
    };
    let refused: usize = rounds.iter().map(|round| round.refused).sum();
    [
        name.to_owned(),
        format!("{:.0}", median(rates())),
        format!("{least:.0} to {most:.0}"),
        milliseconds(50),
        milliseconds(99),
        refused.to_string(),
    ]
}

/// Says what the figures are.
pub(super) fn explain() -> Result<(), Failure> {
    report::line(
        "
requests/s   answered 200, per second of a round; the median round
p50, p99     from sending a request to its answer, over all counted rounds
refused      not answered 200; they count in no other figure
verify only  address, signature and outline of the body are read; the ceiling of this machine
one INSERT   the letterbox with a transaction for each request, its lane's job and notice included; 200 after the commit
group        the same with the product's batches: whatever waits shares a transaction; 200 after the commit
All share processors with the load generator, and the disk is noisy: only ratios within one run mean anything.",
    )
}
