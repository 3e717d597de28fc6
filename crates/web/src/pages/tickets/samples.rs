//! The states of a ticket worth looking at.

use super::*;

fn message(from: From, author: &str, seconds: i64, html: &str) -> MessageView {
    MessageView {
        from,
        author: Some(author.to_owned()),
        at: Some(sample_ago(seconds)),
        html: Some(SafeHtml::from_sanitised(html.to_owned())),
        attachments: Vec::new(),
        redacted: false,
        anchor: false,
    }
}

fn thread() -> Vec<MessageView> {
    let asked = "<p>Not really. Our fuel card comes through as one line a week, but the cost belongs to six depots. I export to a sheet, split it by hand and post six journals.</p><p>If I could split the line where I see it, by amount or by percent, I would get my Friday back.</p>";
    let mut anchor = message(From::Customer, "Ines Carvalho", 560, asked);
    anchor.anchor = true;
    anchor.attachments.push(AttachmentView {
        name: "fuel-card-week-10.pdf".to_owned(),
        url: "https://downloads.intercomcdn.eu/i/o/1/fuel-card-week-10.pdf?expires=1".to_owned(),
    });
    let redacted = MessageView {
        html: None,
        redacted: true,
        ..message(From::Customer, "Ines Carvalho", 120, "")
    };
    vec![
        message(
            From::Bot,
            "Answer bot",
            700,
            "<p>Cost centres can be set per bank rule. Did that answer the question?</p>",
        ),
        anchor,
        message(
            From::Teammate,
            "Dana Whitlock",
            300,
            "<p>Thanks Ines, that is very clear. I am passing it to the Ledger team as it stands.</p>",
        ),
        redacted,
        message(
            From::Note,
            "Dana Whitlock",
            60,
            "<p>Third freight customer this month. They renew in May on the Scale plan.</p>",
        ),
    ]
}

fn choices(names: &[&str]) -> Vec<Choice> {
    let first = names.first().copied().unwrap_or_default();
    names
        .iter()
        .map(|&name| Choice::new(name, name, first))
        .collect()
}

impl TicketView {
    /// A ticket with everything in it.
    pub(crate) fn sample(own_page: bool) -> Self {
        let tag = TagView {
            name: "feature-request".to_owned(),
            at: sample_ago(200),
            by: Some("Dana Whitlock".to_owned()),
        };
        Self {
            ws: "quillwater".to_owned(),
            key: "QW-318".to_owned(),
            version: 3,
            title: Some("Split one bank line across several cost centres".to_owned()),
            untitled: Untitled::NoText,
            status: "New".to_owned(),
            category: StatusCategory::New,
            product: "Ledger".to_owned(),
            tags: vec![tag],
            created_at: sample_ago(199),
            intercom_url: Some(
                "https://app.eu.intercom.com/a/inbox/q1w4ter0/inbox/conversation/215471600482193"
                    .to_owned(),
            ),
            link: "https://earmark.example/w/quillwater/tickets/QW-318".to_owned(),
            thread: thread(),
            borrowed_text: false,
            gone_at: None,
            details: DetailsState::Complete,
            details_note: None,
            contact: ContactView {
                name: Some("Ines Carvalho".to_owned()),
                email: Some("ines@osprey.example".to_owned()),
                role: Some("user".to_owned()),
                company: Some("Osprey Freight".to_owned()),
            },
            siblings: vec![SiblingView {
                key: "QW-311".to_owned(),
                title: Some("Export loses the cost centre".to_owned()),
                untitled: Untitled::NoText,
                product: "Invoicing".to_owned(),
            }],
            comments: vec![CommentView {
                author: "Tomasz Bielak".to_owned(),
                at: sample_ago(30),
                body: "Fits the split work we planned for May.\nI will ask for the depot list."
                    .to_owned(),
            }],
            statuses: choices(&["New", "Triaged", "Planned", "Done", "Declined"]),
            assignees: choices(&["Nobody yet", "Priya Raman", "Tomasz Bielak"]),
            products: choices(&["Ledger", "Invoicing", "Payroll", "Mobile"]),
            may: true,
            own_page,
            back: "/w/quillwater/inbox?ticket=QW-318".to_owned(),
            conflict: false,
            title_draft: None,
            comment_draft: String::new(),
            errors: FormErrors::none(),
        }
    }

    /// A ticket whose every text is hostile.
    pub(crate) fn hostile_sample(own_page: bool) -> Self {
        let text = || HOSTILE.to_owned();
        let mut ticket = Self::sample(own_page);
        ticket.title = Some(text());
        ticket.status = text();
        ticket.product = text();
        ticket.tags[0].name = text();
        ticket.tags[0].by = Some(text());
        ticket.thread[1].author = Some(text());
        ticket.thread[1].attachments[0].name = text();
        ticket.contact = ContactView {
            name: Some(text()),
            email: Some(text()),
            role: Some(text()),
            company: Some(text()),
        };
        ticket.siblings[0].title = Some(text());
        ticket.comments[0].author = text();
        ticket.comments[0].body = text();
        ticket.comment_draft = text();
        ticket.statuses = choices(&[HOSTILE]);
        ticket
    }

    fn changed(change: fn(&mut Self)) -> TicketPage {
        let mut ticket = Self::sample(true);
        change(&mut ticket);
        TicketPage { ticket }
    }
}

pub(super) fn all() -> Vec<(&'static str, TicketPage)> {
    let page = |change: fn(&mut TicketView)| TicketView::changed(change);
    let following = page(|ticket| {
        ticket.details = DetailsState::Following;
        ticket.thread.retain(|message| message.anchor);
        ticket.contact = ContactView::default();
        ticket.siblings.clear();
        ticket.comments.clear();
    });
    let unavailable = page(|ticket| {
        ticket.details = DetailsState::Unavailable;
        ticket.details_note = Some("Intercom refuses the access token".to_owned());
    });
    let gone = page(|ticket| {
        ticket.gone_at = Some(sample_ago(7_300));
        ticket.title = None;
        ticket.untitled = Untitled::Deleted;
        ticket.thread.clear();
        ticket.contact = ContactView::default();
        ticket.intercom_url = None;
    });
    let hostile = TicketPage {
        ticket: TicketView::hostile_sample(true),
    };
    vec![
        ("full", page(|_| {})),
        ("following", following),
        ("unavailable", unavailable),
        ("gone", gone),
        ("viewer", page(|ticket| ticket.may = false)),
        ("borrowed-text", page(|ticket| ticket.borrowed_text = true)),
        ("conflict", page(|ticket| ticket.conflict = true)),
        (
            "comment-failed",
            page(|ticket| {
                ticket.comment_draft = " ".to_owned();
                ticket.errors = FormErrors::one("body", "Write the comment first.");
            }),
        ),
        ("hostile", hostile),
    ]
}
