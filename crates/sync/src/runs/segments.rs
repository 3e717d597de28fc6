//! Segments: no contact names its own, so the members of each are searched for.

use super::pass::{Pass, Stop, calls};
use super::place::{Over, Step, Walk};
use chrono::{DateTime, Utc};
use earmark_db::tenant::Segment;
use earmark_intercom::{Contact, Page};

impl Pass<'_> {
    /// Asks which segments there are, and goes through the members of each that is made of contacts.
    pub(crate) async fn segments(&mut self) -> Result<(), Stop> {
        let listed = self.client.segments(false).await?;
        let known = self.tenant().segments(self.connection).await?;
        let segments: Vec<Segment> = listed
            .into_iter()
            .map(|one| {
                let clean = crate::text::without_nul;
                let old = known.iter().find(|old| old.id == one.id);
                Segment {
                    name: clean(one.name.as_deref().unwrap_or(&one.id)),
                    person_type: one.person_type.as_deref().map(clean),
                    as_of: old.and_then(|old| old.as_of),
                    id: one.id,
                }
            })
            .collect();
        let as_of = self.now();
        let of_contacts = segments.iter().filter(|one| {
            let person = one.person_type.as_deref();
            person.is_none_or(|person| matches!(person, "user" | "contact" | "lead"))
        });
        let walks: Vec<Step> = of_contacts
            .map(|one| Step::Walk(Walk::new(Over::Segment(one.id.clone(), as_of))))
            .collect();
        self.place.step_becomes(walks);
        let tx = self.db.begin_in_background().await?;
        tx.workspace(self.workspace)
            .put_segments(self.connection, &segments)
            .await?;
        self.keep(tx, calls(1), None).await
    }

    /// Notes the members on a page; after the last one whoever was not seen is no member any more.
    pub(crate) async fn store_members(
        &mut self,
        segment: &str,
        as_of: DateTime<Utc>,
        page: &Page<Contact>,
    ) -> Result<(), Stop> {
        self.place.troubles = 0;
        let tx = self.db.begin_in_background().await?;
        let tenant = tx.workspace(self.workspace);
        let mut members: Vec<&str> = page.items.iter().map(|one| one.id.as_str()).collect();
        members.sort_unstable();
        members.dedup();
        tenant
            .lock_contacts(self.connection, &members, false)
            .await?;
        let gone = tenant.deleted_contacts(self.connection, &members).await?;
        members.retain(|id| !gone.iter().any(|gone| gone == id));
        tenant
            .put_segment_members(self.connection, segment, as_of, &members)
            .await?;
        if page.next.is_none() {
            tenant
                .end_segment_pass(self.connection, segment, as_of)
                .await?;
        }
        self.keep(tx, calls(1), None).await
    }
}
