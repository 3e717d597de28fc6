//! A member in a workspace.

use super::visitor::{Person, html};
use super::{Visitor, see_other};
use crate::failed::Failed;
use crate::page::Page;
use crate::pages::intercom::connect::AppChoice;
use crate::pages::intercom::{connection_tone, trouble};
use crate::render::{
    Banner, Context, Fix, NavProduct, Shell, WorkspaceLink, WorkspaceNav, render, render_part,
};
use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use askama::Template;
use earmark_accounts::Member;
use earmark_db::tenant::{Actor, Assignee, Connection, InboxFilter, Product, Via, Workspace};
use earmark_db::{Db, Tenant, Tx};
use earmark_model::{ProductId, Right, StatusCategory, TicketKey, UserId, WorkspaceId};
use std::cmp::Reverse;
use std::future::{Ready, ready};
use std::ops::Deref;

/// A member at a page of their workspace, whose role may do what the routes table says.
pub(crate) struct At {
    person: Person,
    /// The member.
    pub(crate) member: Member,
}

impl FromRequest for At {
    type Error = Failed;
    type Future = Ready<Result<Self, Failed>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let person = Person::from_request(request, payload).into_inner();
        let found = Visitor::of(request).and_then(|(_, admitted)| {
            let member = admitted.member.clone();
            let member = member.ok_or_else(|| Failed::internal("no member at this route"))?;
            Ok(Self {
                person: person?,
                member,
            })
        });
        ready(found)
    }
}

impl Deref for At {
    type Target = Person;

    fn deref(&self) -> &Person {
        &self.person
    }
}

impl At {
    /// The workspace.
    pub(crate) fn workspace(&self) -> &Workspace {
        self.member.workspace()
    }

    /// The workspace's id.
    pub(crate) fn id(&self) -> WorkspaceId {
        self.workspace().id
    }

    /// The workspace's name in URLs.
    pub(crate) fn ws(&self) -> &str {
        &self.workspace().slug
    }

