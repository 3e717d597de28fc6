//! What an action is, as data: form, command, validation and tests come from it.

use crate::plan::Build;
use earmark_intercom::{Operation, operations};
use earmark_model::{Permission, Right};

/// What an action does at Intercom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Reads.
    Reads,
    /// Creates or changes something.
    Changes,
    /// Takes something away for good, or out of sight: it is confirmed first.
    Destroys,
}

impl Effect {
    /// The right that running it takes.
    #[must_use]
    pub const fn right(self) -> Right {
        match self {
            Self::Reads => Right::RunReadActions,
            Self::Changes | Self::Destroys => Right::RunActions,
        }
    }
}

/// What an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Contacts.
    Contacts,
    /// Companies.
    Companies,
    /// Tags and segments.
    Tags,
    /// Conversations.
    Conversations,
    /// Tickets and their types.
    Tickets,
    /// The help centre.
    Articles,
    /// Teammates, attributes, events.
    Workspace,
    /// What has no action of its own.
    Raw,
}

impl Group {
    /// Every group, in the order they are listed.
    pub const ALL: [Self; 8] = [
        Self::Contacts,
        Self::Companies,
        Self::Tags,
        Self::Conversations,
        Self::Tickets,
        Self::Articles,
        Self::Workspace,
        Self::Raw,
    ];

    /// Its name.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Contacts => "Contacts",
            Self::Companies => "Companies",
            Self::Tags => "Tags",
            Self::Conversations => "Conversations",
            Self::Tickets => "Tickets",
            Self::Articles => "Articles",
            Self::Workspace => "Intercom workspace",
            Self::Raw => "Anything else",
        }
    }
}

/// The permission of the Intercom app that an action takes, as the Developer Hub names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Needs {
    /// Lists of contacts and companies.
    ListPeople,
    /// One contact or company.
    OnePerson,
    /// Writing contacts and companies.
    WritePeople,
    /// Tags.
    ReadTags,
    /// Writing tags.
    WriteTags,
    /// Conversations.
    ReadConversations,
    /// Writing conversations.
    WriteConversations,
    /// Tickets.
    ReadTickets,
    /// Writing tickets.
    WriteTickets,
    /// Articles.
    ReadArticles,
    /// Writing articles.
    WriteArticles,
    /// Teammates.
    ReadAdmins,
    /// Events.
    ReadEvents,
    /// Writing events.
    WriteEvents,
    /// Writing data attributes.
    WriteAttributes,
    /// That of whatever is asked for.
    Whatever,
}

impl Needs {
    /// The permission in Intercom's words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::ListPeople => "Read and list users and companies",
            Self::OnePerson => "Read one user and one company",
            Self::WritePeople => "Write users and companies",
            Self::ReadTags => "Read tags",
            Self::WriteTags => "Write tags",
            Self::ReadConversations => "Read conversations",
            Self::WriteConversations => "Write conversations",
            Self::ReadTickets => "Read tickets",
            Self::WriteTickets => "Write tickets",
            Self::ReadArticles => "Read and list articles",
            Self::WriteArticles => "Read and write articles",
            Self::ReadAdmins => "Read admins",
            Self::ReadEvents => "Read events",
            Self::WriteEvents => "Write events",
            Self::WriteAttributes => "Write data attributes",
            Self::Whatever => "the permission of the endpoint that is asked",
        }
    }

    /// The permission of the connection's checks that a run proves or disproves.
    #[must_use]
    pub const fn evidence(self) -> Option<Permission> {
        match self {
            Self::ListPeople => Some(Permission::ReadListUsersCompanies),
            Self::OnePerson => Some(Permission::ReadOneUserCompany),
            Self::WritePeople => Some(Permission::ReadWriteUsers),
            Self::ReadTags => Some(Permission::ReadTags),
            Self::ReadConversations => Some(Permission::ReadConversations),
            Self::ReadAdmins => Some(Permission::ReadAdmins),
            _ => None,
        }
    }
}

/// Where suggestions for an id come from: our copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pick {
    /// The connection's tags.
    Tags,
    /// Its companies, when contacts are copied.
    Companies,
    /// Its teammates.
    Admins,
    /// Its ticket types.
    TicketTypes,
}

/// The kind of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One line of at most so many characters.
    Text(usize),
    /// Several lines of at most so many characters.
    Long(usize),
    /// A whole number between these.
    Number(i64, i64),
    /// Yes or no.
    Flag,
    /// A date with time: RFC 3339, a day, or Unix seconds; without a zone it is UTC.
    Date,
    /// One of these: the value and its name.
    Choice(&'static [(&'static str, &'static str)]),
    /// JSON; an object when true.
    Json(bool),
    /// Intercom's id of something, with suggestions.
    Id(Option<Pick>),
    /// At most so many values, one a line or parted by commas.
    List(usize),
    /// `name=value` lines, parted by this character.
    Pairs(char),
    /// At most so many files.
    Files(usize),
    /// Not offered by Intercom; the help says what is there instead.
    Absent,
}

/// An input of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input {
    /// Its name in forms and on the command line.
    pub name: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// A sentence about it; may be empty.
    pub help: &'static str,
    /// A value that it takes.
    pub example: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Whether it must be filled in.
    pub required: bool,
}

impl Input {
    pub(crate) const fn new(name: &'static str, label: &'static str, kind: Kind) -> Self {
        Self {
            name,
            label,
            help: "",
            example: "",
            kind,
            required: false,
        }
    }

    pub(crate) const fn id(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Id(None))
    }

    pub(crate) const fn text(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Text(255))
    }

    pub(crate) const fn help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }

    pub(crate) const fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}

/// A described operation of Intercom.
#[derive(Debug, Clone, Copy)]
pub struct Action {
    /// Its id, such as `contacts.create`.
    pub id: &'static str,
    /// Its name.
    pub title: &'static str,
    /// One sentence about it.
    pub help: &'static str,
    /// What it is about.
    pub group: Group,
    /// What it does.
    pub effect: Effect,
    /// The permission the Intercom app needs.
    pub needs: Needs,
    /// The client's operation it makes, by name; empty for the raw request.
    pub operation: &'static str,
    /// What is filled in, in the order of the form.
    pub inputs: &'static [Input],
    pub(crate) build: Build,
}

impl Action {
    /// The action with this id.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        Self::all().find(|action| action.id == id)
    }

    /// Every action, by group.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        crate::catalog::ALL.iter().copied().flatten().copied()
    }

    /// An input by its name.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&'static Input> {
        self.inputs.iter().find(|input| input.name == name)
    }

    /// The right that running it takes.
    #[must_use]
    pub const fn right(&self) -> Right {
        self.effect.right()
    }

    /// Method and path, such as `PUT /contacts/{contact_id}`.
    #[must_use]
    pub fn endpoint(&self) -> Option<String> {
        let operation: &Operation = operations()
            .iter()
            .find(|operation| operation.name == self.operation)?;
        Some(format!("{} {}", operation.method, operation.path))
    }

    /// Whether it can fetch every page of its list.
    #[must_use]
    pub fn fetches_all(&self) -> bool {
        self.input(crate::catalog::FETCH_ALL.name).is_some()
    }

    /// Whether its form takes files.
    #[must_use]
    pub fn takes_files(&self) -> bool {
        let mut kinds = self.inputs.iter().map(|input| input.kind);
        kinds.any(|kind| matches!(kind, Kind::Files(_)))
    }
}
