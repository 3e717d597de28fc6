//! The help centre, attributes, subscription types and events.

use serde_json::json;

use super::tags::whole;
use crate::{
    Article, ArticleFields, AttributeFields, AttributeModel, Call, Client, Collection,
    CollectionFields, DataAttribute, Event, HelpCenter, Listing, NewEvent, Removed,
    SubscriptionType, Who, operation::table as op, paging::Style, write,
};

/// Entries on a page. Intercom names no limit for articles; its examples show up to 25.
const MOST: u8 = 50;

impl Client {
    /// All articles, latest change first. Needs Read and list articles.
    pub fn articles(&self) -> Listing<Article> {
        let request = self.to(&op::ARTICLE_LIST, &[]);
        Listing::new(
            self,
            request,
            Style::Number,
            MOST,
            &["data", "articles"],
            Article::read,
        )
    }

    /// The articles that hold a phrase, in one state (`published`, `draft`) or in any, in pages of Intercom's size. Needs Read and list articles.
    pub fn search_articles(&self, phrase: &str, state: Option<&str>) -> Listing<Article> {
        let request = self.to(&op::ARTICLE_SEARCH, &[]).query("phrase", phrase);
        let keys = &["data.articles", "data", "articles"];
        let list = Listing::new(self, request, Style::Number, 0, keys, Article::read);
        match state {
            Some(state) => list.query("state", state),
            None => list,
        }
    }

    /// One article. Needs Read and list articles.
    pub fn article(&self, id: &str) -> Call<Article> {
        self.call(self.to(&op::ARTICLE_GET, &[id]), Article::read)
    }

    /// Makes an article; title and author are needed. Needs Read and write articles.
    pub fn create_article(&self, fields: &ArticleFields) -> Call<Article> {
        let request = self.to(&op::ARTICLE_CREATE, &[]).json(fields);
        self.call(request.shaped(write::numbers_in_article), Article::read)
    }

    /// Changes an article. Needs Read and write articles.
    pub fn update_article(&self, id: &str, fields: &ArticleFields) -> Call<Article> {
        let request = self.to(&op::ARTICLE_UPDATE, &[id]).json(fields);
        self.call(request.shaped(write::author_as_number), Article::read)
    }

    /// Deletes an article for good. Needs Read and write articles.
    pub fn delete_article(&self, id: &str) -> Call<Removed> {
        self.call(self.to(&op::ARTICLE_DELETE, &[id]), Removed::read)
    }

    /// All collections. Needs Read and list articles.
    pub fn collections(&self) -> Listing<Collection> {
        let request = self.to(&op::COLLECTION_LIST, &[]);
        let keys = &["data", "collections"];
        Listing::new(self, request, Style::Number, MOST, keys, Collection::read)
    }

    /// One collection. Needs Read and list articles.
    pub fn collection(&self, id: &str) -> Call<Collection> {
        self.call(self.to(&op::COLLECTION_GET, &[id]), Collection::read)
    }

    /// Makes a collection; a name is needed. Needs Read and write articles.
    pub fn create_collection(&self, fields: &CollectionFields) -> Call<Collection> {
        let request = self.to(&op::COLLECTION_CREATE, &[]).json(fields);
        self.call(request, Collection::read)
    }

    /// Changes a collection. Needs Read and write articles.
    pub fn update_collection(&self, id: &str, fields: &CollectionFields) -> Call<Collection> {
        let request = self.to(&op::COLLECTION_UPDATE, &[id]).json(fields);
        self.call(request, Collection::read)
    }

    /// Deletes a collection for good. Needs Read and write articles.
    pub fn delete_collection(&self, id: &str) -> Call<Removed> {
        self.call(self.to(&op::COLLECTION_DELETE, &[id]), Removed::read)
    }

    /// All help centres. Needs Read and list articles.
    pub fn help_centers(&self) -> Call<Vec<HelpCenter>> {
        let request = self.to(&op::HELP_CENTER_LIST, &[]);
        let read = HelpCenter::read;
        whole(&Listing::new(
            self,
            request,
            Style::Whole,
            0,
            &["data"],
            read,
        ))
    }

    /// One help centre. Needs Read and list articles.
    pub fn help_center(&self, id: &str) -> Call<HelpCenter> {
        self.call(self.to(&op::HELP_CENTER_GET, &[id]), HelpCenter::read)
    }

    /// The attributes of contacts or companies. Needs Read and list users and companies.
    pub fn data_attributes(&self, model: AttributeModel) -> Call<Vec<DataAttribute>> {
        let request = self.to(&op::ATTRIBUTE_LIST, &[]);
        let request = request.query("model", model.as_str());
        let read = DataAttribute::read;
        whole(&Listing::new(
            self,
            request,
            Style::Whole,
            0,
            &["data"],
            read,
        ))
    }

    /// Makes an attribute of one's own: `string`, `integer`, `float`, `boolean`, `datetime` or `date`, or `options` with
    /// the options in `fields`. Its type never changes. Asked with version 2.14 or newer. Needs Write data attributes.
    pub fn create_data_attribute(
        &self,
        model: AttributeModel,
        name: &str,
        data_type: &str,
        fields: &AttributeFields,
    ) -> Call<DataAttribute> {
        let mut request = self.to(&op::ATTRIBUTE_CREATE, &[]).json(fields);
        request.edit(|body| {
            body.insert("model".to_owned(), json!(model));
            body.insert("name".to_owned(), json!(name));
            body.insert("data_type".to_owned(), json!(data_type));
        });
        self.call(request, DataAttribute::read)
    }

    /// Changes an attribute of one's own. Asked with version 2.14 or newer. Needs Write data attributes.
    pub fn update_data_attribute(&self, id: &str, fields: &AttributeFields) -> Call<DataAttribute> {
        let request = self.to(&op::ATTRIBUTE_UPDATE, &[id]).json(fields);
        self.call(request, DataAttribute::read)
    }

    /// All subscription types.
    pub fn subscription_types(&self) -> Call<Vec<SubscriptionType>> {
        let request = self.to(&op::SUBSCRIPTION_TYPE_LIST, &[]);
        let read = SubscriptionType::read;
        whole(&Listing::new(
            self,
            request,
            Style::Whole,
            0,
            &["data"],
            read,
        ))
    }

    /// The latest events of a contact, of the last 90 days. Needs Read events.
    pub fn events(&self, who: &Who) -> Call<Vec<Event>> {
        let (key, value) = who.in_reply();
        let request = self.to(&op::EVENT_LIST, &[]);
        let request = request.query("type", "user").query(key, value);
        let keys = &["events", "data"];
        whole(&Listing::new(
            self,
            request,
            Style::Whole,
            0,
            keys,
            Event::read,
        ))
    }

    /// Records an event of a contact. Needs Write events.
    pub fn create_event(&self, event: &NewEvent) -> Call<()> {
        Call::done(self, self.to(&op::EVENT_CREATE, &[]).json(&event.body()))
    }
}
