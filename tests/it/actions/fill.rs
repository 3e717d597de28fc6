//! What is filled in, with things that are there in the sandbox: fresh ones, for an action may take them away.

use crate::support::{Company, House};
use earmark_actions::{Action, Input};
use earmark_intercom::{
    ArticleFields, AttributeFields, AttributeModel, Client, CompanyFields, ContactFields,
    ContactRole, Lane, NewConversation, NewTicket, Reply, TicketTypeFields, Who,
};
use std::sync::atomic::{AtomicU32, Ordering};

const ADMIN: &str = "5520188";

/// Makes what actions are about.
pub(super) struct Maker {
    client: Client,
    count: AtomicU32,
    ticket_type: String,
}

impl Maker {
    pub(super) async fn new(house: &House, company: &Company) -> Self {
        let ready =
            house
                .app
                .store
                .client(company.workspace, company.connection, Lane::Interactive);
        let client = ready.await.expect("a client").client;
        let kind = TicketTypeFields {
            name: "Request".into(),
            ..TicketTypeFields::default()
        };
        let kind = client
            .create_ticket_type(&kind)
            .await
            .expect("a ticket type");
        Self {
            client,
            count: AtomicU32::new(0),
            ticket_type: kind.id,
        }
    }

    fn fresh(&self, word: &str) -> String {
        format!("{word}-{}", self.count.fetch_add(1, Ordering::Relaxed))
    }

    async fn contact(&self, role: ContactRole) -> String {
        let name = self.fresh("person");
        let fields = ContactFields {
            role: role.into(),
            email: format!("{name}@made.example").into(),
            external_id: match role {
                ContactRole::User => name.clone().into(),
                ContactRole::Lead => Default::default(),
            },
            name: name.into(),
            ..ContactFields::default()
        };
        self.client
            .create_contact(&fields)
            .await
            .expect("a contact")
            .id
    }

    async fn company(&self) -> (String, String) {
        let own = self.fresh("firm");
        let fields = CompanyFields {
            company_id: own.clone().into(),
            name: own.clone().into(),
            ..CompanyFields::default()
        };
        (
            self.client
                .put_company(&fields)
                .await
                .expect("a company")
                .id,
            own,
        )
    }

    async fn tag(&self) -> String {
        let name = self.fresh("tag");
        self.client.create_tag(&name).await.expect("a tag").id
    }

    async fn conversation(&self) -> String {
        let new = NewConversation {
            contact_id: self.contact(ContactRole::User).await,
            contact_type: "user".to_owned(),
            body: "The currency is wrong.".to_owned(),
            created_at: None,
        };
        self.client
            .create_conversation(&new)
            .await
            .expect("a conversation")
    }

    async fn ticket(&self) -> String {
        let new = NewTicket {
            ticket_type_id: self.ticket_type.clone(),
            contact: Who::Id(self.contact(ContactRole::User).await),
            attributes: Default::default(),
            company_id: None,
            conversation_to_link_id: None,
        };
        self.client.create_ticket(&new).await.expect("a ticket").id
    }

    async fn article(&self) -> String {
        let fields = ArticleFields {
            title: "Export".into(),
            author_id: ADMIN.into(),
            ..ArticleFields::default()
        };
        self.client
            .create_article(&fields)
            .await
            .expect("an article")
            .id
    }

    async fn attribute(&self) -> String {
        let name = self.fresh("attribute").replace('-', "_");
        let fields = AttributeFields::default();
        let made =
            self.client
                .create_data_attribute(AttributeModel::Contact, &name, "string", &fields);
        made.await.expect("an attribute").id.expect("its id")
    }

    /// The inputs that an action needs, filled in with things that are there.
    pub(super) async fn fill(&self, action: &Action) -> Vec<(&'static str, String)> {
        let mut filled = Vec::new();
        for input in action.inputs {
            if input.required || self.is_wanted(action, input) {
                filled.push((input.name, self.value(action, input).await));
            }
        }
        self.prepare(action, &mut filled).await;
        filled
    }

    /// Inputs of which one has to be filled in although each may stay empty.
    fn is_wanted(&self, action: &Action, input: &Input) -> bool {
        matches!(
            (action.id, input.name),
            ("contacts.update", "name")
                | ("contacts.search", "email")
                | ("companies.update", "company_id" | "name")
                | ("tickets.create", "contact_id")
                | (
                    "tickets.update" | "conversations.update" | "articles.update",
                    "title"
                )
                | ("conversations.assign", "assignee_id")
                | ("events.list" | "events.create", "contact_id")
                | ("data_attributes.update", "description")
        )
    }

    async fn value(&self, action: &Action, input: &Input) -> String {
        match (action.id, input.name) {
            ("companies.create", "company_id") => self.fresh("firm"),
            ("companies.update", "company_id") => self.company().await.1,
            ("tags.update", "name") | ("data_attributes.create", "name") => {
                self.fresh("renamed").replace('-', "_")
            }
            ("articles.create", "author_id") => ADMIN.to_owned(),
            ("contacts.get_by_external_id", _) => {
                let id = self.contact(ContactRole::User).await;
                let contact = self.client.contact(&id).await.expect("a contact");
                contact.external_id.expect("its external id")
            }
            (_, "contact_id" | "user_id") => self.contact(ContactRole::User).await,
            (_, "lead_id") => self.contact(ContactRole::Lead).await,
            (_, "company_id") => self.company().await.0,
            (_, "tag_id") => self.tag().await,
            (_, "admin_id" | "assignee_id") => ADMIN.to_owned(),
            (_, "conversation_id") => self.conversation().await,
            (_, "ticket_id") => self.ticket().await,
            (_, "ticket_type_id") => self.ticket_type.clone(),
            (_, "article_id") => self.article().await,
            (_, "attribute_id") => self.attribute().await,
            _ => input.example.to_owned(),
        }
    }

    /// What has to be so before: what is detached is attached, what is unarchived is archived.
    async fn prepare(&self, action: &Action, filled: &mut Vec<(&'static str, String)>) {
        let of = |name: &str| {
            let found = filled.iter().find(|(input, _)| *input == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let (contact, company, tag) = (of("contact_id"), of("company_id"), of("tag_id"));
        let (conversation, ticket) = (of("conversation_id"), of("ticket_id"));
        let client = &self.client;
        match action.id {
            "contacts.unarchive" => drop(client.archive_contact(&contact).await.unwrap()),
            "contacts.detach_company" => {
                drop(client.attach_company(&contact, &company).await.unwrap());
            }
            "contacts.detach_tag" => drop(client.tag_contact(&contact, &tag).await.unwrap()),
            "conversations.detach_tag" => {
                let tagged = client.tag_conversation(&conversation, &tag, ADMIN);
                drop(tagged.await.unwrap());
            }
            "tickets.detach_tag" => drop(client.tag_ticket(&ticket, &tag, ADMIN).await.unwrap()),
            "conversations.reopen" => {
                drop(client.close(&conversation, ADMIN, None).await.unwrap());
            }
            "conversations.redact" => {
                let reply = Reply::from_admin(ADMIN, "Call me on 555 0100.");
                let answered = self
                    .client
                    .reply(&conversation, &reply)
                    .await
                    .expect("a reply");
                let last = answered.messages().last().expect("a message").id.clone();
                filled.push(("part_id", last));
            }
            _ => {}
        }
    }
}
