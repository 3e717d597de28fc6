//! `/articles` and `/help_center/collections`.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::error::ApiError;
use super::paging::{self, Sizes};
use crate::html;
use crate::render::desk;
use crate::state::IdKind;
use crate::state::app::Permission::{ReadArticles, ReadWriteArticles};
use crate::state::event::Event;
use crate::state::help::{Article, Collection};
use crate::state::table::Time;

const LIST: Sizes = Sizes {
    default: 25,
    max: 150,
};
const SEARCH: Sizes = Sizes {
    default: 10,
    max: 150,
};

pub(super) fn route(call: &mut Call<'_>, method: &str, path: &[&str]) -> Answer {
    match method {
        "GET" => call.need(&[ReadArticles, ReadWriteArticles])?,
        _ => call.need(&[ReadWriteArticles])?,
    }
    match (method, path) {
        ("GET", ["articles"]) => list(call),
        ("POST", ["articles"]) => create(call),
        ("GET", ["articles", "search"]) => search(call),
        ("GET", ["articles", id]) => shown(call, id),
        ("PUT", ["articles", id]) => update(call, id),
        ("DELETE", ["articles", id]) => delete(call, id),
        ("GET", ["help_center", "collections"]) => collections(call),
        ("POST", ["help_center", "collections"]) => create_collection(call),
        ("GET", ["help_center", "collections", id]) => collection(call, id),
        ("PUT", ["help_center", "collections", id]) => update_collection(call, id),
        ("DELETE", ["help_center", "collections", id]) => delete_collection(call, id),
        _ => Err(ApiError::not_found()),
    }
}

/// Last changed first.
fn sorted<'a>(call: &'a Call<'_>) -> Vec<&'a Article> {
    let articles = &call.workspace.help.articles;
    let rows = articles.by_time(Time::Updated, i64::MIN..=i64::MAX);
    rows.rev().map(|(_, article)| article).collect()
}

fn list(call: &mut Call<'_>) -> Answer {
    let all = sorted(call);
    let (range, pages) = paging::by_number(call, LIST, all.len())?;
    let data: Vec<Value> = all[range]
        .iter()
        .map(|one| desk::article(call.workspace, one, call.shape(), true))
        .collect();
    Ok(json!({"type": "list", "pages": pages, "total_count": all.len(), "data": data}))
}

/// Articles whose title or text has the phrase. Highlights are not made up.
fn search(call: &mut Call<'_>) -> Answer {
    let query = &call.incoming.query;
    let phrase = query.get("phrase").map(|phrase| phrase.to_lowercase());
    let state = query.get("state").map(String::as_str);
    let found: Vec<&Article> = sorted(call)
        .into_iter()
        .filter(|one| match state {
            Some("published") => one.published,
            Some("draft") => !one.published,
            _ => true,
        })
        .filter(|one| {
            let text = format!("{} {}", one.title, html::to_text(&one.body)).to_lowercase();
            phrase.as_ref().is_none_or(|phrase| text.contains(phrase))
        })
        .collect();
    let (range, pages) = paging::by_number(call, SEARCH, found.len())?;
    let articles: Vec<Value> = found[range]
        .iter()
        .map(|one| desk::article(call.workspace, one, call.shape(), false))
        .collect();
    Ok(json!({
        "type": "list",
        "total_count": found.len(),
        "data": {"articles": articles, "highlights": []},
        "pages": pages,
    }))
}

fn shown(call: &Call<'_>, id: &str) -> Answer {
    let one = call.workspace.help.articles.get(id);
    let one = one.ok_or_else(ApiError::not_found)?;
    Ok(desk::article(call.workspace, one, call.shape(), false))
}

fn published(call: &Call<'_>) -> Result<Option<bool>, ApiError> {
    match call.text("state").as_deref() {
        None => Ok(None),
        Some("published") => Ok(Some(true)),
        Some("draft") => Ok(Some(false)),
        Some(_) => Err(ApiError::invalid("state must be published or draft")),
    }
}

/// The admin whose id a body gives as a number.
fn author(call: &Call<'_>) -> Result<Option<i64>, ApiError> {
    let Some(id) = call.text("author_id") else {
        return Ok(None);
    };
    if call.workspace.admin(&id).is_none() {
        return Err(ApiError::invalid("author_id is not an admin"));
    }
    Ok(id.parse().ok())
}

