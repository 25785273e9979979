//! Services of one's own, guarded as their pages in `docs/how-to/services` say: what their clients are told, and that nothing
//! is let through that nobody could judge.

mod path;
mod program;

use meshkey::domain::Secret;
use serde_json::{Value, json};

use self::{
    path::{Mood, Path},
    program::Program,
};
use crate::{
    client::Client,
    forward::wire::{self, Line, Said},
    house::House,
    tools::{eventually, id},
};

/// A service, and Meshkey behind it.
struct Scene {
    program: Program,
    path: Path,
    house: House,
    admin: Client,
    /// The id of the key with which the service asks.
    asker: String,
}

/// Shows this key.
fn bearer(secret: &str) -> Line {
    ("Authorization".to_owned(), format!("Bearer {secret}"))
}

impl Scene {
    /// The service of that page; none where it cannot be had, which is said.
    async fn of(page: &'static str) -> Option<Self> {
        let house = House::new().await;
        let admin = house.admin();
        admin.post(&admin.at("/capabilities"), json!({ "name": "issue_view" })).await.expect(201);
        let wish = json!({ "mesh": "main", "capabilities": ["verify"], "topics": "all" });
        let (asker, key) = admin.issue(wish).await;
        let path = Path::to(house.stranger().base()).await;
        let program = Program::start(page, &path.base, key.secret()).await?;
        Some(Self { program, path, house, admin, asker: id(&asker) })
    }

    /// A key of mesh `main`, with more or other terms.
    async fn key(&self, more: Value) -> (String, Client) {
        let mut wanted = json!({ "mesh": "main", "capabilities": ["read"], "topics": ["deploys"] });
        wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (key, holder) = self.admin.issue(wanted).await;
        (id(&key), holder)
    }

    async fn act(&self, key: &str, verb: &str) {
        self.admin.act(&self.admin.at(&format!("/keys/{key}/{verb}"))).await.expect(200);
    }

    async fn ask(&self, target: &str, lines: &[Line]) -> Said {
        wire::ask(&self.program.address, "GET", target, lines).await
    }

    /// Asks as the holder of a key.
    async fn show(&self, target: &str, key: &Client) -> Said {
        self.ask(target, &[bearer(key.secret())]).await
    }

    async fn passes(&self, target: &str, (id, key): &(String, Client)) {
        let said = self.show(target, key).await;
        assert_eq!((said.status, said.json()), (200, json!({ "key": id })), "{target}: {said:?}");
    }

    /// Panics unless it was refused so, by a challenge that says as much, and nothing else.
    #[track_caller]
    fn ensure_refused(&self, said: &Said, status: u16, code: &str) {
        let challenge = match (status, code) {
            (401, "unauthenticated") => "Bearer",
            (401, _) => r#"Bearer error="invalid_token""#,
            _ => r#"Bearer error="insufficient_scope""#,
        };
        assert_eq!((said.status, said.header("www-authenticate")), (status, challenge), "{said:?}");
        assert_eq!(said.json(), self.program.body_of(code), "{said:?}");
    }

    /// Panics unless nobody has decided.
    #[track_caller]
    fn ensure_undecided(&self, said: &Said) {
        assert_eq!((said.status, said.header("retry-after")), (503, "1"), "{said:?}");
        assert_eq!(said.json(), self.program.body_of("undecided"), "{said:?}");
    }
}

async fn let_through_what_may(scene: &Scene) {
    let reader = scene.key(json!({})).await;
    scene.passes("/topics/deploys", &reader).await;
    scene.passes("/topics/deploys?token=x", &reader).await;
    let any_case = ("authorization".to_owned(), format!("bEaReR  {}", reader.1.secret()));
    assert_eq!(scene.ask("/topics/deploys", &[any_case]).await.status, 200);
    scene.passes("/issues", &scene.key(json!({ "capabilities": ["issue_view"], "topics": "all" })).await).await;
    scene.passes("/issues", &scene.key(json!({ "capabilities": ["admin"], "topics": "all" })).await).await;
    scene.passes("/topics/secrets", &scene.key(json!({ "mesh": null, "topics": "all" })).await).await;
}

async fn refuse_who_shows_no_key_that_is_accepted(scene: &Scene) {
    let (_, reader) = scene.key(json!({})).await;
    let (good, secret) = (bearer(reader.secret()), reader.secret());
    let none = [
        vec![],
        vec![("Authorization".to_owned(), format!("Basic {secret}"))],
        vec![("Authorization".to_owned(), "Bearer".to_owned())],
        vec![("Authorization".to_owned(), format!("Bearer {secret} x"))],
        vec![("Authorization".to_owned(), format!("Bearer {secret}, Bearer {secret}"))],
        vec![("X-API-Key".to_owned(), secret.to_owned())],
        vec![good.clone(), good.clone()],
        vec![good.clone(), bearer("x")],
        vec![bearer("x"), good],
    ];
    for (number, lines) in none.iter().enumerate() {
        let said = scene.ask("/topics/deploys", lines).await;
        eprintln!("case {number}");
        scene.ensure_refused(&said, 401, "unauthenticated");
    }
    let said = scene.ask(&format!("/topics/deploys?access_token={secret}"), &[]).await;
    scene.ensure_refused(&said, 401, "unauthenticated");
    let unknown = Secret::generate(&"mshk".parse().unwrap()).ok().unwrap();
    for text in [unknown.reveal(), "x", "mshk_short", &"x".repeat(512)] {
        let said = scene.ask("/topics/deploys", &[bearer(text)]).await;
        scene.ensure_refused(&said, 401, "invalid_token");
    }
    let (id, disabled) = scene.key(json!({})).await;
    scene.act(&id, "disable").await;
    scene.ensure_refused(&scene.show("/topics/deploys", &disabled).await, 401, "invalid_token");
}

