//! Seeds: a whole workspace described in JSON. What exists under the same id is replaced, so a seed can be repeated.

pub(crate) mod apps;
mod conversation;

use serde::Deserialize;
use serde_json::Value;

use crate::state::event::Event;
use crate::state::people::{Admin, Company, Contact, Role, Tag};
use crate::state::{IdKind, Region, State, Workspace};
use apps::{SeedApp, SeedOauth, known_topics};
use conversation::SeedConversation;

/// What `POST /__sandbox/seed` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seed {
    #[serde(default)]
    pub(crate) workspaces: Vec<SeedWorkspace>,
    #[serde(default)]
    pub(crate) oauth_apps: Vec<SeedOauth>,
    /// Send webhooks for new and changed contacts and companies and for new conversations.
    #[serde(default)]
    pub(crate) deliver: bool,
    /// Ask each new webhook URL with HEAD first.
    #[serde(default = "yes")]
    pub(crate) check: bool,
}

impl Seed {
    /// Leaves out what the state has already, so that what happened to it since stays.
    pub(crate) fn leave_out_known(&mut self, state: &State) {
        self.workspaces
            .retain(|one| !state.workspaces.contains_key(&one.app_id));
        self.oauth_apps
            .retain(|one| !state.apps.iter().any(|app| app.client_id == one.client_id));
    }

    /// The webhook URLs it brings along.
    pub(crate) fn webhook_urls(&self) -> impl Iterator<Item = &str> {
        let private = self.workspaces.iter().flat_map(|one| &one.apps);
        let private = private.filter_map(|app| app.webhook_url.as_deref());
        let oauth = self.oauth_apps.iter();
        private.chain(oauth.filter_map(|app| app.webhook_url.as_deref()))
    }
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeedWorkspace {
    app_id: String,
    name: Option<String>,
    region: Option<Region>,
    timezone: Option<String>,
    utc_offset_minutes: Option<i32>,
    #[serde(default)]
    admins: Vec<Admin>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    companies: Vec<Company>,
    #[serde(default)]
    contacts: Vec<Contact>,
    #[serde(default)]
    conversations: Vec<SeedConversation>,
    #[serde(default)]
    pub(crate) apps: Vec<SeedApp>,
}

/// Reads a seed.
pub(crate) fn parse(value: Value) -> Result<Seed, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

/// Hears of what a seed changed.
pub(crate) type Listener<'a> = &'a mut dyn FnMut(&str, Event);

/// Puts a seed in. On an error nothing of the failing entry and what follows it is put in.
pub(crate) fn apply(
    state: &mut State,
    seed: Seed,
    now: i64,
    on: Listener<'_>,
) -> Result<(), String> {
    for wanted in seed.workspaces {
        let app_id = wanted.app_id.clone();
        for app in wanted.apps.iter() {
            known_topics(app.topics.as_deref())?;
        }
        let workspace = state
            .workspaces
            .entry(app_id.clone())
            .or_insert_with(|| Workspace::new(&app_id, now));
        let apps = fill(workspace, wanted, now, &mut |event| on(&app_id, event))?;
        for app in apps {
            app.install(state, &app_id)?;
        }
    }
    for app in seed.oauth_apps {
        known_topics(app.topics.as_deref())?;
        app.register(state)?;
    }
    Ok(())
}

fn fill(
    workspace: &mut Workspace,
    wanted: SeedWorkspace,
    now: i64,
    on: &mut dyn FnMut(Event),
) -> Result<Vec<SeedApp>, String> {
    let SeedWorkspace {
        app_id: _,
        name,
        region,
        timezone,
        utc_offset_minutes,
        admins,
        tags,
        companies,
        contacts,
        conversations,
        apps,
    } = wanted;
    workspace.name = name.unwrap_or_else(|| workspace.name.clone());
    workspace.region = region.unwrap_or(workspace.region);
    workspace.timezone = timezone.unwrap_or_else(|| workspace.timezone.clone());
    workspace.utc_offset_minutes = utc_offset_minutes.unwrap_or(workspace.utc_offset_minutes);
    for mut admin in admins {
        named(workspace, &mut admin.id, IdKind::Admin);
        workspace.admins.retain(|known| known.id != admin.id);
        workspace.admins.push(admin);
    }
    for mut tag in tags {
        named(workspace, &mut tag.id, IdKind::Tag);
        workspace.tags.retain(|known| known.id != tag.id);
        workspace.tags.push(tag);
    }
    for company in companies {
        put_company(workspace, company, now, on);
    }
    for contact in contacts {
        put_contact(workspace, contact, now, on);
    }
    for conversation in conversations {
        conversation::put(workspace, conversation, now, on)?;
    }
    Ok(apps)
}

fn named(workspace: &mut Workspace, id: &mut String, kind: IdKind) {
    if id.is_empty() {
        *id = workspace.digits(kind);
    } else {
        workspace.taken(id);
    }
}

fn put_company(
    workspace: &mut Workspace,
    mut company: Company,
    now: i64,
    on: &mut dyn FnMut(Event),
) {
    if company.id.is_empty() {
        company.id = workspace.hex(now);
    }
    let before = workspace.companies.get(&company.id);
    if company.created_at == 0 {
        company.created_at = before.map_or(now, |before| before.created_at);
    }
    if company.updated_at == 0 {
        company.updated_at = if before.is_some() {
            now
        } else {
            company.created_at
        };
    }
    let topic = match before {
        None => "company.created",
        Some(before) if *before == company => return,
        Some(_) => "company.updated",
    };
    let id = company.id.clone();
    workspace.companies.insert(id.clone(), company);
    on(Event::Company { topic, company: id });
}

fn put_contact(
    workspace: &mut Workspace,
    mut contact: Contact,
    now: i64,
    on: &mut dyn FnMut(Event),
) {
    if contact.id.is_empty() {
        contact.id = workspace.hex(now);
    }
    let before = workspace.contacts.get(&contact.id);
    if contact.created_at == 0 {
        contact.created_at = before.map_or(now, |before| before.created_at);
    }
    if contact.updated_at == 0 {
        contact.updated_at = if before.is_some() {
            now
        } else {
            contact.created_at
        };
    }
    let topic = match before {
        None => "contact.user.created",
        Some(before) if *before == contact => return,
        Some(_) => "contact.user.updated",
    };
    let id = contact.id.clone();
    let is_user = contact.role == Role::User;
    workspace.contacts.insert(id.clone(), contact);
    // Leads have topics of their own, which the sandbox does not send.
    if is_user {
        on(Event::Contact { topic, contact: id });
    }
}
