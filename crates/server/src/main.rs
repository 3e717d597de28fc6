//! Earmark.

fn main() -> std::process::ExitCode {
    earmark_server::main()
}
