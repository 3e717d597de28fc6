use super::owner;
use super::{ADDRESS, PASSWORD, accounts, actions, audit, priya, settings, signed_up, someone};
use earmark_accounts::{Accounts, ChangeError, FieldErrors, Member, Password, SignUp, SignUpError};
use earmark_model::Role;
use earmark_testkit::both_databases;

both_databases! {
    async fn a_person_and_their_workspace(db: TestDb) {
        let accounts = accounts(&db);
        let (user, workspace) = signed_up(&accounts).await;
        assert_eq!((user.name.as_str(), user.email.as_str()), ("Priya", "Priya@Quillwater.example"));
        assert_eq!((workspace.name.as_str(), workspace.slug.as_str()), ("Quillwater", "quillwater"));
        assert_eq!(accounts.user(user.id).await.unwrap(), Some(user.clone()));
        let memberships = accounts.memberships(user.id).await.unwrap();
        assert_eq!(memberships.len(), 1);
        assert_eq!((&memberships[0].workspace, memberships[0].role), (&workspace, Role::Owner));
        assert_eq!(actions(&db, &workspace).await, ["user.signed_up", "workspace.created"]);
        for line in audit(&db, &workspace).await {
            assert_eq!(line.actor, Some(user.id));
        }
    }

    async fn the_password_is_stored_as_an_argon2id_hash(db: TestDb) {
        let accounts = accounts(&db);
        signed_up(&accounts).await;
        let second = someone("omar@quillwater.example", "Second");
        accounts.sign_up(second, ADDRESS).await.unwrap();
        let hash = async |email: &str| {
            let user = db.db.across().user_by_email(email).await.unwrap().unwrap();
            assert!(!format!("{user:?}").contains("argon2"), "{user:?}");
            user.password_hash
        };
        let first = hash("priya@quillwater.example").await;
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first}");
        assert!(!first.contains(PASSWORD));
        assert_ne!(first, hash("omar@quillwater.example").await, "each hash has its own salt");
    }

    async fn a_taken_address_in_any_spelling_changes_nothing(db: TestDb) {
        let accounts = accounts(&db);
        let (user, _) = signed_up(&accounts).await;
        let again = someone("  priya@QUILLWATER.example ", "Another");
        let errors = invalid(accounts.sign_up(again, ADDRESS).await);
        assert!(errors.of("email").unwrap().contains("Sign in"), "{errors}");
        assert_eq!(errors.0.len(), 1);
        let member = Member::load(&db.db, user.id, "another").await.unwrap();
        assert!(member.is_none());
    }

    async fn an_address_signs_up_only_so_often(db: TestDb) {
        let accounts = accounts(&db);
        let attempts = settings().login_attempts_per_address;
        for n in 0..attempts {
            let one = someone(&format!("p{n}@quillwater.example"), &format!("House {n}"));
            accounts.sign_up(one, ADDRESS).await.unwrap();
        }
        let late = || someone("late@quillwater.example", "Late");
        let outcome = accounts.sign_up(late(), ADDRESS).await;
        let Err(SignUpError::Throttled { retry_after }) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(db.db.across().user_by_email("late@quillwater.example").await.unwrap().is_none());
        let elsewhere = Some("192.0.2.99".parse().unwrap());
        accounts.sign_up(someone("else@quillwater.example", "Else"), elsewhere).await.unwrap();
        db.clock.advance(chrono::TimeDelta::from_std(retry_after).unwrap());
        accounts.sign_up(late(), ADDRESS).await.unwrap();
    }

    async fn closed_means_closed(db: TestDb) {
        let mut settings = settings();
        settings.sign_up_open = false;
        let closed = Accounts::new(db.db.clone(), settings);
        let outcome = closed.sign_up(priya(), ADDRESS).await;
        assert!(matches!(outcome, Err(SignUpError::Closed)), "{outcome:?}");
    }

    async fn several_workspaces_a_person(db: TestDb) {
        let accounts = accounts(&db);
        let (user, _) = signed_up(&accounts).await;
        let second = accounts.create_workspace(user.id, " Quillwater ", ADDRESS).await.unwrap();
        assert_eq!((second.name.as_str(), second.slug.as_str()), ("Quillwater", "quillwater-2"));
        assert_eq!(actions(&db, &second).await, ["workspace.created"]);
        let memberships = accounts.memberships(user.id).await.unwrap();
        let mut slugs: Vec<_> = memberships.iter().map(|membership| membership.workspace.slug.as_str()).collect();
        slugs.sort_unstable();
        assert_eq!(slugs, ["quillwater", "quillwater-2"]);
        let nameless = accounts.create_workspace(user.id, " ", ADDRESS).await;
        assert!(
            matches!(&nameless, Err(ChangeError::Invalid(errors)) if errors.of("name").is_some()),
            "{nameless:?}"
        );
    }

    async fn workspaces_of_one_name_made_at_once(db: TestDb) {
        let owner = owner(&db).await;
        let accounts = accounts(&db);
        let make = || accounts.create_workspace(owner.user().id, "Acme", ADDRESS);
        let made = futures::join!(make(), make(), make());
        let mut slugs: Vec<_> = [made.0, made.1, made.2].map(|made| made.unwrap().slug).into();
        slugs.sort();
        assert_eq!(slugs, ["acme", "acme-2", "acme-3"]);
    }

    async fn each_fault_is_named_with_its_cure(db: TestDb) {
        let accounts = accounts(&db);
        let faults = async |sign_up: SignUp| invalid(accounts.sign_up(sign_up, ADDRESS).await);
        let everything = SignUp {
            name: " ".to_owned(),
            email: "nobody".to_owned(),
            password: Password::from("short"),
            workspace_name: String::new(),
        };
        let errors = faults(everything).await;
        assert_eq!(errors.of("name"), Some("Enter your name."));
        assert!(errors.of("email").unwrap().starts_with("Enter an e-mail address"));
        assert_eq!(errors.of("password"), Some("Use at least 12 characters."));
        assert_eq!(errors.of("workspace"), Some("Enter a name for the workspace."));
        assert_eq!(errors.0.len(), 4);

        let long = SignUp { name: "é".repeat(101), ..priya() };
        assert!(faults(long).await.of("name").unwrap().contains("at most 100"));
        let control = SignUp { workspace_name: "Quill\u{7}water".to_owned(), ..priya() };
        assert!(faults(control).await.of("workspace").unwrap().contains("control characters"));
        for email in ["@quillwater.example", "priya@", "priya@a b", "pri ya@quillwater.example", "a\n@b.example"] {
            let sign_up = SignUp { email: email.to_owned(), ..priya() };
            assert!(faults(sign_up).await.of("email").is_some(), "{email:?}");
        }
        let same = SignUp { password: Password::from("priya@quillwater.EXAMPLE"), ..priya() };
        assert!(faults(same).await.of("password").unwrap().contains("not your e-mail address"));
        let endless = SignUp { password: Password::from("x".repeat(1025)), ..priya() };
        assert!(faults(endless).await.of("password").unwrap().contains("at most 1024"));
    }

    async fn the_limits_themselves_are_fine(db: TestDb) {
        let accounts = accounts(&db);
        let longest = SignUp {
            name: "é".repeat(100),
            workspace_name: format!(" {} ", "W".repeat(100)),
            password: Password::from("x".repeat(1024)),
            ..priya()
        };
        let (_, workspace) = accounts.sign_up(longest, None).await.unwrap();
        assert_eq!(workspace.name.len(), 100);
        let shortest = SignUp {
            name: "P".to_owned(),
            password: Password::from("twelve chars"),
            ..someone("p@quillwater.example", "W")
        };
        accounts.sign_up(shortest, None).await.unwrap();
    }
}

#[test]
fn a_password_is_not_shown() {
    let shown = format!("{:?}", priya());
    assert!(!shown.contains("four"), "{shown}");
    assert!(shown.contains("Quillwater"), "{shown}");
}

fn invalid<T: std::fmt::Debug>(outcome: Result<T, SignUpError>) -> FieldErrors {
    match outcome {
        Err(SignUpError::Invalid(errors)) => errors,
        other => panic!("{other:?}"),
    }
}