async fn refuse_what_a_key_may_not(scene: &Scene) {
    let (_, reader) = scene.key(json!({})).await;
    let (_, sender) = scene.key(json!({ "capabilities": ["send"] })).await;
    scene.ensure_refused(&scene.show("/topics/deploys", &sender).await, 403, "capability_missing");
    scene.ensure_refused(&scene.show("/topics/secrets", &reader).await, 403, "topic_out_of_scope");
    let everywhere = scene.key(json!({ "topics": "all" })).await.1;
    scene.ensure_refused(&scene.show("/issues", &everywhere).await, 403, "capability_missing");
    let confined = scene.key(json!({ "capabilities": ["issue_view"] })).await.1;
    scene.ensure_refused(&scene.show("/issues", &confined).await, 403, "topic_out_of_scope");
    scene.ensure_refused(&scene.show("/topics/No%20Such", &everywhere).await, 403, "invalid_input");
}

/// The address is the one that the service saw, whatever its client writes.
async fn hand_on_the_address(scene: &Scene) {
    let here = scene.key(json!({ "addresses": ["127.0.0.0/8"] })).await;
    scene.passes("/topics/deploys", &here).await;
    let (_, elsewhere) = scene.key(json!({ "addresses": ["192.0.2.0/24"] })).await;
    for forged in ["X-Forwarded-For", "Forwarded", "X-Real-IP"] {
        let forged = (forged.to_owned(), if forged == "Forwarded" { "for=192.0.2.1" } else { "192.0.2.1" }.to_owned());
        let said = scene.ask("/topics/deploys", &[bearer(elsewhere.secret()), forged]).await;
        scene.ensure_refused(&said, 403, "ip_not_allowed");
    }
}

async fn refuse_a_key_from_the_answer_of_its_revocation_on(scene: &Scene) {
    let reader = scene.key(json!({})).await;
    scene.passes("/topics/deploys", &reader).await;
    scene.act(&reader.0, "revoke").await;
    scene.ensure_refused(&scene.show("/topics/deploys", &reader.1).await, 401, "invalid_token");
}

/// All that was asked until now went over one connection, and one more is made after it was cut.
async fn keep_the_connection(scene: &Scene) {
    let reader = scene.key(json!({})).await;
    scene.passes("/topics/deploys", &reader).await;
    let before = scene.path.connections();
    for _ in 0..10 {
        scene.passes("/topics/deploys", &reader).await;
    }
    assert_eq!(scene.path.connections(), before, "a connection for each question");
}

async fn pass_on_that_it_is_too_much(scene: &Scene) {
    let (_, reader) = scene.key(json!({})).await;
    let body = r#"{"allowed":false,"code":"rate_limited","detail":"","key":null,"retry_after":7}"#;
    scene.path.set(Mood::Says(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )));
    let said = eventually("an answer", async || {
        let said = scene.show("/topics/deploys", &reader).await;
        (said.status != 503).then_some(said)
    })
    .await;
    assert_eq!((said.status, said.header("retry-after")), (429, "7"), "{said:?}");
    assert_eq!(said.json(), scene.program.body_of("rate_limited"));
}

async fn let_nobody_through_when_nobody_decides(mut scene: Scene) {
    let (_, reader) = scene.key(json!({})).await;
    let said = |status: &str, body: &str| {
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
        Mood::Says(format!("{head}Location: http://127.0.0.1:1/\r\n\r\n{body}"))
    };
    let yes = r#"{"allowed":true,"code":"ok","key":{"id":"key_x"}}"#;
    let moods = [
        Mood::HangsUp,
        Mood::IsSilent,
        said("200 OK", "<html>"),
        said("200 OK", "null"),
        said("200 OK", ""),
        said("307 Temporary Redirect", yes),
        said("500 Internal Server Error", "oh"),
        said("429 Too Many Requests", r#"{"status":429,"code":"rate_limited"}"#),
    ];
    for mood in moods {
        scene.path.set(mood);
        scene.ensure_undecided(&scene.show("/topics/deploys", &reader).await);
    }
    scene.path.set(Mood::Passes);
    let passes = async || (scene.show("/topics/deploys", &reader).await.status == 200).then_some(());
    eventually("it decides again", passes).await;
    scene.house.set_reachable(false).await;
    scene.ensure_undecided(&scene.show("/topics/deploys", &reader).await);
    scene.house.set_reachable(true).await;
    eventually("it decides again", passes).await;
    // Whose own key is dead gets no answers.
    scene.act(&scene.asker, "revoke").await;
    scene.ensure_undecided(&scene.show("/topics/deploys", &reader).await);
    scene.house.stop().await;
    scene.ensure_undecided(&scene.show("/topics/deploys", &reader).await);
    scene.program.ensure_it_told_nothing();
}

async fn try_all(page: &'static str) {
    let Some(scene) = Scene::of(page).await else { return };
    let_through_what_may(&scene).await;
    refuse_who_shows_no_key_that_is_accepted(&scene).await;
    refuse_what_a_key_may_not(&scene).await;
    hand_on_the_address(&scene).await;
    refuse_a_key_from_the_answer_of_its_revocation_on(&scene).await;
    keep_the_connection(&scene).await;
    pass_on_that_it_is_too_much(&scene).await;
    let_nobody_through_when_nobody_decides(scene).await;
}

#[tokio::test]
async fn express_is_guarded_as_its_page_says() {
    try_all("express").await;
}

#[tokio::test]
async fn fastapi_is_guarded_as_its_page_says() {
    try_all("fastapi").await;
}
