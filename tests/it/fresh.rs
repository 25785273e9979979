//! A decision is made anew where time has passed: between the head of a request and the end of its body, and behind locks.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{client::Client, house::House};

/// A request whose body has not yet arrived.
struct Slow(TcpStream, String);

impl Slow {
    /// Sends all but the body, and waits until the service has read the head: it asks for the body.
    async fn start(client: &Client, method: &str, path: &str, body: &serde_json::Value) -> Self {
        Self::with(client, method, path, body, "").await
    }

    async fn with(client: &Client, method: &str, path: &str, body: &serde_json::Value, header: &str) -> Self {
        let body = body.to_string();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n{header}\
             content-length: {}\r\nconnection: close\r\n\r\n",
            client.secret(),
            body.len()
        );
        let mut line = TcpStream::connect(client.base().strip_prefix("http://").unwrap()).await.unwrap();
        line.write_all(head.as_bytes()).await.unwrap();
        line.write_all(&body.as_bytes()[..1]).await.unwrap();
        Self(line, body[1..].to_owned())
    }

    async fn finish(mut self) -> u16 {
        self.0.write_all(self.1.as_bytes()).await.unwrap();
        let mut answer = String::new();
        self.0.read_to_string(&mut answer).await.unwrap();
        answer[9..12].parse().unwrap()
    }
}

/// Waits until the service has admitted the holder of this key: its use is noted then.
async fn admitted(house: &House, id: &str) {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    while !house.has_used(id).await {
        assert!(tokio::time::Instant::now() < deadline, "{id} was not admitted");
        tokio::task::yield_now().await;
    }
}

async fn key(admin: &Client, capability: &str) -> (String, Client) {
    let wish = json!({ "label": "x", "mesh": "main", "capabilities": [capability], "topics": "all" });
    let (key, client) = admin.issue(wish).await;
    (key["id"].as_str().unwrap().to_owned(), client)
}

#[tokio::test]
async fn a_key_revoked_while_its_body_was_on_the_way_does_nothing() {
    let house = House::new().await;
    let admin = house.admin();
    let message = json!({ "body": 1 });
    let value = json!({ "value": 1 });
    let question = json!({ "key": "x", "capability": "send" });
    let of_itself = json!({ "capability": "send" });
    let cases = [
        ("send", "POST", "/v1/meshes/main/topics/deploys/messages", &message),
        ("state_write", "PUT", "/v1/meshes/main/state/x", &value),
        ("verify", "POST", "/v1/verify", &question),
        ("read", "POST", "/v1/explain", &of_itself),
    ];
    for (capability, method, path, body) in cases {
        let (id, holder) = key(&admin, capability).await;
        let slow = Slow::start(&holder, method, path, body).await;
        admitted(&house, &id).await;
        admin.post(&admin.at(&format!("/keys/{id}/revoke")), json!({})).await.expect(200);
        assert_eq!(slow.finish().await, 401, "{method} {path}");
    }
}

