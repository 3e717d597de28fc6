//! The walls around mirrored people and the runs that copy them.

use super::{CONVERSATION, World};
use earmark_db::tenant::{
    ActionRunFilter, Company, CompanyFilter, Contact, ContactFilter, ContactPass, CopySort,
    CopyTime, Incomplete, Links, NewScrub, RemovalCause, Removed, RunLine, Segment, TicketType,
    TicketsSince,
};
use earmark_db::{Source, Tenant, Tx};
use earmark_model::{RunId, RunKind, RunState};
use earmark_testkit::TestDb;
use std::fmt::Write;

/// A contact of a company, with a tag and in a segment, and the run that copied them.
pub(super) async fn mirror(t: &TestDb, tenant: Tenant<'_, Tx>, world: &World) -> RunId {
    let (connection, name, now) = (world.connection, world.name, t.sources.now());
    let contacts = [person(name, now)];
    let copied = tenant.put_contacts(connection, &contacts, true);
    copied.await.unwrap();
    let copied = tenant
        .put_companies(connection, &[firm(name, now)], true)
        .await;
    copied.unwrap();
    for (kind, has) in [(Links::Companies, "company"), (Links::ContactTags, "7")] {
        let linked = tenant.add_link(kind, connection, "contact", has).await;
        linked.unwrap();
    }
    let segment = Segment {
        id: "segment".to_owned(),
        name: name.to_owned(),
        person_type: None,
        as_of: None,
    };
    tenant.put_segments(connection, &[segment]).await.unwrap();
    let members = tenant.put_segment_members(connection, "segment", now, &["contact"]);
    members.await.unwrap();
    others(tenant, world, now).await;
    let cause = RemovalCause::ContactDeleted;
    let noted = tenant.note_removal(connection, cause, (name, None), Removed::default());
    let noted = noted.await.unwrap();
    for _ in 0..2 {
        let rest = NewScrub {
            removal: noted,
            ..rest(name)
        };
        tenant.add_scrub(connection, &rest).await.unwrap();
    }
    let first = tenant.unlogged_scrubs(connection, 1).await.unwrap();
    tenant.scrub_logged(&first[0]).await.unwrap();
    let types = [ticket_type(name)];
    let types = tenant.put_ticket_types(connection, &types);
    types.await.unwrap();
    let merged = CopyTime {
        updated_at: now,
        observed_at: now,
    };
    let lead = format!("lead of {name}");
    let merged = tenant.merge_mirrored(connection, (&lead, "contact"), merged);
    merged.await.unwrap();
    let waits = tenant.await_person(connection, Incomplete::Contact, name);
    waits.await.unwrap();
    let run = runs(tenant, world).await;
    let failed = RunLine {
        outcome: "failed".to_owned(),
        ..line(name)
    };
    for line in [line(name), failed] {
        tenant.add_run_line(run, &line).await.unwrap();
    }
    run
}

/// What an erasure left to be done.
pub(super) fn rest(name: &str) -> NewScrub {
    NewScrub {
        subject: format!("somebody of {name}"),
        is_contact: true,
        texts: vec![format!("text of {name}")],
        removal: None,
    }
}

/// A backfill under way, which is given back, and a proof and a preview that are done.
async fn runs(tenant: Tenant<'_, Tx>, world: &World) -> RunId {
    let (connection, name) = (world.connection, world.name);
    let run = tenant.create_run(connection, RunKind::Backfill, Some(name), None);
    let run = run.await.unwrap();
    let proof = tenant.create_run(connection, RunKind::Proof, Some(name), None);
    let proof = proof.await.unwrap();
    for state in [RunState::Running, RunState::Done] {
        assert!(tenant.move_run(proof, state, Some(name)).await.unwrap());
    }
    let dry = tenant.create_run(connection, RunKind::Preview, Some(name), None);
    let dry = dry.await.unwrap();
    for state in [RunState::Running, RunState::Done] {
        assert!(tenant.move_run(dry, state, Some(name)).await.unwrap());
    }
    let tags = [name.to_owned()];
    tenant.set_preview(dry, None, &tags).await.unwrap();
    let previews = tenant.set_preview(run, Some(world.product.id), &tags);
    previews.await.unwrap();
    run
}

/// A contact that is archived, and one whose lists were cut.
async fn others(tenant: Tenant<'_, Tx>, world: &World, now: chrono::DateTime<chrono::Utc>) {
    let (connection, name) = (world.connection, world.name);
    let archived = Contact {
        id: format!("archived at {name}"),
        ..person(name, now)
    };
    let copied = tenant.put_contacts(connection, std::slice::from_ref(&archived), false);
    copied.await.unwrap();
    let archives = tenant.archive_contact(connection, &archived.id, now);
    assert!(archives.await.unwrap());
    let cut = Contact {
        id: format!("cut at {name}"),
        lists_cut: true,
        ..person(name, now)
    };
    let cut = [cut];
    let copied = tenant.put_contacts(connection, &cut, true);
    copied.await.unwrap();
}

