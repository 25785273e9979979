//! What every verb over HTTP is told: where the service is, who asks, and in what form the answer is printed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;

/// Where the service listens when nobody says otherwise.
const DEFAULT_URL: &str = "http://127.0.0.1:7700";

/// The form of what goes to stdout. It never depends on whether that is a terminal (U-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Form {
    /// For people; times relative
    Table,
    /// What the API answered, unchanged; a list as `{"items": […]}`
    Json,
    /// One JSON object a line
    Jsonl,
    /// One value a line, for pipes: the id, or what --field names
    Value,
}

/// The flags of every verb that asks the service.
#[derive(Args, Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(in crate::cli) struct ClientFlags {
    /// Where the service is.
    #[arg(long, global = true, value_name = "URL", help_heading = "Service")]
    #[arg(help = format!("Where the service is [env: MESHKEY_URL] [default: {DEFAULT_URL}]"))]
    url: Option<String>,
    /// File with the key to ask with; - reads it from stdin [env: MESHKEY_TOKEN_FILE, or the key in MESHKEY_TOKEN]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Service")]
    pub(super) token_file: Option<PathBuf>,
    /// The org, by slug or id; that of the key if nothing is said [env: MESHKEY_ORG]
    #[arg(long, global = true, value_name = "ORG", help_heading = "Service")]
    org: Option<String>,
    /// The mesh, by slug or id; that of the key if it has one [env: MESHKEY_MESH]
    #[arg(long, short, global = true, value_name = "MESH", help_heading = "Service")]
    #[arg(add = ArgValueCandidates::new(super::complete::meshes))]
    pub(super) mesh: Option<String>,
    /// Send the key over plain HTTP to another host, where everyone between can read it
    #[arg(long, global = true, help_heading = "Service")]
    pub(super) insecure_http: bool,
    /// The form of what goes to stdout
    #[arg(long, short, global = true, value_name = "FORM", env = "MESHKEY_OUTPUT", hide_env_values = true)]
    #[arg(default_value = "table", help_heading = "Output")]
    output: Form,
    /// The same as --output json
    #[arg(long, global = true, help_heading = "Output")]
    json: bool,
    /// Print this member of the answer alone, such as `owner.mesh`
    #[arg(long, global = true, value_name = "NAME", help_heading = "Output")]
    pub(super) field: Option<String>,
    /// Print the request as a curl command, and do not send it
    #[arg(long, global = true, help_heading = "Output")]
    pub(super) print_curl: bool,
    /// Say nothing on stderr but errors
    #[arg(long, short, global = true, help_heading = "Output")]
    pub(super) quiet: bool,
    /// Show each request and its answer's status on stderr, never a key
    #[arg(long, short, global = true, conflicts_with = "quiet", help_heading = "Output")]
    pub(super) verbose: bool,
}

impl ClientFlags {
    /// The form that was chosen.
    pub(super) const fn form(&self) -> Form {
        match (&self.field, self.json) {
            (Some(_), _) => Form::Value,
            (None, true) => Form::Json,
            (None, false) => self.output,
        }
    }

    /// The mesh that was named, by the flag or else by the variable.
    pub(super) fn named_mesh(&self) -> Option<String> {
        given(self.mesh.as_ref(), "MESHKEY_MESH")
    }

    /// The org that was named, by the flag or else by the variable.
    pub(in crate::cli) fn named_org(&self) -> Option<String> {
        given(self.org.as_ref(), "MESHKEY_ORG")
    }

    /// Where the service is, by the flag, else the variable, else on this host.
    pub(super) fn named_url(&self) -> String {
        given(self.url.as_ref(), "MESHKEY_URL").unwrap_or_else(|| DEFAULT_URL.to_owned())
    }

    /// Whether people are to read it.
    pub(in crate::cli) fn is_table(&self) -> bool {
        self.form() == Form::Table
    }
}

/// What the flag says, else the variable. What is empty counts as not said.
fn given(flag: Option<&String>, variable: &str) -> Option<String> {
    flag.cloned().or_else(|| std::env::var(variable).ok()).filter(|text| !text.is_empty())
}
