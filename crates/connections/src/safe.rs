//! The safe as a whole: sealing everything anew under the primary key, and looking whether everything opens.

use crate::store::Store;
use earmark_db::tenant::StoredSecret;
use earmark_model::{SecretId, WorkspaceId};
use earmark_seal::{OpenError, Sealed};
use std::collections::BTreeMap;

/// Secrets that are read at once.
const PAGE: u64 = 200;
/// Passes over all secrets. A second one finds what was written during the first by a process that still sealed with the
/// former key; whoever writes on under it is told after the last.
const PASSES: u32 = 5;

/// A secret that does not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shut {
    /// The table.
    pub table: &'static str,
    /// The row.
    pub id: SecretId,
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// Why it does not open.
    pub why: OpenError,
}

/// What sealing anew did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Secrets that are sealed anew.
    pub resealed: u64,
    /// Secrets that the primary key had sealed already.
    pub current: u64,
    /// Secrets that were replaced or wiped while they were sealed anew.
    pub replaced: u64,
    /// Secrets that do not open, and stay as they are.
    pub shut: Vec<Shut>,
    /// Whether a last look found nothing under another key but what does not open.
    pub complete: bool,
}

/// What looking at every secret found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many open, by the id of the key that sealed them.
    pub open: BTreeMap<String, u64>,
    /// Those that do not.
    pub shut: Vec<Shut>,
}

impl Store {
    /// Seals every secret of every workspace anew that is not under the primary key. Each is stored by itself, and only
    /// if it is still what was read: it may be broken off and begun again at any time, and beside a server.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn reseal_all(&self) -> earmark_db::Result<Resealed> {
        let mut all = Resealed::default();
        for _ in 0..PASSES {
            let pass = self.reseal_pass().await?;
            let news = pass.resealed + pass.replaced;
            all = Resealed {
                resealed: all.resealed + pass.resealed,
                replaced: all.replaced + pass.replaced,
                // Of the last pass: what an earlier one sealed anew counts as that.
                current: pass.current.saturating_sub(all.resealed),
                complete: news == 0,
                shut: pass.shut,
            };
            if all.complete {
                break;
            }
        }
        Ok(all)
    }

    async fn reseal_pass(&self) -> earmark_db::Result<Resealed> {
        let (mut pass, mut after) = (Resealed::default(), None);
        loop {
            let page = self.db.across().sealed_secrets(after, PAGE).await?;
            for (workspace, stored) in &page {
                self.reseal_one(*workspace, stored, &mut pass).await?;
            }
            match page.last() {
                Some((workspace, stored)) => after = Some((*workspace, stored.id)),
                None => return Ok(pass),
            }
        }
    }

    async fn reseal_one(
        &self,
        workspace: WorkspaceId,
        stored: &StoredSecret,
        pass: &mut Resealed,
    ) -> earmark_db::Result<()> {
        let sealed = Sealed::from_stored(stored.sealed.as_str());
        if !self.ring.needs_reseal(&sealed) {
            pass.current += 1;
            return Ok(());
        }
        let secret = match self.open(workspace, stored) {
            Ok(secret) => secret,
            Err(why) => {
                pass.shut.push(Shut::of(workspace, stored, why));
                return Ok(());
            }
        };
        let anew = self.seal(workspace, (stored.owner, stored.id, stored.kind), &secret);
        let tx = self.db.begin().await?;
        let done = tx
            .across()
            .reseal(workspace, stored.id, &stored.sealed, anew.as_str())
            .await?;
        tx.commit().await?;
        if done {
            pass.resealed += 1;
        } else {
            pass.replaced += 1;
        }
        Ok(())
    }

    /// Opens every secret of every workspace, and says how many are under which key and which do not open.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn check_all(&self) -> earmark_db::Result<Checked> {
        let (mut checked, mut after) = (Checked::default(), None);
        loop {
            let page = self.db.across().sealed_secrets(after, PAGE).await?;
            for (workspace, stored) in &page {
                match self.open(*workspace, stored) {
                    Ok(_) => {
                        let sealed = Sealed::from_stored(stored.sealed.as_str());
                        let key = sealed.key_id().unwrap_or_default().to_owned();
                        *checked.open.entry(key).or_default() += 1;
                    }
                    Err(why) => checked.shut.push(Shut::of(*workspace, stored, why)),
                }
            }
            match page.last() {
                Some((workspace, stored)) => after = Some((*workspace, stored.id)),
                None => return Ok(checked),
            }
        }
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn primary_key(&self) -> &str {
        self.ring.key_ids().next().unwrap_or_default()
    }
}

impl Shut {
    fn of(workspace: WorkspaceId, stored: &StoredSecret, why: OpenError) -> Self {
        Self {
            table: "secrets",
            id: stored.id,
            workspace,
            why,
        }
    }
}
