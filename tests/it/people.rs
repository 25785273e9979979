//! People: how the first of them gets in, and how the host lets others in and out.

mod admin;
mod bootstrap;
mod reset;
mod setup;
mod start;

use std::process::Output;

use meshkey::{domain::password::Typed, service::passwords::Passwords};
use serde_json::Value;
use tokio_postgres::Client as Sql;

use crate::{
    client::Answer,
    house::House,
    tools::{one, texts},
};

/// What people take for a password here.
pub const PASSWORD: &str = "correct horse, wrong battery";

/// Sends a form as a page of our own does.
pub async fn send(house: &House, path: &str, pairs: &[(&str, &str)]) -> Answer {
    house.stranger().bare("POST", path).header("Sec-Fetch-Site", "same-origin").form(pairs).send().await
}

/// The code that a link carries in its fragment.
#[track_caller]
pub fn code(link: &Value) -> String {
    let link = link.as_str().unwrap_or_else(|| panic!("no link: {link}"));
    link.split_once("#code=").unwrap_or_else(|| panic!("no code: {link}")).1.trim().to_owned()
}

/// A page as text.
#[track_caller]
pub fn page(answer: &Answer) -> &str {
    answer.body.as_str().unwrap_or_else(|| panic!("no page: {answer:?}"))
}

/// Whether this text is the password of who has that address.
pub async fn is_password(db: &Sql, email: &str, text: &str) -> bool {
    let hash = "SELECT p.hash FROM passwords p JOIN users u ON u.id = p.user_id WHERE u.email = ";
    let Some(hash) = texts(db, &format!("{hash}'{email}'")).await.pop() else { return false };
    Passwords::default().verify(Typed::from(zeroize::Zeroizing::new(text.to_owned())), Some(hash.into())).await.unwrap()
}

/// Signs somebody in, as far as the database knows.
pub async fn sign_in(db: &Sql, email: &str) {
    let insert = "INSERT INTO sessions (id, user_id, hash, is_half, ends_at)
                  SELECT gen_random_uuid(), id, sha256(gen_random_uuid()::text::bytea), false, now() + interval '1 hour' FROM users";
    db.batch_execute(&format!("{insert} WHERE email = '{email}'")).await.unwrap();
}

/// How many sessions somebody has.
pub async fn sessions(db: &Sql, email: &str) -> String {
    let count = "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = ";
    one(db, &format!("{count}'{email}'")).await
}

/// The events about people in the chain of an org: action, actor and what is so now, the oldest first.
pub async fn events(db: &Sql, org: &str) -> Vec<String> {
    let events = "SELECT e.action, e.actor_kind, coalesce(e.before->>'role', '-'), coalesce(e.after->>'role', '-')
                  FROM audit_events e JOIN orgs o ON o.id = e.org_id
                  WHERE subject_kind = 'member' AND o.slug = ";
    texts(db, &format!("{events}'{org}' ORDER BY e.seq")).await
}

/// What a command said on stderr.
pub fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Panics unless the command ended so, and said that.
#[track_caller]
pub fn refused(output: &Output, code: i32, said: &str) {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(words(output).contains(said), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
}
