# Start the app and the sandbox with a seeded workspace
demo *ARGS:
    cargo run --release -- demo {{ARGS}}

# Start the app alone; it needs a configuration and an encryption key
serve *ARGS:
    cargo run --release -- serve {{ARGS}}

# Check and test everything (--fast leaves the browser out)
test *ARGS:
    tests/run {{ARGS}}

# Play histories against the sync engine on both databases; the seeds of failures are printed. `just soak 1 7` replays 7
soak HISTORIES="1000" FROM="1":
    EARMARK_MODEL_HISTORIES={{HISTORIES}} EARMARK_MODEL_FROM={{FROM}} \
        cargo test -p earmark-sync --test it -- --nocapture after_a_catch_up

# Formatting and lints, as tests/run checks them
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# Format the code
fmt:
    cargo fmt --all

# Print a figure beside its baseline: ingest, idle, backfill, client, latency
bench NAME:
    cargo build --release -p earmark-server -p earmark-bench
    cargo run --release -p earmark-bench -- {{NAME}}

# Check licences, advisories and sources of the dependencies (needs cargo-deny and the network)
deny:
    cargo deny check
