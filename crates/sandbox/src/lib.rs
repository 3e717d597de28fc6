//! A stateful imitation of Intercom with faults on demand.
//!
//! One sandbox holds several Intercom workspaces with admins, contacts, companies, tags and conversations, and the
//! private apps installed on them. It answers Intercom's REST API, sends signed webhooks, shows a page on which a
//! visitor plays the support agent, and takes orders under `/__sandbox` from the same machine.
//!
//! It is written from Intercom's published API description and webhook reference and shares no type with the client
//! it is there to test, since shared types would share mistakes.

//! # `/__sandbox`, for programs on the same machine
//!
//! Bodies and answers are JSON. `part` absent, empty or the id of the opening message means the opening message; a tag is
//! named by id or name; an absent `admin` is the first one; a body that begins with `<` is HTML.
//!
//! | call | body or answer |
//! |---|---|
//! | `POST seed` | `workspaces`, each `app_id` with `admins`, `tags`, `teams`, `attributes`, `segments`, `subscription_types`, `companies`, `contacts`, `conversations`, `apps`; `deliver` sends webhooks for them; `check: false` skips the HEAD request to new webhook URLs |
//! | `GET state`, `POST reset` | everything but secrets; back to the seed of the start |
//! | `POST webhook` | `app` (client id or name), `url`, `topics`, `check` |
//! | `POST ping`, `POST tokens/revoke` | `app`; `app` or `token` |
//! | `POST faults` | one or a list of `kind`, `match`, `count` and, by kind, `status` (`code`, `message`, `body`, `retry_after`, `reset` in seconds), `slow` (`ms`), `drop`, `cut` (half a body), `wrong_json` (`body`), `webhook_duplicate`, `webhook_reorder` (`size`), `webhook_delay` (`ms`), `webhook_drop`; `match` is a path prefix, a method and path, or a topic |
//! | `GET faults`, `DELETE faults` | those to come; ends them, lets held webhooks go and forgets the rate windows |
//! | `GET requests`, `DELETE requests` | the newest API calls and their total |
//! | `GET deliveries`, `POST retry-now`, `POST settle` | attempts, retries, held, under way; sends retries at once; waits until nothing is under way |
//! | `POST start` | `app_id`, `contact`, `body`, `subject`, `attachments` |
//! | `POST tag`, `POST untag` | `app_id`, `conversation`, `part`, `tag`, `admin` |
//! | `POST reply`, `POST note`, `POST operator-reply` | `app_id`, `conversation`, `body`, `admin`, `attachments`, `boilerplate`; a reply without `admin` is the contact's |
//! | `POST redact`, `POST delete` | `app_id`, `conversation`, `part` |
//! | `POST contacts/create`, `contacts/update` | `app_id`, `contact`, `fields` as the API's own body |
//! | `POST contacts/archive`, `contacts/unarchive`, `contacts/delete` | `app_id`, `contact` |
//! | `POST contacts/merge` | `app_id`, `contact`, `into`, whatever their roles |
//! | `POST contacts/tag`, `contacts/untag` | `app_id`, `contact`, `tag` |
//! | `POST contacts/attach`, `contacts/detach` | `app_id`, `contact`, `company` (Intercom's id) |
//! | `POST companies/put`, `companies/update`, `companies/delete` | `app_id`, `company`, `fields` as the API's own body |

mod api;
mod control;
mod demo;
mod faults;
mod html;
mod limits;
mod log;
mod options;
mod page;
mod remote;
mod render;
mod search;
mod seed;
mod shared;
mod start;
mod state;
mod webhooks;

pub use demo::{DEMO_APP_ID, demo_seed};
pub use options::{Clock, Generate, Options, Random};
pub use remote::{OrderError, Remote};
pub use start::{Error, Running, start};
