//! The options of the command line, and the variables that stand for them.

use std::path::PathBuf;

use oddity_detect::time::Timestamp;

/// Heading of the options that only the server has.
pub(crate) const SERVER_HEADING: &str = "Server";

/// Heading of those that every command has.
const CONFIGURATION_HEADING: &str = "Configuration";

/// What can be said on the command line.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Options {
    /// Address to listen on [default: 127.0.0.1:8080]; port 0 takes a free one.
    #[arg(long, env = "ODDITY_LISTEN", global = true, help_heading = SERVER_HEADING, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// Configuration file [default: oddity.toml if it exists].
    #[arg(long, env = "ODDITY_CONFIG", global = true, help_heading = CONFIGURATION_HEADING, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Begin of the demo's planted events [default: two hours before the server starts].
    #[arg(long, env = "ODDITY_DEMO_ANCHOR", global = true, help_heading = CONFIGURATION_HEADING, value_name = "RFC3339")]
    pub demo_anchor: Option<Timestamp>,
    /// Host names, beside loopback and the address listened on, by which the server may be asked, separated by commas.
    #[arg(
        long,
        env = "ODDITY_ALLOWED_HOSTS",
        global = true, help_heading = SERVER_HEADING,
        value_name = "HOST",
        value_delimiter = ','
    )]
    pub allowed_hosts: Vec<String>,
    /// Folder of your own families of metrics and what may be behind their events (docs/knowledge.md).
    #[arg(long, env = "ODDITY_KNOWLEDGE", global = true, help_heading = CONFIGURATION_HEADING, value_name = "FOLDER")]
    pub knowledge: Option<PathBuf>,
    /// Other origins whose pages may call the API, separated by commas.
    #[arg(
        long,
        env = "ODDITY_ALLOWED_ORIGINS",
        global = true, help_heading = SERVER_HEADING,
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub allowed_origins: Vec<String>,
    /// Who may open the page: basic:FILE with lines of NAME:PASSWORD, bearer:FILE with a token a line, or header:NAME with
    /// the user that a reverse proxy of --trusted-proxies names.
    #[arg(long, env = "ODDITY_AUTH", global = true, help_heading = SERVER_HEADING, value_name = "WAY")]
    pub auth: Option<String>,
    /// Addresses and networks of reverse proxies that may name the user, separated by commas.
    #[arg(
        long,
        env = "ODDITY_TRUSTED_PROXIES",
        global = true, help_heading = SERVER_HEADING,
        value_name = "NETWORK",
        value_delimiter = ','
    )]
    pub trusted_proxies: Vec<String>,
    /// Serve to everyone who reaches an address that is not loopback.
    #[arg(long, env = "ODDITY_INSECURE_NO_AUTH", global = true, help_heading = SERVER_HEADING)]
    pub insecure_no_auth: bool,
    /// What is logged to stderr: error, warn, info, debug, trace, or a filter such as info,proxy=debug
    /// [default: info for the server, else error].
    #[arg(long, env = "ODDITY_LOG", global = true, help_heading = CONFIGURATION_HEADING, value_name = "FILTER")]
    pub log: Option<String>,
}
