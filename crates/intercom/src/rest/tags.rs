//! Tags and segments.

use serde_json::json;

use crate::{Call, Client, Listing, Page, Segment, Tag, operation::table as op, paging::Style};

impl Client {
    /// All tags of the Intercom workspace, in one answer. Needs Read tags.
    pub fn tags(&self) -> Call<Vec<Tag>> {
        let request = self.to(&op::TAG_LIST, &[]);
        let keys = &["data", "tags"];
        whole(&Listing::new(
            self,
            request,
            Style::Whole,
            0,
            keys,
            Tag::read,
        ))
    }

    /// One tag. Needs Read tags.
    pub fn tag(&self, id: &str) -> Call<Tag> {
        self.call(self.to(&op::TAG_GET, &[id]), Tag::read)
    }

    /// Makes a tag, or gives the one that has this name: case does not distinguish two. Needs Write tags.
    pub fn create_tag(&self, name: &str) -> Call<Tag> {
        let request = self.to(&op::TAG_PUT, &[]).json(&json!({"name": name}));
        self.call(request, Tag::read)
    }

    /// Renames a tag. Needs Write tags.
    pub fn rename_tag(&self, id: &str, name: &str) -> Call<Tag> {
        let body = json!({"id": id, "name": name});
        self.call(self.to(&op::TAG_PUT, &[]).json(&body), Tag::read)
    }

    /// Puts the tag of this name on companies, or takes it off, by Intercom's ids. Needs Write tags.
    pub fn tag_companies(&self, name: &str, company_ids: &[&str], off: bool) -> Call<Tag> {
        let company = |id: &&str| {
            if off {
                json!({"id": id, "untag": true})
            } else {
                json!({"id": id})
            }
        };
        let companies: Vec<_> = company_ids.iter().map(company).collect();
        let body = json!({"name": name, "companies": companies});
        self.call(self.to(&op::TAG_PUT, &[]).json(&body), Tag::read)
    }

    /// Deletes a tag. One that segments or messages use is refused with `tag_has_dependent_objects`. Needs Write tags.
    pub fn delete_tag(&self, id: &str) -> Call<()> {
        Call::done(self, self.to(&op::TAG_DELETE, &[id]))
    }

    /// All segments, in one answer, with how many each holds when `counted`. Needs Read and list users and companies.
    pub fn segments(&self, counted: bool) -> Call<Vec<Segment>> {
        let request = self.to(&op::SEGMENT_LIST, &[]);
        let request = if counted {
            request.query("include_count", "true")
        } else {
            request
        };
        let keys = &["segments", "data"];
        whole(&Listing::new(
            self,
            request,
            Style::Whole,
            0,
            keys,
            Segment::read,
        ))
    }

    /// One segment. Needs Read and list users and companies.
    pub fn segment(&self, id: &str) -> Call<Segment> {
        self.call(self.to(&op::SEGMENT_GET, &[id]), Segment::read)
    }
}

/// All entries of a list that comes in one answer.
pub(super) fn whole<T: Send + 'static>(list: &Listing<T>) -> Call<Vec<T>> {
    list.page().map(|page: Page<T>| page.items)
}
