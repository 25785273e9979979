//! What every verb over HTTP is told: where the service is, who asks, and in what form the answer is printed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;

use super::{
    super::Failure,
    kept::{Profile, Settings},
};

/// Where the service listens when nobody says otherwise.
const DEFAULT_URL: &str = "http://127.0.0.1:7700";
/// Who says it, where the profile does.
pub(super) const PROFILE: &str = "the profile";

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
    /// The profile that counts.
    #[arg(long, global = true, value_name = "NAME", help_heading = "Service")]
    #[arg(
        help = "The profile that says where the service is, and has the key of `meshkey login` [env: MESHKEY_PROFILE]"
    )]
    profile: Option<String>,
    /// File with the key to ask with; - reads it from stdin [env: MESHKEY_TOKEN_FILE, or the key in MESHKEY_TOKEN] [default: that of the profile]
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
    /// What the profile says, once it was looked at.
    #[arg(skip)]
    settled: Option<Profile>,
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

    /// The same, with what the profile says. One that was named and is not there is refused.
    pub(super) fn settled(&self) -> Result<Self, Failure> {
        let settled = self.with_profile()?;
        settled.profile()?.ensure_there()?;
        Ok(settled)
    }

    /// The same where the profile may still have to be made.
    pub(super) fn with_profile(&self) -> Result<Self, Failure> {
        if self.settled.is_some() {
            return Ok(self.clone());
        }
        Ok(Self { settled: Some(Profile::find(self.profile.as_deref())?), ..self.clone() })
    }

    /// The same for the service at this URL, whatever else was said.
    pub(super) fn at(&self, url: &str) -> Self {
        Self { url: Some(url.to_owned()), ..self.clone() }
    }

    /// Refuses `--print-curl` where no one request does the work.
    pub(super) fn ensure_no_curl(&self, verb: &str) -> Result<(), Failure> {
        if !self.print_curl {
            return Ok(());
        }
        let words = format!("{verb} is more than one request, and changes what is kept here: it has no --print-curl");
        Err(Failure::Usage(words))
    }

    /// The profile that counts.
    pub(super) fn profile(&self) -> Result<&Profile, Failure> {
        self.settled.as_ref().ok_or_else(|| Failure::Other("the profile was not looked at".to_owned()))
    }

    /// The mesh that was named: by the flag, else by the variable, else by the profile.
    pub(super) fn named_mesh(&self) -> Option<String> {
        self.mesh_and_origin().map(|(mesh, _)| mesh)
    }

    /// The same, and who says so.
    pub(super) fn mesh_and_origin(&self) -> Option<(String, &'static str)> {
        self.said((self.mesh.as_ref(), "--mesh"), "MESHKEY_MESH", |settings| &settings.mesh)
    }

    /// The org that was named: by the flag, else by the variable, else by the profile.
    pub(in crate::cli) fn named_org(&self) -> Option<String> {
        self.org_and_origin().map(|(org, _)| org)
    }

    /// The same, and who says so.
    pub(super) fn org_and_origin(&self) -> Option<(String, &'static str)> {
        self.said((self.org.as_ref(), "--org"), "MESHKEY_ORG", |settings| &settings.org)
    }

    /// An empty flag hides the variable: the profile counts then.
    fn said(
        &self,
        (flag, name): (Option<&String>, &'static str),
        variable: &'static str,
        kept: impl Fn(&Settings) -> &Option<String>,
    ) -> Option<(String, &'static str)> {
        let from = if flag.is_some() { name } else { variable };
        given(flag, variable).map(|text| (text, from)).or_else(|| self.kept(kept).map(|text| (text, PROFILE)))
    }

    /// Where the service is: by the flag, else the variable, else the profile, else on this host.
    pub(super) fn named_url(&self) -> String {
        self.url_and_origin().0
    }

    /// The same, and who says so.
    pub(super) fn url_and_origin(&self) -> (String, &'static str) {
        let variable = || given(None, "MESHKEY_URL").map(|url| (url, "MESHKEY_URL"));
        let flag = self.url.clone().filter(|url| !url.is_empty()).map(|url| (url, "--url"));
        let kept = || self.kept(|settings| &settings.url).map(|url| (url, PROFILE));
        flag.or_else(variable).or_else(kept).unwrap_or_else(|| (DEFAULT_URL.to_owned(), "default"))
    }

    fn kept(&self, what: impl Fn(&Settings) -> &Option<String>) -> Option<String> {
        self.settled.as_ref().and_then(|profile| what(&profile.settings).clone())
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
