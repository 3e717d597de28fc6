//! What a member changes on a ticket.

use super::{TicketPage, TicketView, view};
use crate::pages::inbox::number;
use crate::pages::prelude::*;
use crate::url::is_inside;
use actix_web::HttpRequest;
use earmark_connections::ManageError;
use earmark_db::tenant::{Product, Status, Ticket, TicketChange};
use earmark_db::{Error as DbError, Tenant, Tx};
use earmark_model::{Job, UserId};
use serde_json::{Value as Json, json};

/// The longest title, in characters.
const TITLE_MAX: usize = 300;
/// The longest comment, in characters.
const COMMENT_MAX: usize = 20_000;

#[derive(Deserialize)]
pub(crate) struct TicketForm {
    version: i32,
    #[serde(default)]
    back: String,
    status: Option<String>,
    assignee: Option<String>,
    product: Option<String>,
    title: Option<String>,
    /// The title that the page showed.
    #[serde(default)]
    title_was: String,
}

impl TicketForm {
    /// Takes a title that nobody touched out of the form: a page left open must not write back a text that was redacted
    /// meanwhile.
    fn without_untouched_title(mut self) -> Self {
        let was = one_line(&self.title_was);
        self.title = self.title.filter(|title| one_line(title) != was);
        self
    }
}

#[derive(Deserialize)]
pub(crate) struct CommentForm {
    #[serde(default)]
    back: String,
    #[serde(default)]
    body: String,
}

#[derive(Deserialize)]
pub(crate) struct BackForm {
    #[serde(default)]
    back: String,
}

/// A ticket's own page.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    let key = at.segment("key");
    let here = url::ticket(at.ws(), key);
    let ticket = view(&at, key, &here, true).await?;
    at.page(here, &TicketPage { ticket }).await
}

