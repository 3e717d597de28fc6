//! Articles and the collections they stand in.

use serde::{Deserialize, Serialize};

use super::table::{Key, Row, Table};

/// The help center of a workspace.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Help {
    pub(crate) articles: Table<Article>,
    pub(crate) collections: Vec<Collection>,
}

/// An article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Article {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    /// HTML.
    pub(crate) body: String,
    pub(crate) author_id: i64,
    pub(crate) published: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    /// Id of a collection.
    pub(crate) parent: Option<i64>,
}

impl Row for Article {
    fn id(&self) -> &str {
        &self.id
    }

    fn created_at(&self) -> i64 {
        self.created_at
    }

    fn updated_at(&self) -> i64 {
        self.updated_at
    }

    fn keys(&self, _each: &mut dyn FnMut(Key, &str)) {}
}

/// A collection of articles.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Collection {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) parent: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}
