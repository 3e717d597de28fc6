//! What a configuration is read from, and what is understood.

mod faults;

use super::*;
use earmark_intercom::Region;
use earmark_model::Sources;
use earmark_seal::MasterKey;
use std::path::PathBuf;

const DEFAULTS: &str = include_str!("../../../../config/default.toml");
const EXAMPLE: &str = include_str!("../../../../config/production.example.toml");

fn new_key() -> String {
    MasterKey::generate(&Sources::system())
        .to_text()
        .to_string()
}

/// An environment with a key and the given variables.
fn environment(variables: &[(&str, &str)]) -> Input {
    let mut input = Input::default();
    input
        .environment
        .insert("EARMARK__KEYS__MASTER".into(), new_key());
    for (name, value) in variables {
        input
            .environment
            .insert((*name).to_owned(), (*value).to_owned());
    }
    input
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

#[test]
fn the_defaults_and_a_key_are_a_configuration() {
    let config = Config::load(&environment(&[])).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert!(!config.server.secure_cookies());
    assert_eq!(config.server.workers, None);
    assert_eq!(config.database.url.expose(), "sqlite://earmark.sqlite");
    assert_eq!(config.webhooks.max_body_bytes, 2 * 1024 * 1024);
    assert_eq!(config.webhooks.answer_within, Duration::from_secs(3));
    assert_eq!(config.webhooks.closed_endpoint, TimeDelta::days(30));
    assert_eq!(config.accounts.sign_up, SignUp::Open);
    assert_eq!(config.log.format, LogFormat::Text);
}

#[test]
fn command_line_beats_environment_beats_file_beats_default() {
    let folder = Folder::new();
    let text = "[server]\nlisten = \"127.0.0.1:1\"\ntrusted_proxies = [\"10.0.0.1\"]\n[jobs]\nworkers = 7\npoll_seconds = 9\n";
    let mut input = environment(&[
        ("EARMARK__SERVER__LISTEN", "127.0.0.1:2"),
        ("EARMARK__JOBS__WORKERS", "8"),
        ("EARMARK__JOBS__POLL_SECONDS", ""),
        ("EARMARK_CONFIG", "elsewhere.toml"),
        ("PATH", "/bin"),
    ]);
    input.file = Some(folder.file("a.toml", text));
    let config = Config::load(&input.with("server.listen", "127.0.0.1:3")).unwrap();
    assert_eq!(config.server.listen.port(), 3);
    assert_eq!(config.jobs.workers, 8);
    assert_eq!(config.jobs.poll, Duration::from_secs(9));
    assert_eq!(config.jobs.lease, Duration::from_secs(60));
    assert_eq!(
        config.server.trusted_proxies,
        ["10.0.0.1".parse::<IpAddr>().unwrap()]
    );
}

#[test]
fn lists_come_from_the_environment_with_commas() {
    let config = Config::load(&environment(&[(
        "EARMARK__SERVER__TRUSTED_PROXIES",
        "10.0.0.1, ::1",
    )]))
    .unwrap();
    assert_eq!(config.server.trusted_proxies.len(), 2);
}

#[test]
fn a_regions_own_host_wins_over_the_one_for_all_regions() {
    let config = Config::load(&environment(&[
        ("EARMARK__INTERCOM__API_URL", "http://127.0.0.1:8081"),
        ("EARMARK__INTERCOM__EU__API_URL", "https://eu.test"),
        ("EARMARK__INTERCOM__AU__WEB_URL", "https://au.test"),
    ]))
    .unwrap();
    let api = |region| config.intercom.hosts.of(region).api.as_str();
    let web = |region| config.intercom.hosts.of(region).web.as_str();
    assert_eq!(api(Region::Us), "http://127.0.0.1:8081/");
    assert_eq!(api(Region::Eu), "https://eu.test/");
    assert_eq!(api(Region::Au), "http://127.0.0.1:8081/");
    assert_eq!(web(Region::Us), "https://app.intercom.com/");
    assert_eq!(web(Region::Au), "https://au.test/");
}

#[test]
fn secrets_come_from_files() {
    let folder = Folder::new();
    let (master, former) = (new_key(), new_key());
    let files = [
        (
            "EARMARK__KEYS__MASTER_FILE",
            folder.file("master", &format!("{master}\n")),
        ),
        (
            "EARMARK__KEYS__PREVIOUS_FILE",
            folder.file("previous", &format!("{former}\n\n{former}\n")),
        ),
        (
            "EARMARK__DATABASE__URL_FILE",
            folder.file("url", "postgres://me:pass%20word@db/earmark\n"),
        ),
    ];
    let input = Input {
        environment: files
            .map(|(name, path)| (name.to_owned(), path.display().to_string()))
            .into(),
        ..Input::default()
    };
    let config = Config::load(&input).unwrap();
    let ids: Vec<String> = [&master, &former]
        .map(|text| MasterKey::parse(text).unwrap().key_id().to_owned())
        .into();
    assert_eq!(config.keys.key_ids().collect::<Vec<_>>(), ids);
    assert_eq!(
        config.database.url.expose(),
        "postgres://me:pass%20word@db/earmark"
    );
}

#[test]
fn neither_output_nor_debug_nor_faults_hold_a_secret() {
    let (master, former) = (new_key(), new_key());
    let mut input = environment(&[
        ("EARMARK__KEYS__MASTER", &master),
        ("EARMARK__KEYS__PREVIOUS", &former),
        (
            "EARMARK__DATABASE__URL",
            "postgres://me:hunter22@db/earmark?sslpassword=hunter22",
        ),
    ]);
    let config = Config::load(&input).unwrap();
    let shown = format!("{}\n{config:?}", config.understood());
    for secret in [&master[5..], &former[5..], "hunter22"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    for key_id in config.keys.key_ids() {
        assert!(config.understood().contains(key_id));
    }
    assert!(
        config
            .understood()
            .contains("postgres://me:masked@db/earmark")
    );

    for (name, value) in [
        ("EARMARK__KEYS", master.as_str()),
        ("EARMARK__KEYS__MASTER", &master[..30]),
        ("EARMARK__KEYS__MASTERKEY", &master),
        ("EARMARK__KEYS__PREVIOUS", &former[..30]),
        ("EARMARK__DATABASE__URL", "mysql://me:hunter22@db"),
        ("EARMARK__SERVER__PUBLIC_URL", "https://me:hunter22@a.test"),
        ("EARMARK__INTERCOM__API_URL", "https://me:hunter22@a.test"),
    ] {
        input.environment.insert(name.to_owned(), value.to_owned());
    }
    let faults = Config::load(&input).unwrap_err();
    let shown = format!("{faults}\n{faults:?}");
    for secret in [&master[5..25], &former[5..25], "hunter22"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn what_was_understood_reads_as_toml_and_marks_defaults() {
    let config = Config::load(&environment(&[
        ("EARMARK__JOBS__WORKERS", "8"),
        ("EARMARK__INTERCOM__API_URL", "http://127.0.0.1:8081"),
    ]))
    .unwrap();
    let text = config.understood();
    let tables: toml::Table = toml::from_str(text).unwrap();
    assert_eq!(tables["jobs"]["workers"].as_integer(), Some(8));
    assert_eq!(
        tables["intercom"]["eu"]["api_url"].as_str(),
        Some("http://127.0.0.1:8081/")
    );
    assert!(text.contains("workers = 8\n"), "{text}");
    assert!(text.contains("lease_seconds = 60  # default\n"), "{text}");
    assert!(
        text.contains("[intercom.eu]\napi_url = \"http://127.0.0.1:8081/\"\n"),
        "{text}"
    );
}

#[test]
fn https_makes_cookies_secure() {
    let config = Config::load(&environment(&[(
        "EARMARK__SERVER__PUBLIC_URL",
        "https://a.test",
    )]))
    .unwrap();
    assert!(config.server.secure_cookies());
}

/// Every key that the file shows as commented out exists, and each is explained: a comment stands above it.
#[test]
fn the_default_file_explains_every_key() {
    let folder = Folder::new();
    let key = new_key();
    let mut all = String::new();
    let mut above = "";
    for line in DEFAULTS.lines() {
        let shown = line.strip_prefix("# ").unwrap_or(line);
        let name = shown.split(" = ").next().unwrap_or_default();
        let is_key =
            shown.contains(" = ") && name.bytes().all(|b| b == b'_' || b.is_ascii_lowercase());
        if is_key {
            let explained =
                above.starts_with('#') || above.contains(" = ") || above.starts_with("[intercom.");
            assert!(explained, "{line}");
        }
        let secret_or_file = name.ends_with("_file") || ["master", "previous"].contains(&name);
        if (is_key && !secret_or_file) || line.starts_with('[') {
            all.push_str(shown);
            all.push('\n');
        }
        above = line;
    }
    let mut input = environment(&[("EARMARK__KEYS__MASTER", &key)]);
    input.file = Some(folder.file("all.toml", &all));
    let config = Config::load(&input).unwrap();
    assert!(
        !config.understood().contains("# default"),
        "{}",
        config.understood()
    );
}

#[test]
fn the_production_example_is_sound_once_its_secrets_exist() {
    let folder = Folder::new();
    let master = folder.file("master_key", &new_key()).display().to_string();
    let url = folder
        .file("url", "postgres://earmark:x@db.internal/earmark")
        .display()
        .to_string();
    let text = EXAMPLE
        .replace("/etc/earmark/master_key", &master)
        .replace("/etc/earmark/database_url", &url);
    let input = Input {
        file: Some(folder.file("earmark.toml", &text)),
        ..Input::default()
    };
    let config = Config::load(&input).unwrap();
    assert!(config.server.secure_cookies());
    assert_eq!(config.log.format, LogFormat::Json);
}
