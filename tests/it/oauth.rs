//! The OAuth doors: what gateways and libraries ask, and what they are told.

mod apache;
mod askers;
mod clients;
mod introspect;
mod metadata;
mod oracle;
mod requests;
mod revoke;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    house::House,
    tools::id,
};

/// A house, its admin, and a key that may ask about all of the org.
struct Scene {
    house: House,
    admin: Client,
    asker: Client,
    asker_id: String,
}

impl Scene {
    async fn new() -> Self {
        Self::on(House::new().await).await
    }

    async fn on(house: House) -> Self {
        let admin = house.admin();
        admin.post(&admin.at("/meshes"), json!({ "slug": "other" })).await.expect(201);
        let (key, asker) = admin.issue(json!({ "capabilities": ["verify"], "topics": "all" })).await;
        Self { house, admin, asker, asker_id: id(&key) }
    }

    /// A key of mesh `main` that may send to `deploys`, with more or other terms.
    async fn sender(&self, more: Value) -> (String, Client) {
        let mut wanted = json!({ "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] });
        wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (key, holder) = self.admin.issue(wanted).await;
        (id(&key), holder)
    }

    async fn act(&self, key: &str, verb: &str) {
        self.admin.act(&self.admin.at(&format!("/keys/{key}/{verb}"))).await.expect(200);
    }
}

async fn introspect(asker: &Client, token: &str) -> Answer {
    asker.form("/v1/introspect", &[("token", token)]).await
}

/// Whether it is active; whatever is not is told in one form.
async fn is_active(asker: &Client, pairs: &[(&str, &str)]) -> bool {
    let answer = asker.form("/v1/introspect", pairs).await.expect(200);
    if answer.body["active"] == false {
        assert_eq!(answer.body, json!({ "active": false }));
    }
    answer.body["active"] == true
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// The challenges, each of which stands in a line of its own.
fn challenges(answer: &Answer) -> Vec<&str> {
    answer.headers.get_all("www-authenticate").iter().map(|line| line.to_str().unwrap()).collect()
}
