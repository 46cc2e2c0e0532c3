//! The command line, and the variables that stand for its options.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _};
use oddity_detect::time::Timestamp;

use crate::detect;

/// Watch any Prometheus query for anomalies.
#[derive(Debug, clap::Parser)]
#[command(name = "oddity", version, about, after_help = VARIABLES)]
pub struct Cli {
    /// What to do: serve the page, if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// See [`Options`].
    #[command(flatten)]
    pub options: Options,
}

const VARIABLES: &str = "\
Environment, also read from ./.env:
  PROMETHEUS_URL                             the Prometheus to ask, such as http://localhost:9090
  PROMETHEUS_USERNAME, PROMETHEUS_PASSWORD   basic authentication
  PROMETHEUS_TOKEN                           bearer token
  PROMETHEUS_ORG_ID                          tenant, sent as X-Scope-OrgID
  ODDITY_SLACK_WEBHOOK_URL, ODDITY_WEBHOOK_URL, ODDITY_WEBHOOK_SECRET, ODDITY_ALERTMANAGER_URL
                                             where people can send events (docs/notifications.md)
  OPENAI_API_KEY, OPENAI_MODEL               a language model that explains what is odd
  OPENAI_BASE_URL                            another server with the same API, such as http://localhost:11434
Without any source the built-in demo is served.";

/// What the program does.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Serve the page; this is also what happens without a command.
    Serve,
    /// Judge a query here and now, without a server: for cron, CI and chat-ops.
    #[command(override_usage = detect::USAGE, after_long_help = detect::EXAMPLES)]
    Detect(Box<detect::Args>),
    /// List the detectors, or the settings of one of them.
    Detectors {
        /// Id of a detector.
        #[arg(value_parser = detect::ids())]
        id: Option<String>,
    },
}

/// Name of the command that serves the page.
const SERVE: &str = "serve";

/// Heading of the options that only the server has.
const SERVING: &str = "Server";

/// Heading of those that every command has.
const CONFIGURATION: &str = "Configuration";

impl Cli {
    /// The command line of this process; ends it where that is wrong, or asks for help.
    pub fn read() -> Self {
        let mut command = built();
        let matches = command.get_matches_mut();
        if let Some((name, of)) = matches.subcommand().filter(|(name, _)| *name != SERVE) {
            let given = |id: &str| of.value_source(id) == Some(ValueSource::CommandLine);
            let serving = command.get_arguments().find(|arg| {
                arg.get_help_heading() == Some(SERVING) && given(arg.get_id().as_str())
            });
            if let Some(long) = serving.and_then(clap::Arg::get_long) {
                refuse(name, &format!("--{long} is for the server, and {name} starts none"));
            }
        }
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// Once built, the commands have the global options, and those of the server can be hidden from the others.
fn built() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    command.mut_subcommands(|of| match of.get_name() {
        SERVE => of,
        _ => of.mut_args(|arg| match arg.get_help_heading() {
            Some(SERVING) => arg.hide(true),
            _ => arg,
        }),
    })
}

/// Ends the process for a wrong use of the command of this name, as a wrong option would.
pub fn refuse(name: &str, problem: &str) -> ! {
    let mut command = built();
    let command = match command.find_subcommand(name) {
        Some(of) => &mut of.clone(),
        None => &mut command,
    };
    command.error(ErrorKind::ValueValidation, problem).exit()
}

/// What can be said on the command line.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Options {
    /// Address to listen on [default: 127.0.0.1:8080]; port 0 takes a free one.
    #[arg(long, env = "ODDITY_LISTEN", global = true, help_heading = SERVING, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// Configuration file [default: oddity.toml if it exists].
    #[arg(long, env = "ODDITY_CONFIG", global = true, help_heading = CONFIGURATION, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Begin of the demo's planted events [default: two hours before the server starts].
    #[arg(long, env = "ODDITY_DEMO_ANCHOR", global = true, help_heading = CONFIGURATION, value_name = "RFC3339")]
    pub demo_anchor: Option<Timestamp>,
    /// Host names, beside loopback and the address listened on, by which the server may be asked, separated by commas.
    #[arg(
        long,
        env = "ODDITY_ALLOWED_HOSTS",
        global = true, help_heading = SERVING,
        value_name = "HOST",
        value_delimiter = ','
    )]
    pub allowed_hosts: Vec<String>,
    /// Folder of your own families of metrics and what may be behind their events (docs/knowledge.md).
    #[arg(long, env = "ODDITY_KNOWLEDGE", global = true, help_heading = CONFIGURATION, value_name = "FOLDER")]
    pub knowledge: Option<PathBuf>,
    /// Other origins whose pages may call the API, separated by commas.
    #[arg(
        long,
        env = "ODDITY_ALLOWED_ORIGINS",
        global = true, help_heading = SERVING,
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub allowed_origins: Vec<String>,
    /// Who may open the page: basic:FILE with lines of NAME:PASSWORD, bearer:FILE with a token a line, or header:NAME with
    /// the user that a reverse proxy of --trusted-proxies names.
    #[arg(long, env = "ODDITY_AUTH", global = true, help_heading = SERVING, value_name = "WAY")]
    pub auth: Option<String>,
    /// Addresses and networks of reverse proxies that may name the user, separated by commas.
    #[arg(
        long,
        env = "ODDITY_TRUSTED_PROXIES",
        global = true, help_heading = SERVING,
        value_name = "NETWORK",
        value_delimiter = ','
    )]
    pub trusted_proxies: Vec<String>,
    /// Serve to everyone who reaches an address that is not loopback.
    #[arg(long, env = "ODDITY_INSECURE_NO_AUTH", global = true, help_heading = SERVING)]
    pub insecure_no_auth: bool,
    /// What is logged to stderr: error, warn, info, debug, trace, or a filter such as info,proxy=debug
    /// [default: info for the server, else error].
    #[arg(long, env = "ODDITY_LOG", global = true, help_heading = CONFIGURATION, value_name = "FILTER")]
    pub log: Option<String>,
}
