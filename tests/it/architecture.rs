//! Holds the workspace against its map: which room may open which door, and which library lives in one room alone.
//!
//! Normal and build dependencies count, development ones do not. A door that has to be added is added in a table here,
//! with its reason beside it.

mod sources;

use std::{error::Error, path::PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

const ROW: &str = "A room depends on the rooms its row names and on no others.";
const ALONE: &str = "A library named beside a room is used in that room alone.";
const WALL_SQL: &str = "All SQL sits in `db`, behind scope values.";
const WALL_RENDER: &str =
    "`web` and `api` never talk to Intercom while a page renders: they read our copy and enqueue.";
const WALL_SANDBOX: &str =
    "`sandbox` shares no type with `intercom`: shared types would share mistakes.";
const WALL_HISTORY: &str = "One migration history for both databases.";

/// Which of our own packages a room may depend on.
enum Doors {
    To(&'static [&'static str]),
    ToAllBut(&'static [&'static str]),
}

/// A package of the workspace, named without `earmark-`, and the sentence that a door of its own making breaks.
struct Room {
    name: &'static str,
    doors: Doors,
    wall: &'static str,
}

/// A library, the only rooms that may use it, and the sentence broken elsewhere.
struct Library {
    name: &'static str,
    rooms: &'static [&'static str],
    wall: &'static str,
}

const fn room(name: &'static str, doors: &'static [&'static str], wall: &'static str) -> Room {
    let doors = Doors::To(doors);
    Room { name, doors, wall }
}

const fn library(
    name: &'static str,
    rooms: &'static [&'static str],
    wall: &'static str,
) -> Library {
    Library { name, rooms, wall }
}

/// Also the order of `crates/README.md`. Rows of rooms that are not built yet wait for them.
const ROOMS: &[Room] = &[
    room("model", &[], ROW),
    room("intercom", &[], ROW),
    room("seal", &["model"], ROW),
    room("db", &["model", "migrations"], ROW),
    room("jobs", &["model", "db"], ROW),
    room("accounts", &["model", "db", "seal"], ROW),
    room(
        "connections",
        &["model", "db", "jobs", "seal", "intercom"],
        ROW,
    ),
    room("oauth", &["model", "db", "connections", "intercom"], ROW),
    room("ingest", &["model", "db", "connections", "intercom"], ROW),
    room(
        "sync",
        &["model", "db", "jobs", "connections", "intercom"],
        ROW,
    ),
    room(
        "actions",
        &["model", "db", "jobs", "connections", "intercom", "sync"],
        ROW,
    ),
    room("notify", &["model", "db", "jobs", "seal"], ROW),
    room(
        "web",
        // `sync`: its switch and its runs are asked for through its own service functions, which talk to nobody.
        &[
            "model",
            "db",
            "accounts",
            "connections",
            "oauth",
            "actions",
            "sync",
        ],
        WALL_RENDER,
    ),
    room(
        "api",
        &["model", "db", "accounts", "connections", "actions"],
        WALL_RENDER,
    ),
    room("sandbox", &[], WALL_SANDBOX),
    room("testkit", &["model", "db", "migrations", "sandbox"], ROW),
    Room {
        name: "bench",
        doors: Doors::ToAllBut(&[]),
        wall: ROW,
    },
    Room {
        name: "server",
        doors: Doors::ToAllBut(&["testkit", "bench"]),
        wall: ROW,
    },
    room("migrations", &[], ROW),
    room("tests", &[], ROW),
];

const LIBRARIES: &[Library] = &[
    library("sea-orm", &["db"], WALL_SQL),
    // The driver beneath sea-orm: whoever holds it can write SQL.
    library("sqlx", &["db"], WALL_SQL),
    library("sea-orm-migration", &["migrations"], WALL_HISTORY),
    library("chacha20poly1305", &["seal"], ALONE),
    library("hkdf", &["seal"], ALONE),
    library("argon2", &["accounts"], ALONE),
    library("oauth2", &["oauth"], ALONE),
    library("lettre", &["notify"], ALONE),
    library("utoipa", &["api"], ALONE),
    library("clap", &["server"], ALONE),
    library("config", &["server"], ALONE),
    // bench: its baseline is the same HTTP handler with one INSERT a request, so it mounts a handler itself.
    library(
        "actix-web",
        &["web", "api", "ingest", "sandbox", "server", "bench"],
        ALONE,
    ),
    library("askama", &["web", "notify", "sandbox"], ALONE),
    library(
        "reqwest",
        &[
            "intercom",
            "oauth",
            "connections",
            "notify",
            "sandbox",
            "bench",
            "tests",
        ],
        WALL_RENDER,
    ),
    library("jsonwebtoken", &["accounts", "oauth"], ALONE),
];

/// A workspace package as cargo sees it: its room and the packages it depends on.
struct Package {
    room: String,
    dependencies: Vec<String>,
}