/// Changes status, assignee, product or title, unless somebody else was quicker.
pub(crate) async fn post(
    at: At,
    request: HttpRequest,
    Form(form): Form<TicketForm>,
) -> Result<HttpResponse, Failed> {
    let form = form.without_untouched_title();
    let title = form.title.as_deref().map(one_line);
    if let Some(message) = title.as_deref().and_then(wrong_title) {
        let mut shown = own_view(&at, &request, &form.back).await?;
        keep_typed(&mut shown, &form);
        shown.errors = FormErrors::one("title", message);
        return answer(&at, StatusCode::UNPROCESSABLE_ENTITY, shown).await;
    }
    match change(&at, &form, title).await {
        Ok(()) => Ok(back_to(&at, &form.back)),
        Err(DbError::Stale) => {
            let mut shown = own_view(&at, &request, &form.back).await?;
            keep_typed(&mut shown, &form);
            shown.conflict = true;
            answer(&at, StatusCode::CONFLICT, shown).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Adds a comment.
pub(crate) async fn comment(
    at: At,
    request: HttpRequest,
    Form(CommentForm { back, body }): Form<CommentForm>,
) -> Result<HttpResponse, Failed> {
    let text = body.trim();
    let wrong = match text.chars().count() {
        0 => Some("Write something first.".to_owned()),
        1..=COMMENT_MAX => None,
        long => Some(format!(
            "Use at most {COMMENT_MAX} characters. This has {long}."
        )),
    };
    if let Some(message) = wrong {
        let mut shown = own_view(&at, &request, &back).await?;
        shown.comment_draft = body;
        shown.errors = FormErrors::one("body", message);
        return answer(&at, StatusCode::UNPROCESSABLE_ENTITY, shown).await;
    }
    let tx = at.begin().await?;
    let tenant = tx.workspace(at.id());
    let ticket = load(&at, tenant).await?;
    let id = tenant.add_comment(ticket.id, at.user.id, text).await?;
    let detail = json!({ "comment": id });
    let target = ("ticket", ticket.id);
    tenant
        .audit(&at.actor(), "ticket.commented", target, detail)
        .await?;
    tx.commit().await?;
    Ok(back_to(&at, &back))
}

/// Asks for the conversation again: for what could not be fetched, and for fresh links of its attachments.
pub(crate) async fn refresh(
    at: At,
    Form(BackForm { back }): Form<BackForm>,
) -> Result<HttpResponse, Failed> {
    let ticket = at.tenant().ticket(number(&at, at.segment("key"))?).await?;
    let ticket = ticket.ok_or(Failed::NotFound)?;
    let job = Job::Details {
        connection: ticket.connection,
        conversation: ticket.conversation,
    };
    let connection = ticket.connection;
    let actor = at.actor();
    let asked = at.web().store().ask(at.id(), &actor, connection, &job);
    match asked.await {
        Ok(()) => at.flash(
            Tone::Info,
            "Asked Intercom for the conversation again. Reload the page in a moment.",
        )?,
        Err(ManageError::Missing) => at.flash(
            Tone::Warn,
            "The connection to Intercom is gone, so nothing can be fetched again.",
        )?,
        Err(error) => return Err(error.into()),
    }
    Ok(back_to(&at, &back))
}

fn back_to(at: &At, back: &str) -> HttpResponse {
    if is_inside(back) {
        at.see_other(back)
    } else {
        at.see_other(url::ticket(at.ws(), at.segment("key")))
    }
}

/// The ticket for an answer to a form: for its own page, unless htmx puts it into another.
async fn own_view(at: &At, request: &HttpRequest, back: &str) -> Result<TicketView, Failed> {
    let key = at.segment("key");
    let own = url::ticket(at.ws(), key);
    let inserted = request.headers().contains_key("hx-request") && is_inside(back) && back != own;
    let back = if inserted { back } else { own.as_str() };
    view(at, key, back, !inserted).await
}

async fn answer(at: &At, status: StatusCode, ticket: TicketView) -> Result<HttpResponse, Failed> {
    let here = url::ticket(at.ws(), &ticket.key);
    at.page_as(status, here, &TicketPage { ticket }).await
}

/// Puts what was typed back into the form.
fn keep_typed(shown: &mut TicketView, form: &TicketForm) {
    let choose = |choices: &mut [Choice], typed: &Option<String>| {
        let Some(typed) = typed else { return };
        if choices.iter().any(|choice| choice.value == *typed) {
            for choice in choices {
                choice.chosen = choice.value == *typed;
            }
        }
    };
    choose(&mut shown.statuses, &form.status);
    choose(&mut shown.assignees, &form.assignee);
    choose(&mut shown.products, &form.product);
    shown.title_draft.clone_from(&form.title);
}

fn wrong_title(title: &str) -> Option<String> {
    match title.chars().count() {
        0 => Some("A ticket needs a title. Write one, or leave it as it was.".to_owned()),
        1..=TITLE_MAX => None,
        _ => Some(format!("Use at most {TITLE_MAX} characters.")),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn load(at: &At, tenant: Tenant<'_, Tx>) -> Result<Ticket, Failed> {
    let found = tenant.ticket(number(at, at.segment("key"))?).await?;
    found.ok_or(Failed::NotFound)
}

/// Writes the change with its audit row; what changes nothing writes nothing.
async fn change(at: &At, form: &TicketForm, title: Option<String>) -> Result<(), DbError> {
    let tx = at.web().db().begin().await?;
    let tenant = tx.workspace(at.id());
    let number = number(at, at.segment("key")).map_err(|_| DbError::Missing)?;
    let ticket = tenant.ticket(number).await?.ok_or(DbError::Missing)?;
    if ticket.version != form.version {
        return Err(DbError::Stale);
    }
    let wanted = Wanted::read(tenant, &ticket, form, title).await?;
    let Some((change, detail)) = wanted.differs(&ticket) else {
        return Ok(());
    };
    tenant.change_ticket(&ticket, &change).await?;
    let target = ("ticket", ticket.id);
    tenant
        .audit(&at.actor(), "ticket.changed", target, detail)
        .await?;
    tx.commit().await
}

/// What a form asks for, its names resolved.
struct Wanted {
    product: Option<Product>,
    status: Option<Status>,
    assignee: Option<Option<UserId>>,
    title: Option<String>,
}

impl Wanted {
    async fn read(
        tenant: Tenant<'_, Tx>,
        ticket: &Ticket,
        form: &TicketForm,
        title: Option<String>,
    ) -> Result<Self, DbError> {
        let product = match &form.product {
            None => None,
            Some(slug) => {
                let found = tenant.product_by_slug(slug).await?;
                Some(found.ok_or(DbError::Missing)?).filter(|one| one.id != ticket.product)
            }
        };
        if product
            .as_ref()
            .is_some_and(|one| one.archived_at.is_some())
        {
            return Err(DbError::Missing);
        }
        let status = match &form.status {
            None => None,
            Some(key) => {
                let owner = product.as_ref().map_or(ticket.product, |one| one.id);
                let all = tenant.statuses(owner).await?;
                let same = all.into_iter().find(|one| one.key == *key);
                // A move to a product without this status takes that product's own.
                if same.is_none() && product.is_none() {
                    return Err(DbError::Missing);
                }
                same
            }
        };
        let assignee = match form.assignee.as_deref() {
            None => None,
            Some("") => Some(None),
            Some(id) => Some(Some(id.parse().map_err(|_| DbError::Missing)?)),
        };
        Ok(Self {
            product,
            status,
            assignee,
            title,
        })
    }

    /// The change with what the audit log says of it; `None` when the ticket is so already.
    fn differs(self, ticket: &Ticket) -> Option<(TicketChange, Json)> {
        let Self {
            product,
            status,
            assignee,
            title,
        } = self;
        let status = status.filter(|one| one.id != ticket.status);
        let assignee = assignee.filter(|one| *one != ticket.assignee);
        let old = ticket.title.as_deref().map(one_line);
        let title = title.filter(|title| Some(title) != old.as_ref());
        if product.is_none() && status.is_none() && assignee.is_none() && title.is_none() {
            return None;
        }
        let detail = json!({
            "product": product.as_ref().map(|one| &one.slug),
            "status": status.as_ref().map(|one| &one.key),
            "assignee": assignee.map(|user| user.map_or("nobody".to_owned(), |id| id.to_string())),
            "title": title.is_some(),
        });
        let change = TicketChange {
            status: status.map(|one| one.id),
            assignee,
            product: product.map(|one| one.id),
            title,
        };
        Some((change, detail))
    }
}
