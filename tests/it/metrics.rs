//! What is told at `/metrics`: where it is served, that it moves with what happens, and that its page tells of each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{client::Client, house::House, tools::eventually};

const PAGE: &str = "docs/reference/metrics.md";

/// The text of a series' value, by its name with its labels; `0` where there is none.
fn text_of<'a>(text: &'a str, series: &str) -> &'a str {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')).unwrap_or("0")
}

/// What was counted.
#[track_caller]
fn count(text: &str, series: &str) -> u64 {
    text_of(text, series).parse().unwrap_or_else(|_| panic!("{series}: {text}"))
}

/// What a house has counted.
#[track_caller]
pub fn counted(house: &House, series: &str) -> u64 {
    count(&house.metrics(), series)
}

fn seconds(house: &House, series: &str) -> f64 {
    text_of(&house.metrics(), series).parse().unwrap()
}

/// Waits until a series of this house is as it should be.
async fn until(house: &House, series: &str, is_so: impl Fn(f64) -> bool) {
    eventually(series, async || is_so(seconds(house, series)).then_some(())).await;
}

async fn trusted(house: &House) {
    until(house, "meshkey_trusted", |trusted| trusted > 0.0).await;
}

async fn verify(asker: &Client, key: &Client, capability: &str) -> serde_json::Value {
    asker.post("/v1/verify", json!({ "key": key.secret(), "capability": capability })).await.expect(200).body
}

async fn key(admin: &Client, capability: &str) -> (String, Client) {
    let wish = json!({ "label": "x", "mesh": "main", "capabilities": [capability], "topics": "all" });
    let (key, client) = admin.issue(wish).await;
    (key["id"].as_str().unwrap().to_owned(), client)
}

#[tokio::test]
async fn metrics_are_served_on_an_address_of_their_own_and_nothing_else_is() {
    let house = House::with(&[("MESHKEY_METRICS_LISTEN", "127.0.0.1:0")]).await;
    let side = format!("http://{}", house.metrics_address().unwrap());
    let answer = reqwest::get(format!("{side}/metrics")).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = answer.text().await.unwrap();
    assert!(text.starts_with("# HELP meshkey_") && text.ends_with("# EOF\n"), "{text}");
    for path in ["/", "/livez", "/readyz", "/v1/whoami", "/metrics/x", "/openapi.yaml"] {
        assert_eq!(reqwest::get(format!("{side}{path}")).await.unwrap().status(), 404, "{path}");
    }
    let post = reqwest::Client::new().post(format!("{side}/metrics")).send().await.unwrap();
    assert_eq!(post.status(), 405);
    house.stranger().get("/metrics").await.expect(404);
}

#[tokio::test]
async fn without_an_address_they_are_served_nowhere() {
    assert_eq!(House::new().await.metrics_address(), None);
}

#[tokio::test]
async fn decisions_are_counted_by_where_the_key_was_known_and_by_the_reason_for_a_no() {
    let house = House::new().await;
    let ((_, holder), (_, asker)) = (key(&house.admin(), "send").await, key(&house.admin(), "verify").await);
    trusted(&house).await;
    verify(&asker, &holder, "send").await;
    let [memory, database] =
        ["memory", "database"].map(|source| format!("meshkey_lookups_total{{source=\"{source}\"}}"));
    let before = [&memory, &database].map(|series| counted(&house, series));
    assert!(before[1] >= 2, "two keys were read: {before:?}");
    let trust = counted(&house, "meshkey_lapses_total");
    assert_eq!(verify(&asker, &holder, "read").await["code"], "capability_missing");
    if counted(&house, "meshkey_lapses_total") == trust {
        let after = [&memory, &database].map(|series| counted(&house, series));
        // The asker at the guard and when it is judged again, and the key that is asked about.
        assert_eq!(after, [before[0] + 3, before[1]]);
    }
    assert!(counted(&house, "meshkey_remembered_keys") >= 2);
    let denials = |door: &str, code: &str| format!("meshkey_{door}_denials_total{{code=\"{code}\"}}");
    assert_eq!(counted(&house, &denials("verify", "capability_missing")), 1);
    asker.get("/v1/meshes/main/topics").await.expect(403);
    assert_eq!(counted(&house, &denials("guard", "capability_missing")), 1);
    assert_eq!(counted(&house, &denials("guard", "revoked")), 0);
}

