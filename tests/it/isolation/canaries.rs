//! What must never be seen: every text of theirs holds the word, and every id of theirs is known.

use std::fmt::Display;

use serde_json::json;

use crate::{
    client::Client,
    house::House,
    members::made::{give, person, put},
    promise::PROMISE,
    tools::{id, one, texts},
};

/// In every text of theirs, and in nothing of ours.
pub const WORD: &str = "zzcanary";

/// A house with two sides: we ask, they are not to be seen.
pub struct Canaries {
    pub house: House,
    /// Who asks, and the org and mesh that it may name.
    pub we: Client,
    pub our_org: String,
    pub our_key: String,
    pub they: Client,
    pub their_org: String,
    pub their_mesh: String,
    pub their_key: String,
    pub their_message: String,
    pub their_gate: String,
    pub their_member: String,
    pub their_invitation: String,
    /// A secret of theirs.
    pub their_secret: String,
    /// Every id of theirs.
    ids: Vec<String>,
    /// Their rows, as a condition on a row `r`.
    pub theirs: String,
}

impl Canaries {
    /// They are another org.
    pub async fn of_another_org() -> Self {
        let house = House::new().await;
        let (acme, rival) = (house.acme(), house.org("zzcanary-org"));
        let wish = json!({ "slug": "zzcanary-mesh", "name": "zzcanary mesh" });
        let mesh = id(&rival.admin.post(&rival.admin.at("/meshes"), wish).await.expect(201).body);
        let uuid = one(&house.sql("superuser").await, "SELECT id FROM orgs WHERE slug = 'zzcanary-org'").await;
        let theirs = format!("'{uuid}' IN (r->>'org_id', r->>'id')");
        let capability = json!({ "name": "zzcanary.capability", "description": "zzcanary" });
        rival.admin.post(&rival.admin.at("/capabilities"), capability).await.expect(201);
        let gate = gate(&rival.admin, &mesh, "zzcanary.capability").await;
        Self::seeded(house, acme.admin, acme.id, rival.admin, rival.id, (mesh, gate), theirs).await
    }

    /// They are another mesh of our org; we hold a key of one mesh.
    pub async fn of_a_sibling_mesh() -> Self {
        let house = House::new().await;
        let acme = house.acme();
        let wish = json!({ "slug": "zzcanary-mesh", "name": "zzcanary mesh" });
        let mesh = id(&acme.admin.post(&acme.admin.at("/meshes"), wish).await.expect(201).body);
        let admin_of =
            |mesh: &str| json!({ "mesh": mesh, "label": "admin", "capabilities": ["admin"], "topics": "all" });
        let we = acme.admin.issue(admin_of("main")).await.1;
        let they = acme.admin.issue(admin_of(&mesh)).await.1;
        let uuid = one(&house.sql("superuser").await, "SELECT id FROM meshes WHERE slug = 'zzcanary-mesh'").await;
        let theirs = format!("'{uuid}' IN (r->>'mesh_id', r->>'id')");
        let gate = gate(&acme.admin, &mesh, "read").await;
        Self::seeded(house, we, acme.id.clone(), they, acme.id, (mesh, gate), theirs).await
    }

    async fn seeded(
        house: House,
        we: Client,
        our_org: String,
        they: Client,
        their_org: String,
        (mesh, their_gate): (String, String),
        theirs: String,
    ) -> Self {
        let our_key = id(&we.issue(json!({ "mesh": "main", "capabilities": ["read"], "topics": "all" })).await.0);
        let topic = json!({ "name": "zzcanary.topic", "description": "zzcanary" });
        they.post(&they.at(&format!("/meshes/{mesh}/topics")), topic).await.expect(201);
        for place in ["", "/topics/zzcanary.topic"] {
            let path = format!("/v1/meshes/{mesh}{place}/state/zzcanary.state");
            they.put(&path, json!({ "value": "zzcanary" })).await.expect(201);
        }
        let messages = format!("/v1/meshes/{mesh}/topics/zzcanary.topic/messages");
        let mut message = String::new();
        for _ in 0..3 {
            message = id(&they.post(&messages, json!({ "body": { "zzcanary": WORD } })).await.expect(201).body);
        }
        let wish = json!({
            "label": "zzcanary", "note": "zzcanary", "mesh": mesh, "capabilities": ["read", "admin"], "topics": ["zzcanary.topic"],
        });
        let (key, holder) = they.issue(wish).await;
        holder.issue(json!({ "label": "zzcanary child", "mesh": mesh, "capabilities": ["read"], "topics": ["zzcanary.topic"] })).await;
        holder.get(&format!("/v1/meshes/{mesh}/state")).await.problem(403, "insufficient_scope");
        holder.get(&format!("{messages}?limit=1")).await.expect(200);
        house.flush_uses().await;
        let key_id = id(&key);
        let db = house.sql("superuser").await;
        // A person is nobody's mesh's: of a sibling mesh there is none that we may not know of.
        let their_member = person(&db, "zzcanary@example.com", "zzcanary").await;
        if our_org != their_org {
            put(&db, &their_member, "zzcanary-org", None, "admin").await;
            for column in ["user_id", "issued_by_user"] {
                let wish =
                    json!({ "label": "zzcanary person", "mesh": mesh, "capabilities": ["read"], "topics": "all" });
                give(&db, &they.issue(wish).await.0, &their_member, column).await;
            }
        }
        they.act(&they.at(&format!("/keys/{key_id}/rotate"))).await.expect(200);
        let wish = json!({ "email": "zzcanary-invited@example.com", "role": "viewer", "mesh": mesh });
        let inviter = if our_org == their_org { house.admin() } else { they.clone() };
        let invitations = inviter.at("/invitations");
        let their_invitation = id(&inviter.post(&invitations, wish).await.expect(201).body);
        if our_org != their_org {
            let hook = json!({ "url": "https://zzcanary.example.org/" });
            they.put(&they.at("/webhook"), hook).await.expect(200);
        }
        let policy = "INSERT INTO policies (org_id, mesh_id, longest_life) SELECT org_id, id, 3600 FROM meshes
                      WHERE slug = 'zzcanary-mesh'";
        db.batch_execute(policy).await.unwrap();
        let mut canaries = Self {
            our_key,
            their_key: key_id,
            their_message: message,
            their_gate,
            their_member,
            their_invitation,
            their_secret: holder.secret().to_owned(),
            ids: Vec::new(),
            house,
            we,
            our_org,
            they,
            their_org,
            their_mesh: mesh,
            theirs,
        };
        canaries.ids = canaries.every_id().await;
        canaries
    }

