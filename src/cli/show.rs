//! What commands print.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::{
    app::Origin,
    domain::{Email, OneTimeCode, Org, fresh::Effect},
    http::view::IssuedView,
    service::{Settled, founding::Place, issue::Issued, operator::Founded},
};

use super::{Failure, open::Opened};

/// One JSON value on stdout.
pub(super) fn print(value: &Value) -> Result<(), Failure> {
    line(&value.to_string())
}

/// One line on stdout.
pub(super) fn line(text: &str) -> Result<(), Failure> {
    // In one piece, so that who reads only the first of several lines has all of them in hand.
    std::io::stdout().write_all(format!("{text}\n").as_bytes()).map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure::Closed,
        _ => Failure::Other(format!("cannot write to stdout: {error}")),
    })
}

/// That a change holds everywhere, in words.
pub(super) fn settled(settled: &Settled) -> String {
    let Effect { after, acknowledged, lapsed } = settled.effect;
    effective(after.as_millis(), acknowledged, lapsed)
}

/// The same from an answer.
pub(super) fn effective(after_ms: impl std::fmt::Display, acknowledged: usize, lapsed: usize) -> String {
    let replicas = if acknowledged == 1 { "replica knows" } else { "replicas know" };
    let lapsed =
        if lapsed == 0 { String::new() } else { format!("; {lapsed} did not answer and trust nothing any more") };
    format!("effective everywhere after {after_ms} ms: {acknowledged} {replicas}{lapsed}")
}

/// The same from an answer of the service, where it says so.
pub(super) fn effective_in(answer: &Value) -> Option<String> {
    answer["effective"].as_str().filter(|effective| *effective == "everywhere")?;
    let count = |member: &str| usize::try_from(answer[member].as_u64()?).ok();
    Some(effective(answer["after_ms"].as_u64()?, count("acknowledged")?, count("lapsed")?))
}

/// Lines whose columns stand below one another; the last is as long as it is.
pub(super) fn table(rows: &[Vec<String>]) -> Result<(), Failure> {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..rows.iter().map(Vec::len).max().unwrap_or_default()).map(width).collect();
    for row in rows {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        line(cells.join("  ").trim_end())?;
    }
    Ok(())
}

/// A key with its secret.
pub(super) fn issued(issued: &Issued) -> Value {
    json!(IssuedView::new(issued.key.clone(), Some(issued.secret.reveal())))
}

/// What was founded.
pub(super) fn founded(founded: &Founded, origin: &Origin) -> Value {
    let Founded { place: Place { org, mesh, topics, owner }, key } = founded;
    let mut told = json!({ "org": org, "mesh": mesh, "topics": topics, "key": issued(key) });
    if let Some((user, code)) = owner {
        let url = code.as_ref().map(|code| origin.reset(code));
        told["owner"] = json!({ "id": user.id, "email": user.email, "name": user.name });
        told["reset_url"] = json!(url.as_ref().map(|url| url.as_str()));
    }
    told
}

/// What was founded, for people: the secret alone on stdout, all else on stderr.
pub(super) fn founded_in_words(founded: &Founded, origin: &Origin) -> Result<(), Failure> {
    let Founded { place, key } = founded;
    let Org { slug, id, .. } = &place.org;
    eprintln!("org     {slug}  {id}");
    if let Some(mesh) = &place.mesh {
        eprintln!("mesh    {}  {}", mesh.slug, mesh.id);
    }
    for topic in &place.topics {
        eprintln!("topic   #{topic}");
    }
    if let Some((user, code)) = &place.owner {
        eprintln!("owner   {}  {}", user.email, user.id);
        if let Some(code) = code {
            eprintln!("\n{}\n{}\n", words_of_reset(&user.email), origin.reset(code).as_str());
        }
    }
    eprintln!("key     {}  {}", key.key.key.label, key.key.key.id);
    eprintln!("\nThis is the org's admin key. It is shown once, never ends, and may do everything in {slug}:\n");
    line(key.secret.reveal())?;
    eprintln!("\nKeep it in a file that only you can read, and issue narrow keys with it.");
    Ok(())
}

/// A link by which a person sets a password: the link alone on stdout.
pub(super) fn reset_link(opened: &Opened, email: &Email, code: &OneTimeCode) -> Result<(), Failure> {
    eprintln!("{}", words_of_reset(email));
    line(&opened.origin.reset(code))
}

fn words_of_reset(email: &Email) -> String {
    format!("A link by which {email} sets a password. It works once, within 60 minutes:\n")
}
