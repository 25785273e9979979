//! What was printed, held against what a page says is printed.

use regex::Regex;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::page::Step;

/// Panics, showing both, unless the block prints what the page says; where the page says nothing, it prints nothing.
#[track_caller]
pub(super) fn ensure_alike(step: &Step, printed: &str) {
    let (language, said) = step.answer.as_ref().map_or(("text", ""), |(language, said)| (language, said));
    let (said, got) = (masked(said), masked(printed));
    let is_alike = match language {
        "json" => json(&said).is_some_and(|said| Some(said) == json(&got)),
        _ => fits(&lines(&plain(&said)), &lines(&plain(&got))),
    };
    assert!(
        is_alike,
        "the block of line {} does not print what is said\n{}--- said\n{said}\n--- printed\n{got}",
        step.line, step.command
    );
}

/// Text for people, in which what depends on the moment is the same: how long ago something was, or that it never was,
/// since last uses are noted up to ten seconds late; and with it how wide columns are.
fn plain(text: &str) -> String {
    let ago = Regex::new(r"(just now|never|\b\d+ (s|min) ago)( from 127\.0\.0\.1)?").unwrap();
    let wide = Regex::new(r"(\S)  +").unwrap();
    wide.replace_all(&ago.replace_all(text, "AGO"), "$1  ").into_owned()
}

fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

fn lines(text: &str) -> Vec<&str> {
    text.trim().lines().map(str::trim_end).collect()
}

/// Whether the lines are these; a line `…` stands for any lines.
fn fits(said: &[&str], got: &[&str]) -> bool {
    match said.split_first() {
        None => got.is_empty(),
        Some((&"…", rest)) => (0..=got.len()).any(|from| fits(rest, &got[from..])),
        Some((line, rest)) => got.split_first().is_some_and(|(first, got)| is_line(line, first) && fits(rest, got)),
    }
}

fn is_line(said: &str, got: &str) -> bool {
    said.strip_suffix('…').map_or(said == got, |beginning| got.starts_with(beginning))
}

/// The text with a word in capitals in place of everything that is new each time.
pub(super) fn masked(text: &str) -> String {
    let text = effects_masked(text);
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || "_-:.".contains(c);
    let mut masked = String::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find(is_of_word) {
        let (between, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !is_of_word(c)).unwrap_or(from.len()));
        masked = masked + between + &mask(word);
        rest = after;
    }
    masked + rest
}

/// How long a change took to hold everywhere, how many replicas know of it, and which transaction it was, for people and in
/// JSON.
fn effects_masked(text: &str) -> String {
    let told =
        Regex::new(r"after \d+ ms: \d+ replicas? knows?(; \d+ did not answer and trust nothing any more)?").unwrap();
    let number = Regex::new(r#""(after_ms|acknowledged|lapsed)":\s*\d+"#).unwrap();
    let change = Regex::new(r#""transaction":\s*"[0-9]+/[0-9A-F]{8}/[0-9]+""#).unwrap();
    let text = told.replace_all(text, "after TIME: REPLICAS");
    let text = number.replace_all(&text, r#""$1":0"#);
    change.replace_all(&text, r#""transaction":"CHANGE""#).into_owned()
}

fn mask(word: &str) -> String {
    let is_id = |(kind, id): (&str, &str)| {
        ["key", "org", "mesh", "msg", "evt", "req", "inv", "user"].contains(&kind) && id.len() >= 26
    };
    let is_hash = word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    match word.split_once('_') {
        Some(("mshk", _)) => "SECRET".to_owned(),
        Some((kind, id)) if is_id((kind, id)) => format!("{kind}_ID"),
        _ if is_hash => "HASH".to_owned(),
        _ if word.starts_with("127.0.0.1:") => "ADDRESS".to_owned(),
        _ if OffsetDateTime::parse(word, &Rfc3339).is_ok() => "TIME".to_owned(),
        _ => word.to_owned(),
    }
}

#[test]
fn what_is_new_each_time_is_masked_and_nothing_else() {
    let text =
        r#"{"id":"key_01m80az45senjr3werq5scq2tj","at":"2026-11-22T00:37:15.60361Z"} http://127.0.0.1:7700/v1 "v2""#;
    assert_eq!(masked(text), r#"{"id":"key_ID","at":"TIME"} http://ADDRESS/v1 "v2""#);
    assert_eq!(masked("mshk_fwnkkgHd…, key_expired"), "SECRET…, key_expired");
}

#[test]
fn how_a_change_came_to_hold_does_not_count_but_that_it_does() {
    assert_eq!(masked("everywhere after 6 ms: 1 replica knows"), masked("everywhere after 41 ms: 3 replicas know"));
    assert_ne!(masked("everywhere after 6 ms: 1 replica knows"), masked("everywhere"));
    let body =
        |ms| format!(r#"{{"after_ms":{ms},"acknowledged":{ms},"lapsed":0,"transaction":"7{ms}/0000000A/{ms}"}}"#);
    assert_eq!(masked(&body(1)), masked(&body(12)));
    assert_ne!(masked(&body(1)), masked(r#"{"acknowledged":1,"lapsed":0,"transaction":"71/0000000A/1"}"#));
}

#[test]
fn how_long_ago_something_was_does_not_count() {
    assert_eq!(plain("ci   just now from 127.0.0.1    in 3 days"), plain("ci  never  in 3 days"));
    assert_ne!(plain("ci   just now"), plain("ci  in 3 days"));
}

#[test]
fn an_ellipsis_stands_for_lines_or_for_the_rest_of_one() {
    assert!(fits(&["a", "…", "d…"], &["a", "b", "c", "dog"]));
    assert!(fits(&["a", "…"], &["a"]));
    assert!(!fits(&["a", "…", "d"], &["a", "dog"]));
    assert!(!fits(&["a"], &["a", "b"]));
}
