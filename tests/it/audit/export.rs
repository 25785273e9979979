//! The export: all that the list shows, as of one instant, in a stream that is whole or looks broken.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use serde_json::{Value, json};

use super::{busy, fill, lines};
use crate::{
    client::Client,
    house::House,
    persons::Person,
    tools::{eventually, id, one},
};

/// The events that the list shows, the oldest first.
async fn listed(by: &Client, query: &str) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), String::new());
    loop {
        let page = by.get(&by.at(&format!("/audit?limit=200&{query}{next}"))).await.expect(200);
        all.extend_from_slice(page.items());
        let Some(cursor) = page.body["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    all.reverse();
    all
}

fn parsed(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn an_export_holds_what_the_list_shows() {
    let house = busy().await;
    let admin = house.admin();
    let key = id(&admin.issue(json!({ "mesh": "main", "capabilities": ["read"], "topics": "all" })).await.0);
    let all = listed(&admin, "").await;
    assert!(all.len() > 20);
    let request = all.last().unwrap()["request_id"].as_str().unwrap();
    for query in [
        String::new(),
        "actor=local".to_owned(),
        "action=key.issued&address=127.0.0.0/8".to_owned(),
        format!("subject={key}"),
        format!("request_id={request}"),
        "mesh=main".to_owned(),
        format!("since={}", all[3]["at"].as_str().unwrap()),
    ] {
        let exported = lines(&admin, &query).await;
        assert!(!exported.is_empty(), "{query}: nothing is proved");
        assert_eq!(parsed(&exported), listed(&admin, &query).await, "{query}");
    }
    assert_eq!(lines(&admin, "action=org.suspended").await, Vec::<String>::new());
    let meshs = admin.issue(json!({ "mesh": "main", "capabilities": ["admin"], "topics": "all" })).await.1;
    let theirs = parsed(&lines(&meshs, "").await);
    assert_eq!(theirs, listed(&meshs, "").await);
    assert!(theirs.len() > 2 && theirs.iter().all(|event| event["mesh"] == theirs[0]["mesh"]));
}

#[tokio::test]
async fn an_export_says_what_it_is_and_refuses_what_means_nothing() {
    let house = House::new().await;
    let admin = house.admin();
    let export = |query: &str| admin.at(&format!("/audit/export{query}"));
    for (query, media, name) in [
        ("", "application/jsonl", "audit-acme.jsonl"),
        ("?format=jsonl", "application/jsonl", "audit-acme.jsonl"),
        ("?format=csv", "text/csv; charset=utf-8; header=present", "audit-acme.csv"),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = admin.raw(method, &export(query)).send().await.expect(200);
            assert_eq!(answer.header("content-type"), media);
            assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"{name}\""));
        }
    }
    for bad in
        ["format=xml", "limit=1", "cursor=x", "address=here", "since=2027-01-01T00:00:00Z&until=2026-01-01T00:00:00Z"]
    {
        admin.get(&export(&format!("?{bad}"))).await.problem(422, "invalid_input");
        admin.raw("HEAD", &export(&format!("?{bad}"))).send().await.expect(422);
    }
    admin.get(&export("?mesh=nowhere")).await.problem(422, "invalid_input");
}

#[tokio::test]
async fn a_table_has_a_line_for_each_event_and_no_formula() {
    let house = House::new().await;
    let admin = house.admin();
    for label in ["=1+1", "+1", "-1", "@SUM(A1)", "a, \"b\""] {
        admin.issue(json!({ "label": label, "note": "two\nlines", "capabilities": ["read"], "topics": "all" })).await;
    }
    let answer = admin.get(&admin.at("/audit/export?format=csv")).await.expect(200);
    let rows = table(answer.body.as_str().unwrap());
    let all = listed(&admin, "").await;
    assert_eq!(rows.len(), all.len() + 1);
    let named = |row: &[String], name: &str| row[rows[0].iter().position(|column| column == name).unwrap()].clone();
    for (row, event) in rows[1..].iter().zip(&all) {
        assert_eq!(named(row, "seq"), event["seq"].to_string());
        assert_eq!(named(row, "hash"), event["hash"].as_str().unwrap());
        assert_eq!(named(row, "actor_id"), event["actor"]["id"].as_str().unwrap_or_default());
        assert_eq!(serde_json::from_str::<Value>(&named(row, "after")).unwrap(), event["after"]);
        assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{row:?}");
    }
}

