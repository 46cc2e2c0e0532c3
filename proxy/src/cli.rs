//! Command line: commands and their options.

pub mod detect;
pub mod hash_password;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _};

use crate::config::Options;
use crate::config::options::SERVER_HEADING;

/// Detect anomalies in the results of Prometheus queries.
#[derive(Debug, clap::Parser)]
#[command(name = "oddity", version = VERSION, after_help = VARIABLES)]
pub struct Cli {
    /// Command; without one, the page is served.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of all commands.
    #[command(flatten)]
    pub options: Options,
}

/// Version, with the commit in a release that was built in a repository.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), env!("ODDITY_COMMIT_SUFFIX"));

const VARIABLES: &str = "\
Environment, also read from ./.env:
  PROMETHEUS_URL                             address of Prometheus, for example http://localhost:9090
  PROMETHEUS_USERNAME, PROMETHEUS_PASSWORD   basic authentication
  PROMETHEUS_TOKEN                           bearer token
  PROMETHEUS_ORG_ID                          tenant, sent as X-Scope-OrgID
  ODDITY_SLACK_WEBHOOK_URL, ODDITY_WEBHOOK_URL, ODDITY_WEBHOOK_SECRET, ODDITY_ALERTMANAGER_URL
                                             notification targets (docs/notifications.md)
  OPENAI_API_KEY, OPENAI_MODEL               language model of the assistant
  OPENAI_BASE_URL                            server with the same API, for example http://localhost:11434
Without a source, the built-in demo is served.";

/// Command of the program.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Serve the page (default).
    Serve,
    /// Analyze a query once, without a server: for cron jobs, CI and chat bots.
    #[command(override_usage = detect::USAGE, after_long_help = detect::EXAMPLES)]
    Detect(Box<detect::DetectArgs>),
    /// Hash a password for the file of --auth basic:FILE, as the part after NAME: of its line. The password is one line of
    /// standard input.
    HashPassword,
    /// List the detectors, or the settings of one detector.
    Detectors {
        /// Detector id.
        #[arg(value_parser = detect::ids())]
        id: Option<String>,
    },
}

/// Name of the command that serves the page.
const SERVE: &str = "serve";

impl Cli {
    /// Parses the command line of this process, and exits for an invalid one and for help.
    pub fn read() -> Self {
        let mut command = build();
        let matches = command.get_matches_mut();
        if let Some((name, of)) = matches.subcommand().filter(|(name, _)| *name != SERVE) {
            let given = |id: &str| of.value_source(id) == Some(ValueSource::CommandLine);
            let serving = command.get_arguments().find(|arg| {
                arg.get_help_heading() == Some(SERVER_HEADING) && given(arg.get_id().as_str())
            });
            if let Some(long) = serving.and_then(clap::Arg::get_long) {
                refuse(name, &format!("--{long} applies to the server only, not to {name}"));
            }
        }
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// Builds the command line: commands get the global options, and options of the server are hidden from others.
fn build() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    command.mut_subcommands(|of| match of.get_name() {
        SERVE => of,
        _ => of.mut_args(|arg| match arg.get_help_heading() {
            Some(SERVER_HEADING) => arg.hide(true),
            _ => arg,
        }),
    })
}

/// Exits with a usage error of the command of this name.
pub fn refuse(name: &str, problem: &str) -> ! {
    let mut command = build();
    let command = match command.find_subcommand(name) {
        Some(of) => &mut of.clone(),
        None => &mut command,
    };
    command.error(ErrorKind::ValueValidation, problem).exit()
}
