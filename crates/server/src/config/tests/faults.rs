//! Faults, their places and their cures.

use super::*;
use crate::config::fault::variable;

fn faults(input: &Input) -> Vec<Fault> {
    Config::load(input).expect_err("a fault was expected").0
}

/// The only fault; fails when there are others.
fn fault(input: &Input) -> String {
    let faults = Config::load(input).expect_err("a fault was expected");
    assert_eq!(faults.0.len(), 1, "{faults}");
    faults.to_string()
}

#[test]
fn without_a_key_there_is_no_start() {
    let text = fault(&Input::default());
    assert!(
        text.contains("keys.master (EARMARK__KEYS__MASTER)"),
        "{text}"
    );
    assert!(text.contains("earmark keys generate"), "{text}");
}

/// Keys with a value that each refuses.
const BAD: &[(&str, &str)] = &[
    ("server.listen", "localhost"),
    ("server.public_url", "https://a.test/sub"),
    ("server.public_url", "ftp://a.test"),
    ("server.trusted_proxies", "10.0.0.1,proxy"),
    ("server.max_body_bytes", "5"),
    ("server.workers", "-1"),
    ("database.url", "mysql://x/y"),
    ("database.url", "sqlite::memory:"),
    ("database.url_file", "/nowhere/url"),
    ("database.max_connections", "1"),
    ("keys.master", "emk1_short"),
    ("keys.previous", "emk1_short"),
    ("keys.previous_file", "/nowhere/keys"),
    ("intercom.api_url", "http://10.0.0.1"),
    ("intercom.web_url", "app.intercom.com"),
    ("intercom.eu.api_url", "http://eu.test"),
    ("intercom.au.web_url", "https://x.test/?a=b"),
    ("intercom.version", "latest"),
    ("intercom.connect_timeout_seconds", "0"),
    ("intercom.timeout_seconds", "long"),
    ("intercom.max_body_bytes", "1"),
    ("webhooks.max_body_bytes", "2 MiB"),
    ("webhooks.max_batch", "0"),
    ("webhooks.answer_within_seconds", "6"),
    ("webhooks.refusals_kept", "0"),
    ("webhooks.closed_endpoint_days", "1.5"),
    ("jobs.workers", "many"),
    ("jobs.lease_seconds", "1"),
    ("jobs.poll_seconds", "0"),
    ("accounts.sign_up", "maybe"),
    ("accounts.session_days", "0"),
    ("accounts.login_attempts_per_account", "0"),
    ("accounts.login_attempts_per_address", "0"),
    ("accounts.login_window_minutes", "0"),
    ("log.format", "xml"),
    ("log.filter", "a=b=c"),
];

#[test]
fn each_fault_is_named_with_its_key() {
    for (key, value) in BAD {
        let variable = variable(key);
        let faults = faults(&environment(&[(&variable, value)]));
        assert_eq!(faults.len(), 1, "{variable}={value}: {faults:?}");
        assert_eq!(faults[0].place, format!("{key} ({variable})"));
        assert!(faults[0].problem.len() > 10, "{faults:?}");
    }
}

#[test]
fn all_faults_come_at_once() {
    let input = Input {
        environment: [
            ("EARMARK__SERVER__LISTEN", "here"),
            ("EARMARK__JOBS__WORKERS", "0"),
            ("EARMARK__LOG__FORMAT", "xml"),
            ("EARMARK__SERVER__LISTENS", "there"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        ..Input::default()
    };
    let faults = faults(&input);
    let places: Vec<&str> = faults
        .iter()
        .map(|fault| fault.place.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "server.listen",
            "keys.master",
            "jobs.workers",
            "log.format",
            "server.listens"
        ]
    );
    assert!(
        Faults(faults)
            .to_string()
            .starts_with("The configuration has 5 faults:\n  server.listen")
    );
}

#[test]
fn unknown_keys_and_sections_are_faults_that_list_the_known_ones() {
    let text = fault(&environment(&[("EARMARK__SERVER__LISTENS", "1")]));
    assert!(
        text.contains("server.listens") && text.contains("public_url"),
        "{text}"
    );
    let text = fault(&environment(&[("EARMARK__SERVERS__LISTEN", "1")]));
    assert!(
        text.contains("servers.listen") && text.contains("intercom.eu"),
        "{text}"
    );
    let text = fault(&environment(&[("EARMARK__LOGS", "1")]));
    assert!(
        text.contains("logs (EARMARK__LOGS): no such section"),
        "{text}"
    );
    let text = fault(&environment(&[("EARMARK__SERVER", "secret words")]));
    assert!(
        text.contains("server (EARMARK__SERVER): is a section") && !text.contains("secret words"),
        "{text}"
    );

    let folder = Folder::new();
    let mut input = environment(&[]);
    input.file = Some(folder.file(
        "a.toml",
        "[webhook]\n\n[jobs]\n\n[server.listen]\nport = 1\n",
    ));
    let text = Config::load(&input).unwrap_err().to_string();
    assert!(
        text.contains("webhook (EARMARK__WEBHOOK): no such section"),
        "{text}"
    );
    assert!(text.contains("server.listen is a key"), "{text}");
    assert_eq!(text.lines().count(), 3, "{text}");
}

#[test]
fn a_secret_given_twice_or_in_a_bad_file_is_a_fault() {
    let folder = Folder::new();
    let path = folder.file("master", &new_key()).display().to_string();
    let text = fault(&environment(&[("EARMARK__KEYS__MASTER_FILE", &path)]));
    assert!(
        text.contains("keys.master_file") && text.contains("keys.master is set as well"),
        "{text}"
    );

    for path in [
        "/nowhere/master",
        &folder.file("empty", " \n").display().to_string(),
    ] {
        let mut input = environment(&[("EARMARK__KEYS__MASTER_FILE", path)]);
        input.environment.remove("EARMARK__KEYS__MASTER");
        let text = fault(&input);
        assert!(
            text.contains("keys.master_file") && text.contains(path),
            "{text}"
        );
    }
}

#[test]
fn a_configuration_file_that_cannot_be_read_is_named() {
    let mut input = environment(&[]);
    input.file = Some("/nowhere/earmark.toml".into());
    assert!(fault(&input).contains("/nowhere/earmark.toml: the configuration file cannot be read"));
}

#[test]
fn a_file_that_is_no_toml_names_the_line_and_quotes_nothing() {
    let folder = Folder::new();
    let key = new_key();
    let mut input = environment(&[]);
    input.file = Some(folder.file("a.toml", &format!("[keys]\n\nmaster = {key}\n")));
    let text = fault(&input);
    assert!(text.contains("a.toml: line 3 is no TOML"), "{text}");
    assert!(!text.contains(&key[5..15]), "{text}");
}
