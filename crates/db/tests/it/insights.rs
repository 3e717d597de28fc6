//! What the pages of insights, previews, privacy and calls read.

use crate::support::in_tx;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::tenant::{
    Conversation, Incomplete, Message, NewActionRun, RemovalCause, Removed, RunLine, TicketTag,
    TicketsSince,
};
use earmark_model::{
    ActionVia, AuthorKind, ConnectionId, DetailsState, Job, JobKind, MessageKind, ProductId,
    RunKind, RunState, WorkspaceId,
};
use earmark_testkit::{TestDb, both_databases, build};

struct Ground {
    workspace: WorkspaceId,
    connection: ConnectionId,
    product: ProductId,
    now: DateTime<Utc>,
}

impl Ground {
    async fn lay(t: &TestDb) -> Self {
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        let connection = build::connection(&t.db, workspace, "qw12ab34").await.id;
        let product = build::product(&t.db, workspace, "Ledger").await.id;
        let now = t.sources.now();
        Self {
            workspace,
            connection,
            product,
            now,
        }
    }

    fn message(&self, id: &str, author: AuthorKind, kind: MessageKind, minutes: i64) -> Message {
        let at = Some(self.now + TimeDelta::minutes(minutes));
        Message {
            id: id.to_owned(),
            kind,
            author_kind: author,
            author_id: None,
            author_name: None,
            html: None,
            plain: Some(id.to_owned()),
            attachments: "[]".to_owned(),
            created_at: at,
            updated_at: at,
            redacted_at: None,
        }
    }

    /// A ticket of a conversation with a team, tags and these messages.
    async fn talk(&self, t: &TestDb, id: &str, tags: &[&str], thread: &[Message]) {
        let ids = (id, "m1");
        let ticket = build::ticket(&t.db, self.workspace, self.product, self.connection, ids).await;
        in_tx!(t, |tx| {
            let tenant = tx.workspace(self.workspace);
            let talk = Conversation {
                team_id: (id == "1").then(|| "814".to_owned()),
                details: DetailsState::Complete,
                ..Conversation::new(id.to_owned())
            };
            tenant
                .put_conversation(self.connection, &talk)
                .await
                .unwrap();
            for message in thread {
                tenant
                    .put_message(self.connection, id, message)
                    .await
                    .unwrap();
            }
            for name in tags {
                let tag = TicketTag {
                    tag: (*name).to_owned(),
                    name: (*name).to_owned(),
                    tagged_at: self.now,
                    tagged_by: None,
                };
                tenant.add_ticket_tag(ticket.id, &tag).await.unwrap();
            }
        });
    }
}

