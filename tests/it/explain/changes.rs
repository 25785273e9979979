//! What is told is so: the decision is that of verify, the changes allow it, and none of them can be left out.

use serde_json::{Value, json};

use super::{expire, question, sender};
use crate::{client::Client, house::House, tools::id};

/// The rules in the order of every door.
const RULES: [&str; 10] = [
    "revoked",
    "expired",
    "disabled",
    "org_suspended",
    "mesh_archived",
    "ip_not_allowed",
    "wrong_mesh",
    "capability_missing",
    "topic_out_of_scope",
    "rate_limited",
];

/// A house with a key in question, and who asks about it.
struct Scene {
    house: House,
    admin: Client,
    key: String,
    secret: String,
}

impl Scene {
    async fn new() -> Self {
        let house = House::new().await;
        let admin = house.admin();
        admin.post(&admin.at("/meshes"), json!({ "slug": "other" })).await.expect(201);
        let (key, holder) = sender(&admin).await;
        Self { house, key, secret: holder.secret().to_owned(), admin }
    }

    async fn explain(&self, more: &Value) -> Value {
        self.admin.post("/v1/explain", question(&json!(self.key), more)).await.expect(200).body
    }

    /// What verify says of the key; all but what is told only here.
    async fn verify(&self, more: &Value) -> Value {
        self.admin.post("/v1/verify", question(&json!(self.secret), more)).await.expect(200).body
    }

    async fn verb(&self, verb: &str) {
        self.admin.act(&self.admin.at(&format!("/{verb}"))).await.expect(200);
    }

    /// Does something to the key or its mesh, so that it is denied.
    async fn harm(&self, how: &str) {
        match how {
            "revoke" | "disable" => self.verb(&format!("keys/{}/{how}", self.key)).await,
            "archive" => self.verb("meshes/main/archive").await,
            "archive other" => self.verb("meshes/other/archive").await,
            "expire" => expire(&self.house, &self.key).await,
            _ => {}
        }
    }

    /// Carries a change out; a change of the question is given back, and so is another key.
    async fn carry_out(&mut self, change: &Value, asked: &mut Value) {
        let key = format!("/keys/{}", self.key);
        match change["action"].as_str().unwrap() {
            "edit_key" => {
                let done = self.admin.patch(&self.admin.at(&key), change["patch"].clone(), "*").await.expect(200);
                assert_eq!(done.body["id"], self.key);
            }
            "enable_key" => self.verb(&format!("keys/{}/enable", self.key)).await,
            "unarchive_mesh" => {
                let mesh = change["detail"].as_str().unwrap().rsplit(' ').next().unwrap();
                self.verb(&format!("meshes/{mesh}/unarchive")).await;
            }
            "use_other_address" => asked["ip"] = json!("192.0.2.200"),
            "issue_key" => {
                let whole = question(&Value::Null, asked);
                let topics = if whole["topic"].is_null() { json!("all") } else { json!([whole["topic"]]) };
                let wish = json!({ "mesh": whole["mesh"], "capabilities": [whole["capability"]], "topics": topics });
                let (key, holder) = self.admin.issue(wish).await;
                (self.key, self.secret) = (id(&key), holder.secret().to_owned());
            }
            other => panic!("{other} cannot be done here"),
        }
    }
}

fn actions(told: &Value) -> Vec<&str> {
    told["changes"].as_array().unwrap().iter().map(|change| change["action"].as_str().unwrap()).collect()
}

/// Explains, and holds what is told against what verify says.
async fn explained(scene: &Scene, asked: &Value) -> Value {
    let (told, verdict) = (scene.explain(asked).await, scene.verify(asked).await);
    for member in ["allowed", "code", "detail", "key"] {
        assert_eq!(told[member], verdict[member], "{told}");
    }
    let rules = told["rules"].as_array().unwrap();
    let names: Vec<_> = rules.iter().map(|rule| rule["rule"].as_str().unwrap()).collect();
    assert_eq!(names, RULES);
    let first = rules.iter().find(|rule| rule["passed"] == false);
    assert_eq!(first.map_or(&json!("ok"), |rule| &rule["rule"]), &told["code"]);
    assert!(first.is_none_or(|rule| rule["detail"] == told["detail"]), "{told}");
    told
}

/// What was done to the key, what is asked of it, the code that is told, and the actions that are needed.
type Trouble = (&'static str, Value, &'static str, &'static [&'static str]);

fn troubles() -> Vec<Trouble> {
    let (read, elsewhere) = (json!({ "capability": "read", "topic": "secrets" }), json!({ "ip": "10.0.0.1" }));
    vec![
        ("", json!({}), "ok", &[]),
        ("revoke", json!({}), "revoked", &["issue_key"]),
        ("expire", json!({}), "expired", &["edit_key"]),
        ("disable", json!({}), "disabled", &["enable_key"]),
        ("archive", json!({}), "mesh_archived", &["unarchive_mesh"]),
        ("", elsewhere.clone(), "ip_not_allowed", &["edit_key"]),
        ("", json!({ "ip": null }), "ip_not_allowed", &["use_other_address"]),
        ("", json!({ "mesh": "other", "topic": null }), "wrong_mesh", &["issue_key"]),
        ("", json!({ "capability": "read" }), "capability_missing", &["edit_key"]),
        ("", json!({ "topic": "secrets" }), "topic_out_of_scope", &["edit_key"]),
        ("", json!({ "topic": null }), "topic_out_of_scope", &["edit_key"]),
        // Several at once: the first decides, and all that is to be edited is one change.
        ("expire disable", read.clone(), "expired", &["enable_key", "edit_key"]),
        ("archive disable", read, "disabled", &["unarchive_mesh", "enable_key", "edit_key"]),
        ("archive revoke", json!({}), "revoked", &["unarchive_mesh", "issue_key"]),
        ("archive other", json!({ "mesh": "other", "topic": null }), "mesh_archived", &["unarchive_mesh", "issue_key"]),
        ("archive expire", json!({ "ip": null }), "expired", &["unarchive_mesh", "use_other_address", "edit_key"]),
    ]
}

