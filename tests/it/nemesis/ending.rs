//! Ending a key: asked again and again, at any of the servers, until it is answered that it is so.

use serde_json::{Value, json};

use super::{
    asking,
    history::End,
    keys::{Ground, Held, Way},
    load::Load,
    replica::try_tell,
};
use crate::contract::scene::fresh;

impl Load<'_> {
    /// Ends a key in its way, and writes down when that was answered.
    pub async fn end(&self, key: &Held) {
        let end = End { began: self.now(), answered: None };
        self.history.borrow_mut().ends.insert(key.number, end);
        match key.way {
            Way::Suspend => self.suspend(&key.ground.org).await,
            _ => self.end_by_asking(key).await,
        }
        let end = End { answered: Some(self.now()), ..end };
        self.history.borrow_mut().ends.insert(key.number, end);
    }

    async fn end_by_asking(&self, key: &Held) {
        let of_key = |verb: &str| format!("/keys/{}{verb}", key.id);
        let (method, path, body) = match key.way {
            Way::Narrow => ("PATCH", of_key(""), json!({ "capabilities": ["send"] })),
            Way::Rotate => ("POST", of_key("/rotate"), json!({ "overlap": "0s" })),
            Way::Finish => ("POST", of_key("/rotate/finish"), Value::Null),
            Way::Disable => ("POST", of_key("/disable"), Value::Null),
            Way::Archive => ("POST", format!("/meshes/{}/archive", key.ground.mesh), Value::Null),
            _ => ("POST", of_key("/revoke"), Value::Null),
        };
        // It may be so already: an attempt without an answer may have done it.
        let done: &[u16] = if body.is_null() { &[200, 409] } else { &[200] };
        let told = self.insist(&key.ground, method, &path, &body, done).await;
        assert_eq!(told["effective"], "everywhere", "{:?}: {told}", key.way);
    }

    /// Asks at any of the servers until one answers with one of these; another answer is a mistake.
    pub async fn insist(&self, ground: &Ground, method: &str, path: &str, body: &Value, done: &[u16]) -> Value {
        let name = fresh("once");
        loop {
            let by = self.doors.holder(self.any(), &ground.admin);
            let request = by.raw(method, &format!("/v1/orgs/{}{path}", ground.org));
            let request = match method {
                "PATCH" => request.header("If-Match", "*").body("application/merge-patch+json", body.to_string()),
                // The same rotation, however often it is asked for; an issue that is replayed would tell no secret.
                _ if path.ends_with("/rotate") => request.header("Idempotency-Key", &name).json(body),
                _ if body.is_null() => request,
                _ => request.json(body),
            };
            match asking::done(request).await {
                Some(answer) if done.contains(&answer.status) => return answer.body,
                Some(answer) => panic!("{answer:?}"),
                None => self.count_retry(),
            }
        }
    }

    async fn suspend(&self, org: &str) {
        loop {
            let told = try_tell(&["org", "suspend", org], self.doors.host()).await;
            match told.as_ref().and_then(|output| output.status.code()) {
                Some(0 | 6) => return,
                // Not understood, or no such org: nothing breaks so.
                Some(2 | 5 | 7) => panic!("{told:?}"),
                _ => self.count_retry(),
            }
        }
    }
}
