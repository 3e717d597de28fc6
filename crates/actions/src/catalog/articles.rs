//! The help centre.

use super::{FETCH_ALL, NO_CURSOR, PAGE, PER_PAGE_50, actions, changes_something};
use crate::describe::{Input, Kind, Pick};
use crate::input::Values;
use crate::plan::{call, list};
use earmark_intercom::ArticleFields;

const STATES: &[(&str, &str)] = &[("draft", "Draft"), ("published", "Published")];
const ARTICLE_ID: Input = Input::id("article_id", "Article ID")
    .example("9001")
    .required();
const TITLE: Input = Input::text("title", "Title").example("Export your invoices");
const AUTHOR: Input = Input::new("author_id", "Author ID", Kind::Id(Some(Pick::Admins)))
    .help("The teammate who wrote it.")
    .example("814860");
const DESCRIPTION: Input = Input::text("description", "Description").example("As CSV and PDF");
const BODY: Input = Input::new("body", "Body", Kind::Long(200_000))
    .help("HTML.")
    .example("<p>Open Invoices, then Export.</p>");
const STATE: Input = Input::new("state", "State", Kind::Choice(STATES)).example("draft");
const COLLECTION: Input = Input::id("collection_id", "Collection ID")
    .help("The collection it stands in.")
    .example("7");

fn fields(values: &Values) -> ArticleFields {
    let collection = values.text("collection_id");
    ArticleFields {
        title: values.text("title").into(),
        description: values.text("description").into(),
        body: values.text("body").into(),
        author_id: values.text("author_id").into(),
        state: values.text("state").into(),
        parent_type: collection.as_ref().map(|_| "collection".to_owned()).into(),
        parent_id: collection.into(),
    }
}

actions! { Articles;
    /// Lists articles, latest change first.
    LIST = "articles.list", "List articles", Reads, ReadArticles, "articles.list",
    [FETCH_ALL, PAGE, PER_PAGE_50, NO_CURSOR],
    |client, values| list(client.articles(), values);

    /// Finds the articles that hold a phrase.
    SEARCH = "articles.search", "Search articles", Reads, ReadArticles, "articles.search",
    [Input::text("phrase", "Phrase").example("invoices").required(), STATE, PAGE],
    |client, values| {
        let state = values.text("state");
        list(client.search_articles(&values.need("phrase"), state.as_deref()), values)
    };

    /// Shows one article.
    GET = "articles.get", "Get article", Reads, ReadArticles, "articles.get",
    [ARTICLE_ID],
    |client, values| call(client.article(&values.need("article_id")));

    /// Creates an article; a draft unless said otherwise.
    CREATE = "articles.create", "Create article", Changes, WriteArticles, "articles.create",
    [TITLE.required(), AUTHOR.required(), DESCRIPTION, BODY, STATE, COLLECTION],
    |client, values| call(client.create_article(&fields(values)));

    /// Changes an article; fields left empty stay as they are.
    UPDATE = "articles.update", "Update article", Changes, WriteArticles, "articles.update",
    [ARTICLE_ID, TITLE, AUTHOR, DESCRIPTION, BODY, STATE, COLLECTION],
    |client, values| {
        let fields = fields(values);
        changes_something(&fields)?;
        call(client.update_article(&values.need("article_id"), &fields))
    };

    /// Deletes an article for good.
    DELETE = "articles.delete", "Delete article", Destroys, WriteArticles, "articles.delete",
    [ARTICLE_ID],
    |client, values| call(client.delete_article(&values.need("article_id")));

    /// Lists the collections of the help centre.
    COLLECTIONS = "collections.list", "List collections", Reads, ReadArticles, "collections.list",
    [PAGE, PER_PAGE_50],
    |client, values| list(client.collections(), values);
}
