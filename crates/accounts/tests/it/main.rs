//! What the accounts do, on both databases.
#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail by panicking, as its tests do"
)]

mod feedback;
mod log_in;
mod members;
mod products;
mod sessions;
mod sign_up;

use chrono::TimeDelta;
use earmark_accounts::{Accounts, Member, Password, Settings, SignUp, User};
use earmark_db::tenant::{AuditLine, Workspace};
use earmark_db::{Db, Options};
use earmark_model::{ManualClock, Random, Sources};
use earmark_testkit::TestDb;
use std::net::IpAddr;
use std::sync::Arc;

const PASSWORD: &str = "four words in a row";
const ADDRESS: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)));

fn settings() -> Settings {
    Settings {
        sign_up_open: true,
        session: TimeDelta::days(30),
        login_attempts_per_account: 3,
        login_attempts_per_address: 6,
        login_window: TimeDelta::minutes(15),
    }
}

fn accounts(db: &TestDb) -> Accounts {
    Accounts::new(db.db.clone(), settings())
}

fn priya() -> SignUp {
    SignUp {
        name: "Priya".to_owned(),
        email: "Priya@Quillwater.example".to_owned(),
        password: Password::from(PASSWORD),
        workspace_name: "Quillwater".to_owned(),
    }
}

fn someone(email: &str, workspace: &str) -> SignUp {
    SignUp {
        email: email.to_owned(),
        workspace_name: workspace.to_owned(),
        ..priya()
    }
}

async fn signed_up(accounts: &Accounts) -> (User, Workspace) {
    accounts.sign_up(priya(), ADDRESS).await.unwrap()
}

async fn owner(db: &TestDb) -> Member {
    let (user, workspace) = signed_up(&accounts(db)).await;
    let member = Member::load(&db.db, user.id, &workspace.slug).await;
    member.unwrap().unwrap()
}

async fn audit(db: &TestDb, workspace: &Workspace) -> Vec<AuditLine> {
    let lines = db.db.workspace(workspace.id).audit_lines(100).await;
    lines.unwrap()
}

async fn actions(db: &TestDb, workspace: &Workspace) -> Vec<String> {
    let lines = audit(db, workspace).await;
    let mut actions: Vec<_> = lines.into_iter().map(|line| line.action).collect();
    actions.sort();
    actions
}

/// The same bytes each time, so that the second id of a kind is taken.
struct Stuck;

impl Random for Stuck {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

/// The database as a process sees it that makes the same ids as any other of these, so that of two audit rows the second
/// cannot be stored.
async fn with_stuck_ids(db: &TestDb) -> Db {
    let clock = ManualClock::new(db.sources.now());
    let sources = Sources::new(Arc::new(clock), Arc::new(Stuck));
    let opened = Db::connect(&Options::new(&db.url), sources).await;
    opened.unwrap()
}
