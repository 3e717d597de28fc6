//! The states of a connection worth looking at.

use super::*;
use crate::pages::contacts::samples::{copying, state};
use earmark_model::Permission;
use earmark_model::RunState;

fn permissions() -> Vec<PermissionRow> {
    let state = |permission: Permission| match permission.is_readable() {
        true => PermissionState::Granted,
        false => PermissionState::NotTested,
    };
    let row = |&permission: &Permission| PermissionRow {
        permission,
        state: state(permission),
        note: None,
        took_ms: permission.is_readable().then_some(94),
    };
    Permission::ALL.iter().map(row).collect()
}

fn page() -> ConnectionPage {
    let topic = |topic: &str, seconds| TopicRow {
        topic: topic.to_owned(),
        at: sample_ago(seconds),
    };
    ConnectionPage {
        ws: "quillwater".to_owned(),
        id: "c1".to_owned(),
        name: "Support EU".to_owned(),
        status: ConnectionStatus::Connected,
        status_since: sample_ago(700_000),
        trouble: None,
        name_draft: "Support EU".to_owned(),
        workspace: "Quillwater".to_owned(),
        copied: Copied::Kept { rows: 0 },
        contacts_since: Some(sample_ago(900)),
        copying: CopyNotices {
            ws: "quillwater".to_owned(),
            here: url::connection("quillwater", "c1"),
            has_rows: false,
            fills_list: false,
            states: vec![state(
                "Support EU",
                true,
                Some(copying(RunState::Running, None)),
            )],
        },
        needs: Vec::new(),
        app_name: "Quillwater Support".to_owned(),
        app_id: "q1w4ter0".to_owned(),
        region: "EU".to_owned(),
        token_last4: Some("4f2a".to_owned()),
        secrets: [("9d01", None), ("2222", Some(sample_ago(5_000)))]
            .map(|(last4, verified_at)| SecretRow {
                last4: last4.to_owned(),
                verified_at,
            })
            .into(),
        webhook_url: "https://earmark.example/hooks/intercom/7kq2mxv9tdrzb4h6w3n5c8y2p7s4f6g3"
            .to_owned(),
        created_at: sample_ago(700_000),
        disconnected_at: None,
        permissions: permissions(),
        checked_at: Some(sample_ago(4_000)),
        checking: false,
        topics: vec![
            topic(TAG_TOPIC, 95),
            topic("conversation.user.replied", 40),
            topic("contact.user.updated", 86_500),
        ],
        feedback_since: Some(sample_ago(90_000)),
        products: vec![
            ("ledger".to_owned(), "Ledger".to_owned()),
            ("mobile".to_owned(), "Mobile".to_owned()),
        ],
        refusals: Vec::new(),
        through: Through::Token,
        has_app: true,
        may: true,
        errors: FormErrors::none(),
    }
}

fn refused() -> ConnectionPage {
    let mut refused = page();
    refused.status = ConnectionStatus::NeedsReconnecting;
    refused.status_since = sample_ago(7_500);
    refused.trouble = Some(
        "Intercom refuses the access token (token_revoked). Webhooks still arrive, but threads, names and tags cannot be \
         fetched. Paste a new one to go on."
            .to_owned(),
    );
    refused.permissions[4].state = PermissionState::Missing;
    refused.permissions[0].state = PermissionState::Unknown;
    refused.refusals = vec![
        RefusalRow {
            at: sample_ago(300),
            cause: "the signature does not match the client secret".to_owned(),
            address: Some("34.231.68.152".to_owned()),
        },
        RefusalRow {
            at: sample_ago(90_000),
            cause: "no signature (X-Hub-Signature)".to_owned(),
            address: None,
        },
    ];
    refused
}

fn degraded() -> ConnectionPage {
    let mut degraded = page();
    degraded.status = ConnectionStatus::Degraded;
    degraded.status_since = sample_ago(7_500);
    degraded.trouble = Some(
        "The permission Read tags is missing: threads, names and tags cannot be fetched. Tick it under Authentication in \
         your app in the Developer Hub, then check again."
            .to_owned(),
    );
    degraded.permissions[4].state = PermissionState::Missing;
    degraded
}

