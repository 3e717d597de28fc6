//! People and their sessions.

use crate::support::{assert_error, in_tx};
use chrono::TimeDelta;
use earmark_db::Error;
use earmark_db::across::Session;
use earmark_model::UserId;
use earmark_testkit::{TestDb, both_databases, build};
use uuid::Uuid;

fn session(t: &TestDb, id: &str, user: Option<UserId>, minutes: i64) -> Session {
    Session {
        id: id.to_owned(),
        user,
        state: "{}".to_owned(),
        expires_at: t.sources.now() + TimeDelta::minutes(minutes),
    }
}

both_databases! {
    async fn a_person_is_found_by_address_whatever_its_case(t: TestDb) {
        let made = build::user(&t.db, " Mara@Quillwater.example ", "Mara", "a hash").await;
        let found = t.db.across().user_by_email("mara@QUILLWATER.example").await.unwrap().unwrap();
        assert_eq!(found.id, made.id);
        assert_eq!((found.name.as_str(), found.password_hash.as_str()), ("Mara", "a hash"));
        assert!(t.db.across().user_by_email("mara@harrow.example").await.unwrap().is_none());
        assert!(t.db.across().user(UserId(Uuid::nil())).await.unwrap().is_none());
    }

    async fn an_address_is_taken_once(t: TestDb) {
        build::user(&t.db, "mara@quillwater.example", "Mara", "a hash").await;
        let tx = t.db.begin().await.unwrap();
        let again = tx.across().create_user("MARA@quillwater.example", "Mara", "another").await;
        assert_error!(again, Error::Conflict);
    }

    async fn a_password_hash_is_replaced(t: TestDb) {
        let mara = build::user(&t.db, "mara@quillwater.example", "Mara", "old").await;
        let other = build::user(&t.db, "other@quillwater.example", "Other", "old").await;
        in_tx!(t, |tx| tx.across().set_password_hash(mara.id, "new").await.unwrap());
        let hash = async |id| t.db.across().user(id).await.unwrap().unwrap().password_hash;
        assert_eq!(hash(mara.id).await, "new");
        assert_eq!(hash(other.id).await, "old");
    }

    async fn a_session_is_stored_changed_and_ends(t: TestDb) {
        let mara = build::user(&t.db, "mara@quillwater.example", "Mara", "a hash").await;
        let mut session = session(&t, "one", None, 10);
        in_tx!(t, |tx| tx.across().put_session(&session).await.unwrap());
        assert_eq!(t.db.across().session("one").await.unwrap().unwrap().user, None);

        session.user = Some(mara.id);
        session.state = r#"{"seen":1}"#.to_owned();
        in_tx!(t, |tx| tx.across().put_session(&session).await.unwrap());
        let found = t.db.across().session("one").await.unwrap().unwrap();
        assert_eq!(found.user, Some(mara.id));
        assert_eq!(found.state, session.state);
        assert_eq!(found.expires_at, session.expires_at);

        in_tx!(t, |tx| tx.across().end_session("one").await.unwrap());
        assert!(t.db.across().session("one").await.unwrap().is_none());
    }

    async fn a_session_ends_by_itself(t: TestDb) {
        let start = t.sources.now();
        in_tx!(t, |tx| tx.across().put_session(&session(&t, "one", None, 10)).await.unwrap());
        t.clock.set(start + TimeDelta::minutes(10) - TimeDelta::microseconds(1));
        assert!(t.db.across().session("one").await.unwrap().is_some());
        t.clock.set(start + TimeDelta::minutes(10));
        assert!(t.db.across().session("one").await.unwrap().is_none());

        t.clock.advance(TimeDelta::minutes(1));
        in_tx!(t, |tx| tx.across().end_session("another").await.unwrap());
        t.clock.set(start);
        assert!(t.db.across().session("one").await.unwrap().is_none(), "it was cleared away");
    }

    async fn all_sessions_of_a_person_end_together(t: TestDb) {
        let mara = build::user(&t.db, "mara@quillwater.example", "Mara", "a hash").await;
        let other = build::user(&t.db, "other@quillwater.example", "Other", "a hash").await;
        in_tx!(t, |tx| {
            for (id, user) in [("one", mara.id), ("two", mara.id), ("three", other.id)] {
                tx.across().put_session(&session(&t, id, Some(user), 10)).await.unwrap();
            }
        });
        in_tx!(t, |tx| tx.across().end_sessions_of(mara.id).await.unwrap());
        for (id, there) in [("one", false), ("two", false), ("three", true)] {
            assert_eq!(t.db.across().session(id).await.unwrap().is_some(), there, "{id}");
        }
    }

    async fn a_change_does_not_bring_back_a_session_that_ended(t: TestDb) {
        let mut one = session(&t, "one", None, 10);
        assert!(!in_tx!(t, |tx| tx.across().change_session(&one).await.unwrap()), "there is none yet");
        assert!(t.db.across().session("one").await.unwrap().is_none());
        in_tx!(t, |tx| tx.across().put_session(&one).await.unwrap());
        let mara = build::user(&t.db, "mara@quillwater.example", "Mara", "a hash").await;
        one.user = Some(mara.id);
        one.state = "[]".to_owned();
        one.expires_at += TimeDelta::minutes(1);
        assert!(in_tx!(t, |tx| tx.across().change_session(&one).await.unwrap()));
        let found = t.db.across().session("one").await.unwrap().unwrap();
        assert_eq!((found.user, found.state, found.expires_at), (one.user, one.state.clone(), one.expires_at));

        let start = t.sources.now();
        t.clock.set(one.expires_at);
        let later = one.expires_at + TimeDelta::minutes(5);
        in_tx!(t, |tx| tx.across().extend_session("one", later).await.unwrap());
        assert!(t.db.across().session("one").await.unwrap().is_none(), "it ended before");
        t.clock.set(start);
        in_tx!(t, |tx| tx.across().extend_session("one", later).await.unwrap());
        assert_eq!(t.db.across().session("one").await.unwrap().unwrap().expires_at, later);
    }

    async fn a_password_hash_is_not_printed(t: TestDb) {
        let mara = build::user(&t.db, "mara@quillwater.example", "Mara", "a hash").await;
        assert!(!format!("{mara:?}").contains("a hash"));
    }
}
