//! Suggestions for ids, from our copy.

use crate::describe::Pick;
use crate::run::{Actions, Place};
use earmark_db::tenant::{CompanyFilter, CopySort};

/// Most suggestions of a list.
const MOST: usize = 500;

/// An id that can be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// Intercom's id.
    pub id: String,
    /// Its name.
    pub name: String,
}

impl Actions {
    /// What our copy of a connection has to suggest, by name, up to 500. Nothing is asked of Intercom.
    ///
    /// # Errors
    /// [`earmark_db::Error::Unavailable`].
    pub async fn suggestions(
        &self,
        place: Place,
        pick: Pick,
    ) -> earmark_db::Result<Vec<Suggestion>> {
        let tenant = self.tenant(place.workspace);
        let mut found: Vec<_> = match pick {
            Pick::Tags => {
                let tags = tenant.tags().await?.into_iter();
                tags.filter(|tag| tag.connection == place.connection && tag.missing_since.is_none())
                    .map(|tag| Suggestion {
                        id: tag.id,
                        name: tag.name,
                    })
                    .collect()
            }
            Pick::Admins => {
                let admins = tenant.admins(place.connection).await?.into_iter();
                admins
                    .map(|admin| Suggestion {
                        id: admin.id,
                        name: admin.name,
                    })
                    .collect()
            }
            Pick::TicketTypes => {
                let types = tenant.ticket_types(place.connection).await?.into_iter();
                types
                    .map(|one| Suggestion {
                        id: one.id,
                        name: one.name,
                    })
                    .collect()
            }
            Pick::Companies => {
                let filter = CompanyFilter {
                    connection: Some(place.connection),
                    archived: Some(false),
                    ..CompanyFilter::default()
                };
                let most = MOST as u64;
                let companies = tenant
                    .companies(&filter, CopySort::Name, None, most)
                    .await?;
                companies
                    .into_iter()
                    .map(|copy| Suggestion {
                        name: copy.company.name.unwrap_or_else(|| copy.company.id.clone()),
                        id: copy.company.id,
                    })
                    .collect()
            }
        };
        found.truncate(MOST);
        Ok(found)
    }
}
