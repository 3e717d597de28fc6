use super::{ADDRESS, PASSWORD, accounts, settings, signed_up, someone};
use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use chrono::TimeDelta;
use earmark_accounts::{Accounts, Failure, LogInError, Password};
use earmark_db as db;
use earmark_testkit::{both_databases, build};
use std::time::Duration;

const PRIYA: &str = "priya@quillwater.example";

fn right() -> Password {
    Password::from(PASSWORD)
}

fn wrong() -> Password {
    Password::from("five words in a row")
}

both_databases! {
    async fn the_right_password_in_any_spelling_of_the_address(db: TestDb) {
        let accounts = accounts(&db);
        let (user, _) = signed_up(&accounts).await;
        for email in [PRIYA, " PRIYA@quillwater.example "] {
            assert_eq!(accounts.log_in(email, right(), ADDRESS).await.unwrap(), user);
        }
    }

    async fn a_wrong_password_and_an_unknown_address_are_told_alike(db: TestDb) {
        let accounts = accounts(&db);
        signed_up(&accounts).await;
        let near = Password::from(format!("{PASSWORD} "));
        let mut told = Vec::new();
        for (email, password) in [(PRIYA, wrong()), (PRIYA, near), ("nobody@quillwater.example", right())] {
            let error = accounts.log_in(email, password, ADDRESS).await.unwrap_err();
            assert!(matches!(error, LogInError::Wrong), "{error:?}");
            told.push(error.to_string());
        }
        told.dedup();
        assert_eq!(told.len(), 1);
    }

    async fn an_account_waits_after_failed_logins(db: TestDb) {
        let accounts = accounts(&db);
        signed_up(&accounts).await;
        accounts.sign_up(someone("omar@quillwater.example", "Omar"), ADDRESS).await.unwrap();
        for email in [PRIYA, "Priya@quillwater.example", " priya@QUILLWATER.example"] {
            let outcome = accounts.log_in(email, wrong(), ADDRESS).await;
            assert!(matches!(outcome, Err(LogInError::Wrong)), "{outcome:?}");
        }
        let outcome = accounts.log_in(PRIYA, right(), ADDRESS).await;
        assert_eq!(wait(outcome), Some(Duration::from_secs(300)));
        accounts.log_in("omar@quillwater.example", right(), ADDRESS).await.unwrap();
        db.clock.advance(TimeDelta::minutes(4));
        let outcome = accounts.log_in(PRIYA, right(), None).await;
        assert_eq!(wait(outcome), Some(Duration::from_secs(60)));
        db.clock.advance(TimeDelta::minutes(1));
        accounts.log_in(PRIYA, right(), ADDRESS).await.unwrap();
    }

    async fn an_address_waits_after_failed_logins(db: TestDb) {
        let accounts = accounts(&db);
        // The sign-up took one of the address's attempts.
        signed_up(&accounts).await;
        for n in 1..6 {
            let outcome = accounts.log_in(&format!("nobody{n}@quillwater.example"), wrong(), ADDRESS).await;
            assert!(matches!(outcome, Err(LogInError::Wrong)), "{outcome:?}");
        }
        let outcome = accounts.log_in(PRIYA, right(), ADDRESS).await;
        assert_eq!(wait(outcome), Some(Duration::from_secs(150)));
        let elsewhere = Some("198.51.100.1".parse().unwrap());
        accounts.log_in(PRIYA, right(), elsewhere).await.unwrap();
    }

    async fn right_logins_do_not_count(db: TestDb) {
        let accounts = accounts(&db);
        signed_up(&accounts).await;
        for _ in 0..8 {
            accounts.log_in(PRIYA, right(), ADDRESS).await.unwrap();
        }
    }

    async fn guesses_at_the_same_moment_do_not_slip_through(db: TestDb) {
        let accounts = accounts(&db);
        signed_up(&accounts).await;
        let guesses = (0..8).map(|_| {
            let accounts = accounts.clone();
            tokio::spawn(async move { accounts.log_in(PRIYA, wrong(), ADDRESS).await })
        });
        let outcomes = futures::future::try_join_all(guesses).await.unwrap();
        let looked_at = outcomes.iter().filter(|outcome| matches!(outcome, Err(LogInError::Wrong)));
        assert_eq!(looked_at.count(), 3);
    }

    async fn an_old_hash_is_made_anew(db: TestDb) {
        let old = Params::new(1024, 1, 1, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, old);
        let old = argon2.hash_password_with_salt(PASSWORD.as_bytes(), b"sixteen bytes 16").unwrap();
        let old = old.to_string();
        let user = build::user(&db.db, PRIYA, "Priya", &old).await;
        let stored = async || db.db.across().user(user.id).await.unwrap().unwrap().password_hash;
        let accounts = accounts(&db);
        accounts.log_in(PRIYA, wrong(), ADDRESS).await.unwrap_err();
        assert_eq!(stored().await, old, "a wrong password changes nothing");
        accounts.log_in(PRIYA, right(), ADDRESS).await.unwrap();
        let new = stored().await;
        assert!(new.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{new}");
        accounts.log_in(PRIYA, right(), ADDRESS).await.unwrap();
        assert_eq!(stored().await, new, "a current hash stays");
    }

    async fn an_unreadable_hash_is_reported_and_lets_nobody_in(db: TestDb) {
        build::user(&db.db, PRIYA, "Priya", build::NO_PASSWORD).await;
        let outcome = accounts(&db).log_in(PRIYA, right(), ADDRESS).await;
        assert!(
            matches!(
                outcome,
                Err(LogInError::Unavailable(Failure::Database(db::Error::Contradiction { table: "users", .. })))
            ),
            "{outcome:?}"
        );
    }

    async fn a_database_that_is_away_is_no_wrong_password(db: TestDb) {
        let accounts = Accounts::new(db.another().await, settings());
        signed_up(&accounts).await;
        let closed = db.another().await;
        closed.close().await.unwrap();
        let without = Accounts::new(closed, settings());
        for _ in 0..5 {
            let outcome = without.log_in(PRIYA, wrong(), ADDRESS).await;
            assert!(
                matches!(outcome, Err(LogInError::Unavailable(Failure::Database(db::Error::Unavailable(_))))),
                "{outcome:?}"
            );
        }
    }
}

fn wait<T>(outcome: Result<T, LogInError>) -> Option<Duration> {
    match outcome {
        Err(LogInError::Throttled { retry_after }) => Some(retry_after),
        _ => None,
    }
}
