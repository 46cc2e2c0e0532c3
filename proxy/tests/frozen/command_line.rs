//! Commands, flags and variables of the environment.

use regex::Regex;

use super::check;
use crate::support::process::command;

fn help(args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = command(folder.path(), &[args, &["--help"]].concat(), &[]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Variables with a value that each refuses, so that being refused shows that it is read.
const VARIABLES: [(&str, &str); 24] = [
    ("ODDITY_ALERTMANAGER_URL", "nowhere"),
    ("ODDITY_ALLOWED_HOSTS", "*"),
    ("ODDITY_ALLOWED_ORIGINS", "*"),
    ("ODDITY_AUTH", "x"),
    ("ODDITY_CONFIG", "none.toml"),
    ("ODDITY_DEMO_ANCHOR", "soon"),
    ("ODDITY_INSECURE_NO_AUTH", "perhaps"),
    ("ODDITY_KNOWLEDGE", "none"),
    ("ODDITY_LINK_BASE", "oddity"),
    ("ODDITY_LISTEN", "elsewhere"),
    ("ODDITY_LOG", "x=y=z"),
    ("ODDITY_LOG_FORMAT", "xml"),
    ("ODDITY_LOG_QUERIES", "none"),
    ("ODDITY_SLACK_WEBHOOK_URL", "nowhere"),
    ("ODDITY_TRUSTED_PROXIES", "10.0.0.2"),
    ("ODDITY_WEBHOOK_SECRET", "alone"),
    ("ODDITY_WEBHOOK_URL", "nowhere"),
    ("OPENAI_API_KEY", "a\u{7f}b"),
    ("OPENAI_BASE_URL", "nowhere"),
    ("OPENAI_MODEL", "alone"),
    ("PROMETHEUS_ORG_ID", "alone"),
    ("PROMETHEUS_TOKEN", "alone"),
    ("PROMETHEUS_URL", "nowhere"),
    ("PROMETHEUS_USERNAME", "alone"),
];

#[test]
fn commands_flags_and_their_words_stay() {
    let flag = Regex::new(r"(?m)^ +(?:(-\w), )?(--[a-z-]+)").unwrap();
    let env = Regex::new(r"\[env: (\w+)=").unwrap();
    let word = Regex::new(r"(?m)^ +- ([\w-]+):").unwrap();
    let mut found = Vec::new();
    for name in ["", "serve", "detect", "detectors", "hash-password"] {
        let args: &[&str] = if name.is_empty() { &[] } else { &[name] };
        let help = help(args);
        let (_, options) = help.split_once("Options:\n").unwrap();
        let command = format!("oddity {name}");
        let command = command.trim_end();
        // From one flag to the next.
        let starts: Vec<usize> = flag.find_iter(options).map(|found| found.start()).collect();
        let ends = starts.iter().skip(1).copied().chain([options.len()]);
        for (start, end) in starts.iter().zip(ends) {
            let about = &options[*start..end];
            let flags = flag.captures(about).unwrap();
            let short = flags.get(1).map_or(String::new(), |short| format!(" {}", short.as_str()));
            let of = format!("{command} {}", &flags[2]);
            found.push(format!("{of}{short}"));
            found.extend(env.captures_iter(about).map(|name| format!("{of} env {}", &name[1])));
            found.extend(word.captures_iter(about).map(|word| format!("{of} {}", &word[1])));
        }
        if let Some((_, commands)) = help.split_once("Commands:\n") {
            let commands = commands.lines().take_while(|line| !line.is_empty());
            let names = commands.filter_map(|line| line.split_whitespace().next());
            found.extend(names.map(|name| format!("{command} {name}")));
        }
    }
    check("flags.txt", found);
}

#[test]
fn help_names_each_variable() {
    let name = Regex::new(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b").unwrap();
    let both = help(&[]) + &help(&["detect"]);
    let mut found: Vec<&str> = name.find_iter(&both).map(|name| name.as_str()).collect();
    found.sort_unstable();
    found.dedup();
    let mut known = VARIABLES.map(|(name, _)| name).to_vec();
    known.push("PROMETHEUS_PASSWORD");
    known.sort_unstable();
    assert_eq!(found, known);
}

#[test]
fn each_variable_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, env: &[(&str, &str)]| {
        let args: &[&str] = match name {
            "ODDITY_LINK_BASE" => &["detect", "--query", "up", "--fail-on", "never"],
            "ODDITY_LISTEN" => &[],
            _ => &["--listen", "nowhere"],
        };
        let output = command(folder.path(), args, env).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() || name == "ODDITY_LINK_BASE", "{env:?}: {stderr}");
        // With nothing else to refuse it comes as far as the address to listen on.
        !output.status.success() && !stderr.contains("cannot listen on nowhere")
    };
    assert!(!refused("none", &[("ODDITY_NONE", "x")]));
    assert!(!refused("ODDITY_LINK_BASE", &[]));
    for (name, wrong) in VARIABLES {
        assert!(refused(name, &[(name, wrong)]), "{name} is not read");
    }
    // Name and password need each other.
    let url = ("PROMETHEUS_URL", "http://127.0.0.1:1");
    let (user, password) = (("PROMETHEUS_USERNAME", "u"), ("PROMETHEUS_PASSWORD", "p"));
    assert!(refused("none", &[url, user]));
    assert!(refused("none", &[url, password]));
    assert!(!refused("none", &[url, user, password]));
}
