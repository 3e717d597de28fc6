//! The sections, key by key, with their ranges. Every key is read before any section gives up, so that all faults are
//! found at once.

use super::reader::{Reader, origin, quoted};
use super::{
    Accounts, Config, Database, DatabaseUrl, Intercom, Jobs, Log, LogFormat, Server, SignUp,
    Webhooks, keys, oauth,
};
use chrono::TimeDelta;
use earmark_intercom::{HostError, HostMap, Region};
use std::net::{IpAddr, SocketAddr};
use tracing_subscriber::EnvFilter;
use url::Url;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

pub(super) fn read(reader: &mut Reader) -> Option<Config> {
    let server = server(reader);
    let database = database(reader);
    let keys = keys::read(reader);
    let intercom = intercom(reader);
    let oauth = oauth::read(reader);
    let webhooks = webhooks(reader);
    let jobs = jobs(reader);
    let accounts = accounts(reader);
    let log = log(reader);
    Some(Config {
        server: server?,
        database: database?,
        keys: keys?,
        intercom: intercom?,
        oauth: oauth?,
        webhooks: webhooks?,
        jobs: jobs?,
        accounts: accounts?,
        log: log?,
        understood: String::new(),
    })
}

fn server(reader: &mut Reader) -> Option<Server> {
    let listen = reader.parsed("server.listen", |text| {
        text.parse::<SocketAddr>()
            .map_err(|_| "must be an IP address and a port, such as 127.0.0.1:8080".into())
    });
    let public_url = reader.parsed("server.public_url", origin);
    let trusted_proxies = reader.list("server.trusted_proxies", |text| {
        text.parse::<IpAddr>()
            .map_err(|_| "must be an IP address, such as 10.0.0.5".into())
    });
    let max_body_bytes = reader.number("server.max_body_bytes", KIB..=64 * MIB);
    let workers = reader.number("server.workers", 0..=256_usize);
    Some(Server {
        listen: listen?,
        public_url: public_url?,
        trusted_proxies: trusted_proxies?,
        max_body_bytes: max_body_bytes?,
        workers: Some(workers?).filter(|workers| *workers > 0),
    })
}

fn database(reader: &mut Reader) -> Option<Database> {
    let url = database_url(reader);
    let max_connections = reader.number("database.max_connections", 2..=1000);
    Some(Database {
        url: url?,
        max_connections: max_connections?,
    })
}

fn database_url(reader: &mut Reader) -> Option<DatabaseUrl> {
    let default = reader.optional_text("database.url");
    let from_file = reader.secret_file("database.url", "database.url_file");
    let (place, text) = match from_file {
        Some(text) => ("database.url_file", text),
        None if reader.is_given("database.url_file") => return None,
        None => ("database.url", default?),
    };
    match DatabaseUrl::parse(&text) {
        Ok(url) => {
            reader.understand_as(
                "database.url",
                quoted(&url.to_string()),
                !reader.is_given(place),
            );
            Some(url)
        }
        Err(problem) => {
            reader.fault(place, problem);
            None
        }
    }
}

impl DatabaseUrl {
    /// The messages do not quote the address: it may hold a password.
    fn parse(text: &str) -> Result<Self, &'static str> {
        const CURE: &str =
            "must be like sqlite://earmark.sqlite or postgres://user:password@host/name";
        let text = text.trim().to_owned();
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.trim_start_matches('/');
            if path.is_empty() || path.starts_with(":memory:") {
                return Err("must name a file, such as sqlite://earmark.sqlite");
            }
            let masked = text.clone();
            return Ok(Self { text, masked });
        }
        let url = Url::parse(&text).map_err(|_| CURE)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(CURE);
        }
        let masked = masked(url);
        Ok(Self { text, masked })
    }
}

