//! Fetches what a ticket's payload lacked: the thread, the contact's name, the company. Waits for Intercom as long as it
//! takes; the ticket stands meanwhile.

use crate::buried::{About, Buried};
use crate::erase;
use crate::fetch::{Fetched, fetch};
use crate::rederive::rederive;
use crate::text::without_nul;
use crate::thread;
use async_trait::async_trait;
use earmark_connections::{NotReady, Store, with_request};
use earmark_db::tenant;
use earmark_db::{Db, Tenant, Tx};
use earmark_intercom::{CompanyRef, Contact, ContactRole, Conversation, Error, Lane};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{
    ClaimedJob, ConnectionId, ConnectionStatus, DetailsState, Job, Permission, RunKind, SecretId,
};
use std::collections::{BTreeSet, HashSet};

/// Runs `details` jobs.
#[derive(Debug, Clone)]
pub struct DetailsHandler {
    /// The database.
    pub db: Db,
    /// Gives the client.
    pub store: Store,
}

#[async_trait]
impl Handler for DetailsHandler {
    async fn run(&self, job: &ClaimedJob) -> Verdict {
        let Job::Details {
            connection,
            conversation,
        } = &job.job
        else {
            return Verdict::Fail("not a fetch of details".to_owned());
        };
        let ready = match self
            .store
            .client(job.workspace, *connection, Lane::Webhook)
            .await
        {
            Ok(ready) => ready,
            Err(NotReady::Database(error)) => return error.into(),
            Err(NotReady::Disconnected) => {
                return self
                    .unavailable(
                        job,
                        *connection,
                        conversation,
                        "the connection is disconnected",
                    )
                    .await;
            }
            Err(
                error @ (NotReady::NeedsReconnecting
                | NotReady::Sealed(_)
                | NotReady::CannotRefresh(_)),
            ) => {
                let why = error.to_string();
                return self.retry(job, *connection, conversation, why).await;
            }
        };
        let unnamed = match self.unnamed(job, *connection, conversation).await {
            Ok(unnamed) => unnamed,
            Err(error) => return error.into(),
        };
        match fetch(&ready.client, conversation, unnamed).await {
            Ok(mut fetched) => {
                let refused = std::mem::take(&mut fetched.refused);
                let used = [Permission::ReadConversations];
                let put = async {
                    self.put(job, *connection, fetched).await?;
                    self.store
                        .note_success(job.workspace, *connection, ready.secret, &used, &refused)
                        .await
                };
                put.await.map_or_else(Verdict::from, |()| Verdict::Done)
            }
            Err(Error::WaitUntil { at, .. }) => Verdict::Snooze(at),
            Err(error) => {
                self.failed(job, (*connection, ready.secret), conversation, error)
                    .await
            }
        }
    }
}

impl DetailsHandler {
    async fn failed(
        &self,
        job: &ClaimedJob,
        (connection, secret): (ConnectionId, SecretId),
        conversation: &str,
        error: Error,
    ) -> Verdict {
        if let Err(error) = self
            .store
            .note_failure(
                job.workspace,
                connection,
                secret,
                Some(Permission::ReadConversations),
                &error,
            )
            .await
        {
            return error.into();
        }
        let why = match &error {
            // Only Intercom's own words: a 404 without them may be a proxy's.
            Error::NotFound { code: Some(_), .. } => {
                match self.bury_if_missed(job, connection, conversation).await {
                    Ok(true) => return Verdict::Done,
                    Ok(false) => "Intercom does not have this conversation any more",
                    Err(error) => return error.into(),
                }
            }
            Error::NotFound { .. } => "Intercom does not have this conversation any more",
            Error::PermissionMissing { .. } => "the token lacks the permission Read conversations",
            Error::Rejected { .. } => "Intercom refuses to give this conversation",
            Error::TooLarge { .. } => "this conversation is too large to be fetched",
            Error::Unreadable { .. } => {
                "Intercom's answer about this conversation is not understood"
            }
            _ => {
                let why = with_request(&error);
                return self.retry(job, connection, conversation, why).await;
            }
        };
        self.unavailable(job, connection, conversation, why).await
    }

