//! What was found, and how it is told.

use serde::Serialize;
use serde_json::json;

use crate::cli::{Failure, show};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and somebody should look at it.
    Warn,
    /// It does not work, or not safely.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub(super) check: &'static str,
    pub(super) verdict: Verdict,
    detail: String,
    fix: Option<String>,
}

impl Finding {
    /// As it should be.
    pub(super) fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, detail: detail.into(), fix: None }
    }

    /// Somebody should look at it.
    pub(super) fn warn(check: &'static str, detail: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, ..Self::ok(check, detail) }
    }

    /// It does not work.
    pub(super) fn fail(check: &'static str, detail: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, ..Self::ok(check, detail) }
    }

    /// The same, with what to do about it.
    pub(super) fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    fn lines(&self) -> Vec<String> {
        let mark = match self.verdict {
            Verdict::Ok => "[ok]",
            Verdict::Warn => "[warn]",
            Verdict::Fail => "[fail]",
        };
        let told = format!("{mark:<6} {:<14} {}", self.check, indented(&self.detail));
        let fix = self.fix.as_ref().map(|fix| format!("       fix: {}", indented(fix)));
        [told].into_iter().chain(fix).collect()
    }
}

fn indented(text: &str) -> String {
    text.trim_end().replace('\n', "\n       ")
}

/// All that was found, in order.
#[derive(Default)]
pub(super) struct Report(Vec<Finding>);

impl Report {
    /// Adds to it.
    pub(super) fn add(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// Whether nothing has failed.
    pub(super) fn is_healthy(&self) -> bool {
        self.0.iter().all(|finding| finding.verdict != Verdict::Fail)
    }

    /// Prints it.
    pub(super) fn tell(&self, as_json: bool) -> Result<(), Failure> {
        if as_json {
            return show::print(&json!({ "healthy": self.is_healthy(), "checks": self.0 }));
        }
        self.0.iter().flat_map(Finding::lines).try_for_each(|told| show::line(&told))
    }
}
