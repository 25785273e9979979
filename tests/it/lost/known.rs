//! What a client knows: what it was told was done, and what it was not told.

use std::collections::BTreeMap;

use meshkey::domain::{KeyId, MessageId};
use rand::{RngExt as _, rngs::StdRng};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio_postgres::Client as Db;

use crate::{
    client::{Answer, Client},
    contract::scene::fresh,
    tools::id,
};

const MESSAGES: &str = "/v1/meshes/main/topics/deploys/messages";

/// What a client wants done. What is to be done once has a name by which it is known again.
#[derive(Debug, Clone)]
pub enum Deed {
    Issue(String),
    Rotate(String, String),
    Edit(String, String),
    Revoke(String),
    Send(String),
    Put(String, String),
}

/// A key as its client knows it.
#[derive(Default)]
struct Key {
    label: String,
    etag: String,
    /// Not known where the first answer was lost.
    secret: Option<String>,
    rotations: i32,
    revoked: bool,
}

/// A client that does one thing after the other, and remembers each answer.
pub struct Known {
    pub dice: StdRng,
    keys: BTreeMap<String, Key>,
    messages: BTreeMap<String, (i64, String)>,
    states: BTreeMap<String, String>,
    /// The requests that changed what the audit is about.
    requests: Vec<String>,
    pub doubt: Option<Deed>,
}

impl Known {
    pub fn new(dice: StdRng) -> Self {
        let (keys, messages, states) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { dice, keys, messages, states, requests: Vec::new(), doubt: None }
    }

    /// What to do next.
    pub fn wish(&mut self) -> Deed {
        let live: Vec<_> = self.keys.iter().filter(|(_, key)| !key.revoked).map(|(id, _)| id.clone()).collect();
        let some = (!live.is_empty()).then(|| live[self.dice.random_range(0..live.len())].clone());
        match (self.dice.random_range(0..6), some) {
            (0, Some(key)) => Deed::Rotate(key, fresh("rotation")),
            (1, Some(key)) => Deed::Edit(key, fresh("label")),
            (2, Some(key)) if live.len() > 3 => Deed::Revoke(key),
            (3, _) => Deed::Send(fresh("message")),
            (4, _) => Deed::Put(format!("state-{}", self.dice.random_range(0..3)), fresh("value")),
            _ => Deed::Issue(fresh("key")),
        }
    }

    /// Asks for it. The same deed is the same request.
    pub async fn ask(&self, by: &Client, deed: &Deed) -> Result<Answer, reqwest::Error> {
        let key = |id: &str, verb: &str| by.at(&format!("/keys/{id}{verb}"));
        let once = |path: &str, name: &str| by.raw("POST", path).header("Idempotency-Key", name);
        match deed {
            Deed::Issue(name) => {
                let wish = json!({ "label": name, "mesh": "main", "capabilities": ["read"], "topics": "all" });
                once(&by.at("/keys"), name).json(&wish)
            }
            Deed::Rotate(id, name) => once(&key(id, "/rotate"), name).json(&json!({ "overlap": "0s" })),
            Deed::Edit(id, label) => {
                let body = json!({ "label": label }).to_string();
                let request = by.raw("PATCH", &key(id, "")).header("If-Match", &self.keys[id].etag);
                request.body("application/merge-patch+json", body)
            }
            Deed::Revoke(id) => by.raw("POST", &key(id, "/revoke")),
            Deed::Send(name) => once(MESSAGES, name).json(&json!({ "body": name })),
            Deed::Put(name, value) => {
                let path = format!("/v1/meshes/main/state/of-{}-{name}", by.secret()[5..13].to_lowercase());
                by.raw("PUT", &path).json(&json!({ "value": value }))
            }
        }
        .try_send()
        .await
    }

