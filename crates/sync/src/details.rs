//! Fetches what a ticket's payload lacked: the thread, the contact's name, the company. Waits for Intercom as long as it
//! takes; the ticket stands meanwhile.

use crate::rederive::rederive;
use crate::text::without_nul;
use crate::thread::{self, Buried};
use async_trait::async_trait;
use earmark_connections::{NotReady, Store};
use earmark_db::tenant;
use earmark_db::{Db, Tenant, Tx};
use earmark_intercom::{Client, CompanyRef, Contact, ContactRole, Conversation, Error, Lane};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, ConnectionId, DetailsState, Job};

/// Runs `details` jobs.
#[derive(Debug, Clone)]
pub struct DetailsHandler {
    /// The database.
    pub db: Db,
    /// Gives the client.
    pub store: Store,
}

/// What Intercom says of a conversation.
struct Fetched {
    conversation: Conversation,
    contact: Option<Contact>,
    company: Option<CompanyRef>,
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
        let client = match self
            .store
            .client(job.workspace, *connection, Lane::Webhook)
            .await
        {
            Ok(client) => client,
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
            Err(error @ (NotReady::Refused | NotReady::Sealed(_))) => {
                return Verdict::Retry(error.to_string());
            }
        };
        match fetch(&client, conversation).await {
            Ok(fetched) => match self.put(job, *connection, &fetched).await {
                Ok(()) => Verdict::Done,
                Err(error) => error.into(),
            },
            Err(Error::WaitUntil { at, .. }) => Verdict::Snooze(at),
            Err(error) => self.failed(job, *connection, conversation, error).await,
        }
    }
}

impl DetailsHandler {
    async fn failed(
        &self,
        job: &ClaimedJob,
        connection: ConnectionId,
        conversation: &str,
        error: Error,
    ) -> Verdict {
        if let Err(error) = self
            .store
            .note_failure(job.workspace, connection, &error)
            .await
        {
            return error.into();
        }
        let why = match &error {
            Error::NotFound { .. } => "Intercom does not have this conversation any more",
            Error::PermissionMissing { .. } => "the token lacks the permission Read conversations",
            _ => return Verdict::Retry(error.to_string()),
        };
        self.unavailable(job, connection, conversation, why).await
    }

    async fn unavailable(
        &self,
        job: &ClaimedJob,
        connection: ConnectionId,
        id: &str,
        why: &str,
    ) -> Verdict {
        let noted = async {
            let tx = self.db.begin().await?;
            let tenant = tx.workspace(job.workspace);
            tenant.lock_conversation(connection, id).await?;
            if let Some(mut ours) = tenant.conversation(connection, id).await?
                && ours.details == DetailsState::Following
            {
                ours.details = DetailsState::Unavailable;
                ours.details_note = Some(why.to_owned());
                tenant.put_conversation(connection, &ours).await?;
            }
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
        fetched: &Fetched,
    ) -> earmark_db::Result<()> {
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(job.workspace);
        put(&tenant, connection, fetched).await?;
        tx.commit().await
    }
}

async fn fetch(client: &Client, id: &str) -> Result<Fetched, Error> {
    let conversation = client.conversation(id).await?;
    let who = conversation
        .contacts
        .first()
        .map(|contact| contact.id.clone());
    // A contact that is merged, deleted or not ours to read does not keep the thread from us.
    let contact = match &who {
        None => None,
        Some(who) => optional(client.contact(who).await)?,
    };
    let company = match (&conversation.company, &who) {
        (Some(company), _) => Some(CompanyRef {
            id: company.id.clone(),
            name: company.name.clone(),
        }),
        (None, Some(who)) => optional(client.contact_companies(who, 1, None).await)?
            .and_then(|page| page.items.into_iter().next())
            .map(|company| CompanyRef {
                id: company.id,
                name: company.name,
            }),
        (None, None) => None,
    };
    Ok(Fetched {
        conversation,
        contact,
        company,
    })
}

fn optional<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(Error::NotFound { .. } | Error::Merged { .. } | Error::PermissionMissing { .. }) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn put(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    fetched: &Fetched,
) -> earmark_db::Result<()> {
    let Fetched {
        conversation,
        contact,
        company,
    } = fetched;
    let id = &conversation.id;
    tenant.lock_conversation(connection, id).await?;
    let mut buried = Buried::read(tenant, connection, id).await?;
    let Some(mut ours) = tenant.conversation(connection, id).await? else {
        return Ok(());
    };
    // Deleted while Intercom was being asked: what it said then is not kept.
    if buried.whole {
        return Ok(());
    }
    // A redaction whose webhook was lost shows here.
    for message in conversation.messages().filter(|message| message.redacted) {
        if !buried.messages.contains(&message.id) {
            let redacted = std::slice::from_ref(&message.id);
            crate::erase::redact(tenant, connection, id, redacted).await?;
            buried.messages.insert(message.id.clone());
        }
    }
    let anchors: Vec<String> = tenant
        .tickets_of_conversation(connection, id)
        .await?
        .into_iter()
        .map(|ticket| ticket.message)
        .collect();
    for message in conversation
        .messages()
        .filter(|m| thread::belongs(m) || anchors.contains(&m.id))
    {
        thread::store(tenant, connection, id, message, &buried).await?;
    }
    thread::contact_of(conversation, &mut ours);
    complete(&mut ours, contact.as_ref(), company.as_ref());
    ours.details = DetailsState::Complete;
    ours.details_note = None;
    ours.details_at = Some(tenant.now());
    tenant.put_conversation(connection, &ours).await?;
    rederive(tenant, connection, id).await
}

fn complete(
    ours: &mut tenant::Conversation,
    contact: Option<&Contact>,
    company: Option<&CompanyRef>,
) {
    let clean = |text: &Option<String>| text.as_deref().map(without_nul);
    if let Some(contact) = contact {
        ours.contact_id = Some(without_nul(&contact.id));
        ours.contact_name = clean(&contact.name).or(ours.contact_name.take());
        ours.contact_email = clean(&contact.email).or(ours.contact_email.take());
        ours.contact_role = contact.role.map(|role| match role {
            ContactRole::User => "user".to_owned(),
            ContactRole::Lead => "lead".to_owned(),
        });
    }
    if let Some(company) = company {
        ours.company_id = Some(without_nul(&company.id));
        ours.company_name = clean(&company.name);
    }
}