    /// Reads of this workspace.
    pub(crate) fn tenant(&self) -> Tenant<'_, Db> {
        self.web().db().workspace(self.id())
    }

    /// Begins a transaction; its queries are those of `tx.workspace(at.id())`.
    pub(crate) async fn begin(&self) -> Result<Tx, Failed> {
        Ok(self.web().db().begin().await?)
    }

    /// The member in the audit log.
    pub(crate) fn actor(&self) -> Actor {
        self.member.actor(self.address())
    }

    /// Whether the member may do this.
    pub(crate) fn may(&self, action: Right) -> bool {
        self.member.may(action)
    }

    /// That the member may not do this, with who may.
    pub(crate) async fn forbidden(&self, right: Right) -> Failed {
        match super::forbidden(self.web(), &self.member, right).await {
            Ok(failed) | Err(failed) => failed,
        }
    }

    /// A value of the path, by its placeholder's name.
    pub(crate) fn segment(&self, name: &str) -> &str {
        self.request.match_info().get(name).unwrap_or_default()
    }

    /// Whether only the headers are asked for.
    pub(crate) fn is_head(&self) -> bool {
        self.request.method() == Method::HEAD
    }

    /// The product that the path names.
    pub(crate) async fn product(&self) -> Result<Product, Failed> {
        let found = self
            .tenant()
            .product_by_slug(self.segment("product"))
            .await?;
        found.ok_or(Failed::NotFound)
    }

    /// The connection that the path names.
    pub(crate) async fn connection(&self) -> Result<Connection, Failed> {
        let id = self.segment("connection").parse();
        let id = id.map_err(|_| Failed::NotFound)?;
        let found = self.tenant().connection(id).await?;
        found.ok_or(Failed::NotFound)
    }

    /// The key of a ticket of this workspace.
    pub(crate) fn ticket_key(&self, number: i64) -> String {
        let prefix = self.workspace().ticket_prefix.clone();
        TicketKey { prefix, number }.to_string()
    }

    /// Sends the browser to a path inside the app.
    pub(crate) fn see_other(&self, target: impl AsRef<str>) -> HttpResponse {
        see_other(target.as_ref())
    }

    /// A page; `here` is the path that it is read at, to come back to.
    pub(crate) async fn page(
        &self,
        here: impl Into<String>,
        page: &impl Page,
    ) -> Result<HttpResponse, Failed> {
        self.page_as(StatusCode::OK, here, page).await
    }

    /// A page with another status than 200: 422 for a form that came back with errors.
    pub(crate) async fn page_as(
        &self,
        status: StatusCode,
        here: impl Into<String>,
        page: &impl Page,
    ) -> Result<HttpResponse, Failed> {
        let memberships = self.web().accounts().memberships(self.user.id).await?;
        let workspaces = memberships.into_iter().map(|one| WorkspaceLink {
            slug: one.workspace.slug,
            name: one.workspace.name,
        });
        let shell = Shell {
            workspaces: workspaces.collect(),
            workspace: Some(self.nav().await?),
            here: here.into(),
            ..self.shell()?
        };
        Ok(html(status, render(&shell, page)?))
    }

    /// A part of a page, for htmx.
    pub(crate) fn part(&self, part: &impl Template) -> Result<HttpResponse, Failed> {
        let context = Context {
            now: self.now(),
            csrf: self.csrf()?,
        };
        Ok(html(StatusCode::OK, render_part(&context, part)?))
    }

    /// The sidebar with its counts.
    pub(crate) async fn nav(&self) -> Result<WorkspaceNav, Failed> {
        let tenant = self.tenant();
        let mine = mine(self.user.id);
        let (products, counts, mine, connections) = futures::try_join!(
            tenant.products(),
            tenant.ticket_counts(),
            tenant.inbox_count(&mine),
            tenant.connections(),
        )?;
        let new = |product: ProductId| {
            let of = counts
                .iter()
                .filter(|(id, category, _)| *id == product && *category == StatusCategory::New);
            of.map(|(_, _, count)| count.unsigned_abs()).sum()
        };
        let in_use = products
            .iter()
            .filter(|product| product.archived_at.is_none());
        let products: Vec<NavProduct> = in_use
            .map(|product| NavProduct {
                slug: product.slug.clone(),
                name: product.name.clone(),
                new: new(product.id),
            })
            .collect();
        let Workspace { slug, name, .. } = self.workspace();
        let banner = self.banner(&connections).await?;
        Ok(WorkspaceNav {
            slug: slug.clone(),
            name: name.clone(),
            role: self.member.role(),
            new: products.iter().map(|product| product.new).sum(),
            mine: mine.unsigned_abs(),
            products,
            intercom_refused: connections.iter().any(|one| one.status.needs_member()),
            banner,
        })
    }

    /// What is wrong with the connections: the worst, then that which is so the longest.
    async fn banner(&self, connections: &[Connection]) -> Result<Option<Banner>, Failed> {
        let mut broken: Vec<_> = connections
            .iter()
            .filter_map(|one| Some((trouble(one)?, one)))
            .collect();
        broken.sort_by_key(|(_, one)| (Reverse(one.status), one.status_since, one.id));
        let Some((note, worst)) = broken.first() else {
            return Ok(None);
        };
        let (tone, status) = connection_tone(worst.status, &[]);
        let right = Right::ManageConnections;
        let fix = match worst.status.needs_member() {
            _ if !self.may(right) => Fix::Ask(self.who_may(right).await?),
            true if worst.via != Via::Token && AppChoice::of(self).await? != AppChoice::None => {
                Fix::Authorize
            }
            true => Fix::Paste,
            false => Fix::Check,
        };
        Ok(Some(Banner {
            tone,
            connection: worst.id.to_string(),
            name: worst.name.clone(),
            status,
            since: worst.status_since,
            note: note.clone(),
            fix,
            more: broken.len() - 1,
        }))
    }

    /// The names of the members who may do this.
    async fn who_may(&self, right: Right) -> earmark_db::Result<Vec<String>> {
        let members = self.tenant().members().await?;
        let who = members.into_iter().filter(|member| member.role.may(right));
        Ok(who.map(|member| member.name).collect())
    }
}

/// What waits for a person.
fn mine(user: UserId) -> InboxFilter {
    InboxFilter {
        assignee: Some(Assignee::User(user)),
        open_only: true,
        ..InboxFilter::default()
    }
}