fn parent(call: &Call<'_>) -> Result<Option<i64>, ApiError> {
    let Some(id) = call.text("parent_id") else {
        return Ok(None);
    };
    let mut known = call.workspace.help.collections.iter();
    if !known.any(|one| one.id == id) {
        return Err(ApiError::invalid("parent_id is not a collection"));
    }
    Ok(id.parse().ok())
}

fn create(call: &mut Call<'_>) -> Answer {
    let title = call.required("title")?;
    let author_id = author(call)?.ok_or_else(|| {
        ApiError::new(
            400,
            "parameter_not_found",
            "author_id must be in the main body or default locale translated_content object",
        )
    })?;
    let article = Article {
        id: call.workspace.digits(IdKind::Article),
        title,
        description: call.text("description"),
        body: call
            .text("body")
            .as_deref()
            .map(html::from_api)
            .unwrap_or_default(),
        author_id,
        published: published(call)?.unwrap_or(false),
        created_at: call.now,
        updated_at: call.now,
        parent: parent(call)?,
    };
    let id = article.id.clone();
    tell(call, "article.created", &article);
    if article.published {
        tell(call, "article.published", &article);
    }
    call.workspace.help.articles.insert(article);
    shown(call, &id)
}

fn tell(call: &mut Call<'_>, topic: &'static str, article: &Article) {
    call.events.push(Event::Article {
        topic,
        article: Box::new(article.clone()),
    });
}

fn update(call: &mut Call<'_>, id: &str) -> Answer {
    let before = call.workspace.help.articles.get(id);
    let before = before.ok_or_else(ApiError::not_found)?.clone();
    let mut article = before.clone();
    article.title = call.text("title").unwrap_or(article.title);
    article.description = call.text("description").or(article.description);
    let body = call.text("body").as_deref().map(html::from_api);
    article.body = body.unwrap_or(article.body);
    article.author_id = author(call)?.unwrap_or(article.author_id);
    article.published = published(call)?.unwrap_or(article.published);
    article.parent = parent(call)?.or(article.parent);
    article.updated_at = call.now;
    tell(call, "article.updated", &article);
    match (before.published, article.published) {
        (false, true) => tell(call, "article.published", &article),
        (true, false) => tell(call, "article.unpublished", &article),
        _ => {}
    }
    call.workspace.help.articles.insert(article);
    shown(call, id)
}

fn delete(call: &mut Call<'_>, id: &str) -> Answer {
    let gone = call.workspace.help.articles.remove(id);
    let gone = gone.ok_or_else(ApiError::not_found)?;
    tell(call, "article.deleted", &gone);
    Ok(json!({"id": id, "object": "article", "deleted": true}))
}

fn collections(call: &mut Call<'_>) -> Answer {
    let all: Vec<Value> = call
        .workspace
        .help
        .collections
        .iter()
        .rev()
        .map(|one| desk::collection(call.workspace, one))
        .collect();
    let (range, pages) = paging::by_number(call, LIST, all.len())?;
    Ok(json!({"type": "list", "pages": pages, "total_count": all.len(), "data": all[range]}))
}

fn collection(call: &Call<'_>, id: &str) -> Answer {
    let mut known = call.workspace.help.collections.iter();
    let one = known.find(|one| one.id == id);
    let one = one.ok_or_else(ApiError::not_found)?;
    Ok(desk::collection(call.workspace, one))
}

fn create_collection(call: &mut Call<'_>) -> Answer {
    let name = call.text("name").ok_or_else(|| {
        ApiError::new(400, "parameter_not_found", "Name is a required parameter.")
    })?;
    let parent = parent(call)?.map(|id| id.to_string());
    let one = Collection {
        id: call.workspace.digits(IdKind::Collection),
        name,
        description: call.text("description"),
        parent,
        created_at: call.now,
        updated_at: call.now,
    };
    let id = one.id.clone();
    call.workspace.help.collections.push(one);
    collection(call, &id)
}

fn update_collection(call: &mut Call<'_>, id: &str) -> Answer {
    let (name, description) = (call.text("name"), call.text("description"));
    let now = call.now;
    let mut known = call.workspace.help.collections.iter_mut();
    let one = known.find(|one| one.id == id);
    let one = one.ok_or_else(ApiError::not_found)?;
    one.name = name.unwrap_or_else(|| one.name.clone());
    one.description = description.or_else(|| one.description.clone());
    one.updated_at = now;
    collection(call, id)
}

fn delete_collection(call: &mut Call<'_>, id: &str) -> Answer {
    collection(call, id)?;
    call.workspace.help.collections.retain(|one| one.id != id);
    Ok(json!({"id": id, "object": "collection", "deleted": true}))
}
