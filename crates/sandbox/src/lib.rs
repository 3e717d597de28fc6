//! A stateful imitation of Intercom with faults on demand.
//!
//! One sandbox holds several Intercom workspaces with admins, contacts, companies, tags and conversations, and the
//! apps installed on them: private ones, and OAuth apps that a visitor authorizes on a page like Intercom's. It answers
//! Intercom's REST API, sends signed webhooks, shows a page on which a visitor plays the support agent, and takes orders
//! under `/__sandbox` from the same machine. Under `/us`, `/eu` and `/au` it stands in for the hosts of one region.
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
//! | `POST seed` | `workspaces`, each `app_id` with `admins`, `tags`, `companies`, `contacts`, `conversations`, private `apps`; `oauth_apps`, each `client_id`, `name`, `client_secret`, `redirect_uris`, `uninstall_url`, `health_url`, `refresh`, `installations` (`app_id`, `token`); `deliver` sends webhooks for them; `check: false` skips the HEAD request to new webhook URLs |
//! | `GET state`, `POST reset` | everything but secrets; back to the seed of the start |
//! | `POST webhook` | `app` (client id or name), `url`, `topics`, `check` |
//! | `POST app` | an OAuth `app` with `redirect_uris`, `uninstall_url`, `health_url`, `refresh` (`expires_in` in seconds: its tokens expire and come with a refresh token); null takes away, absent stays |
//! | `POST rotate` | `app`, `client_secret` (absent makes one): answers the new secret |
//! | `POST permissions` | `app`, `permissions`, `forbids` (a missing one answers 403 `forbidden` in place of 401 `token_unauthorized`) |
//! | `POST ping` | `app`, `app_id` |
//! | `POST tokens/revoke`, `POST tokens/regenerate` | `app`, `app` and `app_id`, or `token`; a private `app`: answers the new token |
//! | `POST uninstall` | an OAuth `app` and the `app_id` it leaves; `notify: false` tells it nothing, `signed: false` leaves the signature out |
//! | `POST health` | an OAuth `app`, `app_id`, `signed`: asks its health check URL, answers `status` and `body` |
//! | `POST faults` | one or a list of `kind`, `match`, `count` and, by kind, `status` (`code`, `message`, `body`, `retry_after`, `reset` in seconds), `slow` (`ms`), `drop`, `webhook_duplicate`, `webhook_reorder` (`size`), `webhook_delay` (`ms`), `webhook_drop`; `match` is a path prefix, a method and path, or a topic |
//! | `GET faults`, `DELETE faults` | those to come; ends them, lets held webhooks go and forgets the rate windows |
//! | `GET requests`, `DELETE requests` | the newest API calls and their total |
//! | `GET deliveries`, `POST retry-now`, `POST settle` | attempts, retries, held, under way; sends retries at once; waits until nothing is under way |
//! | `POST start` | `app_id`, `contact`, `body`, `subject`, `attachments` |
//! | `POST tag`, `POST untag` | `app_id`, `conversation`, `part`, `tag`, `admin` |
//! | `POST reply`, `POST note`, `POST operator-reply` | `app_id`, `conversation`, `body`, `admin`, `attachments`, `boilerplate`; a reply without `admin` is the contact's |
//! | `POST redact`, `POST delete` | `app_id`, `conversation`, `part` |

mod api;
mod control;
mod demo;
mod faults;
mod host;
mod html;
mod limits;
mod log;
mod notices;
mod options;
mod page;
mod remote;
mod render;
mod seed;
mod shared;
mod start;
mod state;
mod webhooks;

pub use demo::{
    DEMO_APP_ID, DEMO_EU_APP_ID, DEMO_OAUTH_CLIENT_ID, DEMO_OWN_CLIENT_ID, DemoSecrets, demo_seed,
};
pub use options::{Clock, Options, Random};
pub use remote::{OrderError, Remote};
pub use start::{Error, Running, start};
