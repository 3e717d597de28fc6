//! What an erasure leaves to be done in the background: the log of actions and the kept payloads of its connection are gone
//! through for it. Until then, what still holds it is withheld from whoever reads.

use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::sql;
use earmark_model::{AuditId, ConnectionId, DeliveryId};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Value};
use uuid::Uuid;

/// Rows of one statement: SQLite takes 32,766 parameters.
const MOST_ROWS: usize = 500;

/// An erasure that is to reach the log and, of a contact, every payload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewScrub {
    /// Intercom's id of the contact or conversation.
    pub subject: String,
    /// Whether a contact is erased, which may stand in any payload.
    pub is_contact: bool,
    /// Texts that tell of it in the log of actions.
    pub texts: Vec<String>,
    /// The line that says what was removed.
    pub removal: Option<AuditId>,
}

/// One that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrub {
    id: Uuid,
    /// Intercom's id of the contact or conversation.
    pub subject: String,
    /// Whether a contact is erased.
    pub is_contact: bool,
    /// Texts that tell of it in the log of actions.
    pub texts: Vec<String>,
    /// The line that says what was removed.
    pub removal: Option<AuditId>,
}

/// The next part of a walk through the payloads of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScrubWalk {
    /// The erasures that walk together: those behind catch up with those before them.
    pub scrubs: Vec<Scrub>,
    /// Deliveries whose bodies hold one of them, and whether nobody could read what they are about.
    pub hits: Vec<(DeliveryId, bool)>,
    /// How far this part goes; `None` at the end of the walk.
    to: Option<Uuid>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    subject_id: String,
    is_contact: bool,
    texts: String,
    removal_id: Option<Uuid>,
    walked_to: Uuid,
}

impl TryFrom<Row> for Scrub {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let Row {
            id,
            subject_id,
            is_contact,
            texts,
            removal_id,
            walked_to: _,
        } = row;
        Ok(Self {
            id,
            subject: subject_id,
            is_contact,
            texts: serde_json::from_str(&texts)
                .map_err(|why| Error::contradiction("scrubs", id, why))?,
            removal: removal_id.map(AuditId),
        })
    }
}

#[derive(FromQueryResult)]
struct HitRow {
    id: Uuid,
    hit: i32,
    unread: i32,
}

/// What of a connection is withheld from whoever reads.
#[derive(Debug, Default)]
pub(crate) struct Withheld {
    contacts: Vec<String>,
    texts: Vec<String>,
}

impl Withheld {
    /// Whether a body holds an erased contact.
    pub(crate) fn in_body(&self, body: &[u8]) -> bool {
        let holds = |id: &String| body.windows(id.len()).any(|piece| piece == id.as_bytes());
        self.contacts.iter().any(holds)
    }

    /// Whether a text of the log tells of what was erased, whatever the letters' case.
    pub(crate) fn in_log(&self, text: &str) -> bool {
        if self.texts.is_empty() {
            return false;
        }
        let text = text.to_lowercase();
        self.texts.iter().any(|one| text.contains(one.as_str()))
    }
}

/// Erasures of one walk at most: each is looked for in every payload while the database is held.
const MOST_TOGETHER: usize = 200;
const COLUMNS: &str = "id, subject_id, is_contact, texts, removal_id, walked_to";