/// The cells of a table, by RFC 4180.
fn table(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => cell.extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {
                assert_eq!(letters.next(), Some('\n'));
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    assert!(row.is_empty() && cell.is_empty() && !quoted, "the last line has no end");
    rows
}

#[tokio::test]
async fn a_long_chain_is_exported_part_by_part_without_a_gap() {
    let house = House::new().await;
    fill(&house, 41_234, 1).await;
    let admin = house.admin();
    let seqs =
        |lines: &[String]| -> Vec<i64> { parsed(lines).iter().map(|event| event["seq"].as_i64().unwrap()).collect() };
    // That they were taken along is the last of them.
    assert_eq!(seqs(&lines(&admin, "").await), (1..=41_240).collect::<Vec<_>>());
    // What is wanted lies far behind what is not.
    let admin = house.admin();
    admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    assert_eq!(seqs(&lines(&admin, "action=key.issued").await), [5, 41_241]);
}

/// An export over a plain connection, of which so far only the head was read.
async fn begun(by: &Client) -> TcpStream {
    let address = by.base().strip_prefix("http://").unwrap().to_owned();
    let (path, key) = (by.at("/audit/export"), by.secret());
    let ask =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n");
    tokio::task::spawn_blocking(move || answered(&address, &ask)).await.unwrap()
}

fn answered(address: &str, ask: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(ask.as_bytes()).unwrap();
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
    stream
}

/// Reads on; tells whether it ends as a whole body does, and all that came.
async fn read_on(mut stream: TcpStream) -> (bool, Vec<u8>) {
    tokio::task::spawn_blocking(move || {
        let mut rest = Vec::new();
        // A connection that was cut may end by an error.
        let _ = stream.read_to_end(&mut rest);
        (rest.ends_with(b"0\r\n\r\n"), rest)
    })
    .await
    .unwrap()
}

/// The transactions that are open in the house's database.
async fn open_walks(house: &House) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity
               WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
                 AND query LIKE '%FROM audit_events%'";
    one(&house.sql("superuser").await, sql).await.parse().unwrap()
}

/// A house whose export is more than all buffers on the way hold.
async fn stuffed() -> House {
    let house = House::new().await;
    fill(&house, 5_000, 4_000).await;
    house
}

#[tokio::test]
async fn an_export_shows_one_instant_and_keeps_nobody_waiting() {
    let house = stuffed().await;
    let rival = house.org("rival").admin;
    let admin = house.admin();
    let under_way = begun(&admin).await;
    // All that the org and others do goes on meanwhile.
    let (key, _) = house.admin().issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    assert_eq!(lines(&rival, "").await.len(), 3);
    let (is_whole, text) = read_on(under_way).await;
    assert!(is_whole && !String::from_utf8(text).unwrap().contains(&id(&key)));
    assert!(lines(&house.admin(), "").await.iter().rev().nth(1).unwrap().contains(&id(&key)));
}

#[tokio::test]
async fn a_client_that_goes_away_gives_everything_back() {
    let house = stuffed().await;
    let admin = house.admin();
    for _ in 0..3 {
        let stream = begun(&admin).await;
        assert_eq!(open_walks(&house).await, 1);
        stream.shutdown(Shutdown::Both).unwrap();
        drop(stream);
        eventually("the end of the walk", async || (open_walks(&house).await == 0).then_some(())).await;
    }
    assert_eq!(lines(&house.admin(), "action=key.issued").await.len(), 1);
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off() {
    let house = stuffed().await;
    let stream = begun(&house.admin()).await;
    assert_eq!(open_walks(&house).await, 1);
    eventually("the end of the walk", async || (open_walks(&house).await == 0).then_some(())).await;
    let (is_whole, text) = read_on(stream).await;
    assert!(!is_whole && !text.is_empty(), "it looks whole");
}

#[tokio::test]
async fn a_key_that_is_revoked_exports_no_further() {
    let house = stuffed().await;
    let admin = house.admin();
    let (key, by) = admin.issue(json!({ "capabilities": ["admin"], "topics": "all" })).await;
    let under_way = begun(&by).await;
    let admin = house.admin();
    admin.act(&admin.at(&format!("/keys/{}/revoke", id(&key)))).await.expect(200);
    let (is_whole, text) = read_on(under_way).await;
    assert!(!is_whole && text.len() < 20_000_000, "{}", text.len());
}

//
#[tokio::test]
async fn who_is_demoted_exports_no_further() {
    let house = stuffed().await;
    let person = Person::in_org(&house, "Dana", "admin").await;
    let wish = json!({ "label": "own", "capabilities": ["admin"], "topics": "all" });
    let own = person.signed_in(&house).await.post("/v1/me/keys", wish).await.expect(201).body;
    let under_way = begun(&house.admin().with_key(own["secret"].as_str().unwrap())).await;
    let admin = house.admin();
    let place = admin.at(&format!("/members/{}", person.id));
    admin.patch(&place, json!({ "role": "member" }), "*").await.expect(200);
    let (is_whole, text) = read_on(under_way).await;
    assert!(!is_whole && text.len() < 20_000_000, "{}", text.len());
}

#[tokio::test]
async fn an_export_whose_database_is_lost_does_not_look_whole() {
    let house = stuffed().await;
    let under_way = begun(&house.admin()).await;
    let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    house.sql("superuser").await.query(end, &[]).await.unwrap();
    let (is_whole, text) = read_on(under_way).await;
    assert!(!is_whole && !text.is_empty());
}
