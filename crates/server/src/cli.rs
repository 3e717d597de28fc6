//! The command line of `earmark`.

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Brings tagged Intercom conversations to the product teams they are about.
#[derive(Debug, Parser)]
#[command(
    name = "earmark",
    version,
    long_about = "Earmark connects companies' Intercom workspaces to their product teams: a support agent tags a \
        conversation in Intercom, and the tagged message appears as a feedback ticket in the inbox of the right \
        product.",
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try everything out: the app, the sandbox that stands in for Intercom, and a seeded workspace
    Demo(DemoArgs),
    /// Serve pages, take webhooks and run jobs
    Serve(ServeArgs),
    /// Bring the database's schema up to date
    Migrate(MigrateArgs),
    /// Look for what is wrong with connections now: exit code 0 when nothing is red, 1 when something is, 2 when it could
    /// not look
    Doctor(DoctorArgs),
    /// Run the sandbox, a stand-in for Intercom, alone
    Sandbox(SandboxArgs),
    /// Make, rotate and check encryption keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// List, describe and run actions at Intercom, under a member's rights
    #[command(subcommand)]
    Actions(ActionsCommand),
    /// Check the configuration and print what was understood, secrets masked
    CheckConfig(ConfigArgs),
}

/// What can be done with encryption keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Print a new encryption key
    ///
    /// The key seals Intercom's tokens and client secrets. Put it into a file that only Earmark's user can read and
    /// name that file in keys.master_file, or set EARMARK__KEYS__MASTER. Keep a copy apart from the database: what
    /// the key sealed cannot be read without it.
    Generate,
    /// Seal everything anew under the key in keys.master
    ///
    /// To change the key: 1. Make a new one with `earmark keys generate`. 2. Set it as keys.master and the one before as
    /// keys.previous, and restart every process. Where several processes serve, first restart all of them with the new
    /// key in keys.previous, so that each can open what another seals. 3. Run this command with the same configuration;
    /// processes may go on serving, and it may be broken off and run again. 4. When `earmark keys check` finds nothing
    /// under the former key, take that out of keys.previous and restart.
    ///
    /// Browser cookies are signed with a key that follows keys.master: with step 2 everybody has to log in again. Exit
    /// code 1 when something does not open or is still under another key.
    Rotate(ConfigArgs),
    /// Open everything that is sealed, and say what does not open
    ///
    /// Prints how many secrets are under which key, and of each that does not open its table, id and the reason; never
    /// a secret. Exit code 1 when one does not open.
    Check(ConfigArgs),
}

/// What can be done with actions.
#[derive(Debug, Clone, Subcommand)]
pub enum ActionsCommand {
    /// List the actions
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what an action does and what it takes
    Describe {
        /// The action's id, such as contacts.create
        #[arg(value_name = "ID")]
        action: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Run an action
    Run(ActionArgs),
}

/// Arguments of `actions run`.
#[derive(Debug, Clone, Args)]
pub struct ActionArgs {
    /// The action's id, such as contacts.create
    #[arg(value_name = "ID")]
    pub action: String,
    /// The connection's id, as in its address
    #[arg(long, value_name = "CONNECTION")]
    pub connection: String,
    /// The e-mail address of the member who runs it: their role decides, and the log names them
    #[arg(long = "as", value_name = "EMAIL")]
    pub as_email: String,
    /// An input; @PATH in place of a value sends a file or reads the value from it. Repeat it for more lines
    #[arg(long = "input", value_name = "NAME=VALUE")]
    pub inputs: Vec<String>,
    /// Print the answer as JSON, with the run's id, status and time
    #[arg(long)]
    pub json: bool,
    /// Run what destroys without asking
    #[arg(long)]
    pub yes: bool,
    /// Print the exact request and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write the answer to a file, instead of printing it
    #[arg(long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Where the configuration is.
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// A configuration file; it and EARMARK__SECTION__KEY variables change the built-in defaults
    #[arg(long, value_name = "PATH", env = "EARMARK_CONFIG")]
    pub config: Option<PathBuf>,
}

/// Arguments of `serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Address and port to listen on, instead of server.listen
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
}

