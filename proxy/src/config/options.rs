//! Options of the command line, and their environment variables.

use std::path::PathBuf;

use oddity_detect::time::Timestamp;

/// Heading of the options of the server.
pub(crate) const SERVER_HEADING: &str = "Server";

/// Heading of the options of every command.
const CONFIGURATION_HEADING: &str = "Configuration";

/// Options of all commands.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Options {
    /// Address to listen on [default: 127.0.0.1:8080]; port 0 takes a free one.
    #[arg(long, env = "ODDITY_LISTEN", global = true, help_heading = SERVER_HEADING, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// Configuration file [default: oddity.toml if it exists].
    #[arg(long, env = "ODDITY_CONFIG", global = true, help_heading = CONFIGURATION_HEADING, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Start of the planted anomalies of the demo [default: two hours before the server starts].
    #[arg(long, env = "ODDITY_DEMO_ANCHOR", global = true, help_heading = CONFIGURATION_HEADING, value_name = "RFC3339")]
    pub demo_anchor: Option<Timestamp>,
    /// Accepted host names in addition to loopback and the server's address, separated by commas.
    #[arg(
        long,
        env = "ODDITY_ALLOWED_HOSTS",
        global = true, help_heading = SERVER_HEADING,
        value_name = "HOST",
        value_delimiter = ','
    )]
    pub allowed_hosts: Vec<String>,
    /// Folder with your own knowledge base files (docs/knowledge.md).
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
    /// Authentication: basic:FILE with lines of NAME:PASSWORD, bearer:FILE with one token per line, or header:NAME with the
    /// user name set by a reverse proxy in --trusted-proxies.
    #[arg(long, env = "ODDITY_AUTH", global = true, help_heading = SERVER_HEADING, value_name = "METHOD")]
    pub auth: Option<String>,
    /// Addresses or networks of the reverse proxies that may set the user, separated by commas.
    #[arg(
        long,
        env = "ODDITY_TRUSTED_PROXIES",
        global = true, help_heading = SERVER_HEADING,
        value_name = "NETWORK",
        value_delimiter = ','
    )]
    pub trusted_proxies: Vec<String>,
    /// Allow serving without authentication at an address other than loopback.
    #[arg(long, env = "ODDITY_INSECURE_NO_AUTH", global = true, help_heading = SERVER_HEADING)]
    pub insecure_no_auth: bool,
    /// Log level for stderr: error, warn, info, debug, trace, or a filter such as info,proxy=debug
    /// [default: info for the server, error for other commands].
    #[arg(long, env = "ODDITY_LOG", global = true, help_heading = CONFIGURATION_HEADING, value_name = "FILTER")]
    pub log: Option<String>,
    /// Format of the lines of the log [default: text].
    #[arg(long, env = "ODDITY_LOG_FORMAT", global = true, help_heading = CONFIGURATION_HEADING, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Queries in the log: whole, or their hash [default: whole].
    #[arg(long, env = "ODDITY_LOG_QUERIES", global = true, help_heading = SERVER_HEADING, value_name = "HOW")]
    pub log_queries: Option<LogQueries>,
}

/// Format of the lines of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Text for people.
    #[default]
    Text,
    /// One `key=value` after another.
    Logfmt,
    /// One JSON object a line.
    Json,
}

/// How queries of clients are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogQueries {
    /// Whole queries, cut if they are long.
    #[default]
    Whole,
    /// Hashes, which tell whether two queries are the same.
    Hash,
}
