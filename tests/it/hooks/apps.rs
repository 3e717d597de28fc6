//! The secret that verified decides who may receive.

use crate::hooks::{
    FORMER, SECRET, give_secret, hook, houses_with_app, installation, member_sees, neighbour,
    operator_sees, own_app, reconnect, send,
};
use crate::support::{Company, House, TAG, Talk, fixture};
use earmark_connections::Mirrored;
use earmark_db::tenant::SecretKind;
use earmark_model::Outcome;
use earmark_testkit::{both_databases, eventually};
use serde_json::{Value, json};

const OTHER_SECRET: &str = "5b0c-secret-of-the-other-houses-app";
const NEW_SECRET: &str = "e77a-regenerated-secret-of-the-app";

fn tagged(house: &House) -> Value {
    let talk = Talk::open("The currency is wrong.", house.now().timestamp());
    talk.tagged(&talk.opening, TAG, house.now())
}

/// What became of each company's deliveries, oldest first.
async fn outcomes(house: &House, company: &Company) -> Vec<Outcome> {
    house.settle().await;
    let all = company.deliveries(house).await;
    all.into_iter().rev().map(|one| one.outcome).collect()
}

houses_with_app! {
    async fn every_workspace_connected_through_the_app_gets_every_event_once(house: House) {
        let (first, second) = (&house.company, neighbour(&house).await);
        reconnect(&house, &second, &installation()).await;
        let events = [tagged(&house), tagged(&house), tagged(&house)];
        for (event, secret) in events.iter().zip([SECRET, FORMER, SECRET]) {
            assert_eq!(send(&house, &hook(&house, ""), secret, event).await, 200);
        }
        assert_eq!(send(&house, &hook(&house, ""), SECRET, &events[1]).await, 200);
        for company in [first, &second] {
            let wanted = [Outcome::Processed, Outcome::Processed, Outcome::Processed, Outcome::Repeat];
            assert_eq!(outcomes(&house, company).await, wanted);
            assert_eq!(company.tickets(&house).await.len(), 3);
        }
        // The first leaves: what comes afterwards is the second's alone.
        house.app.store.disconnect(first.workspace, &first.actor(), first.connection, Mirrored::Keep).await.unwrap();
        eventually(crate::hooks::PATIENCE, "the first is forgotten", async || {
            assert_eq!(send(&house, &hook(&house, ""), SECRET, &tagged(&house)).await, 200);
            let (before, both) = (first.deliveries(&house).await.len(), second.deliveries(&house).await.len());
            (both > before).then_some(())
        })
        .await;
    }

    async fn an_app_id_signed_with_another_apps_secret_reaches_nobody(house: House) {
        let (first, second) = (&house.company, house.another_company().await);
        let theirs = own_app(&house, &second, "the-other-houses-app").await;
        give_secret(&house, &second, &theirs, OTHER_SECRET).await;
        let event = tagged(&house);
        assert_eq!(send(&house, &theirs.hook, OTHER_SECRET, &event).await, 200, "signed, about nobody of theirs");
        assert_eq!(send(&house, &theirs.hook, SECRET, &event).await, 401);
        member_sees(&house, &second, "the signature does not match the client secret").await;
        for secret in [OTHER_SECRET, &first.client_secret, &second.client_secret] {
            assert_eq!(send(&house, &hook(&house, ""), secret, &event).await, 401);
        }
        operator_sees(&house, "the signature does not match the client secret").await;
        for company in [first, &second] {
            assert!(outcomes(&house, company).await.is_empty());
        }
    }

    async fn two_apps_in_one_intercom_workspace_are_told_apart(house: House) {
        let (first, second) = (&house.company, neighbour(&house).await);
        let theirs = own_app(&house, &second, "the-other-houses-app").await;
        give_secret(&house, &second, &theirs, OTHER_SECRET).await;
        assert_eq!(send(&house, &hook(&house, ""), SECRET, &tagged(&house)).await, 200);
        assert_eq!(outcomes(&house, first).await, [Outcome::Processed]);
        assert!(outcomes(&house, &second).await.is_empty());
        assert_eq!(send(&house, &theirs.hook, OTHER_SECRET, &tagged(&house)).await, 200);
        assert_eq!(outcomes(&house, first).await.len(), 1);
        assert_eq!(outcomes(&house, &second).await, [Outcome::Processed]);
        // The connections' own addresses are closed: nothing is read there.
        assert_eq!(send(&house, &second.hook, &second.client_secret, &tagged(&house)).await, 200);
        assert_eq!(outcomes(&house, &second).await.len(), 1);
    }

    async fn what_nobody_is_connected_to_is_not_kept_and_what_names_nobody_is_the_operators(house: House) {
        for app_id in ["someoneelse", "with\u{0}nul", &"long".repeat(100)] {
            let mut event = tagged(&house);
            event["app_id"] = json!(app_id);
            assert_eq!(send(&house, &hook(&house, ""), SECRET, &event).await, 200);
        }
        let mut nameless = fixture("ping");
        nameless["app_id"] = Value::Null;
        assert_eq!(send(&house, &hook(&house, ""), SECRET, &nameless).await, 200);
        operator_sees(&house, "signed, but it names no Intercom workspace (app_id)").await;
        assert_eq!(send(&house, &hook(&house, ""), SECRET, &json!([1])).await, 200);
        operator_sees(&house, "signed, but the body is no notification").await;
        assert!(outcomes(&house, &house.company).await.is_empty());
    }

    async fn the_former_secret_of_an_own_app_verifies_until_the_new_one_does(house: House) {
        let company = &house.company;
        let app = own_app(&house, company, "birchs-own-app").await;
        give_secret(&house, company, &app, OTHER_SECRET).await;
        assert_eq!(send(&house, &app.hook, OTHER_SECRET, &tagged(&house)).await, 200);
        give_secret(&house, company, &app, NEW_SECRET).await;
        assert_eq!(send(&house, &app.hook, OTHER_SECRET, &tagged(&house)).await, 200);
        eventually(crate::hooks::PATIENCE, "the new one verifies", async || {
            (send(&house, &app.hook, NEW_SECRET, &tagged(&house)).await == 200).then_some(())
        })
        .await;
        eventually(crate::hooks::PATIENCE, "the former one is dropped", async || {
            let left = company.tenant(&house).secrets(app.owner, SecretKind::ClientSecret).await.unwrap();
            (left.len() == 1 && left[0].verified_at.is_some()).then_some(())
        })
        .await;
        eventually(crate::hooks::PATIENCE, "and verifies no more", async || {
            (send(&house, &app.hook, OTHER_SECRET, &tagged(&house)).await == 401).then_some(())
        })
        .await;
    }

    async fn the_address_of_a_removed_app_answers_200_unread_for_thirty_days_and_then_404(house: House) {
        let company = &house.company;
        let app = own_app(&house, company, "birchs-own-app").await;
        give_secret(&house, company, &app, OTHER_SECRET).await;
        let tx = house.app.db.begin().await.unwrap();
        let id = app.via.own_app().unwrap();
        tx.workspace(company.workspace).remove_oauth_app(id).await.unwrap();
        tx.commit().await.unwrap();
        let all = async || {
            let signed = send(&house, &app.hook, OTHER_SECRET, &tagged(&house)).await;
            let head = house.http.head(&app.hook).send().await.unwrap().status().as_u16();
            let uninstall = house.http.post(format!("{}/uninstall", app.hook)).send().await.unwrap();
            let health = house.http.post(format!("{}/health", app.hook)).send().await.unwrap();
            [signed, head, uninstall.status().as_u16(), health.status().as_u16()]
        };
        assert_eq!(all().await, [200; 4]);
        house.pass(30 * 24 * 3600);
        assert_eq!(all().await, [404; 4]);
        assert!(outcomes(&house, company).await.is_empty());
    }
}

both_databases! {
    async fn without_an_app_the_installation_has_no_addresses(db: TestDb) {
        let none = [("oauth.client_id", ""), ("oauth.client_secret", "")];
        let house = House::start_with(db, &none).await;
        for below in ["", "/uninstall", "/health"] {
            assert_eq!(send(&house, &hook(&house, below), SECRET, &fixture("ping")).await, 404, "{below}");
        }
        assert_eq!(house.http.head(hook(&house, "")).send().await.unwrap().status(), 404);
        operator_sees(&house, "the installation has no OAuth app (oauth.client_id)").await;
        // A private app is not installed through us: nobody says or asks anything of it.
        for below in ["/uninstall", "/health"] {
            let at = format!("{}{below}", house.company.hook);
            assert_eq!(send(&house, &at, &house.company.client_secret, &fixture("ping")).await, 404, "{below}");
        }
        let wrong = house.http.get(hook(&house, "/health")).send().await.unwrap();
        assert_eq!(wrong.status(), 405);
        assert_eq!(wrong.headers().get("Allow").unwrap(), "POST");
        house.stop().await;
    }
}