/// Arguments of `migrate`.
#[derive(Debug, Clone, Args)]
pub struct MigrateArgs {
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Arguments of `doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Only the connections of this workspace, by its name in addresses
    #[arg(long, value_name = "SLUG")]
    pub workspace: Option<String>,
    /// Only this connection, by the id in its page's address
    #[arg(long, value_name = "ID")]
    pub connection: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `demo`.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Address and port of the app
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Address and port of the sandbox that stands in for Intercom
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8081")]
    pub sandbox_listen: SocketAddr,
    /// Folder for the database, the encryption key and the login; a second start finds them there
    #[arg(long, value_name = "PATH", default_value = "./earmark-demo")]
    pub data_dir: PathBuf,
    /// A database to use instead of the SQLite file in the data folder, such as postgres://user@host/name
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// Go through the whole path once, print what happened and end: exit code 0 when the ticket arrived, else 1
    #[arg(long)]
    pub once: bool,
    /// Contacts that the sandbox makes up at the first start, which Earmark then copies
    #[arg(long, value_name = "N", default_value_t = 40_000)]
    pub contacts: u32,
    /// Allow addresses that other machines can reach
    #[arg(long)]
    pub public: bool,
}

/// Arguments of `sandbox`.
#[derive(Debug, Clone, Args)]
pub struct SandboxArgs {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8081")]
    pub listen: SocketAddr,
    /// File that keeps the sandbox's state from one start to the next; without it the state is lost at the end
    #[arg(long, value_name = "PATH")]
    pub state_file: Option<PathBuf>,
    /// Milliseconds by which every API answer is delayed
    #[arg(long = "latency", value_name = "MS", default_value_t = 0)]
    pub latency_ms: u64,
    /// API calls allowed in each 10 seconds; Intercom allows an app about 1666
    #[arg(long = "rate", value_name = "N", default_value_t = 1666, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_per_10_seconds: u32,
    /// Seconds until a webhook that failed is sent once more, as Intercom does after 60
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub webhook_retry_seconds: u64,
    /// Seconds until search shows a new contact; Intercom speaks of a few minutes
    #[arg(long = "search-delay", value_name = "SECONDS", default_value_t = 0)]
    pub search_delay_seconds: u64,
    /// Contacts to make up, spread over three years with a fifth on one day
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub contacts: u32,
    /// Companies to make up
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub companies: u32,
    /// Conversations to make up
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub conversations: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_implemented_commands_are_read() {
        let cli = Cli::try_parse_from(["earmark", "check-config", "--config", "a.toml"]).unwrap();
        assert!(
            matches!(cli.command, Command::CheckConfig(args) if args.config == Some("a.toml".into()))
        );
        let cli = Cli::try_parse_from(["earmark", "keys", "generate"]).unwrap();
        assert!(matches!(cli.command, Command::Keys(KeysCommand::Generate)));
        let cli = Cli::try_parse_from(["earmark", "keys", "rotate", "--config", "a.toml"]).unwrap();
        assert!(
            matches!(cli.command, Command::Keys(KeysCommand::Rotate(args)) if args.config == Some("a.toml".into()))
        );
        let cli = Cli::try_parse_from(["earmark", "keys", "check"]).unwrap();
        assert!(matches!(cli.command, Command::Keys(KeysCommand::Check(_))));
    }

    #[test]
    fn defaults_stay_on_this_machine() {
        let Command::Demo(demo) = Cli::try_parse_from(["earmark", "demo"]).unwrap().command else {
            panic!("demo was asked for");
        };
        assert!(demo.listen.ip().is_loopback() && demo.sandbox_listen.ip().is_loopback());
        assert!(!demo.public && !demo.once);
        let Command::Sandbox(sandbox) =
            Cli::try_parse_from(["earmark", "sandbox"]).unwrap().command
        else {
            panic!("sandbox was asked for");
        };
        assert!(sandbox.listen.ip().is_loopback());
    }

    #[test]
    fn a_listen_address_needs_a_port_and_a_rate_something_to_allow() {
        for refused in [
            ["earmark", "serve", "--listen", "127.0.0.1"],
            ["earmark", "sandbox", "--rate", "0"],
        ] {
            assert!(Cli::try_parse_from(refused).is_err(), "{refused:?}");
        }
        let read = Cli::try_parse_from(["earmark", "serve", "--listen", "[::1]:0"]).unwrap();
        assert!(
            matches!(read.command, Command::Serve(args) if args.listen == Some("[::1]:0".parse().unwrap()))
        );
        let read = Cli::try_parse_from(["earmark", "migrate", "--config", "b.toml"]).unwrap();
        assert!(
            matches!(read.command, Command::Migrate(args) if args.config.config == Some("b.toml".into()))
        );
    }
}
