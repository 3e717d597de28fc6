//! `{actions}/{action}`: the form of an action, its preview, the question before it destroys, and what came back.

use super::super::super::prelude::*;
use super::{
    ActionGroup, Control, FieldView, RunView, ShownView, Spot, asker, effect_pill, groups, place,
    samples,
};
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Query;
use earmark_actions::{Action, Answer, Effect, Fault, Inputs, Kind, Refusal, Step};
use earmark_db::tenant::Connection;
use earmark_model::ActionState;

/// The id of the form, for faults that are about all of it.
const FORM: &str = "action";

/// What stands beside the form.
#[derive(Debug, Clone)]
pub enum Beside {
    /// Nothing was asked yet.
    Nothing,
    /// The exact request, not sent.
    Previewed(ShownView),
    /// The exact request, which is sent once it is confirmed.
    Confirm(ShownView),
    /// What came back.
    Ran(Box<RunView>),
}

/// The form of an action.
#[derive(Debug, Template)]
#[template(path = "pages/intercom/actions/action.html")]
pub struct ActionPage {
    /// Where it stands.
    pub spot: Spot,
    /// Every action, for changing to another.
    pub menu: Vec<ActionGroup>,
    /// The action.
    pub action: &'static Action,
    /// Its fields.
    pub fields: Vec<FieldView>,
    /// What is wrong.
    pub errors: FormErrors,
    /// Whether the reader may run it.
    pub may: bool,
    /// Why Intercom cannot be asked.
    pub trouble: Option<String>,
    /// What stands beside the form.
    pub beside: Beside,
}

impl ActionPage {
    async fn load(
        at: &At,
        connection: &Connection,
        action: &'static Action,
        inputs: &Inputs,
        faults: Vec<Fault>,
    ) -> Result<Self, Failed> {
        let mut errors = FormErrors::none();
        for Fault { field, message } in faults {
            errors.add(if field.is_empty() { FORM } else { field }, message);
        }
        let mut fields = FieldView::all(action, inputs, &errors);
        let place = place(at, connection);
        for field in &mut fields {
            if let Kind::Id(Some(pick)) = field.input.kind {
                field.suggestions = at.web().actions().suggestions(place, pick).await?;
            }
        }
        Ok(Self {
            spot: Spot::new(at, connection),
            menu: groups("", |action| at.may(action.right())),
            action,
            fields,
            errors,
            may: at.may(action.right()),
            trouble: None,
            beside: Beside::Nothing,
        })
    }

    fn here(&self) -> String {
        url::action(&self.spot.ws, &self.spot.connection, self.action.id)
    }

    fn pill(&self) -> (Tone, &'static str) {
        effect_pill(self.action.effect)
    }

    /// What the button does.
    fn verb(&self) -> &'static str {
        match self.action.effect {
            Effect::Reads | Effect::Changes => "Run",
            Effect::Destroys => "Go on",
        }
    }
}

/// The action that the path names.
fn named(at: &At) -> Result<&'static Action, Failed> {
    Action::find(at.segment("action")).ok_or(Failed::NotFound)
}

/// What the form is filled in from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// A run, to be shown beside the form.
    run: String,
    /// A run, to be filled in again.
    again: String,
}

/// Shows the form.
pub(crate) async fn get(at: At, asked: Query<Asked>) -> Result<HttpResponse, Failed> {
    let (action, connection) = (named(&at)?, at.connection().await?);
    let Asked { run, again } = asked.into_inner();
    let id = if run.is_empty() { again } else { run.clone() };
    let found = match id.as_str() {
        "" => None,
        id => Some(super::runs::open::find(&at, &connection, id).await?),
    };
    let found = found.filter(|one| one.action == action.id);
    let inputs = found.as_ref().map(|one| Inputs::from_log(&one.inputs));
    let inputs = inputs.unwrap_or_default();
    let mut page = ActionPage::load(&at, &connection, action, &inputs, Vec::new()).await?;
    if let Some(found) = found.filter(|_| !run.is_empty()) {
        let members = at.tenant().members().await?;
        page.beside = Beside::Ran(Box::new(RunView::new(found, &members, &at.user.email)));
    }
    at.page(page.here(), &page).await
}

