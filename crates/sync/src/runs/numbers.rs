//! Numbers of both sides: what follows when they differ, and what the report says of it.

use super::pass::{Pass, Stop};
use super::place::{Over, Place, Step, Totals, Walk};
use earmark_db::tenant::ContactFilter;
use earmark_intercom::{Order, contacts};

fn signed(total: Option<u64>) -> Option<i64> {
    total.and_then(|total| i64::try_from(total).ok())
}

impl Pass<'_> {
    /// Counts on Intercom's side: all contacts as the list does, users and leads as search does, companies with users.
    pub(crate) async fn totals(&mut self) -> Result<(), Stop> {
        let all = self.client.contacts().per_page(1).page().await?.total;
        let mut roles = [None, None];
        for (role, total) in ["user", "lead"].into_iter().zip(&mut roles) {
            let search = self.client.search_contacts(contacts::ROLE.is(role));
            *total = signed(search.per_page(1).page().await?.total);
        }
        let companies = self.client.companies(Order::Descending).per_page(1);
        let companies = companies.page().await?.total;
        self.place.theirs = Totals {
            contacts: signed(all),
            users: roles[0],
            leads: roles[1],
            companies: signed(companies),
        };
        self.place.step_done();
        self.keep_place(4).await
    }

    /// What our copy holds of what Intercom counts: no archived ones, and companies with users alone.
    pub(crate) async fn ours(&self) -> Result<Totals, Stop> {
        Ok(Totals {
            contacts: Some(self.live_contacts(None).await?),
            users: Some(self.live_contacts(Some("user")).await?),
            leads: Some(self.live_contacts(Some("lead")).await?),
            companies: Some(self.tenant().peopled_companies(self.connection).await?),
        })
    }

    async fn live_contacts(&self, role: Option<&str>) -> Result<i64, Stop> {
        let live = ContactFilter {
            connection: Some(self.connection),
            role: role.map(ToOwned::to_owned),
            archived: Some(false),
            ..ContactFilter::default()
        };
        Ok(self.tenant().contact_count(&live).await?)
    }

    /// Goes through all contacts when there are not as many here as there, and through the list when days of creation
    /// showed fewer than there are. Equal numbers after what changed is in: the proof looks closer.
    pub(crate) async fn recount(&mut self) -> Result<(), Stop> {
        if self.place.listed {
            self.place.step_done();
            return self.keep_place(0).await;
        }
        let count = self.client.contacts().per_page(1).page().await?;
        let Some(theirs) = signed(count.total) else {
            self.place.step_done();
            return self.keep_place(1).await;
        };
        let before = self.place.theirs.contacts.replace(theirs);
        if self.place.walked {
            // What came or went meanwhile is no reason.
            let there = before.map_or(theirs, |before| before.min(theirs));
            let tenant = self.tenant();
            let seen = tenant
                .seen_contacts(self.connection, self.run, self.place.began)
                .await?;
            // Those that are listed all the same were seen, too.
            match seen + self.place.buried < there {
                true => {
                    self.place.step_becomes([Step::Walk(Walk::new(Over::List))]);
                }
                false => self.place.step_done(),
            }
            return self.keep_place(1).await;
        }
        let gap = theirs - self.live_contacts(None).await?;
        match self.place.is_worth_a_walk(gap) {
            true => {
                let all = Step::Contacts { since: None };
                self.place.step_becomes([all, Step::Recount]);
            }
            false => self.place.step_done(),
        }
        self.keep_place(1).await
    }
}

impl Place {
    /// Whether a walk through all contacts helps when Intercom counts `gap` more than we. It does not when the last walk
    /// left as many. One more there may be a webhook on its way: that must stand until the next pass.
    fn is_worth_a_walk(&mut self, gap: i64) -> bool {
        if gap == 0 {
            self.kept.gap_walked = 0;
        }
        let more = gap - self.kept.gap_walked;
        let before = std::mem::replace(&mut self.kept.gap, more);
        more < 0 || (more > 0 && before > 0)
    }

