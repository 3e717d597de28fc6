//! Fresh, migrated databases of both kinds.

use crate::cluster::{self, Cluster};
use chrono::{DateTime, Utc};
use earmark_db::{Db, Options};
use earmark_model::{ManualClock, OsRandom, Sources};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use url::Url;
use uuid::Uuid;

/// Where a test's manual clock stands at first.
const START: &str = "2026-06-01T09:00:00Z";

/// An open, migrated database of its own for one test; its files or its database go when it is dropped.
#[derive(Debug)]
pub struct TestDb {
    /// The database.
    pub db: Db,
    /// The clock it was opened with; it stands until it is moved. Not used after [`TestDb::with_system_clock`].
    pub clock: Arc<ManualClock>,
    /// The clock and the randomness it was opened with.
    pub sources: Sources,
    /// Its URL, for opening it once more.
    pub url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(#[expect(dead_code, reason = "removes the folder when it is dropped")] TempDir),
    Postgres(&'static Cluster, String),
}

impl TestDb {
    /// A new SQLite database in a file.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn sqlite() -> Self {
        let folder = TempDir::with_prefix("earmark-sqlite-").expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("earmark.db").display());
        Self::open(url, Place::Folder(folder)).await
    }

    /// A new PostgreSQL database, in the cluster that `EARMARK_TEST_POSTGRES_URL` names or one that this process starts.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn postgres() -> Self {
        Self::on(Cluster::get).await
    }

    /// A new PostgreSQL database whose commits are on disk before they are answered, for measuring; in a cluster that
    /// this process starts.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn durable_postgres() -> Self {
        Self::on(Cluster::durable).await
    }

    /// The version of the installed PostgreSQL server.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn postgres_version() -> String {
        cluster::version()
    }

    async fn on(cluster: fn() -> &'static Cluster) -> Self {
        let name = format!(
            "earmark_{}",
            Uuid::from_bytes(Sources::system().bytes()).simple()
        );
        let made = name.clone();
        let ready = tokio::task::spawn_blocking(move || {
            let cluster = cluster();
            cluster.create(&made);
            (cluster, cluster.url_of(&made))
        });
        let (cluster, url) = ready.await.expect("a PostgreSQL database");
        Self::open(url.to_string(), Place::Postgres(cluster, name)).await
    }

    async fn open(url: String, place: Place) -> Self {
        let start: DateTime<Utc> = START.parse().expect("a time");
        let clock = Arc::new(ManualClock::new(start));
        let sources = Sources::new(clock.clone(), Arc::new(OsRandom));
        let db = connect(&Options::new(&url), &sources).await;
        db.migrate().await.expect("the database migrates");
        Self {
            db,
            clock,
            sources,
            url,
            place,
        }
    }

    /// The same database with the machine's clock.
    ///
    /// # Panics
    /// When it cannot be opened.
    #[must_use]
    pub async fn with_system_clock(mut self) -> Self {
        self.db.close().await.expect("the database closes");
        self.sources = Sources::system();
        self.db = connect(&Options::new(&self.url), &self.sources).await;
        self
    }

    /// Tells PostgreSQL's planner what the tables hold, as the server does by itself within a minute. SQLite asks for none.
    pub fn analyse(&self) {
        if let Place::Postgres(cluster, name) = &self.place {
            cluster.analyse(name);
        }
    }

    /// Opens the database once more, as another process would.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn another(&self) -> Db {
        connect(&Options::new(&self.url), &self.sources).await
    }

    /// Opens the database once more through a proxy at `addr`, with half a second of waiting for a connection.
    ///
    /// # Panics
    /// When it cannot be opened, or is SQLite.
    pub async fn through(&self, addr: SocketAddr) -> Db {
        let mut url = self.parsed();
        let moved = url
            .set_ip_host(addr.ip())
            .and_then(|()| url.set_port(Some(addr.port())));
        moved.expect("a URL with host and port");
        let options = Options {
            acquire_timeout: Duration::from_millis(500),
            ..Options::new(url)
        };
        connect(&options, &self.sources).await
    }

    /// Where the PostgreSQL server listens, for a proxy.
    ///
    /// # Panics
    /// When it is SQLite.
    #[must_use]
    pub fn server_addr(&self) -> SocketAddr {
        let addrs = self.parsed().socket_addrs(|| Some(5432));
        let addrs = addrs.expect("a PostgreSQL server's address");
        *addrs.first().expect("a PostgreSQL server's address")
    }

    fn parsed(&self) -> Url {
        Url::parse(&self.url).expect("a URL")
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        match &self.place {
            Place::Folder(_) => {}
            Place::Postgres(cluster, name) => cluster.drop(name),
        }
    }
}

async fn connect(options: &Options, sources: &Sources) -> Db {
    Db::connect(options, sources.clone())
        .await
        .expect("the database opens")
}

/// Makes of each `async fn name(db: TestDb)` two tests, `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: TestDb) $body:block)+) => {$(
        #[cfg(test)]
        mod $name {
            use super::*;

            $(#[$meta])*
            async fn test($db: $crate::TestDb) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                test($crate::TestDb::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                test($crate::TestDb::postgres().await).await;
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_model::Clock;

    both_databases! {
        async fn a_database_is_migrated_and_of_its_own(db: TestDb) {
            assert_eq!(db.db.pending_migrations().await.unwrap(), 0);
            let other = match db.place {
                Place::Folder(_) => TestDb::sqlite().await,
                Place::Postgres(..) => TestDb::postgres().await,
            };
            assert_ne!(db.url, other.url);
        }

        async fn it_can_be_opened_again_and_with_the_machines_clock(db: TestDb) {
            let people = crate::build::people(&db.db, "Quillwater").await;
            let again = db.another().await;
            let members = again.workspace(people.workspace.id).members().await.unwrap();
            assert_eq!(members.len(), 4);
            let stood = db.clock.now();
            let db = db.with_system_clock().await;
            assert!(db.db.sources().now() > stood);
        }
    }
}