async fn troubled(harm: &str) -> Scene {
    let scene = Scene::new().await;
    match harm {
        "archive other" => scene.harm(harm).await,
        several => {
            for how in several.split(' ') {
                scene.harm(how).await;
            }
        }
    }
    scene
}

// P-9
#[tokio::test]
async fn the_changes_that_are_told_allow_it_and_none_can_be_left_out() {
    for (harm, asked, code, needed) in troubles() {
        let mut scene = troubled(harm).await;
        let told = explained(&scene, &asked).await;
        assert_eq!((told["code"].as_str().unwrap(), actions(&told)), (code, needed.to_vec()), "{harm} {asked}");
        let changes = told["changes"].as_array().unwrap().clone();
        let mut now_asked = asked.clone();
        for (number, change) in changes.iter().enumerate() {
            assert_eq!(scene.verify(&now_asked).await["allowed"], false, "{harm} {asked}: without {number}");
            scene.carry_out(change, &mut now_asked).await;
        }
        let done = explained(&scene, &now_asked).await;
        assert_eq!((&done["code"], &done["changes"]), (&json!("ok"), &json!([])), "{harm} {asked}");
    }
}

#[tokio::test]
async fn whichever_change_is_left_out_it_is_refused() {
    for (harm, asked, _, needed) in troubles().into_iter().filter(|trouble| trouble.3.len() > 1) {
        for left_out in 0..needed.len() {
            // Another key cannot be issued into an archived mesh: there the order already proves it.
            if needed.contains(&"issue_key") {
                continue;
            }
            let mut scene = troubled(harm).await;
            let changes = scene.explain(&asked).await["changes"].as_array().unwrap().clone();
            let mut now_asked = asked.clone();
            for (_, change) in changes.iter().enumerate().filter(|(number, _)| *number != left_out) {
                scene.carry_out(change, &mut now_asked).await;
            }
            let told = explained(&scene, &now_asked).await;
            assert_eq!(actions(&told), [needed[left_out]], "{harm} {asked} without {}", needed[left_out]);
        }
    }
}

#[tokio::test]
async fn it_is_told_in_words_what_was_judged_and_what_is_to_be_done() {
    let scene = Scene::new().await;
    let rule = |told: &Value, number: usize| told["rules"][number]["detail"].as_str().unwrap().to_owned();
    let told = scene.explain(&json!({ "capability": "read", "topic": "secrets", "ip": "10.0.0.1" })).await;
    assert_eq!(told["changes"].as_array().unwrap().len(), 1);
    let change = &told["changes"][0];
    let words = "add the address 10.0.0.1, add the capability 'read', add the topic 'secrets'";
    assert_eq!(change["detail"], words);
    let addresses = json!(["127.0.0.1/32", "192.0.2.0/24", "10.0.0.1/32"]);
    let patch = json!({ "addresses": addresses, "capabilities": ["send", "read"], "topics": ["deploys", "secrets"] });
    assert_eq!(change["patch"], patch);
    assert_eq!(rule(&told, 7), "this key lacks the capability 'read'");
    let told = scene.explain(&json!({})).await;
    assert_eq!(rule(&told, 5), "this key may be used from 192.0.2.7");
    assert_eq!(rule(&told, 7), "this key has the capability 'send'");
    assert_eq!(rule(&told, 8), "this key reaches the topic 'deploys', by 'deploys'");
    let own = json!({ "capability": "send", "topic": "deploys" });
    let told = scene.admin.post("/v1/explain", own).await.expect(200).body;
    assert_eq!(rule(&told, 1), "this key never ends");
    assert_eq!(rule(&told, 5), "this key may be used from any address");
    assert_eq!(rule(&told, 7), "this key has 'admin', which includes 'send'");
    assert_eq!(rule(&told, 8), "this key reaches all topics");
}

#[tokio::test]
async fn a_later_end_is_proposed_that_whoever_asks_may_set() {
    let scene = Scene::new().await;
    let wish = json!({ "capabilities": ["admin"], "topics": "all", "expires_at": "2080-01-01T00:00:00Z" });
    let (_, for_long) = scene.admin.issue(wish).await;
    let soon = (time::OffsetDateTime::now_utc() + time::Duration::hours(1)).replace_nanosecond(0).unwrap();
    let soon = soon.format(&time::format_description::well_known::Rfc3339).unwrap();
    let wish = json!({ "capabilities": ["admin"], "topics": "all", "expires_at": soon });
    let (_, not_for_long) = scene.admin.issue(wish).await;
    expire(&scene.house, &scene.key).await;
    for (by, is_clamped) in [(&for_long, false), (&not_for_long, true)] {
        let told = by.post("/v1/explain", question(&json!(scene.key), &json!({}))).await.expect(200).body;
        let patch = told["changes"][0]["patch"].clone();
        assert_eq!(patch["expires_at"] == json!(soon), is_clamped, "{told}");
        by.patch(&by.at(&format!("/keys/{}", scene.key)), patch, "*").await.expect(200);
        assert_eq!(scene.verify(&json!({})).await["code"], "ok");
        expire(&scene.house, &scene.key).await;
    }
}
