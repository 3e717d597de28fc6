//! `{run}/report`: a run and its lines as a file.

use super::super::super::super::prelude::*;
use super::found;
use crate::pages::download::{Format, Pages, stream};
use crate::pages::people::parsed;
use crate::state::Web;
use earmark_db::tenant::{RunCounts, RunLine};
use earmark_model::{RunId, WorkspaceId};
use earmark_sync::skip_reasons;
use serde_json::json;
use std::collections::BTreeMap;

/// Lines that are read at once for the download.
const LINES_AT_ONCE: u64 = 1_000;

/// A run and its lines, for the download.
struct Download {
    web: Web,
    workspace: WorkspaceId,
    run: RunId,
    head: String,
    skip: u64,
    over: bool,
}

impl Pages for Download {
    fn head(&self) -> String {
        format!("{}\n", self.head)
    }

    async fn next(&mut self) -> Result<Option<String>, Failed> {
        if self.over {
            return Ok(None);
        }
        let tenant = self.web.db().workspace(self.workspace);
        let lines = tenant.run_lines(self.run, self.skip, LINES_AT_ONCE).await?;
        self.over = (lines.len() as u64) < LINES_AT_ONCE;
        self.skip += lines.len() as u64;
        let lines = lines.into_iter().map(|line| {
            let RunLine {
                outcome,
                subject_kind,
                subject_id,
                note,
            } = line;
            let line =
                json!({ "type": subject_kind, "id": subject_id, "outcome": outcome, "note": note });
            format!("{line}\n")
        });
        Ok(Some(lines.collect()))
    }
}

/// The report as JSON lines: the run first, then its lines.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    let (_, run) = found(&at).await?;
    let RunCounts {
        done,
        added,
        changed,
        unchanged,
        merged,
        deleted,
        skipped,
        failed,
        calls,
    } = run.counts;
    let head = json!({
        "type": "run",
        "id": run.id,
        "connection": run.connection,
        "kind": run.kind.as_str(),
        "state": run.state.as_str(),
        "asked_at": run.asked_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "note": run.note,
        "total": run.total,
        "counts": {
            "looked_at": done, "new": added, "changed": changed, "unchanged": unchanged, "merged": merged,
            "deleted": deleted, "skipped": skipped, "failed": failed, "calls": calls,
        },
        "skipped_because": BTreeMap::from_iter(skip_reasons(&run)),
        "report": run.report.map(parsed),
    });
    let pages = Download {
        web: at.web().clone(),
        workspace: at.id(),
        run: run.id,
        head: head.to_string(),
        skip: 0,
        over: false,
    };
    let name = format!("run-{}", run.kind.as_str().replace('_', "-"));
    stream(&at, &name, Format::JsonLines, pages).await
}
