//! Which regions are asked, and what their answers mean together.

use crate::support::{Bench, TOKEN, app, app_with, hosts, nobody, store};
use earmark_connections::{ConnectError, Connected, Region, Store, TokenForm};
use earmark_testkit::TestDb;

/// Connects by a store whose regions are these addresses.
async fn connect(bench: &Bench, urls: [String; 3]) -> Result<Connected, ConnectError> {
    let store: Store = store(&bench.t, &bench.t.db, &bench.ring, hosts(urls));
    let form = TokenForm {
        name: String::new(),
        region: Region::Us,
        token: TOKEN.to_owned(),
        reconnect: None,
    };
    store
        .connect_with_token(bench.workspace(), &bench.actor(), form)
        .await
}

#[tokio::test]
async fn the_chosen_region_is_asked_alone_when_it_knows_the_token() {
    let bench = Bench::new(TestDb::sqlite().await).await;
    bench.seed(Region::Au, &app(TOKEN)).await;
    assert_eq!(
        bench.connect(Region::Au, TOKEN).await.unwrap().region,
        Region::Au
    );
    assert_eq!(bench.asked().await, [0, 0, 1]);
}

#[tokio::test]
async fn another_region_that_knows_the_token_is_found() {
    for (region, asked) in [(Region::Eu, [1, 1, 0]), (Region::Au, [1, 1, 1])] {
        let bench = Bench::new(TestDb::sqlite().await).await;
        bench.seed(region, &app(TOKEN)).await;
        let connected = bench.connect(Region::Us, TOKEN).await.unwrap();
        assert_eq!(connected.region, region);
        assert_eq!(
            bench.connection(connected.connection).await.region,
            region.as_str()
        );
        assert_eq!(bench.asked().await, asked, "{region}");
    }
}

#[tokio::test]
async fn a_token_that_no_region_knows_is_invalid() {
    let bench = Bench::new(TestDb::sqlite().await).await;
    let refused = bench.connect(Region::Eu, TOKEN).await;
    assert!(
        matches!(refused, Err(ConnectError::InvalidToken)),
        "{refused:?}"
    );
    assert_eq!(bench.asked().await, [1, 1, 1], "each once");
    bench.assert_empty().await;
}

#[tokio::test]
async fn a_region_that_cannot_be_asked_leaves_it_open_whether_the_token_is_valid() {
    let bench = Bench::new(TestDb::sqlite().await).await;
    let [us, eu, au] = bench.regions.each_ref().map(|one| one.url());
    for urls in [[us.clone(), nobody(), au], [us, eu, nobody()]] {
        let refused = connect(&bench, urls).await;
        assert!(
            matches!(refused, Err(ConnectError::Unreachable(_))),
            "{refused:?}"
        );
    }
    bench.assert_empty().await;
}

#[tokio::test]
async fn a_region_that_cannot_be_asked_does_not_hide_one_that_knows_the_token() {
    let bench = Bench::new(TestDb::sqlite().await).await;
    bench.seed(Region::Au, &app(TOKEN)).await;
    let [us, _, au] = bench.regions.each_ref().map(|one| one.url());
    assert_eq!(
        connect(&bench, [us, nobody(), au]).await.unwrap().region,
        Region::Au
    );
}

#[tokio::test]
async fn a_chosen_region_that_cannot_be_asked_ends_it() {
    let bench = Bench::new(TestDb::sqlite().await).await;
    let [_, eu, au] = bench.regions.each_ref().map(|one| one.url());
    let refused = connect(&bench, [nobody(), eu, au]).await;
    assert!(
        matches!(refused, Err(ConnectError::Unreachable(_))),
        "{refused:?}"
    );
    assert_eq!(bench.asked().await, [0, 0, 0]);
}

#[tokio::test]
async fn a_token_that_may_not_ask_who_it_is_needs_a_permission_and_no_other_region_is_asked() {
    let bench = Bench::new(TestDb::sqlite().await).await;
    bench
        .seed(
            Region::Us,
            &app_with(TOKEN, &["read_tags", "read_conversations"]),
        )
        .await;
    let refused = bench.connect(Region::Us, TOKEN).await;
    assert!(
        matches!(refused, Err(ConnectError::NeedsReadAdmins)),
        "{refused:?}"
    );
    assert_eq!(bench.asked().await, [1, 0, 0]);
    bench.assert_empty().await;
}

#[tokio::test]
async fn a_missing_permission_in_another_region_is_told_whatever_the_third_says() {
    let bench = Bench::new(TestDb::sqlite().await).await;
    bench
        .seed(Region::Eu, &app_with(TOKEN, &["read_tags"]))
        .await;
    let [us, eu, _] = bench.regions.each_ref().map(|one| one.url());
    let refused = connect(&bench, [us, eu, nobody()]).await;
    assert!(
        matches!(refused, Err(ConnectError::NeedsReadAdmins)),
        "{refused:?}"
    );
}