    /// Remembers what it was told.
    pub fn learn(&mut self, deed: &Deed, answer: &Answer) {
        match deed {
            Deed::Send(name) => {
                let seq = answer.body["seq"].as_i64().unwrap();
                assert!(self.messages.insert(id(&answer.body), (seq, name.clone())).is_none());
                return;
            }
            Deed::Put(_, value) => {
                self.states.insert(answer.body["name"].as_str().unwrap().to_owned(), value.clone());
                return;
            }
            Deed::Issue(label) => {
                self.keys.insert(id(&answer.body), Key { label: label.clone(), ..Key::default() });
            }
            Deed::Edit(id, label) => self.key(id).label.clone_from(label),
            Deed::Rotate(id, _) => self.key(id).rotations += 1,
            Deed::Revoke(id) => self.key(id).revoked = true,
        }
        if let Deed::Issue(_) | Deed::Rotate(..) = deed {
            self.key(&id(&answer.body)).secret = answer.body["secret"].as_str().map(str::to_owned);
        }
        if let Deed::Issue(_) | Deed::Rotate(..) | Deed::Edit(..) = deed {
            self.key(&id(&answer.body)).etag = answer.etag();
        }
        if !answer.headers.contains_key("idempotent-replayed") {
            self.requests.push(answer.header("x-request-id").to_owned());
        }
    }

    fn key(&mut self, id: &str) -> &mut Key {
        self.keys.get_mut(id).unwrap()
    }

    /// Asks again for what it was not told of; then it knows.
    pub async fn settle(&mut self, by: &Client) {
        let Some(deed) = self.doubt.take() else { return };
        let answer = self.ask(by, &deed).await.unwrap();
        match (&deed, answer.status) {
            (Deed::Edit(id, label), 412) => {
                let now = by.get(&by.at(&format!("/keys/{id}"))).await.expect(200);
                assert_eq!(now.body["label"], **label, "somebody else's edit");
                let key = self.key(id);
                (key.label, key.etag) = (label.clone(), now.etag());
            }
            (Deed::Revoke(id), 409) => {
                answer.problem(409, "already_revoked");
                self.key(id).revoked = true;
            }
            (_, 200 | 201) => self.learn(&deed, &answer),
            _ => panic!("{deed:?}: {answer:?}"),
        }
    }

    /// Panics unless all that it knows is so, exactly once.
    pub async fn ensure_kept(&self, by: &Client, db: &Db) {
        for (id, key) in &self.keys {
            self.ensure_key(by, db, id, key).await;
        }
        for (id, (seq, name)) in &self.messages {
            let sent = "SELECT seq FROM messages WHERE id = $1 AND body #>> '{}' = $2
                        AND 1 = (SELECT count(*) FROM messages WHERE body #>> '{}' = $2)";
            let id: MessageId = id.parse().unwrap();
            let row = db.query_opt(sent, &[&id.uuid(), name]).await.unwrap();
            assert_eq!(row.map(|row| row.get(0)), Some(*seq), "message {id} {name}");
        }
        for (name, value) in &self.states {
            let is: String =
                db.query_one("SELECT value #>> '{}' FROM states WHERE name = $1", &[name]).await.unwrap().get(0);
            assert_eq!(&is, value, "state {name}");
        }
        let events = "SELECT count(*), count(DISTINCT request_id) FROM audit_events WHERE request_id = ANY ($1)";
        let row = db.query_one(events, &[&self.requests]).await.unwrap();
        let known = i64::try_from(self.requests.len()).unwrap();
        assert_eq!((row.get(0), row.get(1)), (known, known), "events of acknowledged changes");
    }

    async fn ensure_key(&self, by: &Client, db: &Db, id: &str, key: &Key) {
        let kept = "SELECT label, revoked_at IS NOT NULL,
                           (SELECT max(number) FROM key_secrets s WHERE s.key_id = k.id),
                           (SELECT hash FROM key_secrets s WHERE s.key_id = k.id AND dies_at IS NULL)
                    FROM api_keys k WHERE id = $1";
        let row = db.query_one(kept, &[&id.parse::<KeyId>().unwrap().uuid()]).await.unwrap();
        let (label, revoked, secrets): (String, bool, i32) = (row.get(0), row.get(1), row.get(2));
        assert_eq!((&label, revoked, secrets), (&key.label, key.revoked, 1 + key.rotations), "{id}");
        let Some(secret) = &key.secret else { return };
        assert_eq!(row.get::<_, &[u8]>(3), Sha256::digest(secret).as_slice(), "the secret of {id}");
        by.with_key(secret).get("/v1/whoami").await.expect(if key.revoked { 401 } else { 200 });
    }

    /// How much it knows.
    pub fn len(&self) -> usize {
        self.keys.len() + self.messages.len() + self.states.len() + self.requests.len()
    }
}
