use super::{ADDRESS, accounts, signed_up, someone};
use chrono::TimeDelta;
use earmark_accounts::{ANONYMOUS, SESSION_USER, SessionError, SessionRecords, SessionState};
use earmark_db as db;
use earmark_model::UserId;
use earmark_testkit::{both_databases, build};
use sha2::{Digest, Sha256};

const TTL: TimeDelta = TimeDelta::hours(1);

fn state(user: Option<UserId>) -> SessionState {
    let mut state = SessionState::from([("csrf".to_owned(), r#""token""#.to_owned())]);
    if let Some(user) = user {
        state.insert(SESSION_USER.to_owned(), format!("\"{user}\""));
    }
    state
}

fn row_id(key: &str) -> String {
    hex::encode(Sha256::digest(key))
}

both_databases! {
    async fn a_session_is_kept_under_the_digest_of_its_key(db: TestDb) {
        let (user, _) = signed_up(&accounts(&db)).await;
        let sessions = SessionRecords::new(db.db.clone());
        let key = sessions.save(&state(Some(user.id)), TTL).await.unwrap();
        assert_eq!(key.len(), 64);
        assert!(key.chars().all(|c| c.is_ascii_hexdigit()));
        assert_eq!(sessions.load(&key).await.unwrap(), Some(state(Some(user.id))));
        assert!(db.db.across().session(&key).await.unwrap().is_none());
        let row = db.db.across().session(&row_id(&key)).await.unwrap().unwrap();
        assert_eq!(row.user, Some(user.id));
        assert_eq!(row.expires_at, db.sources.now() + TTL);
        assert_eq!(sessions.load("unknown").await.unwrap(), None);
        assert_ne!(sessions.save(&state(None), TTL).await.unwrap(), key);
    }

    async fn a_change_keeps_the_key_and_fills_in_the_person(db: TestDb) {
        let (user, _) = signed_up(&accounts(&db)).await;
        let sessions = SessionRecords::new(db.db.clone());
        let key = sessions.save(&state(None), TTL).await.unwrap();
        let row = async || db.db.across().session(&row_id(&key)).await.unwrap().unwrap();
        assert_eq!(row().await.user, None);
        db.clock.advance(TimeDelta::minutes(30));
        let same = sessions.update(key.clone(), &state(Some(user.id)), TTL).await.unwrap();
        assert_eq!(same, key);
        assert_eq!(row().await.user, Some(user.id));
        assert_eq!(row().await.expires_at, db.sources.now() + TTL);
        assert_eq!(sessions.load(&key).await.unwrap(), Some(state(Some(user.id))));
    }

    async fn sessions_end_by_time_and_by_logout(db: TestDb) {
        let sessions = SessionRecords::new(db.db.clone());
        let kept = sessions.save(&state(None), TTL).await.unwrap();
        let left = sessions.save(&state(None), TTL).await.unwrap();
        db.clock.advance(TimeDelta::minutes(59));
        sessions.update_ttl(&kept, TTL).await.unwrap();
        db.clock.advance(TimeDelta::minutes(2));
        assert_eq!(sessions.load(&left).await.unwrap(), None);
        sessions.update_ttl(&left, TTL).await.unwrap();
        assert_eq!(sessions.load(&left).await.unwrap(), None, "what has ended is not extended");
        assert!(sessions.load(&kept).await.unwrap().is_some());
        sessions.delete(&kept).await.unwrap();
        assert_eq!(sessions.load(&kept).await.unwrap(), None);
    }

    async fn a_session_without_a_person_is_short(db: TestDb) {
        let (user, _) = signed_up(&accounts(&db)).await;
        let sessions = SessionRecords::new(db.db.clone());
        let month = TimeDelta::days(30);
        let visit = sessions.save(&state(None), month).await.unwrap();
        let login = sessions.save(&state(Some(user.id)), month).await.unwrap();
        let end = async |key: &str| db.db.across().session(&row_id(key)).await.unwrap().unwrap().expires_at;
        let start = db.sources.now();
        assert_eq!((end(&visit).await, end(&login).await), (start + ANONYMOUS, start + month));
        db.clock.advance(TimeDelta::minutes(10));
        sessions.update(visit.clone(), &state(None), month).await.unwrap();
        assert_eq!(end(&visit).await, db.sources.now() + ANONYMOUS);
        db.clock.advance(TimeDelta::minutes(10));
        for key in [&visit, &login] {
            sessions.update_ttl(key, month).await.unwrap();
        }
        let now = db.sources.now();
        assert_eq!((end(&visit).await, end(&login).await), (now + ANONYMOUS, now + month));
        sessions.update(visit.clone(), &state(Some(user.id)), month).await.unwrap();
        assert_eq!(end(&visit).await, now + month);
    }

    async fn ended_sessions_are_cleared_away_when_others_begin(db: TestDb) {
        let sessions = SessionRecords::new(db.db.clone());
        let start = db.sources.now();
        let visit = sessions.save(&state(None), TTL).await.unwrap();
        db.clock.advance(TTL + TimeDelta::minutes(1));
        let next = sessions.save(&state(None), TTL).await.unwrap();
        let (at_next, soon) = (db.sources.now(), TimeDelta::minutes(1));
        db.clock.set(start);
        assert_eq!(sessions.load(&visit).await.unwrap(), None, "it is gone, not only over");
        assert!(sessions.load(&next).await.unwrap().is_some());

        let short = TimeDelta::seconds(1);
        db.clock.set(at_next);
        let brief = sessions.save(&state(None), short).await.unwrap();
        db.clock.advance(soon);
        sessions.save(&state(None), TTL).await.unwrap();
        db.clock.set(at_next);
        assert!(sessions.load(&brief).await.unwrap().is_some(), "not with every new one");
    }

    async fn all_sessions_of_a_person_are_revoked(db: TestDb) {
        let accounts = accounts(&db);
        let (priya, _) = signed_up(&accounts).await;
        let (omar, _) = accounts.sign_up(someone("omar@quillwater.example", "Omar"), ADDRESS).await.unwrap();
        let sessions = SessionRecords::new(db.db.clone());
        let laptop = sessions.save(&state(Some(priya.id)), TTL).await.unwrap();
        let phone = sessions.save(&state(Some(priya.id)), TTL).await.unwrap();
        let other = sessions.save(&state(Some(omar.id)), TTL).await.unwrap();
        let stranger = sessions.save(&state(None), TTL).await.unwrap();
        sessions.revoke_all(priya.id).await.unwrap();
        for (key, lives) in [(&laptop, false), (&phone, false), (&other, true), (&stranger, true)] {
            assert_eq!(sessions.load(key).await.unwrap().is_some(), lives);
        }
    }

    async fn a_revoked_session_does_not_come_back_with_a_change(db: TestDb) {
        let (user, _) = signed_up(&accounts(&db)).await;
        let sessions = SessionRecords::new(db.db.clone());
        let key = sessions.save(&state(Some(user.id)), TTL).await.unwrap();
        sessions.revoke_all(user.id).await.unwrap();
        let fresh = sessions.update(key.clone(), &state(Some(user.id)), TTL).await.unwrap();
        assert_ne!(fresh, key);
        assert_eq!(sessions.load(&key).await.unwrap(), None);
        assert_eq!(sessions.load(&fresh).await.unwrap(), Some(SessionState::new()));
    }

    async fn a_login_that_could_not_be_revoked_is_not_stored(db: TestDb) {
        let sessions = SessionRecords::new(db.db.clone());
        let mut odd = state(None);
        odd.insert(SESSION_USER.to_owned(), r#""priya""#.to_owned());
        let outcome = sessions.save(&odd, TTL).await;
        assert!(matches!(outcome, Err(SessionError::State(_))), "{outcome:?}");
    }

    async fn a_row_that_cannot_be_read_is_reported(db: TestDb) {
        let tx = build::begin(&db.db).await;
        let broken = db::across::Session {
            id: row_id("key"),
            user: None,
            state: "[]".to_owned(),
            expires_at: db.sources.now() + TTL,
        };
        tx.across().put_session(&broken).await.unwrap();
        tx.commit().await.unwrap();
        let outcome = SessionRecords::new(db.db.clone()).load("key").await;
        assert!(
            matches!(outcome, Err(SessionError::Database(db::Error::Contradiction { table: "sessions", .. }))),
            "{outcome:?}"
        );
    }
}
