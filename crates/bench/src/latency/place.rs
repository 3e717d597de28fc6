//! Two workspaces on one database, with the letterbox and the worker of a server.

use super::load::{Flood, TAG};
use crate::Failure;
use crate::backfill::store;
use crate::ingest::doors::Door;
use crate::ingest::setups::Server;
use crate::stand_in::TOKEN;
use earmark_connections::{Endpoints, Region, Store, TokenForm};
use earmark_db::Db;
use earmark_db::tenant::Actor;
use earmark_ingest::{Ingest, Settings};
use earmark_jobs::{Handlers, Worker};
use earmark_model::{ConnectionId, JobKind, WorkspaceId};
use earmark_sync::{Ask, LaneHandler, RunHandler, ask_run, set_contacts};
use earmark_testkit::{TestDb, build};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Intercom connections of the workspace that is measured.
const CONNECTIONS: usize = 20;

/// What is measured.
pub(super) struct Place {
    pub(super) db: Db,
    pub(super) workspace: WorkspaceId,
    pub(super) doors: Vec<Door>,
    connections: Vec<ConnectionId>,
    neighbour: (WorkspaceId, ConnectionId, Door),
    server: Server,
    worker: JoinHandle<()>,
    stop: CancellationToken,
    next: AtomicU64,
}

impl Place {
    /// Sets both workspaces up and starts serving.
    pub(super) async fn open(t: &TestDb, intercom: &str) -> Result<Self, Failure> {
        let db = t.db.clone();
        let store = store(&db, intercom)?;
        let workspace = build::people(&db, "Quillwater").await.workspace.id;
        let (mut doors, mut connections) = (Vec::new(), Vec::new());
        for number in 0..CONNECTIONS {
            let app_id = format!("bench{number}");
            let connection = build::connection(&db, workspace, &app_id).await.id;
            doors.push(door(&db, &store, workspace, connection).await?);
            connections.push(connection);
        }
        let neighbour = neighbour(&db, &store).await?;
        let ingest = Ingest::new(
            db.clone(),
            Endpoints::new(store.clone()),
            Settings::default(),
        );
        let server = Server::start(move |app| earmark_ingest::routes(ingest.clone())(app))?;
        let handlers = Handlers::new()
            .with(JobKind::Lane, LaneHandler(db.clone()))
            .with(
                JobKind::Run,
                RunHandler {
                    db: db.clone(),
                    store,
                },
            );
        let worker = Worker::new(db.clone(), handlers, earmark_jobs::Settings::default());
        let stop = CancellationToken::new();
        let worker = tokio::spawn({
            let stop = stop.clone();
            async move { worker.run(stop).await }
        });
        Ok(Self {
            db,
            workspace,
            doors,
            connections,
            neighbour,
            server,
            worker,
            stop,
            next: AtomicU64::new(1_000_000),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// So many numbers that no webhook had; gives the first.
    pub(super) fn numbers(&self, count: usize) -> u64 {
        self.next.fetch_add(count as u64, Ordering::Relaxed)
    }

    /// Waits until everything that was accepted has been applied, so that one load does not stand behind another.
    pub(super) async fn drain(&self, patience: Duration) -> Result<(), Failure> {
        let tenant = self.db.workspace(self.workspace);
        let until = Instant::now() + patience;
        for connection in &self.connections {
            while tenant.has_waiting_deliveries(*connection).await? {
                if Instant::now() > until {
                    return Err("deliveries are left waiting".into());
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(())
    }

    pub(super) async fn close(self) -> Result<(), Failure> {
        self.stop.cancel();
        self.worker.await?;
        self.server.stop().await;
        Ok(())
    }
}

/// A workspace whose connection reaches Intercom's stand-in.
async fn neighbour(db: &Db, store: &Store) -> Result<(WorkspaceId, ConnectionId, Door), Failure> {
    let workspace = build::people(db, "Neighbour").await.workspace.id;
    let form = TokenForm {
        name: String::new(),
        region: Region::Us,
        token: TOKEN.to_owned(),
        reconnect: None,
    };
    let connected = store
        .connect_with_token(workspace, &Actor::default(), form)
        .await?;
    let connection = connected.connection;
    let door = door(db, store, workspace, connection).await?;
    Ok((workspace, connection, door))
}

/// Opens a connection for webhooks, with the payload's tag as the trigger of a product of its own.
async fn door(
    db: &Db,
    store: &Store,
    workspace: WorkspaceId,
    connection: ConnectionId,
) -> Result<Door, Failure> {
    let actor = Actor::default();
    let secret = db.sources().token();
    store
        .set_client_secret(workspace, &actor, connection, &secret)
        .await?;
    store
        .set_feedback(workspace, &actor, connection, true)
        .await?;
    build::tags(db, workspace, connection, &[TAG], &[]).await;
    let row = db.workspace(workspace).connection(connection).await?;
    let row = row.ok_or("the connection is gone")?;
    let product = build::product(db, workspace, &format!("Product of {}", row.app_id)).await;
    let tx = db.begin().await?;
    let tenant = tx.workspace(workspace);
    tenant
        .choose_trigger_tags(product.id, &[(connection, TAG.0.to_owned())])
        .await?;
    tenant.set_product_feedback(product.id, true).await?;
    tx.commit().await?;
    Ok(Door {
        path: format!("/hooks/intercom/{}", row.endpoint_token),
        app_id: row.app_id,
        secret,
    })
}

/// The other workspace while it posts, and copies all its contacts, again and again.
pub(super) struct Neighbour {
    flood: Flood,
    workspace: WorkspaceId,
    connection: ConnectionId,
    again: JoinHandle<()>,
}

impl Neighbour {
    /// Begins, with so many keep-alive connections to post over.
    pub(super) async fn wake(place: &Place, clients: usize) -> Result<Self, Failure> {
        let (workspace, connection, door) = place.neighbour.clone();
        set_contacts(&place.db, workspace, &Actor::default(), connection, true).await?;
        let db = place.db.clone();
        let (mut changes, actor) = (db.changes(), Actor::default());
        let again = tokio::spawn(async move {
            // A copy that is complete begins anew, so that there is no pause.
            while changes.next().await.is_some() {
                let _ = ask_run(&db, workspace, &actor, connection, &Ask::Backfill).await;
                tokio::time::sleep(super::WARM_UP).await;
            }
        });
        Ok(Self {
            flood: Flood::start(place.address(), door, clients),
            workspace,
            connection,
            again,
        })
    }

    /// Webhooks that were accepted so far, and contacts that its runs have looked at.
    pub(super) async fn progress(&self, place: &Place) -> Result<(u64, u64), Failure> {
        let runs = place.db.workspace(self.workspace);
        let runs = runs.runs(Some(self.connection), None, 1_000).await?;
        let done: i64 = runs.iter().map(|run| run.counts.done).sum();
        Ok((self.flood.accepted(), u64::try_from(done)?))
    }

    /// Ends both.
    pub(super) async fn rest(self, place: &Place) -> Result<(), Failure> {
        self.again.abort();
        self.flood.stop()?;
        let actor = Actor::default();
        set_contacts(&place.db, self.workspace, &actor, self.connection, false).await?;
        Ok(())
    }
}
