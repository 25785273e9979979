//! No secret where none belongs, whatever a test is about: every answer, every row that a test leaves behind, and every
//! line of the log at its loudest are searched for anything that begins as a secret does, in every form that it may take.
//!
//! A hint is the beginning of a secret too, and may be shown: what is longer is a leak.

use std::{
    io,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use meshkey::telemetry;

/// How many letters of a secret's body a hint shows.
const SHOWN: usize = 8;

static WORDS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static HEARD: Mutex<Option<String>> = Mutex::new(None);
static LINES: AtomicUsize = AtomicUsize::new(0);

/// A form of a secret: how its beginning reads, and how much of its body is there.
struct Form {
    beginning: &'static str,
    length: fn(before: &str, after: &str) -> usize,
}

const FORMS: [Form; 8] = [
    Form { beginning: "mshk_", length: |_, after| letters(after.chars()) },
    Form { beginning: "mshk%5F", length: |_, after| letters(after.chars()) },
    Form { beginning: "mshk%5f", length: |_, after| letters(after.chars()) },
    Form { beginning: "_khsm", length: |before, _| letters(before.chars().rev()) },
    // Hexadecimal digits; with a percent sign before each two they are a URL's.
    Form { beginning: "6d73686b5f", length: |_, after| digits(after) / 2 },
    // Base64, standard and for URLs, by how many bytes of its first group come before the secret.
    Form { beginning: "bXNoa1", length: |_, after| sixths(after) },
    Form { beginning: "1zaGtf", length: |_, after| sixths(after) },
    Form { beginning: "tc2hrX", length: |_, after| sixths(after) },
];

fn letters(text: impl Iterator<Item = char>) -> usize {
    text.take_while(char::is_ascii_alphanumeric).count()
}

fn digits(text: &str) -> usize {
    text.chars().take_while(char::is_ascii_hexdigit).count()
}

fn sixths(text: &str) -> usize {
    text.chars().take_while(|one| one.is_ascii_alphanumeric() || "+/-_".contains(*one)).count() * 3 / 4
}

/// The first secret in a text, with what stands before it.
pub fn find(text: &str) -> Option<String> {
    let plain = found(text);
    // Rare, and so it need not be quick: digits in capitals, or each byte written as in a URL.
    let is_escaped = text.contains("6D73686B5F") || text.contains("%6");
    plain.or_else(|| is_escaped.then(|| found(&text.replace('%', "").to_lowercase())).flatten())
}

fn found(text: &str) -> Option<String> {
    FORMS.iter().find_map(|form| {
        text.match_indices(form.beginning).find_map(|(at, beginning)| {
            let (before, after) = (&text[..at], &text[at + beginning.len()..]);
            let start = text.floor_char_boundary(at.saturating_sub(200));
            let end = text.ceil_char_boundary((at + 80).min(text.len()));
            ((form.length)(before, after) > SHOWN).then(|| text[start..end].to_owned())
        })
    })
}

/// Panics if there is a secret in a text.
#[track_caller]
pub fn ensure_none(place: &str, text: &str) {
    if let Some(leak) = find(text) {
        panic!("a secret in {place}: {leak}");
    }
}

/// The first secret in what is told at `/metrics`, or the first id: who may read it need not know any tenant.
pub fn find_in_metrics(text: &str) -> Option<String> {
    let is_of_id = |one: char| one.is_ascii_alphanumeric() || one == '_';
    let is_id = |word: &&str| {
        let (kind, id) = word.split_once('_').unwrap_or_default();
        ["key", "org", "mesh", "msg", "evt", "req"].contains(&kind) && id.len() >= 26 && !id.contains('_')
    };
    let id = || text.split(|one| !is_of_id(one)).find(is_id).map(str::to_owned);
    find(text).or_else(id).map(|leak| format!("in /metrics: {leak}"))
}

/// Listens for this text too, from now on: a password, or what a browser keeps.
pub fn beware(text: &str) {
    WORDS.lock().unwrap().push(text.to_owned());
}

/// The first such text in a line.
fn find_word(line: &str) -> Option<String> {
    let words = WORDS.lock().ok()?;
    words.iter().find(|word| line.contains(word.as_str())).map(|word| format!("{word}: {line}"))
}

/// Has this process log everything that it can say, and listens.
pub fn listen() {
    let log = telemetry::subscriber("trace", true, || Listener).unwrap();
    // A second try, where the first cluster did not start, listens already.
    let _ = tracing::subscriber::set_global_default(log);
}

/// What was heard that should not have been.
pub fn heard() -> Option<String> {
    HEARD.lock().unwrap().clone()
}

/// Takes the log, a line at a time. It must not panic: it runs in the service's threads.
struct Listener;

impl io::Write for Listener {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES.fetch_add(1, Relaxed);
        let text = String::from_utf8_lossy(line);
        if let (Some(leak), Ok(mut heard)) = (find(&text).or_else(|| find_word(&text)), HEARD.lock()) {
            heard.get_or_insert(format!("a secret in the log: {leak}"));
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose};
    use meshkey::domain::Secret;

    use super::*;
    use crate::{
        house::House,
        tools::{hex, percent},
    };

    /// A secret in every form.
    fn forms(secret: &str) -> Vec<String> {
        let reversed = secret.chars().rev().collect();
        let encoded = [percent(secret), secret.replace('_', "%5F"), secret.replace('_', "%5f"), hex(secret.as_bytes())];
        let mut forms = vec![secret.to_owned(), reversed, hex(secret.as_bytes()).to_uppercase()];
        forms.extend(encoded);
        for before in ["", "x", "xy", "key_1:"] {
            let text = format!("{before}{secret}");
            forms.extend([general_purpose::STANDARD.encode(&text), general_purpose::URL_SAFE_NO_PAD.encode(&text)]);
        }
        forms
    }

    // K-15
    #[test]
    fn a_secret_and_the_first_letters_of_it_are_found_in_every_form_and_a_hint_is_not() {
        for _ in 0..200 {
            let secret = Secret::generate(&"mshk".parse().unwrap()).ok().unwrap();
            let secret = secret.reveal();
            for part in [secret, &secret[..20]] {
                for form in forms(part) {
                    assert!(find(&format!("\u{e9} before \"{form}\" after")).is_some(), "{form}");
                }
            }
            assert_eq!(find(&format!("hint: \"{}\"", &secret[..13])), None);
            assert_eq!(find(&format!("{}\\n", secret[..13].chars().rev().collect::<String>())), None);
        }
    }

    #[test]
    fn an_id_in_the_metrics_is_found_and_a_route_is_none() {
        let told = |label: &str| find_in_metrics(&format!("meshkey_http_requests_total{{route=\"{label}\"}} 1"));
        assert_eq!(told("/v1/orgs/{org}/keys/{key}"), None);
        assert!(told("/v1/orgs/acme/keys/key_01m80az45senjr3werq5scq2tj").is_some());
    }

    #[tokio::test]
    async fn the_log_of_every_test_is_heard_and_a_secret_in_it_is_told() {
        let house = House::new().await;
        let before = LINES.load(Relaxed);
        house.admin().get("/v1/whoami").await.expect(200);
        assert!(LINES.load(Relaxed) > before, "nothing is heard of a request");
    }
}
