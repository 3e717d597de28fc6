//! Connecting, reconnecting and switching, when all goes well.

use crate::support::{OWN_SECRET, TOKEN, World, parameter};
use earmark_connections::{AppError, Mirrored, Region, TokenForm, client_key};
use earmark_db::tenant::{SecretKind, Via};
use earmark_intercom::Lane;
use earmark_model::{ConnectionStatus, Job, Method};
use earmark_sandbox::{DEMO_APP_ID, DEMO_EU_APP_ID, DEMO_OAUTH_CLIENT_ID, DEMO_OWN_CLIENT_ID};
use earmark_testkit::{both_databases, build};

fn installation() -> Via {
    Via::Installation {
        client_key: client_key(DEMO_OAUTH_CLIENT_ID),
    }
}

fn pasted(reconnect: Option<earmark_model::ConnectionId>) -> TokenForm {
    TokenForm {
        name: String::new(),
        region: Region::Us,
        token: TOKEN.to_owned(),
        reconnect,
    }
}

both_databases! {
    async fn a_granted_access_becomes_a_connection(t: TestDb) {
        let world = World::new(t).await;
        let page = world.begin(None).await;
        let names: Vec<_> = page.query_pairs().map(|(name, _)| name.into_owned()).collect();
        assert_eq!(names, ["response_type", "client_id", "state", "redirect_uri"], "and no scope");
        assert_eq!(parameter(&page, "client_id").as_deref(), Some(DEMO_OAUTH_CLIENT_ID));
        assert_eq!(parameter(&page, "redirect_uri").as_deref(), Some("https://earmark.example/auth/intercom/callback"));
        let answer = world.decide(&page, DEMO_APP_ID, "authorize").await;
        let finished = world.finish(answer).await.unwrap();
        assert_eq!((finished.workspace, finished.chosen), (world.workspace(), Some(Region::Us)));
        let connected = finished.connected;
        assert_eq!((connected.app_name.as_str(), connected.region), ("Quillwater Support", Region::Us));
        assert_eq!((connected.replaced, connected.switched, connected.method), (false, false, Method::OAuth));

        let row = world.connection(connected.connection).await;
        assert_eq!((row.app_id.as_str(), row.name.as_str()), (DEMO_APP_ID, "Quillwater Support"));
        assert_eq!((row.status, row.via), (ConnectionStatus::Connected, installation()));
        assert_eq!(world.secrets(row.id, SecretKind::AccessToken).await.len(), 1);
        assert_eq!(world.secrets(row.id, SecretKind::RefreshToken).await.len(), 0);
        let ready = world.store.client(world.workspace(), row.id, Lane::Interactive).await.unwrap();
        assert_eq!(ready.client.me().await.unwrap().app.id_code, DEMO_APP_ID);

        let tenant = world.t.db.workspace(world.workspace());
        assert!(tenant.is_queued(&Job::CheckConnection { connection: row.id }).await.unwrap());
        assert!(tenant.is_queued(&Job::RefreshTags { connection: row.id }).await.unwrap());
        let lines = tenant.audit_lines(10).await.unwrap();
        assert_eq!((lines[0].actor, lines[0].action.as_str()), (world.actor().user, "connection.created"));
        assert!(lines[0].detail.contains("oauth"), "{}", lines[0].detail);
        let installs = world.t.db.across().installs(&client_key(DEMO_OAUTH_CLIENT_ID), DEMO_APP_ID).await.unwrap();
        let installs: Vec<_> = installs.iter().map(|one| (one.workspace, one.connection)).collect();
        assert_eq!(installs, [(world.workspace(), row.id)]);
    }

    async fn each_connection_is_to_another_intercom_workspace(t: TestDb) {
        let world = World::new(t).await;
        let first = world.connect(DEMO_APP_ID, None).await;
        let second = world.connect(DEMO_EU_APP_ID, None).await;
        assert_ne!(first.connection, second.connection);
        assert_eq!((second.app_name.as_str(), second.region), ("Fjordline Care", Region::Eu));
        let again = world.connect(DEMO_APP_ID, None).await;
        assert_eq!((again.connection, again.replaced, again.switched), (first.connection, true, false));
        assert_eq!(world.connections().await, 2);
    }

    async fn the_own_app_takes_precedence_and_stays_while_it_is_used(t: TestDb) {
        let world = World::new(t).await;
        let (workspace, actor, store) = (world.workspace(), world.actor(), &world.store);
        let through = async || store.app_for(workspace).await.unwrap().unwrap().via;
        assert_eq!(through().await, installation());
        let app = store.add_app(workspace, &actor, &format!(" {DEMO_OWN_CLIENT_ID}\n"), OWN_SECRET).await.unwrap();
        let own = Via::OwnApp { app, client_key: client_key(DEMO_OWN_CLIENT_ID) };
        assert_eq!(through().await, own);
        let connected = world.connect(DEMO_APP_ID, None).await;
        let row = world.connection(connected.connection).await;
        assert_eq!(row.via, own);

        for refused in [
            store.remove_app(workspace, &actor).await,
            store.add_app(workspace, &actor, "another-client", "another-secret").await.map(drop),
        ] {
            assert!(matches!(&refused, Err(AppError::InUse(names)) if *names == [row.name.as_str()]), "{refused:?}");
        }
        let former = build::people(&world.t.db, "Harrow Lane").await.workspace.id;
        assert_eq!(store.app_for(former).await.unwrap().unwrap().via, installation(), "it is another workspace's");

        // Adding it again replaces its secret; two live ones verify.
        let again = store.add_app(workspace, &actor, DEMO_OWN_CLIENT_ID, "another-client-secret").await.unwrap();
        assert_eq!(again, app);
        store.replace_app_secret(workspace, &actor, "a-third-client-secret").await.unwrap();
        let credentials = store.app_for(workspace).await.unwrap().unwrap().credentials;
        let secrets: Vec<_> = credentials.secrets.iter().map(|one| one.expose_str().unwrap()).collect();
        assert_eq!(secrets[0], "a-third-client-secret", "the newest is asked with");
        assert_eq!(secrets.len(), 2);

        store.disconnect(workspace, &actor, row.id, Mirrored::Keep).await.unwrap();
        store.remove_app(workspace, &actor).await.unwrap();
        assert_eq!(through().await, installation());
        let tenant = world.t.db.workspace(workspace);
        assert!(tenant.secrets(app, SecretKind::ClientId).await.unwrap().is_empty());
        assert!(matches!(store.remove_app(workspace, &actor).await, Err(AppError::Missing)));
        let actions: Vec<_> = tenant.audit_lines(20).await.unwrap().into_iter().map(|line| line.action).collect();
        assert!(actions.contains(&"oauth_app.added".to_owned()) && actions.contains(&"oauth_app.removed".to_owned()));
    }

    async fn what_cannot_be_an_app_is_not_stored(t: TestDb) {
        let world = World::new(t).await;
        let add = async |id: &str, secret: &str| {
            world.store.add_app(world.workspace(), &world.actor(), id, secret).await.unwrap_err()
        };
        for id in ["", "abc", "two words", "line\nline", "\u{200b}abcdef"] {
            assert!(matches!(add(id, OWN_SECRET).await, AppError::NotAClientId), "{id:?}");
        }
        for secret in ["", "short", "two words here", "gehéimnis-12"] {
            assert!(matches!(add("client-id", secret).await, AppError::NotASecret), "{secret:?}");
        }
        assert_eq!(world.t.db.workspace(world.workspace()).oauth_app().await.unwrap(), None);
    }

    async fn switching_methods_wipes_what_the_other_left(t: TestDb) {
        let world = World::new(t).await;
        let (workspace, actor, store) = (world.workspace(), world.actor(), &world.store);
        let id = store.connect_with_token(workspace, &actor, pasted(None)).await.unwrap().connection;
        store.set_client_secret(workspace, &actor, id, "a-private-client-secret").await.unwrap();
        store.set_feedback(workspace, &actor, id, true).await.unwrap();
        let before = world.connection(id).await;

        let connected = world.connect(DEMO_APP_ID, Some(id)).await;
        assert_eq!((connected.connection, connected.switched), (id, true));
        let row = world.connection(id).await;
        assert_eq!((row.via, row.name, row.feedback_on_at), (installation(), before.name, before.feedback_on_at));
        assert!(world.secrets(id, SecretKind::ClientSecret).await.is_empty());
        assert_eq!(world.secrets(id, SecretKind::AccessToken).await.len(), 1);
        let endpoint = world.t.db.across().endpoint(&row.endpoint_token).await.unwrap().unwrap();
        assert!(endpoint.closed_at.is_some());

        let back = store.connect_with_token(workspace, &actor, pasted(Some(id))).await.unwrap();
        assert_eq!((back.connection, back.switched, back.method), (id, true, Method::AccessToken));
        assert_eq!(world.connection(id).await.via, Via::Token);
        assert_eq!(world.secrets(id, SecretKind::AccessToken).await.len(), 1);
        let endpoint = world.t.db.across().endpoint(&row.endpoint_token).await.unwrap().unwrap();
        assert_eq!(endpoint.closed_at, None);
    }
}
