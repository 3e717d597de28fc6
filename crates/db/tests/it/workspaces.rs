//! Workspaces and their members.

use crate::support::{assert_error, in_tx};
use earmark_db::Error;
use earmark_model::{Role, WorkspaceId};
use earmark_testkit::{both_databases, build};
use uuid::Uuid;

both_databases! {
    async fn a_workspace_has_a_slug_a_prefix_and_its_owner(t: TestDb) {
        let people = build::people(&t.db, "Quillwater & Sons").await;
        let details = t.db.workspace(people.workspace.id).details().await.unwrap();
        assert_eq!(details, people.workspace);
        assert_eq!(details.slug, "quillwater-sons");
        assert_eq!(details.ticket_prefix, "QS");
        let nobody = t.db.workspace(WorkspaceId(Uuid::nil())).details().await;
        assert_error!(nobody, Error::Missing);
    }

    async fn a_taken_slug_gets_a_number(t: TestDb) {
        let owner = build::user(&t.db, "mara@quillwater.example", "Mara", "a hash").await;
        let mut slugs = Vec::new();
        for _ in 0..3 {
            slugs.push(in_tx!(t, |tx| tx.across().create_workspace("Studio", owner.id).await.unwrap().slug));
        }
        assert_eq!(slugs, ["studio", "studio-2", "studio-3"]);
    }

    async fn members_stand_by_name_with_their_roles(t: TestDb) {
        let people = build::people(&t.db, "Quillwater").await;
        let members = t.db.workspace(people.workspace.id).members().await.unwrap();
        let lines: Vec<_> = members.iter().map(|m| (m.name.as_str(), m.role, m.email.as_str())).collect();
        assert_eq!(lines, [
            ("Adam", Role::Admin, "adam@quillwater.example"),
            ("Grace", Role::Agent, "grace@quillwater.example"),
            ("Olivia", Role::Owner, "olivia@quillwater.example"),
            ("Victor", Role::Viewer, "victor@quillwater.example"),
        ]);
        assert_eq!(members[0].user, people.admin.id);
    }

    async fn nobody_is_a_member_twice(t: TestDb) {
        let people = build::people(&t.db, "Quillwater").await;
        let tx = t.db.begin().await.unwrap();
        let again = tx.workspace(people.workspace.id).add_member(people.viewer.id, Role::Owner).await;
        assert_error!(again, Error::Conflict);
    }

    async fn memberships_lead_to_own_workspaces_only(t: TestDb) {
        let quillwater = build::people(&t.db, "Quillwater").await;
        let harrow = build::people(&t.db, "Harrow").await;
        let guest = quillwater.viewer.id;
        in_tx!(t, |tx| tx.workspace(harrow.workspace.id).add_member(guest, Role::Agent).await.unwrap());

        let list = t.db.across().memberships(guest).await.unwrap();
        let lines: Vec<_> = list.iter().map(|m| (m.workspace.slug.as_str(), m.role)).collect();
        assert_eq!(lines, [("harrow", Role::Agent), ("quillwater", Role::Viewer)]);

        let across = t.db.across();
        let own = across.membership(quillwater.owner.id, "quillwater").await.unwrap().unwrap();
        assert_eq!((own.workspace, own.role), (quillwater.workspace.clone(), Role::Owner));
        assert!(across.membership(quillwater.owner.id, "harrow").await.unwrap().is_none());
        assert!(across.membership(quillwater.owner.id, "nowhere").await.unwrap().is_none());

        let tenant = t.db.workspace(harrow.workspace.id);
        assert!(tenant.is_member(guest).await.unwrap());
        assert!(!tenant.is_member(quillwater.owner.id).await.unwrap());
    }

    async fn the_lock_of_a_workspace_makes_others_wait(t: TestDb) {
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let db = t.db.clone();
                tokio::spawn(async move {
                    let tx = db.begin().await.unwrap();
                    let tenant = tx.workspace(workspace);
                    tenant.lock().await.unwrap();
                    if tenant.products().await.unwrap().is_empty() {
                        tenant.create_product("Only one").await.unwrap();
                    }
                    tx.commit().await.unwrap();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(t.db.workspace(workspace).products().await.unwrap().len(), 1);
        let tx = t.db.begin().await.unwrap();
        assert_error!(tx.workspace(WorkspaceId(Uuid::nil())).lock().await, Error::Missing);
    }
}
