//! The PostgreSQL cluster of the tests: the one `EARMARK_TEST_POSTGRES_URL` names, or a throw-away one of this process.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;
use tempfile::TempDir;
use url::Url;

/// Names a running cluster: the URL of a database in it, for a role that may create databases.
const ADMIN_URL: &str = "EARMARK_TEST_POSTGRES_URL";

/// Keeps the server while standard input is open, which the system closes when this process ends, however it ends.
const GUARD: &str = r#"
"$1" -D "$2/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 \
    $4 >"$2/log" 2>&1 &
pid=$!
cat >/dev/null
kill -INT "$pid"
wait "$pid"
rm -rf "$2"
"#;

/// Settings for tests: nothing has to outlive the process.
const HASTY: &str =
    "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off";
/// PostgreSQL's own defaults, spelled out: a commit is on disk before it is answered.
const DURABLE: &str =
    "-c fsync=on -c synchronous_commit=on -c full_page_writes=on -c autovacuum=on";

/// A cluster to make databases in.
#[derive(Debug)]
pub(crate) struct Cluster {
    admin: Url,
    /// Its standard input is what keeps an own server running.
    _guard: Option<Child>,
}

impl Cluster {
    /// The cluster of this process; blocks for about a second when it has to be started.
    pub(crate) fn get() -> &'static Self {
        static CLUSTER: OnceLock<Cluster> = OnceLock::new();
        CLUSTER.get_or_init(|| match std::env::var(ADMIN_URL) {
            Ok(url) => Self {
                admin: Url::parse(&url).expect("EARMARK_TEST_POSTGRES_URL is a URL"),
                _guard: None,
            },
            Err(_) => Self::start(HASTY),
        })
    }

    /// A cluster of this process whose commits are durable, for measuring. It is always an own one, because of a named
    /// one it is not known how it was started.
    pub(crate) fn durable() -> &'static Self {
        static CLUSTER: OnceLock<Cluster> = OnceLock::new();
        CLUSTER.get_or_init(|| Self::start(DURABLE))
    }

    /// The URL of a database in it.
    pub(crate) fn url_of(&self, database: &str) -> Url {
        let mut url = self.admin.clone();
        url.set_path(database);
        url
    }

    /// Makes an empty database; blocks for about a tenth of a second.
    pub(crate) fn create(&self, database: &str) {
        let output = psql(&self.admin, &format!("CREATE DATABASE {database}"));
        assert!(
            output.status.success(),
            "cannot make {database}: {output:?}"
        );
    }

    /// Removes a database with its connections, if it can.
    pub(crate) fn drop(&self, database: &str) {
        let drop = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
        let _ = psql(&self.admin, &drop);
    }

    /// Brings the planner's statistics of a database up to date.
    pub(crate) fn analyse(&self, database: &str) {
        let output = psql(&self.url_of(database), "ANALYZE");
        assert!(
            output.status.success(),
            "cannot analyse {database}: {output:?}"
        );
    }

    fn start(settings: &str) -> Self {
        // Another program may take the port between choosing and listening.
        (0..3)
            .find_map(|_| Self::try_start(settings))
            .expect("a free port for PostgreSQL")
    }

    fn try_start(settings: &str) -> Option<Self> {
        let dir = TempDir::with_prefix("earmark-postgres-").expect("a temporary folder");
        let server = Server::user();
        if let Some(Server { uid, gid }) = server {
            chown(dir.path(), Some(uid), Some(gid)).expect("the folder's owner changes");
        }
        let output = command("initdb", server, dir.path())
            .args(["--username=postgres", "--auth=trust", "--no-sync"])
            .args(["--encoding=UTF8", "--locale=C.UTF-8", "--pgdata=data"])
            .output()
            .expect("initdb starts");
        assert!(output.status.success(), "initdb failed: {output:?}");
        let dir = dir.keep();
        let port = free_port();
        let guard = command("sh", server, &dir)
            .args(["-c", GUARD, "sh"])
            .arg(program("postgres"))
            .arg(&dir)
            .arg(port.to_string())
            .arg(settings)
            .process_group(0)
            .stdin(Stdio::piped())
            .spawn()
            .expect("sh starts");
        let admin = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        answers(&dir).then(|| Self {
            admin: Url::parse(&admin).expect("a URL"),
            _guard: Some(guard),
        })
    }
}

/// Waits until the server answers. False when its port is taken.
fn answers(dir: &Path) -> bool {
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap_or_default();
    for _ in 0..600 {
        // The server's own word: another program may answer at its port.
        if read("data/postmaster.pid").contains("\nready") {
            return true;
        }
        if read("log").contains("could not create any TCP/IP sockets") {
            return false;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("PostgreSQL does not answer; its log: {}", read("log"));
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Who runs the server: PostgreSQL refuses to run as root.
#[derive(Debug, Clone, Copy)]
struct Server {
    uid: u32,
    gid: u32,
}

impl Server {
    /// The `postgres` user when this process is root's, otherwise `None` for the process's own user.
    fn user() -> Option<Self> {
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| {
            use std::os::unix::fs::MetadataExt;
            own.uid() == 0
        });
        is_root.then(|| {
            let users = fs::read_to_string("/etc/passwd").expect("/etc/passwd is readable");
            Self::find(&users).expect("a user postgres, because PostgreSQL does not run as root")
        })
    }

    fn find(passwd: &str) -> Option<Self> {
        let line = passwd.lines().find(|line| line.starts_with("postgres:"))?;
        let mut fields = line.split(':').skip(2);
        Some(Self {
            uid: fields.next()?.parse().ok()?,
            gid: fields.next()?.parse().ok()?,
        })
    }
}

fn command(name: &str, server: Option<Server>, dir: &Path) -> Command {
    let mut command = Command::new(program(name));
    command.current_dir(dir).env("LC_ALL", "C.UTF-8");
    if let Some(Server { uid, gid }) = server {
        command.uid(uid).gid(gid);
    }
    command
}

/// The version of the installed PostgreSQL, such as `15.14`.
pub(crate) fn version() -> String {
    let output = Command::new(program("postgres")).arg("--version").output();
    let output = output.expect("postgres starts").stdout;
    let text = String::from_utf8_lossy(&output);
    let version = text.strip_prefix("postgres (PostgreSQL) ");
    let version = version.and_then(|rest| rest.split_whitespace().next());
    version.unwrap_or_default().to_owned()
}

/// A PostgreSQL program: of the newest version installed in Debian's manner, or wherever `PATH` leads.
fn program(name: &str) -> PathBuf {
    newest_bin()
        .map(|bin| bin.join(name))
        .filter(|path| path.is_file())
        .unwrap_or_else(|| PathBuf::from(name))
}

fn newest_bin() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    versions
        .filter_map(io::Result::ok)
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            bin.join("initdb").is_file().then_some((version, bin))
        })
        .max()
        .map(|(_, bin)| bin)
}

fn psql(url: &Url, sql: &str) -> Output {
    Command::new(program("psql"))
        .args(["--no-psqlrc", "--quiet", "--command", sql, "--dbname"])
        .arg(url.as_str())
        .stdin(Stdio::null())
        .output()
        .expect("psql starts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_user_comes_from_the_list_of_users() {
        let users =
            "root:x:0:0::/root:/bin/bash\npostgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\n";
        let found = Server::find(users).unwrap();
        assert_eq!((found.uid, found.gid), (101, 104));
        assert!(Server::find("root:x:0:0::/root:/bin/bash").is_none());
    }
}
