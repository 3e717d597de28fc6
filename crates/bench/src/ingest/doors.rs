//! Intercom connections to send to, stored as the product stores them.

use crate::Failure;
use earmark_connections::{Endpoints, HostMap, SourcesEnvironment, Store};
use earmark_db::Db;
use earmark_db::tenant::Actor;
use earmark_intercom::{Http, LocalBudget, Policy};
use earmark_seal::{KeyRing, MasterKey};
use earmark_testkit::build;
use std::sync::Arc;

/// One connection's webhook address, and what its webhooks are signed with.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) path: String,
    pub(crate) app_id: String,
    pub(crate) secret: String,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Door").field(&self.app_id).finish()
    }
}

/// The connections of a run, and the finder that leads requests to them.
#[derive(Debug)]
pub(crate) struct Doors {
    pub(crate) all: Vec<Door>,
    pub(crate) endpoints: Endpoints,
}

impl Doors {
    /// Makes `count` connections in one workspace.
    pub(crate) async fn open(db: &Db, count: usize) -> Result<Self, Failure> {
        let environment = Arc::new(SourcesEnvironment(db.sources().clone()));
        let store = Store::new(
            db.clone(),
            KeyRing::new(MasterKey::generate(db.sources()), []),
            HostMap::intercom()?,
            Http::new(Policy::default(), environment.clone())?,
            Arc::new(LocalBudget::new(environment)),
        );
        let workspace = build::people(db, "Quillwater").await.workspace.id;
        let mut all = Vec::with_capacity(count);
        for number in 0..count {
            let app_id = format!("bench{number}");
            let connection = build::connection(db, workspace, &app_id).await;
            let secret = db.sources().token();
            store
                .set_client_secret(workspace, &Actor::default(), connection.id, &secret)
                .await?;
            all.push(Door {
                path: format!("/hooks/intercom/{}", connection.endpoint_token),
                app_id,
                secret,
            });
        }
        Ok(Self {
            all,
            endpoints: Endpoints::new(store),
        })
    }
}
