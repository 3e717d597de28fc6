use super::{ADDRESS, accounts, owner, signed_up, someone};
use earmark_accounts::{Forbidden, Member};
use earmark_model::{Right, Role};
use earmark_testkit::{both_databases, build};

both_databases! {
    async fn a_member_is_loaded_with_their_role(db: TestDb) {
        let people = build::people(&db.db, "Quillwater").await;
        for (user, role) in [
            (&people.owner, Role::Owner),
            (&people.admin, Role::Admin),
            (&people.agent, Role::Agent),
            (&people.viewer, Role::Viewer),
        ] {
            let member = Member::load(&db.db, user.id, "quillwater").await.unwrap().unwrap();
            assert_eq!(member.role(), role);
            assert_eq!(member.user().id, user.id);
            assert_eq!(member.workspace(), &people.workspace);
            for right in Right::ALL {
                assert_eq!(member.may(right), role.may(right));
                assert_eq!(member.require(right).is_ok(), role.may(right));
            }
        }
    }

    async fn who_may_is_named(db: TestDb) {
        let people = build::people(&db.db, "Quillwater").await;
        let member = Member::load(&db.db, people.agent.id, "quillwater").await.unwrap().unwrap();
        let forbidden = member.require(Right::ManageProducts).unwrap_err();
        assert_eq!(forbidden, Forbidden { right: Right::ManageProducts, least_role: Role::Admin });
        assert_eq!(
            forbidden.to_string(),
            "you may not change products, only a member with the role admin or above may"
        );
    }

    async fn another_workspace_and_none_at_all_look_alike(db: TestDb) {
        let accounts = accounts(&db);
        let (priya, quillwater) = signed_up(&accounts).await;
        let other = someone("mallory@acme.example", "Acme");
        let (mallory, acme) = accounts.sign_up(other, ADDRESS).await.unwrap();
        for (user, slug) in [(&priya, &acme.slug), (&mallory, &quillwater.slug), (&priya, &"none".to_owned())] {
            assert!(Member::load(&db.db, user.id, slug).await.unwrap().is_none());
        }
    }

    async fn the_audit_log_gets_person_and_address(db: TestDb) {
        let member = owner(&db).await;
        let actor = member.actor(ADDRESS);
        assert_eq!(actor.user, Some(member.user().id));
        assert_eq!(actor.address.as_deref(), Some("192.0.2.7"));
        assert_eq!(member.actor(None).address, None);
    }
}
