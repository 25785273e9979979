//! How each kind of value is understood. An error is what would do.

use std::{
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use lettre::{AsyncSmtpTransport, Tokio1Executor, message::Mailbox};
use reqwest::Url;

use ipnet::IpNet;

use super::{SecretText, Setting};
use crate::telemetry;

/// The form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// Lines for people.
    Text,
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an address and a port, such as 127.0.0.1:7700 or [::]:7700".to_owned())
}

pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("a path".to_owned()) } else { Ok(PathBuf::from(text)) }
}

pub(super) fn database(text: &str) -> Result<SecretText, String> {
    if text.trim().is_empty() || text.contains('\n') {
        return Err("one line, such as postgres://user:password@host/name".to_owned());
    }
    Ok(SecretText::from(text.to_owned()))
}

pub(super) fn filter(text: &str) -> Result<String, String> {
    match telemetry::ensure_filter(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(error) => Err(format!("a filter such as info or info,meshkey::http=debug ({error})")),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "json" => Ok(LogFormat::Json),
        "text" => Ok(LogFormat::Text),
        _ => Err("json or text".to_owned()),
    }
}

pub(super) fn key_prefix(text: &str) -> Result<String, String> {
    let long_enough = (4..=12).contains(&text.len());
    let legal = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if long_enough && legal && text.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Ok(text.to_owned());
    }
    Err("4 to 12 of a-z and 0-9, a letter first".to_owned())
}

pub(super) fn yes_or_no(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "true or false".to_owned())
}

/// A span within `range`: a whole number and `ms`, `s` or `m`.
pub(super) fn span(range: RangeInclusive<Duration>) -> impl Fn(&str) -> Result<Duration, String> {
    move |text| match read_span(text) {
        Some(span) if range.contains(&span) => Ok(span),
        _ => {
            Err(format!("a number and ms, s or m, such as 500ms or 2s, from {:?} to {:?}", range.start(), range.end()))
        }
    }
}

/// The same of what lasts longer: a whole number and `m`, `h` or `d`.
pub(super) fn stay(range: RangeInclusive<Duration>) -> impl Fn(&str) -> Result<Duration, String> {
    let days = |span: &Duration| span.as_secs() / 86_400;
    move |text| match read_span(text) {
        Some(span) if range.contains(&span) => Ok(span),
        _ => Err(format!(
            "a number and m, h or d, such as 30m or 12h, from {} minutes to {} days",
            range.start().as_secs() / 60,
            days(range.end())
        )),
    }
}

fn read_span(text: &str) -> Option<Duration> {
    let unit = text.find(|it: char| !it.is_ascii_digit())?;
    let number: u64 = text[..unit].parse().ok()?;
    let millis = match &text[unit..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(millis)?))
}

/// A name for people, in one line.
pub(super) fn replica_name(text: &str) -> Result<String, String> {
    let is_legal = (1..=64).contains(&text.chars().count()) && !text.contains(char::is_control);
    if is_legal && text.trim() == text { Ok(text.to_owned()) } else { Err("1 to 64 characters in one line".to_owned()) }
}

/// Where something is reached: what it is called there is for nobody else to say, and so there is no path.
pub(super) fn public_url(text: &str) -> Result<String, String> {
    let origin = Url::parse(text).ok().filter(|url| {
        let is_bare = url.username().is_empty() && url.password().is_none() && url.path() == "/";
        is_bare && matches!(url.scheme(), "https" | "http") && url.query().is_none() && url.fragment().is_none()
    });
    let wanted = "a scheme, a host and perhaps a port, such as https://keys.example.org";
    origin.map(|url| url.origin().ascii_serialization()).ok_or_else(|| wanted.to_owned())
}

/// An address for e-mail, as far as that can be told here: who makes a person of it looks closer.
pub(super) fn email(text: &str) -> Result<String, String> {
    let is_one = text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if is_one { Ok(text.to_owned()) } else { Err("an address for e-mail, such as dana@example.com".to_owned()) }
}

/// A mail server. What is wrong with it is not told in its own words: there may be a password in it.
pub(super) fn smtp(text: &str) -> Result<SecretText, String> {
    let is_sound =
        |url: &Url| matches!(url.scheme(), "smtp" | "smtps") && url.host_str().is_some_and(|host| !host.is_empty());
    let sound = Url::parse(text).ok().filter(is_sound);
    let known = sound.and_then(|_| AsyncSmtpTransport::<Tokio1Executor>::from_url(text).ok());
    let wanted =
        || "a mail server, such as smtps://user:password@mail.example.org or smtp://mail.example.org:587?tls=required";
    known.map(|_| SecretText::from(text.to_owned())).ok_or_else(|| wanted().to_owned())
}

/// Whom mail comes from.
pub(super) fn mailbox(text: &str) -> Result<String, String> {
    let known = text.parse::<Mailbox>().is_ok() && !text.contains(char::is_control);
    known.then(|| text.to_owned()).ok_or_else(|| "an address, such as Meshkey <keys@example.org>".to_owned())
}

/// A part of a whole.
pub(super) fn ratio(text: &str) -> Result<f64, String> {
    let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| "a number from 0 to 1, such as 0.01".to_owned())
}

/// Whom spans are sent to. There may be a path before that which OTLP has.
pub(super) fn collector(text: &str) -> Result<String, String> {
    let address = Url::parse(text).ok().filter(|url| {
        let is_bare = url.username().is_empty() && url.password().is_none();
        is_bare && matches!(url.scheme(), "https" | "http") && url.query().is_none() && url.fragment().is_none()
    });
    let wanted = "a scheme, a host and perhaps a port and a path, such as http://127.0.0.1:4318";
    address.map(|url| url.as_str().trim_end_matches('/').to_owned()).ok_or_else(|| wanted.to_owned())
}

/// A whole number within `range`.
pub(super) fn proxies(text: &str) -> Result<String, String> {
    let is_range = |range: &str| range.parse::<IpAddr>().is_ok() || range.parse::<IpNet>().is_ok();
    let wrong = || "expected addresses or ranges by commas, such as `10.0.0.0/8, 192.0.2.1`".to_owned();
    text.split(',').all(|range| is_range(range.trim())).then(|| text.to_owned()).ok_or_else(wrong)
}

pub(super) fn number<N>(range: RangeInclusive<N>) -> impl Fn(&str) -> Result<N, String>
where
    N: FromStr + PartialOrd + std::fmt::Display,
{
    move |text| match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("a whole number from {} to {}", range.start(), range.end())),
    }
}

/// A value as an error may show it.
pub(super) fn shown(setting: &Setting, text: &str) -> String {
    if setting.secret { "what it is".to_owned() } else { format!("`{text}`") }
}
