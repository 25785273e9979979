//! Dead means dead: the freshness protocol under the schedules in which it could go wrong, each forced. A replica is stopped
//! at a point, or its beats by a lock in the database, until what must not happen would have happened.
//!
//! `slow` is a replica with a bound of 20 s: what it trusts, it trusts for longer than any test lasts.

mod beats;
mod feed;
mod fills;
mod mutants;
mod outage;
mod start;
mod verbs;
mod waits;

use meshkey::{
    domain::{Secret, SecretHash},
    service::fresh::Basis,
};
use serde_json::{Value, json};

use super::{
    client::{Answer, Client},
    house::House,
    tools::{eventually, id},
};

const SLOW: [(&str, &str); 2] = [("MESHKEY_BOUND", "20s"), ("MESHKEY_REPLICA_NAME", "slow")];
/// A bound of which a few looks and requests are a small part, however busy the machine is: who is silent for longer is taken
/// for dead, and nobody waits for it any more.
const SILENT: [(&str, &str); 2] = [("MESHKEY_BOUND", "3s"), ("MESHKEY_REPLICA_NAME", "silent")];
const QUICK: [(&str, &str); 2] = [("MESHKEY_BOUND", "500ms"), ("MESHKEY_REPLICA_NAME", "quick")];

/// Two replicas: `other` makes the changes, and of `slow` it must hold when they answer.
struct Two {
    other: House,
    slow: House,
}

/// A key: its id, its secret, and what it was asked for.
struct Held {
    id: String,
    secret: String,
}

impl Two {
    async fn new() -> Self {
        Self::with(&SLOW).await
    }

    async fn with(settings: &[(&str, &str)]) -> Self {
        let other = House::new().await;
        let slow = other.replica(settings).await;
        trusts(&other).await;
        trusts(&slow).await;
        Self { other, slow }
    }

    /// A key that reads everything.
    async fn key(&self) -> Held {
        issued(&self.other).await
    }

    /// The same, which the slow one remembers.
    async fn remembered(&self) -> Held {
        let key = self.key().await;
        assert!(accepts(&self.slow, &key.secret).await);
        assert!(remembers(&self.slow, &key.secret), "nothing is proved");
        key
    }

    /// Revokes a key by the other.
    async fn revoke(&self, key: &Held) -> Answer {
        let admin = self.other.admin();
        admin.act(&admin.at(&format!("/keys/{}/revoke", key.id))).await
    }
}

async fn issued(house: &House) -> Held {
    let (key, holder) = house.admin().issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    Held { id: id(&key), secret: holder.secret().to_owned() }
}

/// Waits until this replica decides from memory.
async fn trusts(house: &House) {
    let trusts = async || (house.fresh().memory.basis() == Basis::Memory).then_some(());
    eventually("it decides from memory", trusts).await;
}

/// Waits until this replica asks.
async fn asks(house: &House) {
    let asks = async || (house.fresh().memory.basis() == Basis::Asking).then_some(());
    eventually("it trusts nothing", asks).await;
}

fn hash(secret: &str) -> SecretHash {
    secret.parse::<Secret>().unwrap().hash()
}

/// Whether this replica would decide on this key from memory, without asking anybody.
fn remembers(house: &House, secret: &str) -> bool {
    house.fresh().memory.holder(&hash(secret), None).is_some()
}

/// Whether this replica accepts this key.
async fn accepts(house: &House, secret: &str) -> bool {
    let answer = holder(house, secret).get("/v1/whoami").await;
    assert!([200, 401, 403].contains(&answer.status), "{answer:?}");
    answer.status == 200
}

fn holder(house: &House, secret: &str) -> Client {
    house.stranger().with_key(secret)
}

/// What an answer says of how the change came to hold everywhere.
fn told(answer: &Answer) -> (&Value, u64, u64) {
    let number = |name: &str| answer.body[name].as_u64().unwrap_or_else(|| panic!("{name}: {answer:?}"));
    (&answer.body["effective"], number("acknowledged"), number("lapsed"))
}

/// A change that the slow one has not heard of is in a verdict that names it, and not in another.
async fn deafened_label() {
    let two = Two::new().await;
    let key = two.remembered().await;
    let (_, asker) = two.other.admin().issue(json!({ "capabilities": ["verify"], "topics": "all" })).await;
    let asker = holder(&two.slow, asker.secret());
    let question = json!({ "key": key.secret, "capability": "read" });
    assert_eq!(asker.post("/v1/verify", question.clone()).await.expect(200).body["key"]["label"], "test");
    let stop = two.slow.fresh().memory.hooks().stop_at(meshkey::service::fresh::hooks::Point::BeatSent);
    let db = two.other.sql("superuser").await;
    db.batch_execute("NOTIFY meshkey_changes").await.unwrap();
    stop.reached().await;
    let change =
        "WITH changed AS (UPDATE api_keys SET label = 'renamed' WHERE label = 'test' AND 'read' = ANY (capabilities)
                                   RETURNING id)
                  SELECT meshkey_server() || '/' || pg_current_xact_id()::text FROM changed";
    let change = super::tools::one(&db, change).await;
    let before = asker.post("/v1/verify", question.clone()).await.expect(200).clone();
    assert_eq!(before.body["key"]["label"], "test", "it is remembered");
    let mut named = question;
    named["at_least"] = json!(change);
    let after = asker.post("/v1/verify", named.clone()).await.expect(200).clone();
    assert_eq!(after.body["key"]["label"], "renamed");
    assert!(after.body["as_of"].as_str() > before.body["as_of"].as_str());
    named["at_least"] = json!("yesterday");
    asker.post("/v1/verify", named).await.problem(422, "invalid_input");
    drop(stop);
}