    /// Remembers which difference a walk through all contacts left and the next would leave too. More here than there are
    /// those that went while it went on, which the next one finds, except for the unclear ones; when the next one finds
    /// nothing, neither would a third.
    pub(crate) fn compared(&mut self, ours: Totals) {
        if let (true, Some(here), Some(there)) = (self.walked, ours.contacts, self.theirs.contacts)
        {
            let gap = there - here;
            // The walk began because of just this difference, and explained nothing of it.
            let stands =
                self.went == 0 && self.kept.gap < 0 && gap - self.kept.gap_walked == self.kept.gap;
            self.kept.gap_walked = match stands {
                true => gap,
                false => gap.max(-self.unclear),
            };
            self.kept.gap = 0;
        }
    }

    /// Where the numbers differ and why, in words.
    pub(crate) fn differences(&self, ours: Totals) -> Vec<String> {
        let theirs = self.theirs;
        let buried = self.buried;
        let late = "search shows new ones some minutes late, and those that changed while the run went on are looked at by the next one";
        let contacts = match (theirs.contacts, ours.contacts) {
            (Some(there), Some(here)) if there - here == buried => format!(
                "that many were deleted at Intercom, which lists them all the same ({buried})"
            ),
            (Some(there), Some(here)) if there < here => {
                "those that Intercom shows no more, and of which it did not say what became of them, are asked for again by \
                the next one"
                    .to_owned()
            }
            _ => "those that came or went while the run went on are looked at by the next one".to_owned(),
        };
        let companies = "Intercom counts those with users, and ours is what it told when they were last gone through";
        [
            (
                "contacts",
                theirs.contacts,
                ours.contacts,
                contacts.as_str(),
            ),
            ("users", theirs.users, ours.users, late),
            ("leads", theirs.leads, ours.leads, late),
            ("companies", theirs.companies, ours.companies, companies),
        ]
        .into_iter()
        .filter_map(|(what, there, here, why)| {
            let (there, here) = (there?, here?);
            (there != here)
                .then(|| format!("Intercom counts {there} {what} and our copy {here}: {why}"))
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::place::Kept;
    use chrono::DateTime;

    fn place() -> Place {
        Place::new(DateTime::UNIX_EPOCH, Vec::new(), Kept::default())
    }

    #[test]
    fn one_more_there_must_stand_before_all_are_walked() {
        let mut place = place();
        assert!(!place.is_worth_a_walk(1), "its webhook may be on its way");
        assert!(place.is_worth_a_walk(1), "it stood");
        place.walked = true;
        place.theirs.contacts = Some(11);
        let ours = Totals {
            contacts: Some(10),
            ..Totals::default()
        };
        place.compared(ours);
        assert!(!place.is_worth_a_walk(1), "the walk left it");
        assert!(!place.is_worth_a_walk(2), "that is one more");
        assert!(place.is_worth_a_walk(2), "which stood");
        assert!(place.is_worth_a_walk(-1), "more here than there");
        place.compared(Totals {
            contacts: Some(14),
            ..Totals::default()
        });
        assert!(
            place.is_worth_a_walk(-3),
            "they went while the walk went on"
        );
        place.unclear = 3;
        place.compared(Totals {
            contacts: Some(14),
            ..Totals::default()
        });
        assert!(
            !place.is_worth_a_walk(-3),
            "Intercom does not say what became of them"
        );
        // Two that were to be found by the next walk, which finds nothing.
        let two_more = Totals {
            contacts: Some(13),
            ..Totals::default()
        };
        place.unclear = 0;
        place.compared(two_more);
        assert!(place.is_worth_a_walk(-2));
        place.compared(two_more);
        assert!(!place.is_worth_a_walk(-2), "the walk found nothing");
        assert!(!place.is_worth_a_walk(0));
        assert!(!place.is_worth_a_walk(1));
    }

    #[test]
    fn each_difference_has_its_cause() {
        let mut place = place();
        place.buried = 1;
        place.theirs = Totals {
            contacts: Some(4),
            users: Some(2),
            leads: None,
            companies: Some(3),
        };
        let ours = Totals {
            contacts: Some(3),
            users: Some(2),
            leads: Some(1),
            companies: Some(2),
        };
        let told = place.differences(ours);
        assert_eq!(told.len(), 2, "{told:#?}");
        assert!(told[0].contains("4 contacts") && told[0].contains("deleted at Intercom"));
        assert!(told[1].contains("3 companies and our copy 2"));
        place.buried = 0;
        assert!(!place.differences(ours)[0].contains("deleted"));
    }
}
