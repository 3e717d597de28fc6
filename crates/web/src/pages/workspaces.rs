//! `/workspaces` and `/workspaces/new`.

use super::prelude::*;
use earmark_accounts::ChangeError;
use earmark_model::Role;

/// A workspace of the reader.
#[derive(Debug, Clone)]
pub struct WorkspaceRow {
    /// Its name in URLs.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The reader's role in it.
    pub role: Role,
}

/// The reader's workspaces.
#[derive(Debug, Template)]
#[template(path = "pages/workspaces.html")]
pub struct WorkspacesPage {
    /// Sorted by name.
    pub rows: Vec<WorkspaceRow>,
}

impl Page for WorkspacesPage {
    const NAME: &'static str = "workspaces";

    fn head(&self) -> Head {
        Head {
            title: "Workspaces".to_owned(),
            place: Place::Plain,
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let row = |name: &str, role| WorkspaceRow {
            slug: "quillwater".to_owned(),
            name: name.to_owned(),
            role,
        };
        let two = vec![
            row("Harrow Lane", Role::Agent),
            row("Quillwater", Role::Owner),
        ];
        vec![
            ("several", Self { rows: two }),
            ("none", Self { rows: Vec::new() }),
            (
                "hostile",
                Self {
                    rows: vec![row(HOSTILE, Role::Viewer)],
                },
            ),
        ]
    }
}

/// The form for another workspace.
#[derive(Debug, Template)]
#[template(path = "pages/workspace_new.html")]
pub struct WorkspaceNewPage {
    /// What was typed.
    pub name: String,
    /// What is wrong.
    pub errors: FormErrors,
}

impl Page for WorkspaceNewPage {
    const NAME: &'static str = "workspace_new";

    fn head(&self) -> Head {
        Head {
            title: "New workspace".to_owned(),
            place: Place::Plain,
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |name: &str, errors| Self {
            name: name.to_owned(),
            errors,
        };
        let missing = FormErrors::one(
            "name",
            "Give the workspace a name, for example that of your company.",
        );
        vec![
            ("fresh", page("", FormErrors::none())),
            ("unnamed", page("", missing)),
            ("hostile", page(HOSTILE, FormErrors::none())),
        ]
    }
}

#[derive(Deserialize)]
pub(crate) struct WorkspaceForm {
    #[serde(default)]
    name: String,
}

/// The list.
pub(crate) async fn get(person: Person) -> Result<HttpResponse, Failed> {
    let memberships = person.web().accounts().memberships(person.user.id).await?;
    let rows = memberships.into_iter().map(|one| WorkspaceRow {
        slug: one.workspace.slug,
        name: one.workspace.name,
        role: one.role,
    });
    person.page(&WorkspacesPage {
        rows: rows.collect(),
    })
}

/// The form for another workspace.
pub(crate) async fn new(person: Person) -> Result<HttpResponse, Failed> {
    person.page(&WorkspaceNewPage {
        name: String::new(),
        errors: FormErrors::none(),
    })
}

/// Makes a workspace and shows its inbox.
pub(crate) async fn new_post(
    person: Person,
    Form(form): Form<WorkspaceForm>,
) -> Result<HttpResponse, Failed> {
    let WorkspaceForm { name } = form;
    let accounts = person.web().accounts();
    let made = accounts.create_workspace(person.user.id, &name, person.address());
    match made.await {
        Ok(workspace) => Ok(see_other(&url::inbox(&workspace.slug))),
        Err(ChangeError::Invalid(errors)) => {
            let errors = FormErrors::of_service(errors);
            let page = WorkspaceNewPage { name, errors };
            person.page_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}
