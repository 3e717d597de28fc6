//! What a run's report and its lines tell.

use super::super::super::super::prelude::*;
use crate::pages::people::grouped;
use earmark_db::tenant::RunLine;
use earmark_model::RunKind;
use earmark_sync::TIME_UNKNOWN;
use serde_json::Value;

/// A line with where its record is shown.
#[derive(Debug, Clone)]
pub struct LineRow {
    /// What happened, in words.
    pub outcome: String,
    /// What it is, such as `contact`.
    pub kind: String,
    /// Intercom's id.
    pub id: String,
    /// Why, in words.
    pub note: Option<String>,
    /// The page of the record, for contacts and companies.
    pub href: Option<String>,
    /// Whether a member decides on its tickets.
    pub can_make: bool,
}

impl LineRow {
    pub(super) fn of(ws: &str, connection: &str, line: RunLine) -> Self {
        let RunLine {
            outcome,
            subject_kind: kind,
            subject_id: id,
            note,
        } = line;
        let href = match kind.as_str() {
            _ if outcome == "deleted" => None,
            "contact" => Some(url::contact(ws, connection, &id)),
            "company" => Some(url::company(ws, connection, &id)),
            _ => None,
        };
        Self {
            can_make: outcome == TIME_UNKNOWN,
            outcome: outcome.replace('_', " "),
            kind,
            id,
            note,
            href,
        }
    }
}

/// What both sides counted, a row a kind of record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// What is counted.
    pub what: &'static str,
    /// Intercom's count, where it tells.
    pub intercom: Option<i64>,
    /// Ours.
    pub earmark: Option<i64>,
}

impl Total {
    pub(super) fn told(&self, count: &Option<i64>) -> String {
        count.map_or_else(|| "Unknown".to_owned(), grouped)
    }
}

/// A run's report, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The counts of both sides.
    pub totals: Vec<Total>,
    /// What could not be looked at, and why.
    pub remarks: Vec<String>,
    /// Lines that were too many to keep.
    pub left_out: i64,
}

impl Report {
    /// Reads the stored report. What it does not tell is left out, and what runs over tagged conversations do not look at.
    pub(super) fn read(kind: RunKind, stored: &str) -> Self {
        let all: Value = serde_json::from_str(stored).unwrap_or_default();
        let count = |side: &str, what: &str| all[side][what].as_i64();
        let total = |(what, field)| Total {
            what,
            intercom: count("intercom", field),
            earmark: count("earmark", field),
        };
        let totals = [
            ("Contacts", "contacts"),
            ("Users", "users"),
            ("Leads", "leads"),
            ("Companies with users", "companies"),
        ];
        let told =
            |total: &Total| kind.is_pass() && (total.intercom.is_some() || total.earmark.is_some());
        let remarks = all["remarks"].as_array().into_iter().flatten();
        Self {
            totals: totals.map(total).into_iter().filter(told).collect(),
            remarks: remarks
                .filter_map(|remark| Some(remark.as_str()?.to_owned()))
                .collect(),
            left_out: all["lines_left_out"].as_i64().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_as_far_as_it_tells() {
        let report = Report::read(
            RunKind::Proof,
            r#"{"intercom":{"contacts":5,"users":null},"earmark":{"contacts":4},"remarks":["x",1],"lines_left_out":3}"#,
        );
        let wanted = Report {
            totals: vec![Total {
                what: "Contacts",
                intercom: Some(5),
                earmark: Some(4),
            }],
            remarks: vec!["x".to_owned()],
            left_out: 3,
        };
        assert_eq!(report, wanted);
        assert_eq!(Report::read(RunKind::Proof, "no json"), Report::default());
    }
}
