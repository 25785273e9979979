//! The ground on which each operation can succeed, and the call that then does.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    client::{Answer, Client, Request},
    house::House,
    members::made::member,
    promise::Operation,
};

/// The capabilities there are.
pub const CAPABILITIES: [&str; 5] = ["send", "read", "state_write", "admin", "verify"];

/// A house with org `acme`, mesh `main`, and its topics `deploys` and `secrets`.
pub struct Scene {
    pub house: House,
    pub admin: Client,
    pub org: String,
    pub main: String,
}

/// What the parameters of a path stand for.
#[derive(Clone)]
pub struct Place {
    pub org: String,
    pub mesh: String,
    pub topic: String,
    pub key: String,
    pub name: String,
    pub capability: String,
    pub gate: String,
    pub user: String,
    pub invitation: String,
}

/// A request that is ready to be sent, by anybody.
#[derive(Clone)]
pub struct Call {
    pub operation: Operation,
    pub path: String,
    pub body: Option<Value>,
}

impl Scene {
    pub async fn new() -> Self {
        let house = House::new().await;
        let acme = house.acme();
        let meshes = acme.admin.get(&acme.admin.at("/meshes")).await.expect(200);
        let main = id(&meshes.items()[0]);
        Self { house, admin: acme.admin, org: acme.id, main }
    }

    /// A call of the operation that succeeds for whoever may: everything is prepared for it, afresh each time.
    pub async fn call(&self, operation: &Operation) -> Call {
        let place = self.place(operation).await;
        Call::new(operation, &place)
    }

    /// Where the operation can succeed.
    pub async fn place(&self, operation: &Operation) -> Place {
        let mut place = self.main_place();
        if operation.names("key") {
            place.key = self.target(operation).await;
        }
        match operation.id.as_str() {
            "archiveMesh" => place.mesh = self.fresh_mesh(false).await,
            "unarchiveMesh" => place.mesh = self.fresh_mesh(true).await,
            "archiveTopic" => place.topic = self.fresh_topic(false).await,
            "unarchiveTopic" => place.topic = self.fresh_topic(true).await,
            _ => {}
        }
        match operation.id.as_str() {
            "retireCapability" => place.capability = self.capability(&fresh("capability")).await,
            "declareCapability" => self.make_room_for_capabilities().await,
            "createGate" => self.make_room_for_gates().await,
            _ if operation.names("capability") => place.capability = self.capability("kept").await,
            _ if operation.names("user") => place.user = self.member().await,
            "showWebhook" | "setWebhook" | "testWebhook" | "removeWebhook" => self.webhook().await,
            "createInvitation" => self.make_room_for_invitations().await,
            _ if operation.names("invitation") => place.invitation = self.invitation().await,
            _ if operation.names("gate") => place.gate = self.gate().await,
            _ => {}
        }
        if operation.names("name") {
            let entry = operation.path.replace("{mesh}", &place.mesh).replace("{topic}", &place.topic);
            let entry = entry.replace("{name}", &place.name);
            self.admin.put(&entry, json!({ "value": 1 })).await.expect(201);
        }
        place
    }

    /// Mesh `main`, topic `deploys`, and names that are new.
    pub fn main_place(&self) -> Place {
        Place {
            org: self.org.clone(),
            mesh: self.main.clone(),
            topic: "deploys".to_owned(),
            key: String::new(),
            name: fresh("entry"),
            capability: fresh("capability"),
            gate: nobodys("gate"),
            user: nobodys("user"),
            invitation: nobodys("inv"),
        }
    }

    /// A key of mesh `main`.
    pub async fn holder(&self, capabilities: &[&str], topics: Value) -> Client {
        let wanted = json!({ "mesh": self.main, "capabilities": capabilities, "topics": topics });
        self.admin.issue(wanted).await.1
    }

    /// A key of the whole org.
    pub async fn org_holder(&self, capabilities: &[&str], topics: Value) -> Client {
        // Without an end: a key that has one makes no admins.
        let wish = json!({ "capabilities": capabilities, "topics": topics, "expires_at": null });
        self.admin.issue(wish).await.1
    }

