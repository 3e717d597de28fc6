//! What is noted beside the deliveries, some seconds later.

use crate::hooks::{PATIENCE, SECRET, hook, houses_with_app, own_app, send};
use crate::support::{fixture, houses};
use earmark_db::across::Sighting;
use earmark_testkit::eventually;
use serde_json::json;

houses! {
    async fn answer_times_and_tested_addresses_are_written_down(house: House) {
        let company = &house.company;
        for n in 0..5 {
            let mut ping = fixture("ping");
            ping["created_at"] = json!(1_795_000_000 + n);
            assert_eq!(send(&house, &company.hook, &company.client_secret, &ping).await, 200);
        }
        // What nobody is known to have sent says nothing of our answers to Intercom.
        assert_eq!(send(&house, &company.hook, "another-secret", &fixture("ping")).await, 401);
        assert_eq!(house.http.head(&company.hook).send().await.unwrap().status(), 200);
        let times = eventually(PATIENCE, "the answer times are written", async || {
            let tenant = company.tenant(&house);
            let times = tenant.answer_times(company.connection, house.now()).await.unwrap();
            (times.total() >= 5).then_some(times)
        })
        .await;
        assert_eq!(times.total(), 5);
        assert!(times.percentile(99).is_some());
        let row = company.tenant(&house).connection(company.connection).await.unwrap().unwrap();
        assert!(row.last_head_at.is_some_and(|at| house.now() - at < chrono::TimeDelta::minutes(1)));
    }
}

houses_with_app! {
    async fn what_arrives_at_the_installation_is_counted(house: House) {
        let company = &house.company;
        for _ in 0..2 {
            assert_eq!(house.http.head(hook(&house, "")).send().await.unwrap().status(), 200);
        }
        let mut elsewhere = fixture("ping");
        elsewhere["app_id"] = json!("nobodys");
        for (payload, secret, wanted) in
            [(fixture("ping"), SECRET, 200), (elsewhere, SECRET, 200), (fixture("ping"), "another-secret", 401)]
        {
            assert_eq!(send(&house, &hook(&house, ""), secret, &payload).await, wanted);
        }
        let app = own_app(&house, company, "birchs-own-app").await;
        assert_eq!(house.http.head(&app.hook).send().await.unwrap().status(), 200);
        let seen = async |what| house.app.db.across().sighted(what).await.unwrap().map(|seen| seen.seen);
        // A flush may have come between them.
        eventually(PATIENCE, "all of it is written", async || {
            let all = [seen(Sighting::Head).await, seen(Sighting::Verified).await, seen(Sighting::Unplaced).await];
            (all == [Some(2), Some(2), Some(1)]).then_some(())
        })
        .await;
        let tenant = company.tenant(&house);
        let times = eventually(PATIENCE, "the answer time is written", async || {
            let times = tenant.answer_times(company.connection, house.now()).await.unwrap();
            (times.total() > 0).then_some(times)
        })
        .await;
        assert_eq!(times.total(), 1);
        let row = tenant.connection(company.connection).await.unwrap().unwrap();
        assert!(row.last_head_at.is_some());
    }
}
