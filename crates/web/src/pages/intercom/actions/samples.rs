//! The states of the pages, for the gallery.

use super::super::super::prelude::*;
use super::action::{ActionPage, Beside};
use super::runs::{RunQuery, RunsPage, open::RunPage};
use super::{ActionsPage, FieldView, RunView, ShownView, Spot, groups};
use earmark_actions::{Action, Inputs, Suggestion};
use earmark_model::{ActionState, ActionVia};

const ANSWER: &str = r#"{"type":"contact","id":"65f0a1c9d24e","role":"user","name":"Ines Carvalho","phone":"+351210555014","unsubscribed_from_emails":false,"updated_at":1773312057,"custom_attributes":{"paid_subscriber":true,"monthly_spend":1180}}"#;

fn spot(name: &str) -> Spot {
    Spot {
        ws: "quillwater".to_owned(),
        connection: "c1".to_owned(),
        name: name.to_owned(),
    }
}

fn inputs(filled: &[(&str, &str)]) -> Inputs {
    let filled = filled.iter();
    Inputs::new(
        filled.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        [],
    )
}

fn shown(text: &str) -> ShownView {
    ShownView {
        line: "PUT /contacts/65f0a1c9d24e".to_owned(),
        version: "2.14".to_owned(),
        headers: Vec::new(),
        body: Some(format!(r#"{{"name":"{text}","phone":"+351210555014"}}"#)),
        digest: "d1".to_owned(),
    }
}

fn run(text: &str) -> RunView {
    RunView {
        id: "r1".to_owned(),
        action: "contacts.update".to_owned(),
        known: Action::find("contacts.update"),
        who: text.to_owned(),
        via: ActionVia::Page,
        at: sample_ago(63),
        state: ActionState::Done,
        status: Some(200),
        took_ms: Some(286),
        calls: 1,
        request_id: Some("00a1k9p2".to_owned()),
        inputs: vec![("contact_id".to_owned(), "65f0a1c9d24e".to_owned()), ("name".to_owned(), text.to_owned())],
        request: Some(shown(text)),
        answer: Some(ANSWER.to_owned()),
        answer_bytes: Some(ANSWER.len() as i64),
        error: None,
        advice: None,
        fetched: 0,
        total: None,
        is_fetch: false,
        erased_at: None,
        command: "earmark actions run contacts.update --connection c1 --as priya@quillwater.example --input contact_id=65f0a1c9d24e".to_owned(),
    }
}

fn failed(status: Option<i32>, error: &str, advice: &str) -> RunView {
    RunView {
        state: ActionState::Failed,
        status,
        answer: None,
        answer_bytes: None,
        error: Some(error.to_owned()),
        advice: Some(advice.to_owned()),
        ..run("Priya Raman")
    }
}

fn fetching(state: ActionState, fetched: i64) -> RunView {
    RunView {
        action: "contacts.list".to_owned(),
        known: Action::find("contacts.list"),
        state,
        status: (state == ActionState::Done).then_some(200),
        answer: None,
        answer_bytes: None,
        inputs: vec![("fetch_all".to_owned(), "true".to_owned())],
        fetched,
        total: Some(18_240),
        calls: fetched / 150,
        is_fetch: true,
        request: Some(ShownView {
            line: "GET /contacts?per_page=150".to_owned(),
            body: None,
            ..shown("")
        }),
        command: "earmark actions run contacts.list --connection c1 --as priya@quillwater.example --input fetch_all=true"
            .to_owned(),
        took_ms: (state != ActionState::Running).then_some(74_000),
        ..run("Priya Raman")
    }
}

pub(super) fn list() -> Vec<(&'static str, ActionsPage)> {
    let page = |name: &str, words: &str, may: bool| ActionsPage {
        spot: spot(name),
        words: words.to_owned(),
        groups: groups(words, |action| {
            may || action.effect == earmark_actions::Effect::Reads
        }),
    };
    vec![
        ("all", page("Support EU", "", true)),
        ("agent", page("Support EU", "contact", false)),
        ("hostile", page(HOSTILE, HOSTILE, true)),
    ]
}

fn form(
    id: &str,
    filled: &[(&str, &str)],
    errors: FormErrors,
    beside: Beside,
) -> Option<ActionPage> {
    let action = Action::find(id)?;
    let mut fields = FieldView::all(action, &inputs(filled), &errors);
    if let Some(field) = fields.iter_mut().find(|field| field.input.name == "tag_id") {
        field.suggestions = vec![Suggestion {
            id: "830041".to_owned(),
            name: "product feedback".to_owned(),
        }];
    }
    Some(ActionPage {
        spot: spot("Support EU"),
        menu: groups("", |_| true),
        action,
        fields,
        errors,
        may: true,
        trouble: None,
        beside,
    })
}

/// The form of a change that was filled in.
fn update(errors: FormErrors, beside: Beside) -> Option<ActionPage> {
    let filled = [
        ("contact_id", "65f0a1c9d24e"),
        ("phone", "+351 210 555 014"),
        ("name", "Ines Carvalho"),
    ];
    form("contacts.update", &filled, errors, beside)
}

fn ran(run: RunView) -> Option<ActionPage> {
    update(FormErrors::none(), Beside::Ran(Box::new(run)))
}

fn fresh(id: &str, filled: &[(&str, &str)]) -> Option<ActionPage> {
    form(id, filled, FormErrors::none(), Beside::Nothing)
}

fn invalid() -> Option<ActionPage> {
    let mut wrong = FormErrors::one(
        "contact_id",
        "Contact ID is missing. Fill it in, like 5f0a1c2b3d4e5f6071829304.",
    );
    wrong.add(
        "last_seen_at",
        "Last seen at must be a date like 2026-03-12T10:41:52Z, a day like 2026-03-12, or Unix seconds.",
    );
    update(wrong, Beside::Nothing)
}

fn confirm() -> Option<ActionPage> {
    let shown = ShownView {
        line: "DELETE /contacts/65f0a1c9d24e".to_owned(),
        body: None,
        ..shown("")
    };
    let filled = [("contact_id", "65f0a1c9d24e")];
    form(
        "contacts.delete",
        &filled,
        FormErrors::none(),
        Beside::Confirm(shown),
    )
}

/// What Intercom answers when it does not do it.
fn refusals() -> [(&'static str, Option<ActionPage>); 3] {
    let wait = failed(
        Some(429),
        "Intercom's rate limit is used up until 2026-03-12T10:42:10Z.",
        "Try again at the time named.",
    );
    let gone = failed(
        Some(404),
        "Intercom has no such object.",
        "Check the id; the object may have been deleted.",
    );
    let late = failed(
        None,
        "Intercom could not be reached: it did not answer in time.",
        "Try again later; look at the object first when the request was to change or create something.",
    );
    [
        ("not-found", ran(gone)),
        ("wait", ran(wait)),
        ("timed-out", ran(late)),
    ]
}

pub(super) fn forms() -> Vec<(&'static str, ActionPage)> {
    let none = FormErrors::none;
    let fetch = Beside::Ran(Box::new(fetching(ActionState::Running, 11_400)));
    let hostile = Beside::Ran(Box::new(failed(Some(400), HOSTILE, HOSTILE)));
    let wrong = FormErrors::one("name", HOSTILE);
    let agent = fresh("contacts.delete", &[]).map(|page| ActionPage { may: false, ..page });
    let refused = fresh("tags.list", &[]).map(|page| ActionPage {
        trouble: Some(
            "Nothing was sent: Intercom refuses the connection's credentials.".to_owned(),
        ),
        ..page
    });
    let states = [
        ("fresh", fresh("contacts.attach_tag", &[])),
        ("invalid", invalid()),
        (
            "previewed",
            update(none(), Beside::Previewed(shown("Ines Carvalho"))),
        ),
        ("confirm", confirm()),
        ("done", ran(run("Priya Raman"))),
        ("raw", fresh("raw", &[("method", "GET"), ("url", "/tags")])),
        ("list", form("companies.list", &[], none(), fetch)),
        ("agent", agent),
        ("refused", refused),
        (
            "hostile",
            form("contacts.update", &[("name", HOSTILE)], wrong, hostile),
        ),
    ];
    let all = states.into_iter().chain(refusals());
    all.filter_map(|(name, page)| Some((name, page?))).collect()
}

pub(super) fn log() -> Vec<(&'static str, RunsPage)> {
    let page = |name: &str, rows, q: &str| RunsPage {
        spot: spot(name),
        query: RunQuery {
            q: q.to_owned(),
            ..RunQuery::default()
        },
        members: vec![("m1".to_owned(), name.to_owned())],
        rows,
        older: Some("r0".to_owned()),
        days: 30,
    };
    let rows = vec![
        fetching(ActionState::Running, 11_400),
        run("Priya Raman"),
        failed(Some(429), "Intercom's rate limit is used up.", "Try again."),
        failed(Some(404), "Intercom has no such object.", "Check the id."),
        fetching(ActionState::Stopped, 300),
        RunView {
            action: "old.action".to_owned(),
            known: None,
            ..run("A former member")
        },
    ];
    vec![
        ("several", page("Support EU", rows, "")),
        ("empty", page("Support EU", Vec::new(), "")),
        ("no-match", page("Support EU", Vec::new(), "ines")),
        ("hostile", page(HOSTILE, vec![run(HOSTILE)], HOSTILE)),
    ]
}

pub(super) fn runs() -> Vec<(&'static str, RunPage)> {
    let page = |run| RunPage {
        spot: spot("Support EU"),
        run,
    };
    let erased = RunView {
        inputs: Vec::new(),
        request: None,
        answer: None,
        erased_at: Some(sample_ago(3_600)),
        ..run("Priya Raman")
    };
    let file = RunView {
        answer: None,
        answer_bytes: Some(81_920),
        ..run("Priya Raman")
    };
    let begun = RunView {
        state: ActionState::Running,
        status: None,
        took_ms: None,
        answer: None,
        ..run("Priya Raman")
    };
    vec![
        ("done", page(run("Priya Raman"))),
        (
            "failed",
            page(failed(
                Some(404),
                "Intercom has no such object.",
                "Check the id; the object may have been deleted.",
            )),
        ),
        ("fetching", page(fetching(ActionState::Running, 11_400))),
        ("fetched", page(fetching(ActionState::Done, 18_240))),
        ("file", page(file)),
        ("begun", page(begun)),
        ("erased", page(erased)),
        (
            "hostile",
            page(RunView {
                error: Some(HOSTILE.to_owned()),
                command: HOSTILE.to_owned(),
                ..run(HOSTILE)
            }),
        ),
    ]
}