both_databases! {
    async fn tickets_are_counted_by_tag_time_and_answer(t: TestDb) {
        use AuthorKind::{Bot, Customer, Teammate};
        use MessageKind::{Note, Reply, Source};
        let g = Ground::lay(&t).await;
        in_tx!(t, |tx| {
            let teams = [("814".to_owned(), "Ledger support".to_owned())];
            tx.workspace(g.workspace).put_teams(g.connection, &teams).await.unwrap();
        });
        let thread = [
            g.message("m0", Teammate, Source, 0),
            g.message("m1", Customer, Reply, 10),
            g.message("m2", Bot, Reply, 11),
            g.message("m3", Teammate, Note, 12),
            g.message("m4", Teammate, Reply, 40),
            g.message("m5", Teammate, Reply, 50),
        ];
        g.talk(&t, "1", &["bug", "wish"], &thread).await;
        g.talk(&t, "2", &["bug"], &[g.message("m1", Customer, Source, 3)]).await;
        let tenant = t.db.workspace(g.workspace);
        let all = TicketsSince { since: g.now - TimeDelta::hours(1), product: None };
        let tags = tenant.tickets_by_tag(all, 10).await.unwrap();
        let tags: Vec<_> = tags.iter().map(|tag| (tag.name.as_str(), tag.tickets)).collect();
        assert_eq!(tags, [("bug", 2), ("wish", 1)]);
        let mut talks = tenant.answered_talks(all, 10).await.unwrap();
        talks.sort_by_key(|talk| talk.asked_at);
        assert_eq!((talks[0].team_id.as_deref(), talks[0].replied_at), (None, None));
        assert_eq!((talks[1].team_name.as_deref(), talks[1].tickets), (Some("Ledger support"), 1));
        assert_eq!(talks[1].asked_at, Some(g.now + TimeDelta::minutes(10)));
        assert_eq!(talks[1].replied_at, Some(g.now + TimeDelta::minutes(40)));
        let edges = [-2, -1, 1, 2].map(|hours| t.sources.now() + TimeDelta::hours(hours));
        assert_eq!(tenant.tickets_between(&edges, Some(g.product)).await.unwrap(), [0, 2, 0]);
        let none = TicketsSince { since: t.sources.now() + TimeDelta::hours(1), product: Some(g.product) };
        assert!(tenant.tickets_by_tag(none, 10).await.unwrap().is_empty());
        assert!(tenant.answered_talks(none, 10).await.unwrap().is_empty());
        // Teams that Intercom lists no more lose their name.
        in_tx!(t, |tx| tx.workspace(g.workspace).put_teams(g.connection, &[]).await.unwrap());
        let talks = tenant.answered_talks(all, 10).await.unwrap();
        assert!(talks.iter().all(|talk| talk.team_name.is_none()), "{talks:?}");
    }

    async fn threads_and_tickets_are_read_many_at_once(t: TestDb) {
        use AuthorKind::Customer;
        let g = Ground::lay(&t).await;
        let thread = [
            g.message("m10", Customer, MessageKind::Reply, 5),
            g.message("m9", Customer, MessageKind::Reply, 5),
            g.message("m1", Customer, MessageKind::Source, 7),
        ];
        g.talk(&t, "1", &["bug"], &thread).await;
        g.talk(&t, "2", &[], &[]).await;
        let tenant = t.db.workspace(g.workspace);
        let keys = ["1", "2", "none"].map(|id| (g.connection, id.to_owned()));
        let threads = tenant.messages_of(&keys).await.unwrap();
        let one = tenant.messages(g.connection, "1").await.unwrap();
        assert_eq!((threads.len(), &threads[&keys[0]]), (1, &one));
        let ids: Vec<_> = one.iter().map(|message| message.id.as_str()).collect();
        assert_eq!(ids, ["m1", "m9", "m10"]);
        let tickets = tenant.tickets_of_threads(&keys).await.unwrap();
        assert_eq!(tickets.len(), 2);
        assert_eq!(tickets[&keys[0]][0].1[0].name, "bug");
        let mut after = None;
        for id in ["1", "2"] {
            let page = tenant.conversations(after.as_ref(), 1).await.unwrap();
            assert_eq!(page[0].1.id, id);
            after = Some((page[0].0, page[0].1.id.clone()));
        }
        assert!(tenant.conversations(after.as_ref(), 1).await.unwrap().is_empty());
    }

    async fn the_newest_preview_is_found_and_the_dry_run_only_when_done(t: TestDb) {
        let g = Ground::lay(&t).await;
        let tags = ["7".to_owned(), "8".to_owned()];
        let begin = async |product: Option<ProductId>| {
            in_tx!(t, |tx| {
                let tenant = tx.workspace(g.workspace);
                let run = tenant.create_run(g.connection, RunKind::Preview, None, None).await.unwrap();
                tenant.set_preview(run, product, &tags).await.unwrap();
                run
            })
        };
        let tenant = t.db.workspace(g.workspace);
        assert_eq!(tenant.preview(g.product, g.connection).await.unwrap(), None);
        begin(Some(g.product)).await;
        let newest = begin(Some(g.product)).await;
        let found = tenant.preview(g.product, g.connection).await.unwrap().unwrap();
        assert_eq!((found.run.id, found.tags.as_slice()), (newest, tags.as_slice()));
        let dry = begin(None).await;
        assert_eq!(tenant.dry_run(g.connection).await.unwrap(), None, "it is not done");
        in_tx!(t, |tx| {
            let tenant = tx.workspace(g.workspace);
            for state in [RunState::Running, RunState::Done] {
                assert!(tenant.move_run(dry, state, None).await.unwrap());
            }
            let line = RunLine {
                outcome: "time_unknown".to_owned(),
                subject_kind: "conversation".to_owned(),
                subject_id: "1".to_owned(),
                note: None,
            };
            tenant.add_run_line(dry, &line).await.unwrap();
        });
        assert_eq!(tenant.dry_run(g.connection).await.unwrap().unwrap().run.id, dry);
        assert!(tenant.has_run_line(dry, ("time_unknown", "1")).await.unwrap());
        assert!(!tenant.has_run_line(dry, ("time_unknown", "2")).await.unwrap());
        assert!(!tenant.has_run_line(newest, ("time_unknown", "1")).await.unwrap());
    }

    async fn removals_are_listed_newest_first_and_say_numbers_only(t: TestDb) {
        let g = Ground::lay(&t).await;
        let removed = Removed { messages: 2, payloads: 3, ..Removed::default() };
        for subject in ["1", "2", "3"] {
            in_tx!(t, |tx| {
                let cause = RemovalCause::MessageRedacted;
                tx.workspace(g.workspace).note_removal(g.connection, cause, (subject, None), removed).await.unwrap();
            });
        }
        let tenant = t.db.workspace(g.workspace);
        let first = tenant.removals(None, 2).await.unwrap();
        assert_eq!((first[0].subject.as_str(), first[1].subject.as_str()), ("3", "2"));
        assert_eq!((first[0].removed, first[0].connection), (removed, g.connection));
        let rest = tenant.removals(Some(first[1].id), 2).await.unwrap();
        assert_eq!((rest.len(), rest[0].subject.as_str()), (1, "1"));
        assert_eq!(tenant.payload_rule().await.unwrap(), (30, None));
    }

    async fn a_line_is_added_to_and_a_members_own_erasure_makes_none(t: TestDb) {
        let g = Ground::lay(&t).await;
        let removed = Removed { copies: 1, payloads: 2, ..Removed::default() };
        let cause = RemovalCause::ContactMerged;
        let line = in_tx!(t, |tx| tx.workspace(g.workspace)
            .note_removal(g.connection, cause, ("1", Some("2")), removed).await.unwrap());
        let line = line.unwrap();
        in_tx!(t, |tx| tx.workspace(g.workspace).add_removed(line, 3, 4).await.unwrap());
        let told = t.db.workspace(g.workspace).removals(None, 10).await.unwrap();
        assert_eq!((told[0].subject.as_str(), told[0].into.as_deref()), ("1", Some("2")));
        assert_eq!(told[0].removed, Removed { payloads: 5, actions: 4, ..removed });
        in_tx!(t, |tx| tx.workspace(g.workspace).begin_erasure(g.connection).await.unwrap());
        let line = in_tx!(t, |tx| tx.workspace(g.workspace)
            .note_removal(g.connection, cause, ("3", None), removed).await.unwrap());
        assert_eq!(line, None);
        assert_eq!(t.db.workspace(g.workspace).removals(None, 10).await.unwrap().len(), 1);
    }

    async fn queued_jobs_are_those_of_the_connection(t: TestDb) {
        let g = Ground::lay(&t).await;
        let other = build::connection(&t.db, g.workspace, "other").await.id;
        in_tx!(t, |tx| {
            let tenant = tx.workspace(g.workspace);
            for conversation in ["1", "2"] {
                let job = Job::Details { connection: g.connection, conversation: conversation.to_owned() };
                tenant.enqueue(&job).await.unwrap();
            }
            tenant.enqueue(&Job::RefreshTags { connection: other }).await.unwrap();
        });
        let queued = t.db.workspace(g.workspace).queued_jobs(g.connection).await.unwrap();
        assert_eq!(queued.len(), 1, "{queued:?}");
        assert_eq!((queued[0].kind, queued[0].waiting, queued[0].running), (JobKind::Details, 2, 0));
        assert_eq!(queued[0].due_at, g.now);
    }

    async fn what_waits_is_counted_and_fetched_lists_are_their_connections(t: TestDb) {
        let g = Ground::lay(&t).await;
        let other = build::connection(&t.db, g.workspace, "other").await.id;
        let new = |connection, key: &str| build::delivery((g.workspace, connection), key, "subject", g.now);
        let batch = [new(g.connection, "a"), new(g.connection, "b"), new(other, "c")];
        in_tx!(t, |tx| tx.across().store_deliveries(&batch).await.unwrap());
        in_tx!(t, |tx| {
            let tenant = tx.workspace(g.workspace);
            for id in ["1", "2", "3"] {
                tenant.await_person(g.connection, Incomplete::Contact, id).await.unwrap();
            }
            tenant.enqueue(&Job::People { connection: g.connection }).await.unwrap();
            for connection in [g.connection, other] {
                let action = NewActionRun {
                    connection,
                    action: "contacts.list".to_owned(),
                    actor: None,
                    via: ActionVia::Page,
                    inputs: "{}".to_owned(),
                    request: "{}".to_owned(),
                };
                let run = tenant.begin_action_run(&action).await.unwrap();
                tenant.enqueue(&Job::FetchAll { run }).await.unwrap();
            }
        });
        // One that runs is due no more; the one that waits is.
        let lease = TimeDelta::minutes(1);
        in_tx!(t, |tx| tx.across().claim_jobs(&[JobKind::People], 1, lease).await.unwrap());
        t.clock.advance(TimeDelta::seconds(9));
        in_tx!(t, |tx| tx.workspace(g.workspace).enqueue(&Job::People { connection: g.connection }).await.unwrap());
        let queued = t.db.workspace(g.workspace).queued_jobs(g.connection).await.unwrap();
        let told: Vec<_> = queued.iter().map(|one| (one.kind, one.waiting, one.running)).collect();
        assert_eq!(told, [(JobKind::FetchAll, 1, 0), (JobKind::Lane, 2, 0), (JobKind::People, 3, 1)]);
        assert!(queued[2].due_at >= g.now + TimeDelta::seconds(9), "{queued:?}");
    }

    async fn of_many_conversations_those_of_the_newest_tickets_are_looked_at(t: TestDb) {
        let g = Ground::lay(&t).await;
        for id in ["old", "new"] {
            g.talk(&t, id, &[], &[g.message("m1", AuthorKind::Customer, MessageKind::Source, if id == "new" { 1 } else { 9 })]).await;
            t.clock.advance(TimeDelta::minutes(5));
        }
        let all = TicketsSince { since: g.now - TimeDelta::hours(1), product: None };
        let talks = t.db.workspace(g.workspace).answered_talks(all, 1).await.unwrap();
        assert_eq!(talks[0].asked_at, Some(g.now + TimeDelta::minutes(1)));
    }
}