/// What the form sent, apart from how.
struct Sent {
    inputs: Inputs,
    preview: bool,
    confirmed: Option<String>,
}

impl From<AnyForm> for Sent {
    fn from(form: AnyForm) -> Self {
        let of = |wanted: &str| {
            let mut fields = form.fields.iter();
            fields.find_map(|(name, value)| (name == wanted).then(|| value.clone()))
        };
        let (preview, confirmed) = (of("intent").as_deref() == Some("preview"), of("confirmed"));
        let own = |(name, _): &(String, String)| name != "intent" && name != "confirmed";
        // Browsers send line ends as CR LF.
        let plain = |(name, value): (String, String)| (name, value.replace("\r\n", "\n"));
        let fields = form.fields.into_iter().filter(own).map(plain);
        Self {
            inputs: Inputs::new(fields, form.files),
            preview,
            confirmed,
        }
    }
}

/// Previews or runs the action.
pub(crate) async fn post(at: At, form: AnyForm) -> Result<HttpResponse, Failed> {
    let (action, connection) = (named(&at)?, at.connection().await?);
    let sent = Sent::from(form);
    let (actions, place, asker) = (at.web().actions(), place(&at, &connection), asker(&at));
    let beside = if sent.preview {
        let shown = actions.preview(place, &asker, action, &sent.inputs).await;
        shown.map(|shown| Beside::Previewed(shown.into()))
    } else {
        let confirmed = sent.confirmed.as_deref();
        match actions
            .run(place, &asker, action, &sent.inputs, confirmed)
            .await
        {
            Ok(Step::Ran(ran)) => {
                if let Some(Answer::File { bytes, .. }) = ran.answer {
                    return Ok(attachment(action, bytes));
                }
                let (connection, run) = (connection.id.to_string(), ran.id.to_string());
                if ran.state == ActionState::Running {
                    return Ok(at.see_other(url::action_run(at.ws(), &connection, &run)));
                }
                let here = url::action(at.ws(), &connection, action.id);
                let here = url::with_query(here, &[("run", run)]);
                return Ok(at.see_other(format!("{here}#a-res")));
            }
            Ok(Step::Confirm(shown)) => Ok(Beside::Confirm(shown.into())),
            Err(refusal) => Err(refusal),
        }
    };
    answer(&at, &connection, action, &sent.inputs, beside).await
}

/// The form again, with what stands beside it or why nothing was sent.
async fn answer(
    at: &At,
    connection: &Connection,
    action: &'static Action,
    inputs: &Inputs,
    beside: Result<Beside, Refusal>,
) -> Result<HttpResponse, Failed> {
    let load = |faults| ActionPage::load(at, connection, action, inputs, faults);
    let (status, page) = match beside {
        Ok(beside) => {
            let page = load(Vec::new()).await?;
            (StatusCode::OK, ActionPage { beside, ..page })
        }
        Err(Refusal::Invalid(faults)) => (StatusCode::UNPROCESSABLE_ENTITY, load(faults).await?),
        Err(Refusal::NotReady(error)) => {
            let page = load(Vec::new()).await?;
            let trouble = Some(format!("Nothing was sent: {error}."));
            (StatusCode::CONFLICT, ActionPage { trouble, ..page })
        }
        Err(Refusal::Forbidden(right)) => return Err(at.forbidden(right).await),
        Err(Refusal::Database(error)) => return Err(error.into()),
    };
    at.page_as(status, page.here(), &page).await
}

/// Text and bytes from Intercom are kept as a file: no browser gets to render them.
fn attachment(action: &Action, bytes: Vec<u8>) -> HttpResponse {
    let name = format!("attachment; filename=\"{}-answer.bin\"", action.id);
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/octet-stream"))
        .insert_header((CONTENT_DISPOSITION, name))
        .body(bytes)
}

impl Page for ActionPage {
    const NAME: &'static str = "intercom/actions/action";

    fn head(&self) -> Head {
        let way = [("Actions", self.spot.actions())];
        self.spot.head(self.action.title, &way)
    }

    fn samples() -> Vec<(&'static str, Self)> {
        samples::forms()
    }
}
