//! The command line, and the variables that stand for its options.

use std::path::PathBuf;

use shared::time::Timestamp;

/// Watch any Prometheus query for anomalies.
#[derive(Debug, clap::Parser)]
#[command(name = "oddity", version, about, after_help = VARIABLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
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
  OPENAI_API_KEY, OPENAI_MODEL               a language model that explains what is odd
  OPENAI_BASE_URL                            another server with the same API, such as http://localhost:11434
Without any source the built-in demo is served.";

#[derive(Clone, Copy, Debug, clap::Subcommand)]
enum Command {
    /// Serve the page; this is also what happens without a command.
    Serve,
}

/// What can be said on the command line.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Options {
    /// Address to listen on [default: 127.0.0.1:8080]; port 0 takes a free one.
    #[arg(long, env = "ODDITY_LISTEN", global = true, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// Configuration file [default: oddity.toml if it exists].
    #[arg(long, env = "ODDITY_CONFIG", global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Begin of the demo's planted events [default: two hours before the server starts].
    #[arg(long, env = "ODDITY_DEMO_ANCHOR", global = true, value_name = "RFC3339")]
    pub demo_anchor: Option<Timestamp>,
    /// Host names, beside loopback and the address listened on, by which the server may be asked, separated by commas.
    #[arg(
        long,
        env = "ODDITY_ALLOWED_HOSTS",
        global = true,
        value_name = "HOST",
        value_delimiter = ','
    )]
    pub allowed_hosts: Vec<String>,
    /// Folder of your own families of metrics and what may be behind their events (docs/knowledge.md).
    #[arg(long, env = "ODDITY_KNOWLEDGE", global = true, value_name = "FOLDER")]
    pub knowledge: Option<PathBuf>,
    /// Other origins whose pages may call the API, separated by commas.
    #[arg(
        long,
        env = "ODDITY_ALLOWED_ORIGINS",
        global = true,
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub allowed_origins: Vec<String>,
    /// Who may open the page: basic:FILE with lines of NAME:PASSWORD, bearer:FILE with a token a line, or header:NAME with
    /// the user that a reverse proxy of --trusted-proxies names.
    #[arg(long, env = "ODDITY_AUTH", global = true, value_name = "WAY")]
    pub auth: Option<String>,
    /// Addresses and networks of reverse proxies that may name the user, separated by commas.
    #[arg(
        long,
        env = "ODDITY_TRUSTED_PROXIES",
        global = true,
        value_name = "NETWORK",
        value_delimiter = ','
    )]
    pub trusted_proxies: Vec<String>,
    /// Serve to everyone who reaches an address that is not loopback.
    #[arg(long, env = "ODDITY_INSECURE_NO_AUTH", global = true)]
    pub insecure_no_auth: bool,
    /// What is logged: error, warn, info, debug, trace, or a filter such as info,proxy=debug.
    #[arg(long, env = "ODDITY_LOG", global = true, value_name = "FILTER", default_value = "info")]
    pub log: String,
}
