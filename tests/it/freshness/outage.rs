//! With the database out of reach: nothing beyond the bound, or what the grace allows, and that only for so long.

use meshkey::service::fresh::hooks::Point;
use serde_json::{Value, json};

use super::{Two, asks, holder, remembers, told};
use crate::{
    client::{Answer, Client},
    metrics::counted,
};

async fn verify(asker: &Client, key: &str, capability: &str) -> Answer {
    let topic = if capability == "admin" { Value::Null } else { json!("deploys") };
    asker.post("/v1/verify", json!({ "key": key, "capability": capability, "topic": topic })).await
}

/// A replica with this grace that is cut off from the database, what it remembers of a key, and somebody who asks it.
async fn cut_off(two: &Two) -> (Client, String) {
    let admin = two.other.admin();
    let (_, asker) = admin.issue(json!({ "capabilities": ["verify"], "topics": "all" })).await;
    let (_, key) = admin.issue(json!({ "label": "graced", "capabilities": ["admin"], "topics": "all" })).await;
    let asker = holder(&two.slow, asker.secret());
    assert_eq!(verify(&asker, key.secret(), "send").await.expect(200).body["allowed"], true);
    (asker, key.secret().to_owned())
}

// F12
#[tokio::test]
async fn the_grace_lets_send_and_read_go_on_and_nothing_else() {
    let settings = [("MESHKEY_BOUND", "500ms"), ("MESHKEY_OUTAGE_GRACE", "10m"), ("MESHKEY_REPLICA_NAME", "graced")];
    let two = Two::with(&settings).await;
    let (asker, key) = cut_off(&two).await;
    let _stop = two.slow.fresh().memory.hooks().stop_at(Point::BeatSent);
    two.slow.cut_off();
    let graced = async || (!remembers(&two.slow, &key)).then_some(());
    crate::tools::eventually("it trusts nothing by itself", graced).await;
    assert_eq!(two.slow.stranger().get("/readyz").await.expect(200).body["decides"], "grace");
    for capability in ["send", "read"] {
        assert_eq!(verify(&asker, &key, capability).await.expect(200).body["allowed"], true);
    }
    for capability in ["state_write", "admin", "verify"] {
        verify(&asker, &key, capability).await.problem(503, "store_unavailable");
    }
    asker.get("/v1/whoami").await.problem(503, "store_unavailable");
    let unknown = super::issued(&two.other).await;
    verify(&asker, &unknown.secret, "read").await.problem(503, "store_unavailable");
    let of = |series: &str| counted(&two.slow, series);
    assert_eq!(of("meshkey_answers_in_grace_total"), 2);
    // For each of them the asker too; and the asker alone, for what is not answered so.
    assert!(of(r#"meshkey_lookups_total{source="grace"}"#) >= 4);
    assert_eq!(counted(&two.other, "meshkey_answers_in_grace_total"), 0);
}

// F12
#[tokio::test]
async fn the_grace_lets_pass_a_gateway_what_goes_on_and_nothing_else() {
    let settings = [("MESHKEY_BOUND", "500ms"), ("MESHKEY_OUTAGE_GRACE", "10m"), ("MESHKEY_REPLICA_NAME", "graced")];
    let two = Two::with(&settings).await;
    let wish = json!({ "label": "graced", "mesh": "main", "capabilities": ["admin"], "topics": "all" });
    let (_, key) = two.other.admin().issue(wish).await;
    let gateway = holder(&two.slow, key.secret());
    let gate =
        async |capability: &str| gateway.get(&format!("/v1/forward-auth/skipper/mesh/acme/main/{capability}")).await;
    // It may take longer than a gateway waits.
    crate::tools::eventually("it passes", async || (gate("admin").await.status == 200).then_some(())).await;
    let _stop = two.slow.fresh().memory.hooks().stop_at(Point::BeatSent);
    two.slow.cut_off();
    let graced = async || (!remembers(&two.slow, key.secret())).then_some(());
    crate::tools::eventually("it trusts nothing by itself", graced).await;
    for capability in ["send", "read"] {
        gate(capability).await.expect(200);
    }
    for capability in ["state_write", "admin", "verify"] {
        gate(capability).await.problem(503, "store_unavailable");
    }
    assert_eq!(counted(&two.slow, "meshkey_answers_in_grace_total"), 2);
}

// F12
#[tokio::test]
async fn at_a_stored_gate_the_grace_lets_pass_what_goes_on_and_nothing_else() {
    let settings = [("MESHKEY_BOUND", "500ms"), ("MESHKEY_OUTAGE_GRACE", "10m"), ("MESHKEY_REPLICA_NAME", "graced")];
    let two = Two::with(&settings).await;
    let admin = two.other.admin();
    let wish = json!({ "label": "graced", "mesh": "main", "capabilities": ["admin"], "topics": "all" });
    let (_, key) = admin.issue(wish).await;
    let gateway = holder(&two.slow, key.secret());
    let mut gates = Vec::new();
    for name in ["known", "unknown"] {
        let methods = json!({ "GET": "read", "POST": "send", "PUT": "admin" });
        let gate = json!({ "mesh": "main", "name": name, "methods": methods });
        gates.push(crate::tools::id(&admin.post(&admin.at("/gates"), gate).await.expect(201).body));
    }
    let pass = async |gate: &str, method: &str| {
        let request = gateway.raw("GET", &format!("/v1/forward-auth/nginx/{gate}"));
        request.header("X-Original-Method", method).header("X-Original-URI", "/").send().await
    };
    // It may take longer than a gateway waits.
    crate::tools::eventually("it passes", async || (pass(&gates[0], "PUT").await.status == 200).then_some(())).await;
    let _stop = two.slow.fresh().memory.hooks().stop_at(Point::BeatSent);
    two.slow.cut_off();
    let graced = async || (!remembers(&two.slow, key.secret())).then_some(());
    crate::tools::eventually("it trusts nothing by itself", graced).await;
    pass(&gates[0], "GET").await.expect(200);
    pass(&gates[0], "POST").await.expect(200);
    pass(&gates[0], "PUT").await.problem(503, "store_unavailable");
    pass(&gates[1], "GET").await.problem(503, "store_unavailable");
    assert_eq!(counted(&two.slow, "meshkey_answers_in_grace_total"), 2);
}

// F12
#[tokio::test]
async fn a_revocation_waits_for_the_grace_too() {
    let settings = [("MESHKEY_BOUND", "500ms"), ("MESHKEY_OUTAGE_GRACE", "4s"), ("MESHKEY_REPLICA_NAME", "graced")];
    let two = Two::with(&settings).await;
    let (asker, key) = cut_off(&two).await;
    let _stop = two.slow.fresh().memory.hooks().stop_at(Point::BeatSent);
    two.slow.cut_off();
    let admin = two.other.admin();
    let keys = admin.get(&admin.at("/keys?text=graced")).await;
    let path = admin.at(&format!("/keys/{}/revoke", crate::tools::id(&keys.expect(200).items()[0])));
    let answer = admin.act(&path).await.expect(200).clone();
    verify(&asker, &key, "send").await.problem(503, "store_unavailable");
    assert_eq!(told(&answer), (&json!("everywhere"), 1, 1));
}

#[tokio::test]
async fn without_a_grace_nothing_goes_on() {
    let two = Two::with(&super::QUICK).await;
    let (asker, key) = cut_off(&two).await;
    let _stop = two.slow.fresh().memory.hooks().stop_at(Point::BeatSent);
    two.slow.cut_off();
    asks(&two.slow).await;
    verify(&asker, &key, "send").await.problem(503, "store_unavailable");
    two.slow.stranger().get("/readyz").await.problem(503, "store_unavailable");
}
