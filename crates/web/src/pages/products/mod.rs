//! `/w/{ws}/products`: the products of a workspace.

pub mod feedback;

use super::prelude::*;
use earmark_accounts::{ChangeError, products};
use earmark_model::Right;

/// A product in the list.
#[derive(Debug, Clone)]
pub struct ProductRow {
    /// Its name in URLs.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Whether its feedback is switched on.
    pub feedback_on: bool,
    /// How many trigger tags it has.
    pub trigger_tags: u64,
    /// When it was archived.
    pub archived_at: Option<DateTime<Utc>>,
}

impl ProductRow {
    fn feedback_words(&self) -> String {
        match (self.feedback_on, self.trigger_tags) {
            (false, _) => "Feedback is off".to_owned(),
            (true, 0) => "On, no trigger tag yet".to_owned(),
            (true, 1) => "On, 1 trigger tag".to_owned(),
            (true, tags) => format!("On, {tags} trigger tags"),
        }
    }
}

/// The products, with forms to create, rename and archive.
#[derive(Debug, Template)]
#[template(path = "pages/products/list.html")]
pub struct ProductsPage {
    /// The workspace's slug.
    pub ws: String,
    /// In use, by name.
    pub rows: Vec<ProductRow>,
    /// Archived, by name.
    pub archived: Vec<ProductRow>,
    /// Whether the reader may change products.
    pub may: bool,
    /// What was typed as the name of a new product.
    pub name: String,
    /// The slug of the product whose new name was refused; its form is open.
    pub renaming: String,
    /// The refused name.
    pub renamed: String,
    /// What is wrong: field `name` for a new product, `rename` for a new name.
    pub errors: FormErrors,
}

impl Page for ProductsPage {
    const NAME: &'static str = "products/list";

    fn head(&self) -> Head {
        Head {
            title: "Products".to_owned(),
            place: app(Current::Products, vec![Crumb::here("Products")]),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let row = |slug: &str, name: &str, trigger_tags| ProductRow {
            slug: slug.to_owned(),
            name: name.to_owned(),
            feedback_on: trigger_tags != 9,
            trigger_tags,
            archived_at: None,
        };
        let archived = |name: &str| ProductRow {
            archived_at: Some(sample_ago(400_000)),
            ..row("kiosk", name, 0)
        };
        let page = |rows, archived, may| Self {
            ws: "quillwater".to_owned(),
            rows,
            archived,
            may,
            name: String::new(),
            renaming: String::new(),
            renamed: String::new(),
            errors: FormErrors::none(),
        };
        let some = || {
            vec![
                row("ledger", "Ledger", 3),
                row("mobile", "Mobile", 0),
                row("payroll", "Payroll", 9),
            ]
        };
        let taken = Self {
            name: "Ledger".to_owned(),
            errors: FormErrors::one(
                "name",
                "There is a product of this name already. Choose another.",
            ),
            ..page(some(), Vec::new(), true)
        };
        let rename = Self {
            renaming: "mobile".to_owned(),
            errors: FormErrors::one("rename", "Give the product a name."),
            ..page(some(), Vec::new(), true)
        };
        let hostile = Self {
            name: HOSTILE.to_owned(),
            renaming: "x".to_owned(),
            renamed: HOSTILE.to_owned(),
            ..page(vec![row("x", HOSTILE, 1)], vec![archived(HOSTILE)], true)
        };
        vec![
            ("list", page(some(), vec![archived("Kiosk")], true)),
            ("none", page(Vec::new(), Vec::new(), true)),
            ("taken", taken),
            ("rename-failed", rename),
            ("viewer", page(some(), Vec::new(), false)),
            ("hostile", hostile),
        ]
    }
}

#[derive(Deserialize)]
pub(crate) struct NewForm {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
pub(crate) struct RenameForm {
    #[serde(default)]
    rename: String,
}

/// The list.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    at.page(url::products(at.ws()), &list(&at).await?).await
}

/// Makes a product.
pub(crate) async fn create(
    at: At,
    Form(NewForm { name }): Form<NewForm>,
) -> Result<HttpResponse, Failed> {
    let made = products::create(at.web().db(), &at.member, &name, at.address());
    match made.await {
        Ok(product) => {
            let text = format!("{} is there. Choose its trigger tags next.", product.name);
            at.flash(Tone::Ok, text)?;
            Ok(at.see_other(url::feedback(at.ws(), &product.slug)))
        }
        Err(ChangeError::Invalid(errors)) => {
            let page = ProductsPage {
                name,
                errors: FormErrors::of_service(errors),
                ..list(&at).await?
            };
            refused(&at, &page).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Renames a product.
pub(crate) async fn rename(
    at: At,
    Form(RenameForm { rename }): Form<RenameForm>,
) -> Result<HttpResponse, Failed> {
    let product = at.product().await?;
    let db = at.web().db();
    match products::rename(db, &at.member, product.id, &rename, at.address()).await {
        Ok(()) => Ok(at.see_other(url::products(at.ws()))),
        Err(ChangeError::Invalid(errors)) => {
            let message = errors.of("name").unwrap_or_default();
            let page = ProductsPage {
                renaming: product.slug,
                renamed: rename,
                errors: FormErrors::one("rename", message),
                ..list(&at).await?
            };
            refused(&at, &page).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Archives a product.
pub(crate) async fn archive(at: At, _: Form<Nothing>) -> Result<HttpResponse, Failed> {
    let product = at.product().await?;
    products::archive(at.web().db(), &at.member, product.id, at.address()).await?;
    at.flash(Tone::Ok, format!("{} is archived.", product.name))?;
    Ok(at.see_other(url::products(at.ws())))
}

/// Takes a product back from the archive.
pub(crate) async fn unarchive(at: At, _: Form<Nothing>) -> Result<HttpResponse, Failed> {
    let product = at.product().await?;
    products::unarchive(at.web().db(), &at.member, product.id, at.address()).await?;
    let text = format!("{} is back. Its feedback is off.", product.name);
    at.flash(Tone::Ok, text)?;
    Ok(at.see_other(url::products(at.ws())))
}

async fn refused(at: &At, page: &ProductsPage) -> Result<HttpResponse, Failed> {
    let here = url::products(at.ws());
    at.page_as(StatusCode::UNPROCESSABLE_ENTITY, here, page)
        .await
}

async fn list(at: &At) -> Result<ProductsPage, Failed> {
    let tenant = at.tenant();
    let (mut rows, mut archived) = (Vec::new(), Vec::new());
    for product in tenant.products().await? {
        let tags = tenant.trigger_tags(product.id).await?.len();
        let list = match product.archived_at {
            None => &mut rows,
            Some(_) => &mut archived,
        };
        list.push(ProductRow {
            slug: product.slug,
            name: product.name,
            feedback_on: product.feedback_on_at.is_some(),
            trigger_tags: u64::try_from(tags).unwrap_or(u64::MAX),
            archived_at: product.archived_at,
        });
    }
    Ok(ProductsPage {
        ws: at.ws().to_owned(),
        rows,
        archived,
        may: at.may(Right::ManageProducts),
        name: String::new(),
        renaming: String::new(),
        renamed: String::new(),
        errors: FormErrors::none(),
    })
}
