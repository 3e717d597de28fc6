//! Why a run left records out: how many for each reason stands in its place, so that it is kept with what was counted. A
//! line for each is written only where every record is to have one.

use super::TIME_UNKNOWN;
use super::pass::Pass;
use crate::taggings::Found;
use earmark_db::tenant::{Run, RunCounts};
use earmark_db::{Tenant, Tx};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Reasons that are told apart; products and tags have their names in them, so there may be many.
const MOST_REASONS: usize = 40;
/// What is said of the records beyond that.
const OTHERS: &str = "other reasons";

/// It was deleted, and a list or search shows it all the same.
pub(super) const DELETED: &str = "it was deleted at Intercom, which shows it all the same";

/// How many records were left out for each reason in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Skips(BTreeMap<String, i64>);

impl Skips {
    pub(crate) fn add(&mut self, why: &str) {
        let why = match self.0.contains_key(why) || self.0.len() < MOST_REASONS {
            true => why,
            false => OTHERS,
        };
        *self.0.entry(why.to_owned()).or_default() += 1;
    }
}

impl Pass<'_> {
    /// Leaves a record out for a reason in words.
    pub(super) async fn leave_out(
        &mut self,
        tenant: &Tenant<'_, Tx>,
        (kind, id): (&str, &str),
        why: &str,
        counts: &mut RunCounts,
    ) -> earmark_db::Result<()> {
        counts.skipped += 1;
        self.place.skips.add(why);
        match self.place.every {
            true => self.line(tenant, "skipped", (kind, id), Some(why)).await,
            false => Ok(()),
        }
    }
}

/// The lines of what was found of a conversation, with a word for tickets made, and why it made none.
pub(super) fn told(
    found: Vec<Found>,
    made: &'static str,
) -> (Vec<(&'static str, String)>, Option<String>) {
    let (mut lines, mut reasons) = (Vec::new(), BTreeSet::new());
    for found in found {
        match found {
            Found::Made(words) => lines.push((made, words)),
            Found::TimeUnknown(words) => lines.push((TIME_UNKNOWN, words)),
            Found::Nothing(why) => drop(reasons.insert(why)),
        }
    }
    let why = (!reasons.is_empty()).then(|| Vec::from_iter(reasons).join("; "));
    (lines, why)
}

/// Why a run left records out and how many, most first. What older versions counted without a reason is not among them.
#[must_use]
pub fn skip_reasons(run: &Run) -> Vec<(String, i64)> {
    #[derive(Default, Deserialize)]
    struct Told {
        #[serde(default)]
        skips: Skips,
    }
    let place = run.position.as_deref().unwrap_or_default();
    let told: Told = serde_json::from_str(place).unwrap_or_default();
    let mut reasons: Vec<_> = told.skips.0.into_iter().collect();
    reasons.sort_by_key(|(_, records)| std::cmp::Reverse(*records));
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_beyond_the_most_are_counted_together() {
        let mut skips = Skips::default();
        for n in 0..MOST_REASONS + 2 {
            skips.add(&format!("reason {n}"));
        }
        skips.add("reason 0");
        assert_eq!(skips.0.len(), MOST_REASONS + 1);
        assert_eq!((skips.0["reason 0"], skips.0[OTHERS]), (2, 2));
    }
}
