//! Exports and archives prove the chain by themselves, and every change of them is told.

use meshkey::{
    domain::audit::{Fault, Report},
    service::audit::offline::{Checked, verify},
};
use serde_json::{Value, json};

use super::{busy, lines, proof, retain_all};
use crate::house::House;

fn checked(files: &[&[String]]) -> Checked {
    let text = |lines: &[String]| lines.iter().fold(String::new(), |text, line| text + line + "\n");
    let texts: Vec<_> = files.iter().map(|lines| text(lines)).collect();
    verify(texts.iter().map(String::as_bytes)).unwrap()
}

fn told(lines: &[String]) -> Report {
    checked(&[lines]).report
}

/// Where and how it breaks.
#[track_caller]
fn broken(lines: &[String]) -> (i64, Fault) {
    let report = told(lines);
    assert!(!report.whole);
    let broken = report.broken.unwrap();
    (broken.seq, broken.fault)
}

/// The lines without the one of event `seq`.
fn without(lines: &[String], seq: usize) -> Vec<String> {
    [&lines[..seq - 1], &lines[seq..]].concat()
}

#[tokio::test]
async fn an_export_proves_what_the_service_proves() {
    let house = busy().await;
    let admin = house.admin();
    let (lines, proof) = (lines(&admin, "").await, proof(&admin).await);
    let report = json!(told(&lines));
    for member in ["whole", "first_seq", "last_seq", "events", "hash", "broken", "retained"] {
        assert_eq!(report[member], proof[member], "{member}");
    }
    assert_eq!(report["whole"], true);
}

/// Every value of a line, by its pointer, with another of its kind.
fn alterations(at: &str, value: &Value) -> Vec<(String, Value)> {
    let other = match value {
        Value::Null => json!("x"),
        Value::Bool(it) => json!(!it),
        Value::Number(it) => json!(it.as_i64().unwrap() + 1),
        Value::String(text) => json!(text.chars().rev().collect::<String>() + "0"),
        Value::Array(items) if items.is_empty() => json!(["x"]),
        Value::Array(items) => json!(items.iter().skip(1).collect::<Vec<_>>()),
        Value::Object(_) => Value::Null,
    };
    let mut all = vec![(at.to_owned(), other)];
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, inner)| all.extend(alterations(&format!("{at}/{name}"), inner)));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(nth, inner)| all.extend(alterations(&format!("{at}/{nth}"), inner)));
        }
        _ => {}
    }
    all
}

// L-17
#[tokio::test]
async fn whatever_of_a_line_is_altered_is_told_with_its_event() {
    let house = busy().await;
    let lines = lines(&house.admin(), "").await;
    let mut tried = 0;
    for seq in [1, 2, 7, lines.len()] {
        let line: Value = serde_json::from_str(&lines[seq - 1]).unwrap();
        assert_eq!(line.as_object().unwrap().len(), 13, "{line}");
        for (pointer, other) in alterations("", &line).into_iter().filter(|(pointer, _)| !pointer.is_empty()) {
            let mut altered = line.clone();
            *altered.pointer_mut(&pointer).unwrap() = other;
            // Written as we write it, so that nothing but what it says differs.
            let event: Result<meshkey::domain::audit::Event, _> = serde_json::from_value(altered.clone());
            let text = event.map_or_else(|_| altered.to_string(), |event| String::from_utf8(event.line()).unwrap());
            let mut lines = lines.clone();
            lines[seq - 1] = text;
            let (at, fault) = broken(&lines);
            let is_told = if pointer == "/seq" { fault != Fault::Truncated } else { fault == Fault::Altered };
            assert!(at == i64::try_from(seq).unwrap() && is_told, "{pointer} of {altered}: {fault:?} at {at}");
            tried += 1;
        }
    }
    assert!(tried > 80, "{tried}");
}

// L-17
#[tokio::test]
async fn no_byte_of_a_file_can_be_changed() {
    let house = House::new().await;
    let lines = lines(&house.admin(), "").await;
    let text = lines[..2].join("\n") + "\n";
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= [1, 4, 0x20][at % 3];
        let report = verify([&bytes[..]]).unwrap().report;
        let line = text[..at].matches('\n').count();
        let known = report.broken.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&bytes)));
        assert_eq!(known.seq, i64::try_from(line + 1).unwrap(), "byte {at}: {known:?}");
    }
    for cut in 1..text.len() {
        let report = verify([&text.as_bytes()[..cut]]).unwrap().report;
        assert_eq!(report.whole, text.as_bytes()[cut - 1] == b'\n', "cut behind byte {cut}");
    }
}

