//! What the integration tests stand on: a whole installation beside a sandbox, signed webhooks, a browser, a dump.

mod browser;
mod company;
mod dump;
mod house;
mod talk;

pub(crate) use browser::{Browser, Page};
pub(crate) use company::{Company, OTHER_TAG, PASSWORD, Plan, TAG, TAGS, VIP, connect};
pub(crate) use dump::{Dump, assert_nowhere};
pub(crate) use house::{House, INSTALLATION, config, options, post, sign};
pub(crate) use talk::{CONTACT, Talk, Who, fixture, notification_id};

/// Makes of each `async fn name(house: House)` a test on each database, over an installation with a manual clock.
macro_rules! houses {
    ($($(#[$meta:meta])* async fn $name:ident($house:ident: House) $body:block)+) => {
        earmark_testkit::both_databases! {$(
            $(#[$meta])*
            async fn $name(db: TestDb) {
                let $house = crate::support::House::start(db).await;
                $body
                $house.stop().await;
            }
        )+}
    };
}
pub(crate) use houses;