#[tokio::test]
async fn a_revocation_is_counted_with_the_time_it_took_and_who_knows_of_it() {
    let house = House::new().await;
    let twin = house.twin().await;
    let (id, holder) = key(&house.admin(), "send").await;
    trusted(&house).await;
    trusted(&twin).await;
    house.admin().post(&holder.at(&format!("/keys/{id}/revoke")), json!({})).await.expect(200);
    let text = house.metrics();
    let count = |series: &str| count(&text, series);
    assert_eq!(count("meshkey_revocation_effect_seconds_count"), 1, "{text}");
    assert!(seconds(&house, "meshkey_revocation_effect_seconds_sum") < 10.0);
    assert_eq!(count("meshkey_revocation_effect_seconds_bucket{le=\"60.0\"}"), 1, "{text}");
    let told = ["meshkey_revocation_acknowledgements_total", "meshkey_revocation_lapsed_replicas_total"].map(count);
    assert_eq!(told[0] + told[1], 2, "{text}");
    assert_eq!(count("meshkey_replicas"), 2, "{text}");
    assert!(count("meshkey_changes_applied_total") >= 1, "{text}");
    let route = "/v1/orgs/{org}/keys/{key}/revoke";
    let series = format!("meshkey_http_requests_total{{route=\"{route}\",status=\"200\"}}");
    assert_eq!(count(&series), 1, "{text}");
    house.stranger().get("/nowhere").await.expect(404);
    assert!(counted(&house, "meshkey_http_requests_total{route=\"-\",status=\"404\"}") >= 1);
}

/// What somebody is woken for: beats that fail, their age, and that trust is over.
#[tokio::test]
async fn a_database_out_of_reach_is_seen_as_failed_beats_and_as_one_lapse() {
    let house = House::new().await;
    trusted(&house).await;
    let before = counted(&house, "meshkey_lapses_total");
    house.set_reachable(false).await;
    until(&house, "meshkey_trusted", |trusted| trusted < 1.0).await;
    until(&house, "meshkey_beats_total{result=\"failed\"}", |failed| failed >= 2.0).await;
    let (lapses, age) = (counted(&house, "meshkey_lapses_total"), seconds(&house, "meshkey_beat_age_seconds"));
    assert_eq!(lapses, before + 1, "one lapse is one, however long it lasts");
    assert!(age >= 1.8, "{age}");
    house.set_reachable(true).await;
    trusted(&house).await;
    assert_eq!(counted(&house, "meshkey_lapses_total"), lapses);
    until(&house, "meshkey_beat_age_seconds", |age| age < 1.8).await;
}

#[tokio::test]
async fn what_remembers_nothing_asks_and_beats_all_the_same() {
    let house = House::with(&[("MESHKEY_CACHE_KEYS", "0")]).await;
    until(&house, "meshkey_beats_total{result=\"acknowledged\"}", |beats| beats >= 2.0).await;
    house.admin().get("/v1/whoami").await.expect(200);
    house.admin().get("/v1/whoami").await.expect(200);
    assert_eq!(counted(&house, "meshkey_lookups_total{source=\"memory\"}"), 0);
    assert_eq!(counted(&house, "meshkey_lookups_total{source=\"database\"}"), 2);
    assert_eq!(counted(&house, "meshkey_remembered_keys"), 0);
}

/// Each metric as it is served: its type, and the names of its labels.
fn served(text: &str) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let mut found: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        let suffix = if kind == "counter" { "_total" } else { "" };
        found.insert(format!("{name}{suffix}"), (kind.to_owned(), BTreeSet::new()));
    }
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, labels) = line.rsplit_once(' ').unwrap().0.split_once('{').unwrap_or((line, ""));
        let name = name.trim_end_matches("_bucket");
        let labels = labels.trim_end_matches('}').split(',').filter_map(|label| Some(label.split_once('=')?.0));
        if let Some((_, known)) = found.get_mut(name) {
            known.extend(labels.filter(|label| *label != "le").map(str::to_owned));
        }
    }
    found
}

#[tokio::test]
async fn the_page_tells_of_each_metric_with_its_type_and_labels_and_of_no_other() {
    let house = House::new().await;
    house.admin().get("/v1/whoami").await.expect(200);
    let page = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `meshkey_"));
    let cells = rows.map(|row| row.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
    let told: BTreeMap<_, _> = cells
        // The other table tells of conditions, which are more than a name.
        .filter(|cells| !cells[1].contains(' '))
        .map(|cells| {
            let labels = cells[3].split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
            (cells[1].trim_matches('`').to_owned(), (cells[2].clone(), labels))
        })
        .collect();
    assert_eq!(told, served(&house.metrics()));
}
