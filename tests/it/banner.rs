//! What is wrong with a connection is told on every page of its workspace: what, since when, what it stops, and the way
//! to mend it.

use crate::support::{Browser, PASSWORD, houses};
use crate::tenancy::{Things, VIEWER, ask, filled, furnish, member_routes};
use earmark_model::ConnectionStatus;
use earmark_web::routes::Method;

const STOPS: &str = "Webhooks still arrive, but threads, names and tags cannot be fetched.";

houses! {
    async fn every_page_tells_of_a_broken_connection(house: House) {
        furnish(&house).await;
        let company = &house.company;
        let things = Things::of(&house, company).await;
        let tx = house.app.db.begin().await.unwrap();
        let tenant = tx.workspace(company.workspace);
        let broken = tenant.move_connection(company.connection, ConnectionStatus::NeedsReconnecting, Some(STOPS));
        broken.await.unwrap();
        tx.commit().await.unwrap();
        let button = format!("/token?reconnect={}\">Reconnect</a>", company.connection);
        for (email, may) in [(company.email.as_str(), true), (VIEWER, false)] {
            let mut reader = Browser::at(&house.base);
            reader.log_in(email, PASSWORD).await;
            let mut pages = 0;
            for (route, _) in member_routes().filter(|(route, _)| route.method == Method::Get) {
                let path = filled(route.path, |name| things.value(name));
                let page = ask(&mut reader, route, &path, &things).await;
                // Downloads and parts of pages have no layout, and what the reader may not see has that of no workspace.
                let Some((layout, _)) = page.body.split_once("<main id=\"main\"").filter(|_| page.status == 200) else {
                    continue;
                };
                assert!(layout.contains("class=\"banner\""), "{path} as {email}");
                assert!(layout.contains("needs reconnecting since <time"), "{path} as {email}");
                assert!(layout.contains(STOPS), "{path} as {email}");
                assert_eq!(layout.contains(&button), may, "{path} as {email}");
                assert_eq!(layout.contains("can fix this."), !may, "{path} as {email}");
                pages += 1;
            }
            assert!(pages > 8, "{pages} pages as {email}");
        }
    }
}
