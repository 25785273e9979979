//! Asking with a key, and what is made of the answer.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::{
    history::{Ask, Outcome},
    keys::{Held, Way},
    load::Load,
};
use crate::client::{Answer, Request};

/// How long who asks waits for an answer, and who wants something done.
const PATIENCE: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// On which road a key is asked about.
#[derive(Debug, Clone, Copy)]
pub enum Road {
    /// Another service asks.
    Verify,
    /// The same, about a mesh.
    VerifyIn,
    /// The key itself is used.
    Use,
}

impl Road {
    pub const ALL: [Self; 3] = [Self::Verify, Self::VerifyIn, Self::Use];
}

/// Asks, and does not wait for long.
pub async fn answer(request: Request) -> Option<Answer> {
    within(PATIENCE[0], request).await
}

/// Has something done, which may take longer.
pub async fn done(request: Request) -> Option<Answer> {
    within(PATIENCE[1], request).await
}

async fn within(patience: Duration, request: Request) -> Option<Answer> {
    timeout(patience, request.try_send()).await.ok()?.ok().filter(|answer| answer.status != 503)
}

impl Load<'_> {
    /// Asks with this key at one of the servers, and writes it down.
    pub async fn ask(&self, key: &Held, at: usize, road: Road) -> Outcome {
        // What is archived is the mesh: a question that names none is not about it.
        let road = if let (Way::Archive, Road::Verify) = (key.way, road) { Road::VerifyIn } else { road };
        let began = self.now();
        let answer = answer(self.request(key, at, road)).await;
        let outcome = answer.map_or(Outcome::Unknown, |answer| judge(key, road, &answer));
        let ask = Ask { key: key.number, at, began, ended: self.now(), outcome };
        self.history.borrow_mut().asks.push(ask);
        outcome
    }

    fn request(&self, key: &Held, at: usize, road: Road) -> Request {
        let mesh = &key.ground.mesh;
        let asker = self.doors.holder(at, &key.ground.admin);
        match road {
            Road::Use => self.doors.holder(at, &key.secret).raw("GET", &format!("/v1/meshes/{mesh}/state")),
            Road::Verify => asker.raw("POST", "/v1/verify").json(&json!({ "key": key.secret, "capability": "read" })),
            Road::VerifyIn => {
                let question = json!({ "key": key.secret, "capability": "read", "mesh": mesh });
                asker.raw("POST", "/v1/verify").json(&question)
            }
        }
    }
}

fn judge(key: &Held, road: Road, answer: &Answer) -> Outcome {
    let is_asked_by_another = !matches!(road, Road::Use);
    match answer.status {
        200 if is_asked_by_another && answer.body["code"] != "ok" => Outcome::Refused,
        200 => Outcome::Accepted,
        // The asker is of the suspended org too; no other asker ever ends.
        401 | 403 if !is_asked_by_another || key.way == Way::Suspend => Outcome::Refused,
        _ => panic!("{road:?} {:?}: {answer:?}", key.way),
    }
}
