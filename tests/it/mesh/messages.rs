//! What a message carries: any JSON, as it was written, up to 64 KiB.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    house::House,
    tools::id,
};

const MESSAGES: &str = "/v1/meshes/main/topics/deploys/messages";
const LARGEST: usize = 64 * 1024;

async fn post(by: &Client, body: String) -> Answer {
    by.raw("POST", MESSAGES).body("application/json", body).send().await
}

/// The raw text of an answer: parsed JSON would hide what was changed.
async fn raw(by: &Client, house: &str) -> String {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(format!("{house}{MESSAGES}?limit=1")).bearer_auth(by.secret()).send().await.unwrap();
    answer.text().await.unwrap()
}

#[tokio::test]
async fn a_body_is_kept_as_it_was_written() {
    let house = House::new().await;
    let admin = house.admin();
    let other = crate::tools::Other::on(&house, ("MESHKEY_WORKERS", "1")).await;
    let bodies = [
        "12345678901234567890123456789012345678901234567890",
        "1.000000000000000000000000000000000000001",
        "1.0",
        "-0",
        "{\"a\":1,\"a\":2}",
        "{\"b\":1,\"a\":{\"z\":[ ],\"y\":[null,true,false]}}",
        "\"\\u00e9\\ud83d\\ude00\"",
        "\"é😀\"",
        "\"\\/\"",
        "null",
        "\"\"",
        "[]",
        "{ \"spaced\" :\t[ 1 , 2 ] }",
    ];
    for body in bodies {
        post(&admin, format!("{{\"body\":{body}}}")).await.expect(201);
        let text = raw(&admin, &other.address).await;
        assert!(text.contains(&format!("\"body\":{body},")), "{body} became {text}");
    }
}

#[tokio::test]
async fn what_is_no_json_or_says_more_than_a_message_is_refused() {
    let house = House::new().await;
    let admin = house.admin();
    for odd in ["\"\\u0000\"", "{\"\\u0000\":1}", "[\"a\\u0000b\"]"] {
        let answer = post(&admin, format!("{{\"body\":{odd}}}")).await;
        assert!([201, 422].contains(&answer.status), "{odd}: {answer:?}");
    }
    for bad in [
        "",
        "{",
        "{\"body\":1}}",
        "{\"body\":NaN}",
        "{\"body\":01}",
        "{\"body\":1,}",
        "{'body':1}",
        "\u{feff}{\"body\":1}",
    ] {
        post(&admin, bad.to_owned()).await.problem(400, "malformed_json");
    }
    for bad in ["{}", "[]", "1", "{\"body\":1,\"author\":\"x\"}", "{\"body\":1,\"seq\":1}"] {
        post(&admin, bad.to_owned()).await.problem(422, "invalid_input"); // G-36
    }
}

// Fails until such bodies are refused: whoever may send makes every page that holds one of them unreadable to strict
// parsers, ours included.
#[tokio::test]
async fn a_body_that_a_strict_reader_cannot_read_is_refused() {
    let house = House::new().await;
    let admin = house.admin();
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    post(&admin, format!("{{\"body\":{}}}", deep(100))).await.expect(201);
    for bad in ["\"\\ud800\"", "\"\\udc00\\ud800\"", "{\"\\ud800\":1}", &deep(1000), &deep(30_000)] {
        let answer = post(&admin, format!("{{\"body\":{bad}}}")).await;
        assert!([400, 422].contains(&answer.status), "{answer:?}");
        let put = admin.raw("PUT", "/v1/meshes/main/state/x").body("application/json", format!("{{\"value\":{bad}}}"));
        let answer = put.send().await;
        assert!([400, 422].contains(&answer.status), "{answer:?}");
    }
    admin.get(MESSAGES).await.expect(200);
}

// G-24
#[tokio::test]
async fn a_body_of_64_kib_is_taken_and_one_byte_more_is_not() {
    let house = House::new().await;
    let admin = house.admin();
    let of = |size: usize| format!("{{\"body\":\"{}\"}}", "x".repeat(size - "{\"body\":\"\"}".len()));
    for size in [LARGEST - 1, LARGEST] {
        post(&admin, of(size)).await.expect(201);
    }
    post(&admin, of(LARGEST + 1)).await.problem(413, "payload_too_large");
    let state = "/v1/meshes/main/state/x";
    let put = |size: usize| {
        let body = of(size).replace("\"body\"", "\"value\"");
        admin.raw("PUT", state).body("application/json", body[..body.len() - 3].to_owned() + "\"}").send()
    };
    put(LARGEST).await.expect(201);
    put(LARGEST + 4).await.problem(413, "payload_too_large");
}

// G-24
#[tokio::test]
async fn a_body_that_does_not_say_its_length_is_measured_as_it_comes() {
    let house = House::new().await;
    let other = crate::tools::Other::on(&house, ("MESHKEY_WORKERS", "1")).await;
    let (place, secret) = (other.address.trim_start_matches("http://").to_owned(), house.admin().secret().to_owned());
    let answer = tokio::task::spawn_blocking(move || {
        let mut line = TcpStream::connect(&place).unwrap();
        let head = format!("POST {MESSAGES} HTTP/1.1\r\nHost: {place}\r\nAuthorization: Bearer {secret}\r\n");
        let media = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
        line.write_all(format!("{head}{media}").as_bytes()).unwrap();
        for _ in 0..4 {
            // The server may hang up in the middle.
            let _ = line.write_all(format!("7530\r\n{}\r\n", " ".repeat(0x7530)).as_bytes());
        }
        let _ = line.write_all(b"0\r\n\r\n");
        let mut answer = vec![0; 12];
        line.read_exact(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    });
    assert_eq!(answer.await.unwrap(), "HTTP/1.1 413");
}

// G-28, G-31, G-36
#[tokio::test]
async fn a_message_has_its_key_as_author_and_answers_one_of_its_own_topic() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, bot) = admin.issue(json!({ "label": "bot", "capabilities": ["send", "read"], "topics": "all" })).await;
    let first = bot.post(MESSAGES, json!({ "body": 1 })).await.expect(201).body;
    assert_eq!(first["author"], json!({ "key": key["id"], "label": "bot" }));
    let answer = admin.post(MESSAGES, json!({ "body": 2, "reply_to": id(&first) })).await.expect(201).body;
    assert_eq!((&answer["reply_to"], &answer["seq"]), (&first["id"], &json!(2)));
    assert_ne!(answer["author"]["key"], key["id"]);
    let elsewhere = admin.post(&MESSAGES.replace("deploys", "secrets"), json!({ "body": 3 })).await.expect(201).body;
    for bad in [id(&elsewhere), "msg_01kzzzzzzze00800000000000z".to_owned(), id(&key), String::new(), "1".to_owned()] {
        let problem = admin.post(MESSAGES, json!({ "body": 4, "reply_to": bad })).await.problem(422, "invalid_input");
        assert_eq!(problem["errors"][0]["pointer"], "#/reply_to");
    }
    admin.act(&admin.at(&format!("/keys/{}/revoke", id(&key)))).await.expect(200);
    let page = admin.get(&format!("{MESSAGES}?after=0")).await.expect(200);
    assert_eq!(page.items().len(), 2, "what was refused took no number");
    assert_eq!(page.items()[0]["author"]["label"], "bot");
    assert_eq!(page.items()[0]["reply_to"], Value::Null);
}