fn masked(mut url: Url) -> String {
    const MASK: &str = "masked";
    if url.password().is_some() {
        // Fails only for an address without a host, which cannot hold a password either.
        let _ = url.set_password(Some(MASK));
    }
    let pairs: Vec<(String, String)> = url
        .query_pairs()
        .map(|(name, value)| {
            let shown = if name.to_lowercase().contains("password") {
                MASK.to_owned()
            } else {
                value.into_owned()
            };
            (name.into_owned(), shown)
        })
        .collect();
    if !pairs.is_empty() {
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
    url.to_string()
}

fn intercom(reader: &mut Reader) -> Option<Intercom> {
    let connect_timeout = reader.seconds("intercom.connect_timeout_seconds", 1..=60);
    let timeout = reader.seconds("intercom.timeout_seconds", 1..=300);
    let max_body_bytes = reader.number("intercom.max_body_bytes", 64 * KIB..=256 * MIB);
    let hosts = hosts(reader);
    Some(Intercom {
        hosts: hosts?,
        connect_timeout: connect_timeout?,
        timeout: timeout?,
        max_body_bytes: max_body_bytes?,
    })
}

/// One kind of host: its keys, for all regions and for each, and where it belongs.
struct HostKeys {
    all: &'static str,
    regions: [(Region, &'static str); 3],
    set: fn(&mut HostMap, Option<Region>, &str) -> Result<(), HostError>,
}

const API: HostKeys = HostKeys {
    all: "intercom.api_url",
    regions: [
        (Region::Us, "intercom.us.api_url"),
        (Region::Eu, "intercom.eu.api_url"),
        (Region::Au, "intercom.au.api_url"),
    ],
    set: HostMap::set_api,
};

const WEB: HostKeys = HostKeys {
    all: "intercom.web_url",
    regions: [
        (Region::Us, "intercom.us.web_url"),
        (Region::Eu, "intercom.eu.web_url"),
        (Region::Au, "intercom.au.web_url"),
    ],
    set: HostMap::set_web,
};

const AUTHORIZE: HostKeys = HostKeys {
    all: "intercom.authorize_url",
    regions: [
        (Region::Us, "intercom.us.authorize_url"),
        (Region::Eu, "intercom.eu.authorize_url"),
        (Region::Au, "intercom.au.authorize_url"),
    ],
    set: HostMap::set_authorize,
};

const TOKEN: HostKeys = HostKeys {
    all: "intercom.token_url",
    regions: [
        (Region::Us, "intercom.us.token_url"),
        (Region::Eu, "intercom.eu.token_url"),
        (Region::Au, "intercom.au.token_url"),
    ],
    set: HostMap::set_token,
};

fn hosts(reader: &mut Reader) -> Option<HostMap> {
    let mut hosts = HostMap::intercom().ok()?;
    let mut sound = true;
    for kind in [API, WEB, AUTHORIZE, TOKEN] {
        let own = kind.regions.map(|(region, key)| (Some(region), key));
        for (region, key) in std::iter::once((None, kind.all)).chain(own) {
            let Some(address) = reader.optional_text(key) else {
                sound &= !reader.is_given(key);
                continue;
            };
            match (kind.set)(&mut hosts, region, &address) {
                Ok(()) if region.is_none() => reader.understand(key, quoted(&address)),
                Ok(()) => {}
                Err(cause) => {
                    sound = false;
                    reader.fault(key, cause.to_string());
                }
            }
        }
    }
    for (index, region) in Region::ALL.into_iter().enumerate() {
        let of = hosts.of(region);
        // Where OAuth leads follows the two hosts, unless configured.
        for (kind, follows, url) in [
            (&API, None, of.api.clone()),
            (&WEB, None, of.web.clone()),
            (&AUTHORIZE, Some(&WEB), of.authorize()),
            (&TOKEN, Some(&API), of.token()),
        ] {
            let key = kind.regions[index].1;
            let given = |kind: &HostKeys| {
                reader.is_given(kind.regions[index].1) || reader.is_given(kind.all)
            };
            let is_default = !given(kind) && !follows.is_some_and(given);
            reader.understand_as(key, quoted(url.as_str()), is_default);
        }
    }
    sound.then_some(hosts)
}

fn webhooks(reader: &mut Reader) -> Option<Webhooks> {
    let max_body_bytes = reader.number("webhooks.max_body_bytes", 64 * KIB..=64 * MIB);
    let max_batch = reader.number("webhooks.max_batch", 1..=2_048_usize);
    let answer_within = reader.seconds("webhooks.answer_within_seconds", 1..=5);
    let refusals_kept = reader.number("webhooks.refusals_kept", 1..=10_000);
    let closed_endpoint = days(reader, "webhooks.closed_endpoint_days", 0..=3650);
    Some(Webhooks {
        max_body_bytes: max_body_bytes?,
        max_batch: max_batch?,
        answer_within: answer_within?,
        refusals_kept: refusals_kept?,
        closed_endpoint: closed_endpoint?,
    })
}

fn jobs(reader: &mut Reader) -> Option<Jobs> {
    let workers = reader.number("jobs.workers", 1..=256);
    let lease = reader.seconds("jobs.lease_seconds", 10..=3600);
    let poll = reader.seconds("jobs.poll_seconds", 1..=300);
    Some(Jobs {
        workers: workers?,
        lease: lease?,
        poll: poll?,
    })
}

fn accounts(reader: &mut Reader) -> Option<Accounts> {
    let sign_up = reader.choice("accounts.sign_up", SignUp::ALL);
    let session = days(reader, "accounts.session_days", 1..=365);
    let per_account = reader.number("accounts.login_attempts_per_account", 1..=10_000);
    let per_address = reader.number("accounts.login_attempts_per_address", 1..=100_000);
    let window = reader.number("accounts.login_window_minutes", 1..=1440_u32);
    Some(Accounts {
        sign_up: sign_up?,
        session: session?,
        login_attempts_per_account: per_account?,
        login_attempts_per_address: per_address?,
        login_window: TimeDelta::minutes(window?.into()),
    })
}

fn log(reader: &mut Reader) -> Option<Log> {
    let format = reader.choice("log.format", LogFormat::ALL);
    let filter = reader.parsed("log.filter", |text| {
        EnvFilter::builder()
            .parse(text)
            .map(|_| text.to_owned())
            .map_err(|cause| {
                format!("must be a filter, such as info or info,earmark_jobs=debug: {cause}")
            })
    });
    Some(Log {
        format: format?,
        filter: filter?,
    })
}

fn days(
    reader: &mut Reader,
    key: &'static str,
    range: std::ops::RangeInclusive<u32>,
) -> Option<TimeDelta> {
    reader
        .number(key, range)
        .map(|days| TimeDelta::days(days.into()))
}
