//! Hostile input: whatever is sent, the answer is a clear no, never a 500, and the next request is served.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::house::House;

#[tokio::test]
async fn a_nul_is_refused_wherever_it_stands() {
    let house = House::new().await;
    let admin = house.admin();
    for query in
        ["/keys?text=a%00b", "/keys?issued_by=%00", "/audit?subject=%00", "/keys?mesh=%00", "/meshes?cursor=%00"]
    {
        admin.get(&admin.at(query)).await.problem(422, "invalid_input");
    }
    for (member, pointer) in [("label", "#/label"), ("note", "#/note")] {
        let mut wish = json!({ "label": "x", "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] });
        wish[member] = json!("a\0b");
        let problem = admin.post(&admin.at("/keys"), wish).await.problem(422, "invalid_input");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    for path in ["/v1/meshes/%00/topics", "/v1/meshes/main/topics/%00/messages", "/v1/meshes/main/state/%00"] {
        admin.get(path).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_forged_cursor_with_a_nul_is_refused() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let house = House::new().await;
    let admin = house.admin();
    let first = admin.get("/v1/meshes/main/topics?limit=1").await;
    let cursor = first.body["next"].as_str().unwrap();
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).unwrap()).unwrap();
    let forged = URL_SAFE_NO_PAD.encode(text.replace("deploys", "\\u0000"));
    admin.get(&format!("/v1/meshes/main/topics?limit=1&cursor={forged}")).await.problem(400, "invalid_cursor");
}

#[tokio::test]
async fn content_may_be_nested_a_hundred_levels_and_no_more() {
    let house = House::new().await;
    let admin = house.admin();
    let message = |levels: usize| format!(r#"{{"body":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    let send = async |levels: usize| {
        let request = admin.raw("post", "/v1/meshes/main/topics/deploys/messages");
        request.body("application/json", message(levels)).send().await
    };
    send(100).await.expect(201);
    send(101).await.problem(422, "invalid_input");
    send(30_000).await.problem(422, "invalid_input");
}

#[tokio::test]
async fn a_url_that_is_too_long_and_a_body_in_pieces_that_is_too_large_are_refused() {
    let house = House::new().await;
    let admin = house.admin();
    let answer = admin.get(&admin.at(&format!("/keys?text={}", "x".repeat(9000)))).await;
    assert_eq!(answer.status, 414);
    let address = admin.base().strip_prefix("http://").unwrap().to_owned();
    let mut line = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1/verify HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\nconnection: close\r\n\r\n",
        admin.secret()
    );
    line.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    for _ in 0..5 {
        // It may answer and hang up before it has heard all of it.
        let _ = line.write_all(chunk.as_bytes()).await;
    }
    let (mut answer, mut part) = (String::new(), [0_u8; 4096]);
    while !answer.contains("payload_too_large") {
        let read = line.read(&mut part).await.unwrap();
        assert!(read > 0, "{answer}");
        answer.push_str(&String::from_utf8_lossy(&part[..read]));
    }
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("payload_too_large"), "{answer}");
}

#[tokio::test]
async fn requests_that_break_http_are_refused() {
    let house = House::new().await;
    let admin = house.admin();
    let address = admin.base().strip_prefix("http://").unwrap().to_owned();
    let broken = [
        "GET /v1/whoami HTTP/1.1\r\n\r\n",
        "GET /v1/whoami HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
        "POST /v1/verify HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}",
        "POST /v1/verify HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\n{}",
        "GET http://elsewhere/v1/whoami HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "NONSENSE\r\n\r\n",
    ];
    for text in broken {
        let mut line = TcpStream::connect(&address).await.unwrap();
        line.write_all(text.as_bytes()).await.unwrap();
        let mut answer = [0_u8; 12];
        line.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 400", "{text}");
    }
    admin.get("/v1/whoami").await.expect(200);
}
