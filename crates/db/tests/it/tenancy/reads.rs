//! Every query of a tenant.

use super::people::read_people;
use super::{CONVERSATION, World};
use chrono::DateTime;
use earmark_db::tenant::{DeliveryFilter, InboxFilter, SecretKind};
use earmark_db::{Source, Tenant};
use earmark_model::Job;
use std::fmt::Write;

/// All that `tenant` can read with the ids of `world`, a line a query.
pub(super) async fn read_all<S: Source>(tenant: Tenant<'_, S>, world: &World) -> String {
    let mut out = String::new();
    let connection = world.connection;
    read! { tenant, out;
        audit_lines(100);
        connections();
        connection(connection);
        secrets(connection, SecretKind::AccessToken);
        oauth_app();
        oauth_app_by_id(world.app);
        permission_checks(connection);
        topic_sightings(connection);
        refusals(connection, 100);
        doctor_lines(connection);
        doctor_changes(connection, 100);
        doctor_ran_at(connection);
        doctor_is_asked(connection);
        waiting(connection);
        newest_bodies(connection, 100);
        answer_times(connection, DateTime::UNIX_EPOCH);
        is_pending(&world.details_job());
        is_queued(&world.details_job());
        is_queued(&Job::Lane { connection });
        deliveries(connection, &DeliveryFilter::default(), 100);
        delivery(world.delivery);
        waiting_deliveries(connection, 100);
        waiting_since(connection);
        has_waiting_deliveries(connection);
        erasure(connection);
        mirrored(connection);
        standing_conversations(connection, 100);
        tags();
        admin_name(connection, "9");
        admins(connection);
        triggers(connection, "7");
        details();
        members();
        action_page_after(world.action, 0);
        is_member(world.people.viewer.id);
        role_of(world.people.viewer.id);
    }
    read_tickets(tenant, world, &mut out).await;
    read_people(tenant, world, &mut out).await;
    out
}

/// Conversations, and what came of them.
async fn read_tickets<S: Source>(tenant: Tenant<'_, S>, world: &World, out: &mut String) {
    let connection = world.connection;
    read! { tenant, out;
        conversation(connection, CONVERSATION);
        known_conversations(connection, &[CONVERSATION]);
        messages(connection, CONVERSATION);
        tombstones(connection, CONVERSATION);
        inbox(&InboxFilter::default(), None, 100);
        inbox_count(&InboxFilter::default());
        ticket_counts();
        inbox_tags();
        products();
        product(world.product.id);
        product_by_slug("app");
        statuses(world.product.id);
        trigger_tags(world.product.id);
        ticket(1);
        ticket_by_id(world.ticket.id);
        tickets_of_conversation(connection, CONVERSATION);
        ticket_tags(world.ticket.id);
        comments(world.ticket.id);
    }
}