pub(super) fn person(name: &str, now: chrono::DateTime<chrono::Utc>) -> Contact {
    Contact {
        id: "contact".to_owned(),
        role: None,
        external_id: None,
        email: Some(format!("{name}@mail.example")),
        phone: None,
        name: Some(name.to_owned()),
        owner_id: None,
        content: "{}".to_owned(),
        digest: name.to_owned(),
        created_at: None,
        last_seen_at: None,
        lists_cut: false,
        time: CopyTime {
            updated_at: now,
            observed_at: now,
        },
    }
}

pub(super) fn firm(name: &str, now: chrono::DateTime<chrono::Utc>) -> Company {
    Company {
        id: "company".to_owned(),
        company_id: None,
        name: Some(name.to_owned()),
        plan: None,
        industry: None,
        website: None,
        size: None,
        monthly_spend: None,
        user_count: Some(1),
        content: "{}".to_owned(),
        digest: name.to_owned(),
        created_at: None,
        last_request_at: None,
        time: person(name, now).time,
    }
}

pub(super) fn ticket_type(name: &str) -> TicketType {
    TicketType {
        id: "type".to_owned(),
        name: name.to_owned(),
    }
}

pub(super) fn line(name: &str) -> RunLine {
    RunLine {
        outcome: "new".to_owned(),
        subject_kind: "contact".to_owned(),
        subject_id: "contact".to_owned(),
        note: Some(name.to_owned()),
    }
}

/// What `tenant` can read of the runs of `world`.
async fn read_runs<S: Source>(tenant: Tenant<'_, S>, world: &World, out: &mut String) {
    let connection = world.connection;
    let ever = chrono::DateTime::UNIX_EPOCH;
    read! { tenant, out;
        runs(Some(connection), None, 100);
        run(world.run);
        last_run(connection, RunKind::Backfill);
        run_lines(world.run, 0, 100);
        next_run(connection, RunKind::PASSES);
        run_began_since(connection, RunKind::PASSES, ever);
        last_done_run(connection, &[RunKind::Proof]);
        run_line_count(world.run);
        failed_record_count(world.run);
        failed_records(world.run, "contact", "", 100);
        has_run_line(world.run, ("new", "contact"));
    }
}

/// What `tenant` can read of people, and of what was done to them, with the ids of `world`, a line a query.
pub(super) async fn read_people<S: Source>(tenant: Tenant<'_, S>, world: &World, out: &mut String) {
    let connection = world.connection;
    let ever = [0, 7_000_000_000].map(|at| chrono::DateTime::from_timestamp(at, 0).unwrap());
    read_runs(tenant, world, out).await;
    read! { tenant, out;
        action_run(world.action);
        action_texts(connection, "alpha");
        ticket_types(connection);
        merged_contacts(connection, "contact");
        action_runs(connection, &ActionRunFilter::default(), 100);
        contacts(&ContactFilter::default(), CopySort::Name, None, 100);
        contact_count(&ContactFilter::default());
        contact(connection, "contact");
        companies(&CompanyFilter::default(), CopySort::Name, None, 100);
        company_count(&CompanyFilter::default());
        company(connection, "company");
        companies_of(connection, "contact");
        links(Links::Companies, connection, &["contact"]);
        linked_tags(Links::ContactTags, connection, "contact");
        merged_contacts(connection, "contact");
        contact_emails(connection, "contact");
        segments(connection);
        segments_of(connection, "contact");
        named_links(Links::ContactTags, &[(connection, "contact".to_owned())]);
        conversations(None, 100);
        received(connection, &ever);
        contact_ids(connection, ContactPass::Archived, "", 100);
        contact_ids(connection, ContactPass::Live, "", 100);
        contact_ids(connection, ContactPass::Cut, "", 100);
        contact_ids_at(connection, ContactPass::Live, 0, 100);
        seen_contacts(connection, world.run, ever[0] + chrono::TimeDelta::seconds(1));
        peopled_companies(connection);
        waiting_people(connection, Incomplete::Contact, 100);
        next_waiting_person(connection);
        unlogged_scrubs(connection, 100);
        scrub_walk(connection, 100);
        has_body(world.delivery);
        action_log_holds(connection, &["alpha"]);
        escalated_conversations(connection, "", 100);
        named_contacts(connection, "", 100);
        trigger_tag_ids(connection);
        preview(world.product.id, connection);
        dry_run(connection);
        removals(None, 100);
        removals_under_way();
        queued_jobs(connection);
        messages_of(&[(connection, CONVERSATION.to_owned())]);
        tickets_of_threads(&[(connection, CONVERSATION.to_owned())]);
        tickets_by_tag(TicketsSince { since: ever[0], product: Some(world.product.id) }, 100);
        answered_talks(TicketsSince { since: ever[0], product: Some(world.product.id) }, 100);
    }
}
