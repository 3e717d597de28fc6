//! Tags and segments.

use super::{TAG_ID, actions};
use crate::describe::Input;
use crate::plan::{call, call_acting};
use earmark_intercom::Tag;
use earmark_sync::Acted;

const NAME: Input = Input::text("name", "Name")
    .help("Case does not distinguish two tags.")
    .example("product feedback")
    .required();

fn there(tag: &Tag) -> Acted {
    let Tag { id, name } = tag.clone();
    Acted::Tag { id, name }
}

actions! { Tags;
    /// Creates a tag, or gives the one that has this name.
    CREATE = "tags.create", "Create tag", Changes, WriteTags, "tags.create_or_update",
    [NAME],
    |client, values| call_acting(client.create_tag(&values.need("name")), there);

    /// Renames a tag.
    UPDATE = "tags.update", "Update tag", Changes, WriteTags, "tags.create_or_update",
    [TAG_ID, NAME],
    |client, values| call_acting(client.rename_tag(&values.need("tag_id"), &values.need("name")), there);

    /// Deletes a tag. One that segments or messages use is refused.
    DELETE = "tags.delete", "Delete tag", Destroys, WriteTags, "tags.delete",
    [TAG_ID],
    |client, values| {
        let id = values.need("tag_id");
        call_acting(client.delete_tag(&id), |()| Acted::TagDeleted(id))
    };

    /// Shows one tag.
    GET = "tags.get", "Get tag", Reads, ReadTags, "tags.get",
    [TAG_ID],
    |client, values| call(client.tag(&values.need("tag_id")));

    /// Lists every tag.
    LIST = "tags.list", "List tags", Reads, ReadTags, "tags.list",
    [],
    |client, _| call(client.tags());

    /// Lists every segment with how many it holds.
    SEGMENTS = "segments.list", "List segments", Reads, ListPeople, "segments.list",
    [],
    |client, _| call(client.segments(true));
}