    /// An admin of a second mesh, which has topics of the same names, and that mesh's id.
    pub async fn sibling(&self) -> (Client, String) {
        let mesh = self.fresh_mesh(false).await;
        for name in ["deploys", "secrets"] {
            let topics = self.admin.at(&format!("/meshes/{mesh}/topics"));
            self.admin.post(&topics, json!({ "name": name })).await.expect(201);
        }
        let wanted = json!({ "mesh": mesh, "capabilities": ["admin"], "topics": "all" });
        (self.admin.issue(wanted).await.1, mesh)
    }

    async fn target(&self, operation: &Operation) -> String {
        let mut wanted =
            json!({ "mesh": self.main, "capabilities": ["send"], "topics": ["deploys"], "label": "target" });
        wanted["expires_at"] = json!(in_a_month()); // sooner than the key of whoever asks
        let key = id(&self.admin.issue(wanted).await.0);
        let verb = match operation.id.as_str() {
            "finishRotation" => "rotate",
            "enableKey" => "disable",
            _ => return key,
        };
        self.admin.act(&self.admin.at(&format!("/keys/{key}/{verb}"))).await.expect(200);
        key
    }

    async fn fresh_mesh(&self, archived: bool) -> String {
        let mesh = self.admin.post(&self.admin.at("/meshes"), json!({ "slug": fresh("mesh") })).await.expect(201);
        let mesh = id(&mesh.body);
        if archived {
            self.admin.act(&self.admin.at(&format!("/meshes/{mesh}/archive"))).await.expect(200);
        }
        mesh
    }

    /// One that is there.
    async fn capability(&self, name: &str) -> String {
        let declared = self.admin.post(&self.admin.at("/capabilities"), json!({ "name": name })).await;
        assert!([201, 409].contains(&declared.status), "{declared:?}");
        name.to_owned()
    }

    /// An org has room for 64; what others are about to use is left alone.
    async fn make_room_for_capabilities(&self) {
        let all = self.admin.at("/capabilities");
        let there = self.admin.get(&format!("{all}?limit=200")).await.expect(200).clone();
        let names = there.items().iter().map(|one| one["name"].as_str().unwrap()).filter(|name| *name != "kept");
        for old in names.take(if there.items().len() > 40 { 30 } else { 0 }) {
            self.admin.act(&format!("{all}/{old}/retire")).await.expect(200);
        }
    }

    /// A new one.
    async fn gate(&self) -> String {
        self.make_room_for_gates().await;
        let wish = json!({ "mesh": self.main, "name": fresh("gate"), "methods": { "GET": "read", "POST": "send" } });
        id(&self.admin.post(&self.admin.at("/gates"), wish).await.expect(201).body)
    }

    /// An org has room for 100; the newest, which others are about to use, are left alone.
    async fn make_room_for_gates(&self) {
        let all = self.admin.at("/gates");
        let there = self.admin.get(&format!("{all}?limit=200")).await.expect(200);
        let mut gates: Vec<_> = there.items().iter().map(id).collect();
        gates.sort();
        for old in gates.iter().take(if gates.len() > 60 { 40 } else { 0 }) {
            self.admin.delete(&format!("{all}/{old}")).await.expect(200);
        }
    }

    /// There is one.
    async fn webhook(&self) {
        let wish = json!({ "url": "https://hooks.invalid/" });
        self.admin.put(&self.admin.at("/webhook"), wish).await.expect(200);
    }

    /// A new one.
    async fn member(&self) -> String {
        member(&self.house, &fresh("person"), "member").await
    }

    /// A new one.
    async fn invitation(&self) -> String {
        self.make_room_for_invitations().await;
        let wish = json!({ "email": format!("{}@example.com", fresh("invited")), "role": "viewer" });
        id(&self.admin.post(&self.admin.at("/invitations"), wish).await.expect(201).body)
    }

