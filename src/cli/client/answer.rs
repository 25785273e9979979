//! What the service answered; a problem (RFC 9457) as a failure with its exit code.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::super::Failure;

/// What the service answered.
pub(super) struct Answer {
    /// The status.
    pub(super) status: u16,
    /// The body, as it came.
    pub(super) text: String,
    /// The version of what was shown.
    pub(super) etag: Option<String>,
    /// When to try again.
    pub(super) retry: Option<String>,
    /// Where it is not found: the names in the request that nobody typed with it, and where they came from.
    pub(super) named: Vec<String>,
}

/// One page of a list, its items as they came.
#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) items: Vec<Box<RawValue>>,
    pub(super) next: Option<String>,
    #[serde(flatten)]
    pub(super) rest: serde_json::Map<String, Value>,
}

impl Answer {
    /// Whether it says no.
    pub(super) const fn is_problem(&self) -> bool {
        self.status >= 300
    }

    /// The body, understood.
    pub(super) fn value(&self) -> Result<Value, Failure> {
        serde_json::from_str(&self.text).map_err(|_| not_ours())
    }

    /// The body as a page of a list.
    pub(super) fn page(&self) -> Result<Page, Failure> {
        serde_json::from_str(&self.text).map_err(|_| not_ours())
    }

    /// The problem as a failure. `origin` is where the key came from.
    pub(super) fn refusal(self, machine_readable: bool, origin: &str) -> Failure {
        let Some(problem) = self.value().ok().filter(|value| value["code"].is_string()) else {
            let said = format!("status {} from something that is no Meshkey; is the URL right?", self.status);
            return if self.status >= 500 { Failure::Unavailable(said) } else { Failure::Other(said) };
        };
        let words =
            if machine_readable { self.text } else { in_words(&problem, self.retry.as_deref(), origin, &self.named) };
        Failure::Refused { code: exit_code(self.status), words, is_json: machine_readable }
    }
}

fn not_ours() -> Failure {
    Failure::Other("the answer is none of Meshkey's; is the URL right?".to_owned())
}

/// 3 who asks is not accepted, 4 not allowed, 5 not found, 6 conflict, 7 refused, 8 out of reach, 9 too many.
const fn exit_code(status: u16) -> u8 {
    match status {
        401 => 3,
        403 => 4,
        404 => 5,
        409 | 412 => 6,
        429 => 9,
        400..=499 => 7,
        500..=599 => 8,
        _ => 1,
    }
}

fn in_words(problem: &Value, retry: Option<&str>, origin: &str, named: &[String]) -> String {
    let text = |member: &str| super::print::text(problem, member);
    let faults: Vec<String> = problem["errors"].as_array().into_iter().flatten().map(fault).collect();
    let mut lines = match faults.as_slice() {
        [one] => vec![format!("{one} ({})", text("code"))],
        several => {
            let said = std::iter::once(format!("{} ({})", text("detail"), text("code")));
            said.chain(several.iter().map(|fault| format!("  {fault}"))).collect()
        }
    };
    lines.extend(super::super::show::effective_in(problem).map(|words| format!("  {words}")));
    if text("code") == "invalid_token" {
        lines.push(format!("  the key came from {origin}"));
    }
    lines.extend(named.iter().map(|named| format!("  {named}")));
    if let Some(seconds) = retry {
        lines.push(format!("  try again in {seconds} s"));
    }
    if problem["status"].as_u64().is_some_and(|status| status >= 500) {
        lines.push(format!("  request {}", text("request_id")));
    }
    lines.join("\n")
}

/// `topics/0: …`: where it stands, and what is wrong there.
fn fault(fault: &Value) -> String {
    let place = fault["pointer"].as_str().map(|pointer| pointer.trim_start_matches(['#', '/']));
    let place = place.or(fault["parameter"].as_str()).filter(|place| !place.is_empty());
    let detail = super::print::text(fault, "detail");
    place.map_or_else(|| detail.clone(), |place| format!("{place}: {detail}"))
}
