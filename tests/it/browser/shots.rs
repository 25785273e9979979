//! The pictures of the README: made anew by every run, under `target/tmp/screenshots`, of an org as one may look.

use std::path::Path;

use serde_json::{Value, json};

use super::{SETTINGS, equipment, run_with};
use crate::{
    house::House,
    pages::in_days,
    persons::Person,
    sign_in::visitor::PASSWORD,
    tools::{by_hand, id},
};

/// Every hour of the last day is used, some more than others.
const USES: &str = "
    INSERT INTO key_uses (org_id, key_id, hour, capability, topic, outcome, count)
    SELECT k.org_id, k.id, date_trunc('hour', now()) - make_interval(hours => h), 'send', 'deploys', o.outcome,
           (2 + (h * 7 + length(k.label)) % 23) * o.weight / 10 + 1
    FROM api_keys k, generate_series(0, 167) h, (VALUES ('ok', 90), ('topic_out_of_scope', 4)) o (outcome, weight)
    WHERE k.label IN ('ci-deploys', 'release-bot', 'status page') AND (o.outcome = 'ok' OR (h + length(k.label)) % 5 = 0);
    UPDATE api_keys SET last_used_at = now() - make_interval(mins => length(label)), last_used_from = '10.0.4.7'
    WHERE label IN ('ci-deploys', 'release-bot', 'status page')";

async fn furnished() -> (House, Value) {
    let house = House::with(&SETTINGS).await;
    let admin = house.admin();
    let dana = Person::in_org(&house, "Dana", "owner").await;
    dana.takes_password(&house, PASSWORD).await;
    for (name, role) in [("Lee", "admin"), ("Mia", "member"), ("Sam", "viewer")] {
        Person::in_org(&house, name, role).await;
    }
    for topic in ["incidents", "billing", "ci.web", "ci.api"] {
        admin.post(&admin.at("/meshes/main/topics"), json!({ "name": topic })).await.expect(201);
    }
    let mut keys = json!({});
    for (label, capabilities, topics, days) in [
        ("billing export", json!(["read"]), json!(["billing"]), Some(9)),
        ("infra automation", json!(["admin"]), json!("all"), Some(26)),
        ("on-call pager", json!(["send", "read"]), json!(["incidents"]), Some(80)),
        ("status page", json!(["read"]), json!(["deploys", "incidents"]), Some(120)),
        ("release-bot", json!(["send", "read"]), json!(["ci.*", "deploys"]), Some(61)),
        ("ci-deploys", json!(["send"]), json!(["deploys"]), Some(89)),
    ] {
        let end = days.map(in_days);
        let wish = json!({ "label": label, "mesh": "main", "capabilities": capabilities, "topics": topics, "expires_at": end });
        let (key, holder) = admin.issue(wish).await;
        if label == "ci-deploys" {
            holder.post("/v1/meshes/main/topics/billing/messages", json!({ "body": 1 })).await.expect(403);
        }
        keys[label] = json!(id(&key));
    }
    house.flush_uses().await;
    by_hand(&house.sql("superuser").await, USES).await;
    (house, keys)
}

#[tokio::test]
async fn the_pictures_of_the_readme_are_made() {
    let Some(equipment) = equipment() else { return };
    let (house, keys) = furnished().await;
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    let told = [("MESHKEY_PICTURES", place.to_str().unwrap().to_owned()), ("MESHKEY_KEYS", keys.to_string())];
    run_with(&house, "shots.test.mjs", equipment, &told).await;
}
