use super::{ADDRESS, accounts, actions, audit, owner, someone, with_stuck_ids};
use earmark_accounts::{ChangeError, Member, products};
use earmark_db as db;
use earmark_testkit::{both_databases, build};

both_databases! {
    async fn create_rename_archive_restore(db: TestDb) {
        let member = owner(&db).await;
        let tenant = db.db.workspace(member.workspace().id);
        let made = products::create(&db.db, &member, "  Mobile app ", ADDRESS).await.unwrap();
        assert_eq!((made.name.as_str(), made.slug.as_str()), ("Mobile app", "mobile-app"));
        assert_eq!(tenant.statuses(made.id).await.unwrap().len(), 5);

        products::rename(&db.db, &member, made.id, "MOBILE", ADDRESS).await.unwrap();
        let renamed = tenant.product(made.id).await.unwrap().unwrap();
        assert_eq!((renamed.name.as_str(), renamed.slug.as_str()), ("MOBILE", "mobile-app"));
        products::archive(&db.db, &member, made.id, ADDRESS).await.unwrap();
        assert!(tenant.product(made.id).await.unwrap().unwrap().archived_at.is_some());
        products::unarchive(&db.db, &member, made.id, ADDRESS).await.unwrap();
        assert!(tenant.product(made.id).await.unwrap().unwrap().archived_at.is_none());

        let lines = audit(&db, member.workspace()).await;
        let lines: Vec<_> = lines.iter().filter(|line| line.subject_kind == "product").collect();
        let mut done: Vec<_> = lines.iter().map(|line| line.action.as_str()).collect();
        done.sort_unstable();
        assert_eq!(done, ["product.archived", "product.created", "product.renamed", "product.restored"]);
        for line in lines {
            assert_eq!((line.actor, &line.subject_id), (Some(member.user().id), &made.id.to_string()));
        }
    }

    async fn what_changes_nothing_is_not_logged(db: TestDb) {
        let member = owner(&db).await;
        let made = products::create(&db.db, &member, "Mobile", ADDRESS).await.unwrap();
        products::rename(&db.db, &member, made.id, " Mobile ", ADDRESS).await.unwrap();
        products::unarchive(&db.db, &member, made.id, ADDRESS).await.unwrap();
        products::archive(&db.db, &member, made.id, ADDRESS).await.unwrap();
        products::archive(&db.db, &member, made.id, ADDRESS).await.unwrap();
        assert_eq!(
            actions(&db, member.workspace()).await,
            ["product.archived", "product.created", "user.signed_up", "workspace.created"]
        );
    }

    async fn a_name_is_checked_and_unique_in_its_workspace(db: TestDb) {
        let member = owner(&db).await;
        for name in ["", " \t ", "Mo\nbile", &"x".repeat(81)] {
            let outcome = products::create(&db.db, &member, name, ADDRESS).await;
            assert!(fault(outcome).is_some(), "{name:?}");
        }
        let mobile = products::create(&db.db, &member, &"x".repeat(80), ADDRESS).await.unwrap();
        products::rename(&db.db, &member, mobile.id, "Müsli", ADDRESS).await.unwrap();
        let desktop = products::create(&db.db, &member, "Desktop", ADDRESS).await.unwrap();
        let again = fault(products::create(&db.db, &member, "MÜSLI", ADDRESS).await).unwrap();
        assert!(again.contains("exists already"), "{again}");
        let renamed = fault(products::rename(&db.db, &member, desktop.id, "müsli", ADDRESS).await);
        assert_eq!(renamed.as_ref(), Some(&again));
        products::archive(&db.db, &member, mobile.id, ADDRESS).await.unwrap();
        let archived = fault(products::create(&db.db, &member, "müsli", ADDRESS).await).unwrap();
        assert!(archived.contains("Restore it"), "{archived}");
        products::rename(&db.db, &member, mobile.id, "MÜSLI", ADDRESS).await.unwrap();

        let other = someone("mallory@acme.example", "Acme");
        let (user, workspace) = accounts(&db).sign_up(other, ADDRESS).await.unwrap();
        let elsewhere = Member::load(&db.db, user.id, &workspace.slug).await.unwrap().unwrap();
        products::create(&db.db, &elsewhere, "Müsli", ADDRESS).await.unwrap();
    }

    async fn of_two_with_one_name_at_once_one_is_made(db: TestDb) {
        let member = owner(&db).await;
        let make = |name| products::create(&db.db, &member, name, ADDRESS);
        let outcomes = futures::join!(make("Mobile"), make("MOBILE"), make("mobile"));
        let outcomes = [outcomes.0, outcomes.1, outcomes.2];
        let made = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(made, 1, "{outcomes:?}");
        assert!(outcomes.into_iter().filter(Result::is_err).all(|outcome| fault(outcome).is_some()));
    }

    async fn another_workspaces_product_is_missing(db: TestDb) {
        let member = owner(&db).await;
        let other = build::people(&db.db, "Acme").await;
        let foreign = build::product(&db.db, other.workspace.id, "Mobile").await;
        for outcome in [
            products::rename(&db.db, &member, foreign.id, "Mine", ADDRESS).await,
            products::archive(&db.db, &member, foreign.id, ADDRESS).await,
            products::unarchive(&db.db, &member, foreign.id, ADDRESS).await,
        ] {
            assert!(matches!(outcome, Err(ChangeError::Database(db::Error::Missing))), "{outcome:?}");
        }
        let still = db.db.workspace(other.workspace.id).product(foreign.id).await.unwrap();
        assert_eq!(still, Some(foreign));
    }

    async fn an_agent_may_not(db: TestDb) {
        let people = build::people(&db.db, "Quillwater").await;
        let product = build::product(&db.db, people.workspace.id, "Mobile").await;
        let agent = Member::load(&db.db, people.agent.id, "quillwater").await.unwrap().unwrap();
        let outcomes = [
            products::create(&db.db, &agent, "Desktop", ADDRESS).await.map(drop),
            products::rename(&db.db, &agent, product.id, "Desktop", ADDRESS).await,
            products::archive(&db.db, &agent, product.id, ADDRESS).await,
            products::unarchive(&db.db, &agent, product.id, ADDRESS).await,
        ];
        for outcome in outcomes {
            assert!(matches!(outcome, Err(ChangeError::Forbidden(_))), "{outcome:?}");
        }
        let admin = Member::load(&db.db, people.admin.id, "quillwater").await.unwrap().unwrap();
        products::archive(&db.db, &admin, product.id, ADDRESS).await.unwrap();
    }

    async fn without_its_audit_row_nothing_changes(db: TestDb) {
        let member = owner(&db).await;
        let product = build::product(&db.db, member.workspace().id, "Mobile").await;
        let used = with_stuck_ids(&db).await;
        products::archive(&used, &member, product.id, ADDRESS).await.unwrap();
        let stuck = with_stuck_ids(&db).await;
        let outcome = products::unarchive(&stuck, &member, product.id, ADDRESS).await;
        assert!(matches!(outcome, Err(ChangeError::Database(db::Error::Conflict))), "{outcome:?}");
        let stuck = with_stuck_ids(&db).await;
        let outcome = products::rename(&stuck, &member, product.id, "Other", ADDRESS).await;
        assert!(matches!(outcome, Err(ChangeError::Database(db::Error::Conflict))), "{outcome:?}");
        let now = db.db.workspace(member.workspace().id).product(product.id).await.unwrap().unwrap();
        assert!(now.archived_at.is_some());
        assert_eq!(now.name, "Mobile");
    }
}

fn fault<T>(outcome: Result<T, ChangeError>) -> Option<String> {
    match outcome {
        Err(ChangeError::Invalid(errors)) => errors.of("name").map(str::to_owned),
        _ => None,
    }
}