    /// Every id of theirs, as the database knows it and as the wire writes it.
    async fn every_id(&self) -> Vec<String> {
        let db = self.house.sql("superuser").await;
        let mut ids = vec![self.their_mesh.clone(), self.their_key.clone(), self.their_message.clone()];
        ids.extend([self.their_gate.clone(), self.their_member.clone(), self.their_invitation.clone()]);
        for table in ["meshes", "api_keys", "messages", "audit_events", "gates", "invitations"] {
            let sql = format!("SELECT id FROM {table} t, to_jsonb(t) r WHERE {}", self.theirs);
            ids.extend(texts(&db, &sql).await);
        }
        let pages = ["/keys?limit=200", "/audit?limit=200"];
        for page in pages {
            let page = self.they.get(&self.they.at(page)).await.expect(200);
            ids.extend(page.items().iter().map(id));
        }
        ids.retain(|id| !id.is_empty());
        assert!(ids.len() > 20, "{ids:?}");
        ids
    }

    /// Panics where anything of theirs is in a text that we have seen.
    #[track_caller]
    pub fn ensure_none(&self, seen: &str, what: &impl Display) {
        assert!(!seen.contains(WORD), "{what}: {seen}");
        let found = self.ids.iter().find(|id| seen.contains(id.as_str()));
        assert!(found.is_none(), "{what} shows {found:?}: {seen}");
    }

    /// Reads everything that we may read, and finds nothing of theirs.
    pub async fn read_everything(&self) {
        for operation in PROMISE.guarded().filter(|operation| operation.method == "get") {
            let path = operation.path.replace("{org}", &self.our_org).replace("{mesh}", "main");
            let path = path.replace("{topic}", "deploys").replace("{key}", &self.our_key).replace("{name}", "ours");
            let path = path
                .replace("{capability}", "ours")
                .replace("{gate}", "ours")
                .replace("{user}", "ours")
                .replace("{invitation}", "ours");
            let answer = self.we.get(&path).await;
            self.ensure_none(&answer.face(), &path);
        }
    }
}

/// A gate of that mesh.
async fn gate(admin: &Client, mesh: &str, capability: &str) -> String {
    let wish = json!({
        "mesh": mesh, "name": "zzcanary-gate", "description": "zzcanary", "methods": { "GET": capability },
        "topic": { "fixed": "zzcanary.topic" },
    });
    id(&admin.post(&admin.at("/gates"), wish).await.expect(201).body)
}

/// A value of the same length that nothing has.
pub fn nobodys(theirs: &str) -> String {
    match theirs.split_once('_') {
        Some(("mshk", _)) => {
            let secret =
                meshkey::domain::Secret::generate(&"mshk".parse().unwrap()).unwrap_or_else(|_| panic!("no randomness"));
            secret.reveal().to_owned()
        }
        Some((kind, rest)) if rest.len() == 26 => format!("{kind}_01kzzzzzzze00800000000000z"),
        _ => theirs.replace(WORD, "zznobody"),
    }
}

/// The first `next` of each of their lists.
pub async fn cursors(canaries: &Canaries) -> Vec<String> {
    let (they, mesh) = (&canaries.they, &canaries.their_mesh);
    let lists = [
        they.at("/keys?limit=1"),
        they.at("/audit?limit=1"),
        they.at(&format!("/meshes/{mesh}/topics?limit=1")),
        they.at(&format!("/meshes/{mesh}/topics/zzcanary.topic/access?limit=1")),
        format!("/v1/meshes/{mesh}/topics/zzcanary.topic/messages?limit=1"),
    ];
    let mut cursors = Vec::new();
    for list in lists {
        let page = they.get(&list).await.expect(200).body;
        cursors.extend(page["next"].as_str().map(str::to_owned));
    }
    assert!(cursors.len() >= 3, "{cursors:?}");
    cursors
}