impl Doors {
    fn lead_to(&self, room: &str) -> bool {
        match self {
            Self::To(rooms) => rooms.contains(&room),
            Self::ToAllBut(rooms) => !rooms.contains(&room),
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn packages() -> Result<Vec<Package>, cargo_metadata::Error> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()?;
    let packages = metadata
        .workspace_packages()
        .into_iter()
        .map(|package| Package {
            room: package.name.trim_start_matches("earmark-").to_owned(),
            dependencies: package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind != DependencyKind::Development)
                .map(|dependency| dependency.name.clone())
                .collect(),
        });
    Ok(packages.collect())
}

/// Doors to other rooms that the package's row does not have; also the lack of a row.
fn wrong_doors(package: &Package) -> Vec<String> {
    let Package {
        room: name,
        dependencies,
    } = package;
    let Some(room) = ROOMS.iter().find(|room| room.name == name) else {
        return vec![format!("`{name}` has no row in the table of rooms. {ROW}")];
    };
    dependencies
        .iter()
        .filter_map(|dependency| dependency.strip_prefix("earmark-"))
        .filter(|dependency| !room.doors.lead_to(dependency))
        .map(|dependency| format!("`{name}` depends on `{dependency}`. {}", room.wall))
        .collect()
}

/// Libraries that the package uses although they live in other rooms.
fn wrong_libraries(package: &Package) -> Vec<String> {
    let Package { room, dependencies } = package;
    LIBRARIES
        .iter()
        .filter(|library| {
            dependencies
                .iter()
                .any(|dependency| dependency == library.name)
        })
        .filter(|library| !library.rooms.contains(&room.as_str()))
        .map(|Library { name, rooms, wall }| {
            format!(
                "`{room}` uses {name}, which belongs to {}. {wall}",
                rooms.join(", ")
            )
        })
        .collect()
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn package(room: &str, dependencies: &[&str]) -> Package {
    Package {
        room: room.to_owned(),
        dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
    }
}

#[test]
fn rooms_open_only_the_doors_of_their_row() -> Result<(), Box<dyn Error>> {
    let packages = packages()?;
    assert!(
        packages.iter().any(|package| package.room == "server"),
        "cargo metadata lists no server"
    );
    assert_none(&packages.iter().flat_map(wrong_doors).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn libraries_stay_in_their_rooms() -> Result<(), Box<dyn Error>> {
    let packages = packages()?;
    let uses_orm = |package: &Package| package.dependencies.iter().any(|name| name == "sea-orm");
    assert!(
        packages.iter().any(uses_orm),
        "cargo metadata lists no dependencies"
    );
    assert_none(
        &packages
            .iter()
            .flat_map(wrong_libraries)
            .collect::<Vec<_>>(),
    );
    Ok(())
}

#[test]
fn each_door_leads_to_a_room_with_a_row() {
    let known = |name: &&str| ROOMS.iter().any(|room| room.name == *name);
    for Room {
        doors: Doors::To(rooms) | Doors::ToAllBut(rooms),
        name,
        ..
    } in ROOMS
    {
        assert!(
            rooms.iter().all(known),
            "the row of `{name}` names an unknown room"
        );
    }
    for Library { name, rooms, .. } in LIBRARIES {
        assert!(
            rooms.iter().all(known),
            "the row of {name} names an unknown room"
        );
    }
}

#[test]
fn a_door_that_is_not_in_the_row_is_named_with_its_wall() {
    let faults = wrong_doors(&package("sandbox", &["serde", "earmark-intercom"]));
    assert_eq!(
        faults,
        [format!("`sandbox` depends on `intercom`. {WALL_SANDBOX}")]
    );
    let faults = wrong_doors(&package(
        "web",
        &["earmark-model", "earmark-intercom", "earmark-jobs"],
    ));
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(
        faults.iter().all(|fault| fault.ends_with(WALL_RENDER)),
        "{faults:?}"
    );
    assert_eq!(
        wrong_doors(&package("server", &["earmark-testkit"])).len(),
        1
    );
    assert_none(&wrong_doors(&package(
        "bench",
        &["earmark-testkit", "earmark-server"],
    )));
}

#[test]
fn a_package_without_a_row_is_refused() {
    let faults = wrong_doors(&package("attic", &[]));
    assert_eq!(
        faults,
        [format!("`attic` has no row in the table of rooms. {ROW}")]
    );
}

#[test]
fn a_library_outside_its_room_is_named_with_its_wall() {
    let faults = wrong_libraries(&package("web", &["sea-orm", "serde"]));
    assert_eq!(
        faults,
        [format!(
            "`web` uses sea-orm, which belongs to db. {WALL_SQL}"
        )]
    );
    assert_eq!(
        wrong_libraries(&package("bench", &["clap", "reqwest"])).len(),
        1
    );
    assert_none(&wrong_libraries(&package("db", &["sea-orm", "sqlx"])));
}