    /// An org has room for 500 that are open; the newest, which others are about to use, are left alone.
    async fn make_room_for_invitations(&self) {
        let all = self.admin.at("/invitations");
        let there = self.admin.get(&format!("{all}?limit=200&status=open")).await.expect(200);
        for old in there.items().iter().map(id).skip(100) {
            self.admin.delete(&format!("{all}/{old}")).await.expect(200);
        }
    }

    async fn fresh_topic(&self, archived: bool) -> String {
        let (topics, name) = (self.admin.at(&format!("/meshes/{}/topics", self.main)), fresh("topic"));
        self.admin.post(&topics, json!({ "name": name })).await.expect(201);
        if archived {
            self.admin.act(&format!("{topics}/{name}/archive")).await.expect(200);
        }
        name
    }
}

impl Call {
    /// The operation at that place, with its documented example for a body where that will do.
    pub fn new(operation: &Operation, place: &Place) -> Self {
        let path = operation.path.replace("{org}", &place.org).replace("{mesh}", &place.mesh);
        let path = path.replace("{topic}", &place.topic).replace("{key}", &place.key).replace("{name}", &place.name);
        let path = path.replace("{capability}", &place.capability).replace("{gate}", &place.gate);
        let path = path.replace("{user}", &place.user).replace("{invitation}", &place.invitation);
        assert!(!path.contains('{'), "no value for a parameter of {path}");
        let mut body = operation.body.as_ref().map(|body| body.example.clone());
        match (operation.id.as_str(), &mut body) {
            ("createMesh", Some(body)) => body["slug"] = json!(fresh("mesh")),
            ("createTopic", Some(body)) => body["name"] = json!(fresh("topic")),
            ("declareCapability", Some(body)) => body["name"] = json!(fresh("capability")),
            ("createGate", Some(body)) => {
                body["name"] = json!(fresh("gate"));
                body["mesh"] = json!(place.mesh);
            }
            ("createInvitation", Some(body)) => {
                body["email"] = json!(format!("{}@example.com", fresh("new")));
                body["mesh"] = json!(place.mesh);
            }
            ("issueKey", Some(body)) => body["mesh"] = json!(place.mesh),
            _ => {}
        }
        Self { operation: operation.clone(), path, body }
    }

    /// Sends it with the client's key.
    pub async fn by(&self, client: &Client) -> Answer {
        self.complete(client.raw(&self.operation.method, &self.path)).send().await
    }

    /// Sends it; the one who asks may, and everything is prepared.
    pub async fn succeeds_by(&self, client: &Client) -> Answer {
        let answer = self.by(client).await;
        assert!(
            self.operation.successes.contains(&answer.status),
            "{} does not succeed: {answer:?}",
            self.operation.id
        );
        answer
    }

    /// Sends it with a body that is none, of a kind that nobody takes.
    pub async fn garbled_by(&self, client: &Client) -> Answer {
        client.raw(&self.operation.method, &self.path).body("text/plain", "{not json").send().await
    }

    /// Adds what the operation demands: its body, and the precondition of a patch.
    pub fn complete(&self, request: Request) -> Request {
        let request = match (self.operation.method.as_str(), self.operation.id.as_str()) {
            ("patch", _) => request.header("If-Match", "*"),
            (_, "openSocket") => handshake(request),
            _ => request,
        };
        match (&self.operation.body, &self.body) {
            (Some(body), Some(text)) => request.body(&body.media, text.to_string()),
            _ => request,
        }
    }
}

/// As the handshake of a WebSocket.
fn handshake(request: Request) -> Request {
    let request = request.header("Connection", "Upgrade").header("Upgrade", "websocket");
    request.header("Sec-WebSocket-Version", "13").header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
}

/// The `id` of an object.
pub fn id(object: &Value) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

fn in_a_month() -> String {
    (OffsetDateTime::now_utc() + time::Duration::days(30)).format(&Rfc3339).unwrap()
}

/// A name that this run has not used.
pub fn fresh(kind: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{kind}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// An id of that kind that nothing has.
pub fn nobodys(kind: &str) -> String {
    format!("{kind}_01kzzzzzzze00800000000000z")
}
