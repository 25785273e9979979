//! Rates of keys at every door, and the throttle for who tries keys that nobody holds. No test waits for a use to come back
//! but the one that is about it: the others have rates at which none does while they run.

mod counting;
mod doors;
mod failures;
mod terms;

use serde_json::{Value, json};

use super::{
    client::{Answer, Client},
    tools::id,
};

/// So often at once, and then no more while a test runs.
fn once_a_minute(burst: u32) -> Value {
    json!({ "per_minute": 1, "burst": burst })
}

/// A key of the whole org with this rate, that may read and is an admin of nothing.
async fn rated(admin: &Client, rate: Value) -> (String, Client) {
    let wish = json!({ "capabilities": ["read"], "topics": "all", "rate": rate });
    let (key, holder) = admin.issue(wish).await;
    (id(&key), holder)
}

/// How many requests in a row are let in; the next one is refused for the rate.
async fn burst(key: &Client) -> usize {
    for passed in 0.. {
        let answer = key.get("/v1/whoami").await;
        if answer.status != 200 {
            answer.problem(429, "rate_limited");
            return passed;
        }
    }
    unreachable!("it is let in for ever")
}

/// The two fields of an answer, `q w r t`, read as the grammar of structured fields has them.
#[track_caller]
fn fields(answer: &Answer) -> [u64; 4] {
    let [q, w] = parameters(answer.header("ratelimit-policy"), ["q", "w"]);
    let [r, t] = parameters(answer.header("ratelimit"), ["r", "t"]);
    [q, w, r, t]
}

/// The parameters of a list of one string, which is that of the policy: RFC 9651, 3.1, 3.1.2, 3.3.1 and 3.3.3.
#[track_caller]
fn parameters(list: &str, names: [&str; 2]) -> [u64; 2] {
    let rest = list.strip_prefix("\"key\"").unwrap_or_else(|| panic!("{list} is no list of the string \"key\""));
    let mut pairs = rest.split(';').skip(1).map(|pair| pair.trim_start_matches(' ').split_once('=').unwrap());
    let read = names.map(|name| {
        let (key, value) = pairs.next().unwrap_or_else(|| panic!("{list} has no {name}"));
        assert_eq!(key, name, "{list}");
        assert!((1..=15).contains(&value.len()) && value.bytes().all(|digit| digit.is_ascii_digit()), "{list}");
        value.parse().unwrap()
    });
    assert_eq!(pairs.next(), None, "{list}");
    read
}

/// A secret that nobody holds.
fn unknown() -> String {
    let secret = meshkey::domain::Secret::generate(&"mshk".parse().unwrap()).ok().unwrap();
    secret.reveal().to_owned()
}

/// How many seconds an answer says to wait.
#[track_caller]
fn wait(answer: &Answer) -> u64 {
    answer.header("retry-after").parse().unwrap()
}