    /// Tries again; after the last attempt the ticket says what was in the way.
    async fn retry(
        &self,
        job: &ClaimedJob,
        connection: ConnectionId,
        conversation: &str,
        why: String,
    ) -> Verdict {
        if job.attempt < job.job.max_attempts() {
            return Verdict::Retry(why);
        }
        self.unavailable(job, connection, conversation, &why).await
    }

    /// Teammates who tagged messages of this conversation and whose names are not known.
    async fn unnamed(
        &self,
        job: &ClaimedJob,
        connection: ConnectionId,
        conversation: &str,
    ) -> earmark_db::Result<BTreeSet<String>> {
        let tenant = self.db.workspace(job.workspace);
        let mut unnamed = BTreeSet::new();
        for ticket in tenant
            .tickets_of_conversation(connection, conversation)
            .await?
        {
            for tag in tenant.ticket_tags(ticket.id).await? {
                if let Some(id) = tag.tagged_by
                    && tenant.admin_name(connection, &id).await?.is_none()
                {
                    unnamed.insert(id);
                }
            }
        }
        Ok(unnamed)
    }

    /// Erases a conversation that Intercom does not have any more, when a pass, which began since it was tagged, may have
    /// missed that it was deleted because nothing was known of it. Otherwise the next pass finds out. True when it did.
    async fn bury_if_missed(
        &self,
        job: &ClaimedJob,
        connection: ConnectionId,
        id: &str,
    ) -> earmark_db::Result<bool> {
        let tx = self.db.begin_redoable().await?;
        let tenant = tx.workspace(job.workspace);
        let tickets = tenant.tickets_of_conversation(connection, id).await?;
        let Some(tagged_at) = tickets.iter().map(|ticket| ticket.tagged_at).max() else {
            return Ok(false);
        };
        let passes = RunKind::PASSES;
        if !tenant
            .run_began_since(connection, passes, tagged_at)
            .await?
        {
            return Ok(false);
        }
        let about = About {
            conversation: Some(id.to_owned()),
            ..About::default()
        };
        Buried::lock(&tenant, connection, &about).await?;
        erase::delete(&tenant, connection, id).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn unavailable(
        &self,
        job: &ClaimedJob,
        connection: ConnectionId,
        id: &str,
        why: &str,
    ) -> Verdict {
        let noted = async {
            let tx = self.db.begin_redoable().await?;
            tx.workspace(job.workspace)
                .note_details_failure(connection, id, why)
                .await?;
            tx.commit().await
        };
        match noted.await {
            Ok(()) => Verdict::Done,
            Err(error) => error.into(),
        }
    }

    async fn put(
        &self,
        job: &ClaimedJob,
        connection: ConnectionId,
        fetched: Fetched,
    ) -> earmark_db::Result<()> {
        let tx = self.db.begin_redoable().await?;
        let tenant = tx.workspace(job.workspace);
        put(&tenant, connection, fetched).await?;
        tx.commit().await
    }
}

/// Stores what the API says of an escalated conversation, when a run read it anew. True when our copy of the thread
/// changed. Names that the answer lacks stay as they are known.
pub(crate) async fn reread(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    conversation: Conversation,
) -> earmark_db::Result<bool> {
    let id = conversation.id.clone();
    let Some(ours) = tenant.conversation(connection, &id).await? else {
        return Ok(false);
    };
    if ours.details != DetailsState::Complete {
        // Names are missing too, so all of it is fetched.
        tenant
            .enqueue(&Job::Details {
                connection,
                conversation: id.clone(),
            })
            .await?;
    }
    let before = tenant.messages(connection, &id).await?;
    let fetched = Fetched {
        conversation,
        contact: None,
        company: None,
        admins: Vec::new(),
        refused: Default::default(),
    };
    put(tenant, connection, fetched).await?;
    let after = tenant.messages(connection, &id).await?;
    let mut state = tenant.conversation(connection, &id).await?;
    if let Some(state) = &mut state
        && ours.details != DetailsState::Complete
    {
        state.details = ours.details;
        state.details_note = ours.details_note;
        state.details_at = ours.details_at;
        tenant.put_conversation(connection, state).await?;
    }
    Ok(before != after)
}

async fn put(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    fetched: Fetched,
) -> earmark_db::Result<()> {
    let Fetched {
        mut conversation,
        contact,
        company,
        admins,
        refused: _,
    } = fetched;
    let about = About::conversation(&conversation);
    let mut buried = Buried::lock(tenant, connection, &about).await?;
    buried.hide(&mut conversation);
    let (conversation, id) = (&conversation, &conversation.id);
    let Some(mut ours) = thread::known(tenant, connection, id).await? else {
        return Ok(());
    };
    let row = tenant.connection(connection).await?;
    let row = row.filter(|row| row.status != ConnectionStatus::Disconnected);
    // Disconnected, deleted or erased while Intercom was being asked: what it said then is not kept.
    let Some(row) = row.filter(|_| !buried.whole && !buried.copy) else {
        return Ok(());
    };
    erase::found(tenant, connection, conversation, &mut buried).await?;
    let wanted = wanted(tenant, &row, conversation).await?;
    for message in conversation.messages().filter(|m| wanted.contains(&m.id)) {
        thread::store(tenant, connection, conversation, message, &buried).await?;
    }
    for admin in &admins {
        tenant.put_admin(connection, admin).await?;
    }
    thread::contact_of(conversation, &mut ours);
    complete(&mut ours, contact, company, &buried);
    // Said whole, so that no team means none.
    ours.team_id = conversation.team_assignee_id.as_deref().map(without_nul);
    ours.details = DetailsState::Complete;
    ours.details_note = None;
    ours.details_at = Some(tenant.now());
    tenant.put_conversation(connection, &ours).await?;
    rederive(tenant, connection, id).await
}

/// Which messages are stored: with feedback on, the thread; with it off, only what is known already, for its attachments.
async fn wanted(
    tenant: &Tenant<'_, Tx>,
    row: &tenant::Connection,
    conversation: &Conversation,
) -> earmark_db::Result<HashSet<String>> {
    let (connection, id) = (row.id, &conversation.id);
    if row.feedback_on_at.is_none() {
        let known = tenant.messages(connection, id).await?;
        return Ok(known.into_iter().map(|message| message.id).collect());
    }
    let anchors = tenant.tickets_of_conversation(connection, id).await?;
    let anchors = anchors.into_iter().map(|ticket| ticket.message);
    let thread = conversation.messages().filter(|m| thread::belongs(m));
    Ok(anchors
        .chain(thread.map(|message| message.id.clone()))
        .collect())
}

/// Who the customer is. Of a deleted contact nothing is kept, also when Intercom said it just before.
fn complete(
    ours: &mut tenant::Conversation,
    contact: Option<Contact>,
    company: Option<CompanyRef>,
    buried: &Buried,
) {
    let gone = |id: &String| buried.contacts.contains(id);
    if ours.contact_id.as_ref().is_some_and(gone) || contact.as_ref().is_some_and(|c| gone(&c.id)) {
        return;
    }
    let clean = |text: Option<String>| text.map(|text| without_nul(&text));
    if let Some(contact) = contact {
        ours.contact_id = Some(without_nul(&contact.id));
        ours.contact_name = clean(contact.name).or(ours.contact_name.take());
        ours.contact_email = clean(contact.email).or(ours.contact_email.take());
        ours.contact_role = contact.role.map(|role| match role {
            ContactRole::User => "user".to_owned(),
            ContactRole::Lead => "lead".to_owned(),
        });
    }
    if let Some(company) = company {
        ours.company_id = Some(without_nul(&company.id));
        ours.company_name = clean(company.name);
    }
}
