//! `/w/{ws}/settings/privacy`: how long payloads are kept, and what was removed because it was erased in Intercom.

mod samples;

use super::people::grouped;
use super::prelude::*;
use actix_web::web::Query;
use earmark_db::tenant::{Connection, PAYLOAD_DAYS, Removal, RemovalCause, Removed};
use earmark_model::{AuditId, Right};
use serde::Serialize;
use serde_json::json;

/// Removals on a page.
const PAGE: usize = 30;

/// What the list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrivacyQuery {
    /// Only removals before this one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub before: String,
}

/// Something that was removed.
#[derive(Debug, Clone)]
pub struct RemovalRow {
    /// The line's id.
    pub id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub cause: RemovalCause,
    /// Intercom's id of the contact or conversation.
    pub subject: String,
    /// Intercom's id of the contact that is left, after a merge.
    pub into: Option<String>,
    /// The connection's name.
    pub through: String,
    /// What, in numbers.
    pub removed: Removed,
    /// Whether payloads and the log of actions are still being gone through.
    pub under_way: bool,
}

impl RemovalRow {
    fn of(removal: Removal, connections: &[Connection], under_way: &[AuditId]) -> Self {
        let Removal {
            id,
            at,
            connection,
            cause,
            subject,
            into,
            removed,
        } = removal;
        let through = connections.iter().find(|one| one.id == connection);
        Self {
            under_way: under_way.contains(&id),
            id: id.to_string(),
            at,
            cause,
            subject,
            into,
            through: through.map_or_else(String::new, |one| one.name.clone()),
            removed,
        }
    }

    const fn cause_words(&self) -> &'static str {
        match self.cause {
            RemovalCause::ContactDeleted => "Contact deleted",
            RemovalCause::ContactMerged => "Contact merged",
            RemovalCause::ConversationDeleted => "Conversation deleted",
            RemovalCause::MessageRedacted => "Message redacted",
        }
    }

    /// What went, in words; what is nought is left out.
    fn removed_words(&self) -> String {
        let Removed {
            messages,
            conversations,
            tickets,
            payloads,
            copies,
            lines,
            actions,
        } = self.removed;
        let count = |count: u64, one: &str, several: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => {
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                Some(format!("{} {several}", grouped(count)))
            }
        };
        let talks = match self.cause {
            RemovalCause::ContactDeleted => count(
                conversations,
                "name and address in a conversation",
                "conversations' name and address",
            ),
            RemovalCause::ContactMerged => count(
                conversations,
                "name in a conversation, now the remaining contact's",
                "conversations' names, now the remaining contact's",
            ),
            _ => count(conversations, "copied conversation", "copied conversations"),
        };
        let parts = [
            (copies > 0).then(|| "the copy of the contact".to_owned()),
            talks,
            count(messages, "message", "messages"),
            count(tickets, "ticket's source", "tickets' sources"),
            count(payloads, "payload", "payloads"),
            count(lines, "line of a report", "lines of reports"),
            count(
                actions,
                "inputs and answer of an action",
                "inputs and answers of actions",
            ),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        match (parts.is_empty(), self.under_way) {
            (true, false) => "Nothing of it was stored".to_owned(),
            (true, true) => "Payloads and runs of actions are still being gone through".to_owned(),
            (false, false) => parts.join(", "),
            (false, true) => format!("{}; more is being looked for", parts.join(", ")),
        }
    }
}

/// Retention, and what was removed.
#[derive(Debug, Template)]
#[template(path = "pages/privacy.html")]
pub struct PrivacyPage {
    /// The workspace's slug.
    pub ws: String,
    /// For how many days payloads are kept.
    pub days: i32,
    /// What stands in the field.
    pub draft: String,
    /// When old payloads were last dropped.
    pub dropped_at: Option<DateTime<Utc>>,
    /// Newest first.
    pub rows: Vec<RemovalRow>,
    /// The line below which the next page begins; `None` on the last.
    pub older: Option<String>,
    /// What is shown.
    pub query: PrivacyQuery,
    /// Whether the reader may change it.
    pub may: bool,
    /// What is wrong.
    pub errors: FormErrors,
}

impl PrivacyPage {
    async fn load(at: &At, query: PrivacyQuery) -> Result<Self, Failed> {
        let tenant = at.tenant();
        let before = query.before.parse().ok();
        // One more than a page tells whether there is another.
        let ((days, dropped_at), mut removals, under_way, connections) = futures::try_join!(
            tenant.payload_rule(),
            tenant.removals(before, PAGE as u64 + 1),
            tenant.removals_under_way(),
            tenant.connections(),
        )?;
        let more = removals.len() > PAGE;
        removals.truncate(PAGE);
        Ok(Self {
            ws: at.ws().to_owned(),
            days,
            draft: days.to_string(),
            dropped_at,
            older: removals
                .last()
                .filter(|_| more)
                .map(|removal| removal.id.to_string()),
            rows: removals
                .into_iter()
                .map(|removal| RemovalRow::of(removal, &connections, &under_way))
                .collect(),
            query,
            may: at.may(Right::ManageWorkspace),
            errors: FormErrors::none(),
        })
    }

    fn to(&self, before: &str) -> String {
        let before = before.to_owned();
        url::with_query(url::privacy(&self.ws), &PrivacyQuery { before })
    }

    /// The newest page and the one after this.
    fn around(&self) -> (Option<String>, Option<String>) {
        let is_newest = self.query.before.is_empty();
        (
            (!is_newest).then(|| self.to("")),
            self.older.as_deref().map(|id| self.to(id)),
        )
    }
}

/// Shows it.
pub(crate) async fn get(at: At, query: Query<PrivacyQuery>) -> Result<HttpResponse, Failed> {
    let page = PrivacyPage::load(&at, query.into_inner()).await?;
    at.page(page.to(&page.query.before), &page).await
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct SentDays {
    #[serde(default)]
    days: String,
}

/// Keeps for how long payloads are kept.
pub(crate) async fn post(at: At, Form(sent): Form<SentDays>) -> Result<HttpResponse, Failed> {
    let days = sent.days.trim().parse::<i32>().ok();
    let Some(days) = days.filter(|days| PAYLOAD_DAYS.contains(days)) else {
        let mut page = PrivacyPage::load(&at, PrivacyQuery::default()).await?;
        let (least, most) = (PAYLOAD_DAYS.start(), PAYLOAD_DAYS.end());
        let fault = format!("Enter a whole number of days from {least} to {most}.");
        page.errors.add("days", fault);
        page.draft = sent.days;
        let here = url::privacy(at.ws());
        return at
            .page_as(StatusCode::UNPROCESSABLE_ENTITY, here, &page)
            .await;
    };
    let tx = at.begin().await?;
    let tenant = tx.workspace(at.id());
    let before = tenant.payload_days().await?;
    if before != days {
        tenant.set_payload_days(days).await?;
        let detail = json!({ "from": before, "to": days });
        let subject = ("workspace", at.id());
        tenant
            .audit(&at.actor(), "workspace.payload_days", subject, detail)
            .await?;
        tx.commit().await?;
    }
    let plural = if days == 1 { "" } else { "s" };
    at.flash(
        Tone::Ok,
        format!("Saved. Payloads are kept for {days} day{plural}."),
    )?;
    Ok(at.see_other(url::privacy(at.ws())))
}

impl Page for PrivacyPage {
    const NAME: &'static str = "privacy";

    fn head(&self) -> Head {
        Head {
            title: "Privacy".to_owned(),
            place: app(Current::Privacy, vec![Crumb::here("Privacy")]),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        samples::all()
    }
}