#[tokio::test]
async fn a_key_narrowed_while_its_body_was_on_the_way_issues_nothing() {
    let house = House::new().await;
    let admin = house.admin();
    let (id, holder) = key(&admin, "admin").await;
    let wish = json!({ "label": "y", "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] });
    let slow = Slow::start(&holder, "POST", &holder.at("/keys"), &wish).await;
    admitted(&house, &id).await;
    let narrow = json!({ "capabilities": ["send"] });
    admin.patch(&admin.at(&format!("/keys/{id}")), narrow, "*").await.expect(200);
    assert_eq!(slow.finish().await, 403);
}

//
#[tokio::test]
async fn a_key_narrowed_while_its_body_was_on_the_way_is_told_no_more_than_it_covers() {
    let house = House::new().await;
    let admin = house.admin();
    let (other, _) = key(&admin, "read").await;
    let (id, holder) = key(&admin, "admin").await;
    let question = json!({ "key": other, "capability": "send" });
    let slow = Slow::start(&holder, "POST", "/v1/explain", &question).await;
    admitted(&house, &id).await;
    admin.patch(&admin.at(&format!("/keys/{id}")), json!({ "capabilities": ["send"] }), "*").await.expect(200);
    assert_eq!(slow.finish().await, 404);
}

#[tokio::test]
async fn a_revoked_key_is_not_given_the_first_answer_again() {
    let house = House::new().await;
    let admin = house.admin();
    let (id, holder) = key(&admin, "send").await;
    let (path, body) = ("/v1/meshes/main/topics/deploys/messages", json!({ "body": 1 }));
    let header = "idempotency-key: one\r\n";
    assert_eq!(Slow::with(&holder, "POST", path, &body, header).await.finish().await, 201);
    house.forget_uses().await;
    let slow = Slow::with(&holder, "POST", path, &body, header).await;
    admitted(&house, &id).await;
    admin.post(&admin.at(&format!("/keys/{id}/revoke")), json!({})).await.expect(200);
    assert_eq!(slow.finish().await, 401);
}

#[tokio::test]
async fn many_rotations_of_a_key_by_itself_are_not_in_each_others_way() {
    let house = House::new().await;
    let (id, holder) = key(&house.admin(), "send").await;
    let path = holder.at(&format!("/keys/{id}/rotate"));
    let rotations = (0..12).map(|number| {
        let request = holder.raw("post", &path).header("idempotency-key", &format!("k{number}"));
        request.json(&json!({})).send()
    });
    let answers = futures_util::future::join_all(rotations).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!(count(200), 1);
    // The others find it rotating, or hold a secret that is no longer the newest.
    assert_eq!(count(200) + count(409) + count(403), 12);
}

#[tokio::test]
async fn a_look_with_a_body_is_refused_at_once_and_not_answered_later() {
    let house = House::new().await;
    let (_, holder) = key(&house.admin(), "read").await;
    let slow = Slow::start(&holder, "GET", "/v1/meshes/main/state", &json!({})).await;
    let Slow(mut line, _) = slow;
    let mut answer = [0_u8; 12];
    line.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 400");
}

#[tokio::test]
async fn a_key_cannot_fend_off_its_own_revocation() {
    let house = House::new().await;
    let admin = house.admin();
    let (id, holder) = key(&admin, "admin").await;
    let wish = json!({ "label": "y", "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] });
    let busy: Vec<_> = (0..8)
        .map(|_| {
            let (holder, wish) = (holder.clone(), wish.clone());
            tokio::spawn(async move {
                let path = holder.at("/keys?dry_run=true");
                while holder.post(&path, wish.clone()).await.status == 200 {}
            })
        })
        .collect();
    admitted(&house, &id).await;
    admin.post(&admin.at(&format!("/keys/{id}/revoke")), json!({})).await.expect(200);
    for one in busy {
        one.await.unwrap();
    }
}

#[tokio::test]
async fn a_cascade_takes_thousands_along() {
    let house = House::new().await;
    let admin = house.admin();
    let (id, _) = key(&admin, "admin").await;
    let many = "
        INSERT INTO api_keys (id, org_id, mesh_id, label, capabilities, everywhere, topics, issued_by_kind, issued_by_key)
        SELECT gen_random_uuid(), org_id, mesh_id, 'child', capabilities, true, '{}', 'key', id
        FROM api_keys, generate_series(1, 2500) WHERE id = $1";
    let parent: meshkey::domain::KeyId = id.parse().unwrap();
    let sql = house.sql("superuser").await;
    sql.execute(many, &[&parent.uuid()]).await.unwrap();
    let secrets = "
        INSERT INTO key_secrets (org_id, key_id, number, hash, hint)
        SELECT org_id, id, 1, sha256(uuid_send(id)), 'mshk_12345678' FROM api_keys WHERE issued_by_key = $1";
    sql.execute(secrets, &[&parent.uuid()]).await.unwrap();
    let path = admin.at(&format!("/keys/{id}/revoke"));
    let ended = admin.post(&path, json!({ "cascade": true })).await.expect(200);
    assert_eq!(ended.body["cascaded"].as_array().unwrap().len(), 2500);
    let live = "SELECT count(*) FROM api_keys WHERE issued_by_key = $1 AND revoked_at IS NULL";
    assert_eq!(sql.query_one(live, &[&parent.uuid()]).await.unwrap().get::<_, i64>(0), 0);
}
