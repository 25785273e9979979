//! A walk through everything that an org can do with keys, which keeps each secret and each answer.

use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    tools::id,
};

/// What was seen on the way.
#[derive(Default)]
pub struct Walk {
    pub secrets: Vec<String>,
    /// Every answer but those that issue.
    pub answers: Vec<String>,
    pub key: String,
}

impl Walk {
    fn keep(&mut self, answer: &Answer) {
        assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
        self.answers.push(format!("{answer:?}"));
    }

    /// Keeps the secret apart, and the rest of the answer with the others.
    fn shown_once(&mut self, mut answer: Answer, by: &Client) -> Client {
        let secret = answer.body["secret"].take().as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned();
        self.keep(&answer);
        self.secrets.push(secret.clone());
        by.with_key(&secret)
    }

    /// Issues, uses, rotates, edits and revokes keys, and does every wrong thing with them.
    pub async fn through(admin: &Client) -> Self {
        let mut walk = Self::default();
        walk.secrets.push(admin.secret().to_owned());
        let wish = json!({ "label": "walker", "capabilities": ["admin"], "topics": "all" });
        let issue = || admin.raw("POST", &admin.at("/keys")).header("Idempotency-Key", "walk").json(&wish).send();
        let issued = issue().await.expect(201);
        let key = admin.at(&format!("/keys/{}", id(&issued.body)));
        walk.key = id(&issued.body);
        let old = walk.shown_once(issued, admin);
        walk.keep(&issue().await.expect(201));
        let rotated = admin.act(&format!("{key}/rotate")).await.expect(200);
        let new = walk.shown_once(rotated, admin);
        walk.use_them(admin, &[&old, &new]).await;
        walk.misuse(&new).await;
        for step in ["rotate/finish", "disable", "enable"] {
            walk.keep(&admin.act(&format!("{key}/{step}")).await.expect(200));
        }
        walk.keep(&admin.patch(&key, json!({ "note": "n" }), "*").await.expect(200));
        walk.keep(&admin.post(&format!("{key}/revoke?dry_run=true"), json!({ "cascade": true })).await.expect(200));
        walk.keep(&admin.act(&format!("{key}/revoke")).await.expect(200));
        walk.keep(&new.get("/v1/whoami").await.expect(401));
        for list in ["/keys", "/audit?limit=200", "/meshes", ""] {
            walk.keep(&admin.get(&admin.at(list)).await.expect(200));
        }
        walk
    }

    async fn use_them(&mut self, admin: &Client, holders: &[&Client]) {
        for by in holders {
            self.keep(&by.get("/v1/whoami").await.expect(200));
            self.keep(&by.post("/v1/meshes/main/topics/deploys/messages", json!({ "body": 1 })).await.expect(201));
            self.keep(&by.put("/v1/meshes/main/state/x", json!({ "value": 1 })).await);
            let bare = by.bare("GET", "/v1/whoami").header("X-API-Key", by.secret()).send().await;
            self.keep(&bare.expect(200));
            let question = json!({ "key": by.secret(), "capability": "read" });
            self.keep(&admin.post("/v1/verify", question.clone()).await.expect(200));
            self.keep(&admin.post("/v1/verify/batch", json!({ "items": [question] })).await.expect(200));
            self.keep(&by.post("/v1/explain", json!({ "capability": "send", "mesh": "main" })).await.expect(200));
            self.keep(&admin.get(&admin.at("/meshes/main/topics/deploys/access")).await.expect(200));
        }
    }

    /// Puts the secret, and one with a slip, where they do not belong.
    async fn misuse(&mut self, by: &Client) {
        let secret = by.secret().to_owned();
        let mistyped = format!("{}{}", &secret[..53], if secret.ends_with('0') { '1' } else { '0' });
        self.secrets.push(mistyped.clone());
        for text in [&secret, &mistyped] {
            for path in ["/v1/whoami?token=", "/v1/whoami?api_key=", "/v1/whoami?x=", "/v1/orgs/", "/"] {
                self.keep(&by.get(&format!("{path}{text}")).await);
                self.keep(&by.without_key().get(&format!("{path}{text}")).await);
            }
            for (name, value) in [
                ("Authorization", format!("Basic {text}")),
                ("Authorization", format!("Bearer {text} x")),
                ("Cookie", format!("key={text}")),
                ("X-API-Key", format!(" {text}")),
                ("If-Match", text.clone()),
                ("Idempotency-Key", text.clone()),
            ] {
                self.keep(&by.bare("GET", "/v1/whoami").header(name, &value).send().await);
            }
            let double = by.raw("GET", "/v1/whoami").header("X-API-Key", text).send().await;
            self.keep(&double.expect(400));
            for body in [json!({ "key": text }), json!({ "key": [text], "capability": "read" }), Value::Null] {
                self.keep(&by.post("/v1/verify", body).await.expect(422));
            }
            self.keep(
                &by.raw("POST", "/v1/verify").body("application/json", format!("{{\"key\":\"{text}\"")).send().await,
            );
            self.keep(&by.raw("POST", "/v1/verify").body("text/plain", text.clone()).send().await);
        }
        let wrong = by.with_key(&mistyped);
        self.keep(&wrong.get("/v1/whoami").await.expect(401));
    }
}
