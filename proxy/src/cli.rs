//! The command line: which command runs, with which options.

pub mod detect;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _};

use crate::config::Options;
use crate::config::options::SERVER_HEADING;

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
    Detect(Box<detect::DetectArgs>),
    /// List the detectors, or the settings of one of them.
    Detectors {
        /// Id of a detector.
        #[arg(value_parser = detect::ids())]
        id: Option<String>,
    },
}

/// Name of the command that serves the page.
const SERVE: &str = "serve";

impl Cli {
    /// The command line of this process; ends it where that is wrong, or asks for help.
    pub fn read() -> Self {
        let mut command = built();
        let matches = command.get_matches_mut();
        if let Some((name, of)) = matches.subcommand().filter(|(name, _)| *name != SERVE) {
            let given = |id: &str| of.value_source(id) == Some(ValueSource::CommandLine);
            let serving = command.get_arguments().find(|arg| {
                arg.get_help_heading() == Some(SERVER_HEADING) && given(arg.get_id().as_str())
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
            Some(SERVER_HEADING) => arg.hide(true),
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
