//! The same key by the command line and by the API, made of what is filled in. No secret is ever in them.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::filled::Filled;
use crate::{
    dashboard::parts::times::wire,
    domain::{Slug, TopicScope},
    service::{
        ground::{Ground, WHOLE},
        issue::Ends,
    },
};

/// As one line for a terminal.
pub(super) fn command(org: &Slug, filled: &Filled, now: OffsetDateTime) -> String {
    let name = quoted(or(&filled.name, "NAME"));
    // What begins with a dash is no flag.
    let (first, last) = if filled.name.starts_with('-') {
        (String::new(), format!(" -- {name}"))
    } else {
        (format!(" {name}"), String::new())
    };
    let mut words = vec![format!("meshkey key issue{first}"), format!("--org {org}")];
    if filled.mesh == WHOLE {
        words.push("--org-wide".to_owned());
    } else {
        words.push(format!("--mesh {}", quoted(or(&filled.mesh, "MESH"))));
    }
    words.push(format!("--cap {}", quoted(or(&filled.can.join(","), "CAPABILITY"))));
    match filled.topics.as_str() {
        "all" => words.push("--all-topics".to_owned()),
        _ => words.push(format!("--topic {}", quoted(or(&filled.words().collect::<Vec<_>>().join(","), "TOPIC")))),
    }
    // A day is said as the time at which it is over: there a date is the beginning of that day.
    let end = match filled.ends(now) {
        Ok(Ends::At(end)) if filled.expires == "on" => wire(end),
        _ => filled.expires.clone(),
    };
    words.push(format!("--expires {}", quoted(if end == "on" { "DAY" } else { or(&end, "90d") })));
    let addresses =
        filled.addresses.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(",");
    for (flag, text) in
        [("--ip", &addresses), ("--rate", &filled.rate), ("--user", &filled.user), ("--note", &filled.note)]
    {
        if !text.is_empty() {
            let between = if text.starts_with('-') { '=' } else { ' ' };
            words.push(format!("{flag}{between}{}", quoted(text)));
        }
    }
    words.join(" ") + &last
}

/// As a request: the key that asks comes from a variable, and is in no history.
pub(super) fn request(base: &str, org: &Slug, filled: &Filled, ground: &Ground) -> String {
    let body = serde_json::to_string_pretty(&body(filled, ground)).unwrap_or_default();
    format!(
        "curl --fail-with-body '{base}/v1/orgs/{org}/keys' \\\n  -H \"Authorization: Bearer $MESHKEY_TOKEN\" \\\n  --json {}",
        quoted(&body)
    )
}

fn body(filled: &Filled, ground: &Ground) -> Value {
    let topics = match filled.scope() {
        Ok(TopicScope::Everywhere) => json!("all"),
        _ => json!(filled.words().collect::<Vec<_>>()),
    };
    let mut body = Map::new();
    body.insert("label".into(), json!(filled.name));
    body.insert("mesh".into(), json!(filled.place().filter(|mesh| *mesh != WHOLE)));
    body.insert("capabilities".into(), json!(filled.can));
    body.insert("topics".into(), topics);
    match filled.ends(ground.now) {
        Ok(Ends::At(end)) => drop(body.insert("expires_at".into(), json!(wire(end)))),
        Ok(Ends::Never) => drop(body.insert("expires_at".into(), Value::Null)),
        Ok(Ends::Unsaid) | Err(_) => {}
    }
    if !filled.note.is_empty() {
        body.insert("note".into(), json!(filled.note));
    }
    if let Ok(Some(addresses)) = filled.ranges() {
        body.insert("addresses".into(), json!(addresses));
    }
    if let Ok(Some(rate)) = filled.often() {
        body.insert("rate".into(), json!(rate));
    }
    if !filled.user.is_empty() {
        body.insert("user".into(), json!(filled.user));
    }
    Value::Object(body)
}

fn or<'a>(text: &'a str, placeholder: &'a str) -> &'a str {
    if text.is_empty() { placeholder } else { text }
}

/// As a shell takes it for one word. What begins with an equals sign is the path of a program to some.
pub(in crate::dashboard::keys) fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:,@%+=".contains(&byte);
    if !text.is_empty() && !text.starts_with(['-', '=']) && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_has_typed_is_one_word_to_a_shell() {
        for (text, word) in [
            ("ci-deploys", "ci-deploys"),
            ("ci.*", "'ci.*'"),
            ("", "''"),
            ("-x", "'-x'"),
            ("=ls", "'=ls'"),
            ("$(id) `id`", "'$(id) `id`'"),
            ("it's; rm", r"'it'\''s; rm'"),
        ] {
            assert_eq!(quoted(text), word);
        }
    }

    #[test]
    fn the_command_says_what_is_filled_in() {
        let filled = Filled {
            name: "ci deploys".to_owned(),
            mesh: "main".to_owned(),
            can: vec!["send".to_owned()],
            topics: "only".to_owned(),
            names: "deploys, ci.*".to_owned(),
            expires: "90d".to_owned(),
            ..Filled::default()
        };
        let (org, now) = ("acme".parse().unwrap(), OffsetDateTime::UNIX_EPOCH);
        let line =
            "meshkey key issue 'ci deploys' --org acme --mesh main --cap send --topic 'deploys,ci.*' --expires 90d";
        assert_eq!(command(&org, &filled, now), line);
        let day = Filled { expires: "on".to_owned(), until: "2026-12-31".to_owned(), ..filled.clone() };
        assert!(command(&org, &day, now).ends_with("--expires 2027-01-01T00:00:00Z"));
        let wide = Filled { mesh: WHOLE.to_owned(), topics: "all".to_owned(), rate: "60/m".to_owned(), ..filled };
        let dashed = Filled { name: "-x".to_owned(), note: "-y".to_owned(), ..wide.clone() };
        assert!(command(&org, &dashed, now).ends_with("--note='-y' -- '-x'"));
        assert!(command(&org, &wide, now).contains("--org-wide --cap send --all-topics --expires 90d --rate 60/m"));
    }
}
