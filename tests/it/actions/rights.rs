//! Who may run what, and what a raw request may not reach.

use super::{args, command, logged_in, newest, path, requests};
use crate::support::houses;
use earmark_actions::{Action, Asker, Inputs, Refusal};
use earmark_model::{Right, Role};

const AGENT: &str = "grace@birch.example";
const VIEWER: &str = "victor@birch.example";

houses! {
    async fn each_role_runs_what_the_permission_table_says(house: House) {
        let before = requests(&house).await;
        let place = house.company.place();
        for role in Role::ALL {
            for action in Action::all() {
                let asker = Asker { role: *role, ..house.company.asker() };
                // Without input nothing is sent, whoever asks.
                let nonsense = Inputs::new([("nonsense".to_owned(), "1".to_owned())], []);
                let refused = house.app.actions().run(place, &asker, action, &nonsense, None).await;
                match refused {
                    Err(Refusal::Invalid(_)) => assert!(role.may(action.right()), "{role} {}", action.id),
                    Err(Refusal::Forbidden(right)) => {
                        assert_eq!((role.may(right), right), (false, action.right()), "{role} {}", action.id);
                    }
                    other => panic!("{role} {}: {other:?}", action.id),
                }
            }
        }
        let of = |id: &str| Action::find(id).unwrap().right();
        assert_eq!((of("tags.list"), of("tags.create"), of("raw")), (Right::RunReadActions, Right::RunActions, Right::RunActions));
        assert_eq!(requests(&house).await, before);
    }

    async fn an_agent_reads_and_a_viewer_does_not(house: House) {
        house.company.hire(&house.app, AGENT, Role::Agent).await;
        house.company.hire(&house.app, VIEWER, Role::Viewer).await;
        let mut agent = logged_in(&house, AGENT).await;
        agent.get(&path(&house, "/tags.list")).await;
        assert_eq!(agent.post(&path(&house, "/tags.list"), &[]).await.status, 303);
        let page = agent.post(&path(&house, "/tags.create"), &[("name", "mine")]).await;
        assert_eq!(page.status, 403);
        assert!(page.body.contains("run actions that change something") && page.body.contains("Olivia"), "{}", page.body);
        assert!(!agent.get(&path(&house, "/tags.create")).await.body.contains("value=\"preview\""));
        assert_eq!(logged_in(&house, VIEWER).await.get(&path(&house, "")).await.status, 403);

        assert!(command(&house, &args(&house, AGENT, "tags.list", &[])).await.is_ok());
        let name = ["--input".to_owned(), "name=mine".to_owned()];
        let why = command(&house, &args(&house, AGENT, "tags.create", &name)).await.unwrap_err();
        assert!(why.contains("run actions that change something"), "{why}");
        for stranger in ["nobody@birch.example", "nora@other.example"] {
            let why = command(&house, &args(&house, stranger, "tags.list", &[])).await.unwrap_err();
            assert!(why.contains("There is no connection"), "{why}");
        }
        assert!(newest(&house, "tags.create").await.is_none());
    }

    async fn a_raw_request_reaches_its_own_host_and_nothing_else(house: House) {
        let mut owner = logged_in(&house, &house.company.email).await;
        let at = path(&house, "/raw");
        owner.get(&at).await;
        let before = requests(&house).await;
        for (field, value, words) in [
            ("url", "https://evil.example/contacts", "own Intercom host"),
            ("url", "//auth/eagle/token", "/auth/"),
            ("url", "/auth/uninstall", "/auth/"),
            ("headers", "Authorization: Bearer x", "authorization"),
            ("headers", "Host: evil.example", "host"),
            ("headers", "no colon", "Line 1 of Headers has no :"),
            ("query_parameters", "no equals sign", "Line 1 of Query parameters has no ="),
            ("data", "{", "is not JSON"),
            ("timeout", "120001", "from 1 to 120000"),
            ("max_retry_count", "11", "from 0 to 10"),
            ("version", "2.9", "2.10 or newer"),
        ] {
            let fields: Vec<_> = [("method", "GET"), ("url", "/tags")].into_iter()
                .filter(|(name, _)| *name != field).chain([(field, value)]).collect();
            let page = owner.post(&at, &fields).await;
            assert_eq!(page.status, 422, "{field}={value}");
            assert!(page.body.contains(words), "{field}={value}: {words}");
        }
        assert_eq!(requests(&house).await, before);
        assert!(newest(&house, "raw").await.is_none());
    }

    async fn text_and_bytes_come_as_a_file(house: House) {
        let mut owner = logged_in(&house, &house.company.email).await;
        let at = path(&house, "/raw");
        owner.get(&at).await;
        for kind in ["text", "binary"] {
            // Without a header of one's own, bytes are asked for as such, which Intercom offers for downloads alone.
            let fields = [("method", "GET"), ("url", "/tags"), ("response_type", kind), ("headers", "Accept: application/json")];
            let page = owner.post(&at, &fields).await;
            assert_eq!(page.status, 200, "{}", page.body);
            assert!(page.body.starts_with('{') && page.body.contains("\"product feedback\""), "{}", page.body);
            let run = newest(&house, "raw").await.unwrap();
            assert!(run.answer_bytes.is_some_and(|bytes| bytes > 0));
            let answer = house.company.tenant(&house).action_run(run.id).await.unwrap().unwrap().answer;
            assert_eq!(answer, None);
        }
    }
}