// L-17
#[tokio::test]
async fn lines_that_are_dropped_swapped_or_put_in_are_named() {
    let house = busy().await;
    let whole = lines(&house.admin(), "").await;
    let number = |seq: usize| i64::try_from(seq).unwrap();
    for seq in 1..=whole.len() {
        let twice = [&whole[..seq], &whole[seq - 1..]].concat();
        let expected = if seq == whole.len() { seq } else { seq + 1 };
        if seq < whole.len() {
            assert_eq!(broken(&without(&whole, seq)), (number(seq), Fault::Removed));
            let mut swapped = whole.clone();
            swapped.swap(seq - 1, seq);
            assert_eq!(broken(&swapped), (number(seq), Fault::Reordered));
            let mut moved = without(&whole, seq);
            moved.push(whole[seq - 1].clone());
            assert_eq!(broken(&moved), (number(seq), Fault::Reordered));
            assert_eq!(broken(&twice), (number(expected), Fault::Reordered));
        }
    }
    let rubbish = [&whole[..3], &[String::from("{}")], &whole[3..]].concat();
    assert_eq!(broken(&rubbish), (4, Fault::Reordered));
    let empty_line = [&whole[..3], &[String::new()], &whole[3..]].concat();
    assert_eq!(broken(&empty_line), (4, Fault::Reordered));
    assert_eq!(broken(&[]), (1, Fault::Truncated));
    let endless = [&whole[..3], &["x".repeat(3_000_000)]].concat();
    assert_eq!(checked(&[&endless]).place, Some((0, 4)));
}

#[tokio::test]
async fn what_is_not_all_is_not_told_as_whole() {
    let house = busy().await;
    let admin = house.admin();
    let whole = lines(&admin, "").await;
    let at = |seq: usize| serde_json::from_str::<Value>(&whole[seq - 1]).unwrap()["at"].as_str().unwrap().to_owned();
    for query in ["actor=local", "action=key.revoked", "mesh=main", &format!("since={}", at(9))] {
        let filtered = lines(&admin, query).await;
        assert!(filtered.len() > 2 && filtered.len() < whole.len(), "{query}");
        let report = told(&filtered);
        // What happens to be the beginning of the chain is one; that more came then, a file cannot know.
        let is_beginning = whole.starts_with(&filtered);
        assert_eq!(report.whole, is_beginning, "{query}: {report:?}");
    }
    let since = lines(&admin, &format!("since={}", at(9))).await;
    let report = told(&since);
    let broken = report.broken.unwrap();
    assert_eq!((broken.seq, broken.fault, report.retained), (1, Fault::Removed, None));
    assert!(broken.detail.contains("begins in the midst, with event 9"), "{}", broken.detail);
    assert_eq!((report.first_seq, report.last_seq), (Some(9), Some(8 + i64::try_from(since.len()).unwrap())));
    let report = told(&whole[..5]);
    assert!(report.whole && report.last_seq == Some(5), "the hash there has to be compared with one from elsewhere");
}

#[tokio::test]
async fn files_are_one_chain_in_their_order_and_of_one_org() {
    let house = busy().await;
    let whole = lines(&house.admin(), "").await;
    let (first, second) = whole.split_at(9);
    let two = checked(&[first, second]);
    assert!(two.report.whole && two.report.events == whole.len() as u64);
    let turned = checked(&[second, first]);
    assert_eq!((turned.report.broken.unwrap().seq, turned.place), (1, Some((1, 1))));
    let rivals = lines(&house.org("rival").admin, "").await;
    let mixed = checked(&[first, &rivals]);
    let broken = mixed.report.broken.unwrap();
    assert_eq!((broken.seq, mixed.place), (10, Some((1, 1))));
    assert!(broken.detail.contains("another org"), "{}", broken.detail);
}

// L-17
#[tokio::test]
async fn an_export_after_retention_proves_alone_and_with_the_archives_from_the_start() {
    let house = busy().await;
    let admin = house.admin();
    let dir = tempfile::tempdir().unwrap();
    let archive = |name: &str| dir.path().join(name);
    let read = |name: &str| -> Vec<String> {
        std::fs::read_to_string(archive(name)).unwrap().lines().map(str::to_owned).collect()
    };
    let first = retain_all(&house, "acme", &archive("1")).await;
    for _ in 0..3 {
        admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    }
    let second = retain_all(&house, "acme", &archive("2")).await;
    admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    let (one, two, rest) = (read("1"), read("2"), lines(&admin, "").await);
    let alone = told(&rest);
    assert!(alone.whole, "{alone:?}");
    assert_eq!(json!(alone.retained.unwrap())["seq"], second["through"]);
    assert_eq!(json!(alone), without_time(proof(&admin).await));
    let together = checked(&[&one, &two, &rest]).report;
    assert!(together.whole && together.first_seq == Some(1) && together.hash == alone.hash, "{together:?}");
    assert!(told(&one).whole);
    assert_eq!(
        json!(told(&two).retained.unwrap())["hash"],
        first["hash"],
        "its first event tells of the first archive"
    );
    assert!(!checked(&[&one, &rest]).report.whole, "an archive is missing");
    // The event that tells is the proof of the beginning.
    let mut forged = rest.clone();
    forged.remove(0);
    assert_eq!(broken(&forged).0, 1);
}

fn without_time(mut proof: Value) -> Value {
    proof.as_object_mut().unwrap().remove("as_of");
    proof
}