fn uninstalled() -> ConnectionPage {
    ConnectionPage {
        status: ConnectionStatus::Uninstalled,
        status_since: sample_ago(7_500),
        trouble: Some(
            "The app was uninstalled in Intercom. Nothing arrives any more: no tickets, no replies, no redactions. \
             Reconnect to go on."
                .to_owned(),
        ),
        ..page()
    }
}

fn disconnected(copied: Copied) -> ConnectionPage {
    ConnectionPage {
        status: ConnectionStatus::Disconnected,
        status_since: sample_ago(3_700),
        disconnected_at: Some(sample_ago(3_700)),
        token_last4: None,
        secrets: Vec::new(),
        feedback_since: None,
        copied,
        ..page()
    }
}

/// The states after a disconnect.
fn ended() -> Vec<(&'static str, ConnectionPage)> {
    let mistyped = ConnectionPage {
        errors: FormErrors::one(
            "confirm",
            "This is not the workspace's name. Type Quillwater.",
        ),
        ..disconnected(Copied::Kept { rows: 18_240 })
    };
    let erasing = |done, note: Option<&str>| {
        disconnected(Copied::Erasing {
            done,
            total: 18_240,
            note: note.map(ToOwned::to_owned),
        })
    };
    let erased = disconnected(Copied::Erased {
        rows: 18_240,
        at: sample_ago(90),
    });
    vec![
        ("disconnected", disconnected(Copied::Kept { rows: 18_240 })),
        ("disconnected-empty", disconnected(Copied::Kept { rows: 0 })),
        ("erase-mistyped", mistyped),
        ("erasing", erasing(11_312, None)),
        (
            "erasing-stopped",
            erasing(11_312, Some("the database is not available")),
        ),
        ("erased", erased),
    ]
}

pub(super) fn all() -> Vec<(&'static str, ConnectionPage)> {
    let fresh = ConnectionPage {
        secrets: Vec::new(),
        topics: Vec::new(),
        feedback_since: None,
        products: Vec::new(),
        permissions: Vec::new(),
        checking: true,
        needs: vec![
            "The client secret is missing, so every webhook is refused. Paste it into the connection.".to_owned(),
        ],
        ..page()
    };
    let wrong = ConnectionPage {
        errors: FormErrors::one(
            "client_secret",
            "Paste the whole client secret, without spaces inside it.",
        ),
        ..page()
    };
    let misnamed = ConnectionPage {
        name_draft: "a name that is too long ".repeat(5),
        errors: FormErrors::one(
            "name",
            "Choose a name of at most 80 characters, on one line.",
        ),
        ..page()
    };
    let hostile = ConnectionPage {
        name: HOSTILE.to_owned(),
        name_draft: HOSTILE.to_owned(),
        trouble: Some(HOSTILE.to_owned()),
        status: ConnectionStatus::Degraded,
        app_name: HOSTILE.to_owned(),
        needs: vec![HOSTILE.to_owned()],
        products: vec![("x".to_owned(), HOSTILE.to_owned())],
        refusals: vec![RefusalRow {
            at: sample_ago(1),
            cause: HOSTILE.to_owned(),
            address: None,
        }],
        ..page()
    };
    let mut all = vec![
        ("connected", page()),
        ("fresh", fresh),
        ("refused", refused()),
        ("secret-wrong", wrong),
        ("degraded", degraded()),
        ("uninstalled", uninstalled()),
        ("misnamed", misnamed),
        ("viewer", viewer()),
        ("hostile", hostile),
    ];
    all.extend(ended());
    all.extend(oauth());
    all
}

/// As somebody sees it who may not change it.
fn viewer() -> ConnectionPage {
    ConnectionPage {
        may: false,
        ..page()
    }
}

/// Those made through an OAuth app, which have no client secret of their own.
fn oauth() -> [(&'static str, ConnectionPage); 3] {
    let through = |through, page| ConnectionPage {
        through,
        secrets: Vec::new(),
        ..page
    };
    [
        ("oauth", through(Through::Installation, page())),
        ("oauth-own-app", through(Through::OwnApp, page())),
        ("oauth-refused", through(Through::Installation, refused())),
    ]
}
