//! An org in which there is something of everything, so that no page of it is empty.

use serde_json::{Value, json};

use crate::{house::House, persons::Person, sign_in::visitor::PASSWORD, tools::id};

/// Text that a page which forgets to escape would run. It is as long as a label may be.
pub const HOSTILE: &str = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>";

/// A house with an org of which every list has something in it.
pub struct Furnished {
    pub house: House,
    /// What stands for each part of a path that is named.
    pub parts: Vec<(&'static str, String)>,
}

impl Furnished {
    /// Furnishes the org `acme` with things that are called so.
    pub async fn with(settings: &[(&str, &str)], called: &str) -> Self {
        let house = House::with(settings).await;
        let admin = house.admin();
        let key = |capabilities: Value, topics: Value, days: Option<i64>| {
            let end = days.map(super::in_days);
            json!({ "label": called, "note": called, "mesh": "main", "capabilities": capabilities, "topics": topics, "expires_at": end })
        };
        let (first, bot) = admin.issue(key(json!(["send"]), json!(["deploys"]), Some(90))).await;
        let of = |verb: &str, key: &Value| admin.at(&format!("/keys/{}/{verb}", id(key)));
        for (verb, capabilities, body) in [
            ("rotate", json!(["read"]), json!({ "overlap": "24h" })),
            ("revoke", json!(["send", "read"]), json!({ "reason": called })),
            ("disable", json!(["state_write"]), json!(null)),
        ] {
            let (one, _) = admin.issue(key(capabilities, json!("all"), None)).await;
            match body {
                Value::Null => admin.act(&of(verb, &one)).await.expect(200),
                body => admin.post(&of(verb, &one), body).await.expect(200),
            };
        }
        let (parent, issuer) = admin.issue(key(json!(["admin"]), json!("all"), Some(10))).await;
        issuer.issue(key(json!(["send"]), json!(["deploys"]), Some(5))).await;
        admin
            .issue(json!({ "label": "verifier", "capabilities": ["verify"], "topics": "all", "expires_at": null }))
            .await;
        let messages = "/v1/meshes/main/topics/deploys/messages";
        for _ in 0..3 {
            bot.post(messages, json!({ "body": called })).await.expect(201);
        }
        bot.post("/v1/meshes/main/topics/secrets/messages", json!({ "body": 1 })).await.expect(403);
        house.flush_uses().await;
        let topic = admin.at("/meshes/main/topics/deploys");
        admin.patch(&topic, json!({ "description": called }), "*").await.expect(200);
        admin.patch(&admin.at("/meshes/main"), json!({ "name": called }), "*").await.expect(200);
        admin.patch(&admin.at(""), json!({ "name": called }), "*").await.expect(200);
        admin.post(&admin.at("/meshes"), json!({ "slug": "old", "name": called })).await.expect(201);
        admin.act(&admin.at("/meshes/old/archive")).await.expect(200);
        let own = json!({ "name": "issue_view", "description": called });
        admin.post(&admin.at("/capabilities"), own).await.expect(201);
        let invitation = json!({ "email": "guest@example.com", "role": "member" });
        let invitation = admin.post(&admin.at("/invitations"), invitation).await.expect(201);
        let user = people(&house, called).await;
        let parts = vec![
            ("{org}", "acme".to_owned()),
            ("{mesh}", "main".to_owned()),
            ("{topic}", "deploys".to_owned()),
            ("{key}", id(&first)),
            ("{user}", user.id),
            ("{invitation}", id(&invitation.body)),
            ("{capability}", "issue_view".to_owned()),
            ("{parent}", id(&parent)),
            ("{seq}", "1".to_owned()),
        ];
        Self { house, parts }
    }

    /// The path of a page, with what stands for its parts.
    pub fn path(&self, pattern: &str) -> String {
        self.parts.iter().fold(pattern.to_owned(), |path, (part, value)| path.replace(part, value))
    }
}

/// Dana is the owner; Vic a viewer, Mia a member of the mesh; Lee is of another org. Gives somebody who is called so.
async fn people(house: &House, called: &str) -> Person {
    let dana = Person::in_org(house, "Dana", "owner").await;
    dana.takes_password(house, PASSWORD).await;
    Person::in_org(house, "Vic", "viewer").await;
    Person::new(house, "Mia").await.becomes(house, "acme", Some("main"), "member").await;
    house.org("other");
    Person::new(house, "Lee").await.becomes(house, "other", None, "owner").await;
    let named = Person::in_org(house, "Named", "admin").await;
    let name = format!("UPDATE users SET name = '{}' WHERE email = '{}'", called.replace('\'', "''"), named.email);
    named.change(house, &name).await;
    named
}
