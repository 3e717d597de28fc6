//! Whoever says that an app was uninstalled, and however often: the token decides.

use crate::hooks::{
    SECRET, body_signature, hook, houses_with_app, installation, neighbour, own_app, reconnect,
    status,
};
use crate::support::House;
use earmark_model::ConnectionStatus::{Connected, NeedsReconnecting, Uninstalled};
use serde_json::{Value, json};

/// What Intercom sends.
const BODY: &str = r#"{"app_id":"hb7r2mk9"}"#;

async fn hint(house: &House, at: &str, signature: Option<String>, body: &str) -> u16 {
    let mut request = house.http.post(at).body(body.to_owned());
    if let Some(signature) = signature {
        request = request.header("X-Body-Signature", signature);
    }
    request.send().await.unwrap().status().as_u16()
}

/// A hint that nobody signed, and all that comes of it.
async fn hinted(house: &House) {
    assert_eq!(
        hint(house, &hook(house, "/uninstall"), None, BODY).await,
        200
    );
    house.settle().await;
}

async fn revoke(house: &House) {
    let order = json!({ "token": house.company.token });
    house.sandbox.order("tokens/revoke", &order).await;
}

/// How often `/me` was asked.
async fn asked(house: &House) -> usize {
    let requests = house.sandbox.ask("requests").await;
    let requests: &Vec<Value> = requests["requests"].as_array().unwrap();
    requests.iter().filter(|one| one["path"] == "/me").count()
}

houses_with_app! {
    async fn a_refused_token_marks_every_connection_of_the_app_and_intercom_workspace(house: House) {
        let (first, second) = (&house.company, neighbour(&house).await);
        let (third, by_token) = (house.another_company().await, &second);
        reconnect(&house, &third, &installation()).await;
        reconnect(&house, by_token, &installation()).await;
        hinted(&house).await;
        for company in [first, &second, &third] {
            assert_eq!(status(&house, company).await, Connected, "a token that works");
        }
        house.pass(60);
        revoke(&house).await;
        let signature = Some(body_signature(SECRET, BODY));
        assert_eq!(hint(&house, &hook(&house, "/uninstall"), signature, BODY).await, 200);
        house.settle().await;
        assert_eq!([status(&house, first).await, status(&house, &second).await], [Uninstalled; 2]);
        assert_eq!(status(&house, &third).await, Connected, "another Intercom workspace");
        let row = first.tenant(&house).connection(first.connection).await.unwrap().unwrap();
        assert!(row.status_note.unwrap().contains("uninstalled in Intercom"));
    }

    async fn connections_of_other_apps_are_left_alone(house: House) {
        let (first, second) = (&house.company, neighbour(&house).await);
        let app = own_app(&house, &second, "the-other-houses-app").await;
        revoke(&house).await;
        assert_eq!(hint(&house, &format!("{}/uninstall", app.hook), None, BODY).await, 200);
        house.settle().await;
        assert_eq!([status(&house, first).await, status(&house, &second).await], [Connected, Uninstalled]);
        hinted(&house).await;
        assert_eq!(status(&house, first).await, Uninstalled);
    }

    async fn a_missing_permission_or_an_intercom_that_is_down_marks_nothing(house: House) {
        for code in ["token_unauthorized", "forbidden"] {
            let status = if code == "forbidden" { 403 } else { 401 };
            let fault = json!({"kind": "status", "match": "/me", "status": status, "code": code});
            house.sandbox.order("faults", &fault).await;
            hinted(&house).await;
            assert_eq!(crate::hooks::status(&house, &house.company).await, Connected, "{code}");
            house.pass(60);
        }
        let before = asked(&house).await;
        house.intercom.down();
        hinted(&house).await;
        assert_eq!(status(&house, &house.company).await, Connected);
        house.intercom.pass();
        // It is asked again by itself, a minute after it was last asked.
        revoke(&house).await;
        house.pass(10);
        house.settle().await;
        assert_eq!(status(&house, &house.company).await, Connected);
        house.pass(60);
        let company = &house.company;
        earmark_testkit::eventually(crate::hooks::PATIENCE, "it is asked again", async || {
            (status(&house, company).await == Uninstalled).then_some(())
        })
        .await;
        assert_eq!(asked(&house).await, before + 1);
    }

    async fn a_flood_of_hints_asks_intercom_once_a_minute(house: House) {
        let before = asked(&house).await;
        for _ in 0..20 {
            assert_eq!(hint(&house, &hook(&house, "/uninstall"), None, BODY).await, 200);
        }
        house.settle().await;
        for _ in 0..20 {
            assert_eq!(hint(&house, &hook(&house, "/uninstall"), None, BODY).await, 200);
        }
        house.settle().await;
        assert_eq!(asked(&house).await, before + 1);
        house.pass(61);
        house.settle().await;
        assert_eq!(asked(&house).await, before + 2, "those that came after the question was asked");
        house.pass(600);
        house.settle().await;
        assert_eq!(asked(&house).await, before + 2);
    }

    async fn what_is_no_hint_is_answered_200_and_is_nothing(house: House) {
        let before = asked(&house).await;
        let large = format!("{{\"app_id\":\"{}\"}}", "x".repeat(70_000));
        for body in ["", "no json", "[]", r#"{"app_id":7}"#, r#"{"app_id":"a\u0000b"}"#, r#"{"app_id":"nobodys"}"#, &large] {
            assert_eq!(hint(&house, &hook(&house, "/uninstall"), None, body).await, 200, "{body:.20}");
        }
        house.settle().await;
        assert_eq!(asked(&house).await, before);
        assert_eq!(hint(&house, &hook(&house, "/unknowntoken/uninstall"), None, BODY).await, 404);
    }

    async fn a_token_that_works_heals_what_was_thought_refused(house: House) {
        let company = &house.company;
        let tx = house.app.db.begin().await.unwrap();
        let tenant = tx.workspace(company.workspace);
        tenant.move_connection(company.connection, NeedsReconnecting, Some("refused")).await.unwrap();
        tx.commit().await.unwrap();
        hinted(&house).await;
        assert_eq!(status(&house, company).await, Connected);
    }
}