impl<S: Source> Tenant<'_, S> {
    /// Erasures that the log of actions was not gone through for, the oldest first; up to `most`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn unlogged_scrubs(&self, connection: ConnectionId, most: u64) -> Result<Vec<Scrub>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM scrubs WHERE workspace_id = $1 AND connection_id = $2 AND NOT logged \
            ORDER BY id LIMIT {most}"
        );
        let rows: Vec<Row> = sql::all(self.on(), &sql, self.ids(connection, &[])).await?;
        rows.into_iter().map(Scrub::try_from).collect()
    }

    /// The next part of the walk through payloads, of up to `most` deliveries; none when no erasure walks.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn scrub_walk(
        &self,
        connection: ConnectionId,
        most: usize,
    ) -> Result<Option<ScrubWalk>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM scrubs WHERE workspace_id = $1 AND connection_id = $2 AND is_contact AND logged \
            ORDER BY walked_to, id LIMIT {MOST_TOGETHER}"
        );
        let rows: Vec<Row> = sql::all(self.on(), &sql, self.ids(connection, &[])).await?;
        let Some(from) = rows.first().map(|row| row.walked_to) else {
            return Ok(None);
        };
        let ahead = rows.iter().map(|row| row.walked_to).find(|to| *to != from);
        let together = rows.into_iter().take_while(|row| row.walked_to == from);
        let scrubs: Vec<Scrub> = together.map(Scrub::try_from).collect::<Result<_>>()?;
        let mut values = self.ids(connection, &[]);
        values.push(from.into());
        values.push(scrubs.last().map(|last| last.id).into());
        values.extend(ahead.map(Value::from));
        let sql = format!(
            "SELECT d.id, CASE WHEN d.subject IS NULL AND d.outcome = 'unreadable' THEN 1 ELSE 0 END AS unread, \
            CASE WHEN EXISTS (SELECT 1 FROM scrubs s WHERE s.workspace_id = $1 AND s.connection_id = $2 \
            AND s.walked_to = $3 AND s.id <= $4 AND s.is_contact AND s.logged AND {}) THEN 1 ELSE 0 END AS hit FROM deliveries d \
            WHERE d.workspace_id = $1 AND d.connection_id = $2 AND d.id > $3{} AND d.body IS NOT NULL \
            ORDER BY d.id LIMIT {most}",
            self.holds_subject(),
            if ahead.is_some() {
                " AND d.id <= $5"
            } else {
                ""
            },
        );
        let seen: Vec<HitRow> = sql::all(self.on(), &sql, values).await?;
        let to = match seen.last() {
            Some(last) if seen.len() == most => Some(last.id),
            _ => ahead,
        };
        let hits = seen.into_iter().filter(|row| row.hit == 1);
        Ok(Some(ScrubWalk {
            scrubs,
            hits: hits
                .map(|row| (DeliveryId(row.id), row.unread == 1))
                .collect(),
            to,
        }))
    }

    /// The condition that the body of `d` holds the subject of `s`.
    fn holds_subject(&self) -> &'static str {
        match self.on().get_database_backend() {
            DbBackend::Postgres => "position(convert_to(s.subject_id, 'UTF8') IN d.body) > 0",
            _ => "instr(d.body, CAST(s.subject_id AS blob)) > 0",
        }
    }

    /// The lines of removals for which payloads or the log of actions are still being gone through.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn removals_under_way(&self) -> Result<Vec<AuditId>> {
        let sql = "SELECT DISTINCT removal_id FROM scrubs WHERE workspace_id = $1 AND removal_id IS NOT NULL";
        let ids = sql::column(self.on(), sql, vec![self.workspace().into()]).await?;
        Ok(ids.into_iter().map(AuditId).collect())
    }

    /// Whether a delivery has a body, also one that [`Tenant::delivery`] does not give: it holds somebody whose erasure did not
    /// reach it yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn has_body(&self, id: DeliveryId) -> Result<bool> {
        let sql = "SELECT count(*) FROM deliveries WHERE workspace_id = $1 AND id = $2 AND body IS NOT NULL";
        let values = vec![self.workspace().into(), id.0.into()];
        Ok(sql::count(self.on(), sql, values).await? > 0)
    }

    /// What of a connection is withheld until all erasures reached payloads and log.
    pub(crate) async fn withheld(&self, connection: ConnectionId) -> Result<Withheld> {
        #[derive(FromQueryResult)]
        struct WithheldRow {
            subject_id: String,
            is_contact: bool,
            texts: String,
            logged: bool,
        }
        let sql = "SELECT subject_id, is_contact, texts, logged FROM scrubs WHERE workspace_id = $1 AND connection_id = $2";
        let rows: Vec<WithheldRow> = sql::all(self.on(), sql, self.ids(connection, &[])).await?;
        let mut withheld = Withheld::default();
        for row in rows {
            if !row.logged {
                let texts: Vec<String> = serde_json::from_str(&row.texts).unwrap_or_default();
                let texts = texts.into_iter().filter(|text| !text.trim().is_empty());
                withheld.texts.extend(texts.map(|text| text.to_lowercase()));
            }
            if row.is_contact && !row.subject_id.is_empty() {
                withheld.contacts.push(row.subject_id);
            }
        }
        Ok(withheld)
    }
}

impl Tenant<'_, Tx> {
    /// Notes that an erasure is to reach the log of actions and, of a contact, every payload.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn add_scrub(&self, connection: ConnectionId, new: &NewScrub) -> Result<()> {
        let NewScrub {
            subject,
            is_contact,
            texts,
            removal,
        } = new;
        let id: AuditId = self.source.sources().id();
        let sql = "INSERT INTO scrubs (workspace_id, connection_id, id, subject_id, is_contact, texts, removal_id, logged, \
            walked_to) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let mut values = self.ids(connection, &[]);
        values.extend([
            id.0.into(),
            subject.as_str().into(),
            (*is_contact).into(),
            serde_json::to_string(texts).unwrap_or_default().into(),
            removal.map(|id| id.0).into(),
            false.into(),
            Uuid::nil().into(),
        ]);
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Notes that the log of actions was gone through for an erasure. With that a conversation's is done.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn scrub_logged(&self, scrub: &Scrub) -> Result<()> {
        let mut values: Vec<Value> = vec![self.workspace().into(), scrub.id.into()];
        let sql = match scrub.is_contact {
            // The texts were needed for the log alone.
            true => {
                values.push(true.into());
                "UPDATE scrubs SET logged = $3, texts = '[]' WHERE workspace_id = $1 AND id = $2"
            }
            false => "DELETE FROM scrubs WHERE workspace_id = $1 AND id = $2",
        };
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Notes that a part of the walk was gone; at its end its erasures are done.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn scrub_walked(&self, walk: &ScrubWalk) -> Result<()> {
        for scrubs in walk.scrubs.chunks(MOST_ROWS) {
            let mut values: Vec<Value> = vec![self.workspace().into()];
            values.extend(scrubs.iter().map(|scrub| Value::from(scrub.id)));
            let ids = sql::places(1, scrubs.len(), 2);
            let sql = match walk.to {
                Some(to) => {
                    values.push(to.into());
                    format!(
                        "UPDATE scrubs SET walked_to = ${} WHERE workspace_id = $1 AND id IN {ids}",
                        values.len()
                    )
                }
                None => format!("DELETE FROM scrubs WHERE workspace_id = $1 AND id IN {ids}"),
            };
            sql::execute(self.on(), &sql, values).await?;
        }
        Ok(())
    }
}
