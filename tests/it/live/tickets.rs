//! How a socket is opened: by a key in a header, or by a ticket; never by anything in the URL.

use serde_json::{Value, json};

use super::{
    SOCKET, reader, send,
    talker::{Talker, handshake, refused, with_ticket, with_ticket_at},
};
use crate::{
    client::Client,
    house::House,
    tools::{by_hand, id, one},
};

async fn ticket(by: &Client) -> String {
    let given = by.act(SOCKET).await.expect(201).body;
    given["ticket"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_ticket_opens_one_socket_with_what_its_key_may() {
    let house = House::new().await;
    let twin = house.twin().await;
    let admin = house.admin();
    let (key, by) = reader(&admin).await;
    let ticket = ticket(&by).await;
    // At any replica.
    let mut talker = Talker::with_ticket(&twin.stranger(), &ticket).await;
    talker.follow("deploys").await;
    send(&by, json!("heard")).await;
    assert_eq!(talker.messages(1).await[0]["author"]["key"], key["id"]);
    // Once.
    let (status, body) = refused(with_ticket(&house.stranger(), &ticket)).await;
    assert_eq!((status, &body["code"]), (401, &json!("invalid_token")));
    admin.act(&admin.at(&format!("/keys/{}/revoke", id(&key)))).await.expect(200);
    assert_eq!(talker.end().await, (1008, "invalid_token".to_owned()));
}

#[tokio::test]
async fn a_ticket_is_worth_what_its_key_is_when_it_is_shown() {
    let house = House::new().await;
    let admin = house.admin();
    let (key, by) = reader(&admin).await;
    let ticket = [ticket(&by).await, ticket(&by).await];
    admin.act(&admin.at(&format!("/keys/{}/disable", id(&key)))).await.expect(200);
    let (status, body) = refused(with_ticket(&house.stranger(), &ticket[0])).await;
    assert_eq!((status, &body["code"]), (401, &json!("invalid_token")));
    admin.act(&admin.at(&format!("/keys/{}/enable", id(&key)))).await.expect(200);
    let late = "UPDATE socket_tickets SET ends_at = clock_timestamp()";
    by_hand(&house.sql("superuser").await, late).await;
    let (status, body) = refused(with_ticket(&house.stranger(), &ticket[1])).await;
    assert_eq!((status, &body["code"]), (401, &json!("invalid_token")));
}

#[tokio::test]
async fn a_ticket_opens_nothing_in_another_mesh() {
    let house = House::new().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "payroll" })).await.expect(201);
    // The key may act in both.
    let (_, by) = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    let other = "/v1/meshes/payroll/ws";
    let ticket = [ticket(&by).await, ticket(&by).await];
    let (status, body) = refused(with_ticket_at(&house.stranger(), &ticket[0], other)).await;
    assert_eq!((status, &body["code"]), (401, &json!("invalid_token")));
    Talker::with_ticket(&house.stranger(), &ticket[1]).await;
}

#[tokio::test]
async fn what_is_no_handshake_takes_no_ticket_nor_does_who_shows_a_key_as_well() {
    let house = House::new().await;
    let (_, by) = reader(&house.admin()).await;
    let ticket = ticket(&by).await;
    let named = format!("meshkey, {ticket}");
    let answer = house.stranger().raw("GET", SOCKET).header("Sec-WebSocket-Protocol", &named).send().await;
    answer.problem(400, "invalid_request");
    let mut both = with_ticket(&by, &ticket);
    both.headers_mut().insert("authorization", format!("Bearer {}", by.secret()).parse().unwrap());
    let (status, body) = refused(both).await;
    assert_eq!((status, &body["code"]), (400, &json!("invalid_request")));
    Talker::with_ticket(&house.stranger(), &ticket).await;
    // Whoever has a key may speak other protocols besides.
    let mut with_key = with_ticket(&by, "mqtt");
    with_key.headers_mut().insert("authorization", format!("Bearer {}", by.secret()).parse().unwrap());
    tokio_tungstenite::connect_async(with_key).await.unwrap();
}

// K-11
#[tokio::test]
async fn nothing_that_opens_anything_goes_into_the_url() {
    let house = House::new().await;
    let (_, by) = reader(&house.admin()).await;
    let ticket = ticket(&by).await;
    for query in ["token", "ticket", "api_key", "access_token", "key"] {
        for value in [by.secret(), &ticket] {
            let (status, body) = refused(handshake(&by, &format!("{SOCKET}?{query}={value}"))).await;
            assert_eq!((status, &body["code"]), (400, &json!("invalid_request")), "{query}");
        }
    }
    // The ticket is as good as before, since nobody has taken it.
    Talker::with_ticket(&house.stranger(), &ticket).await;
}

#[tokio::test]
async fn what_opens_nothing_is_refused_before_the_handshake() {
    let house = House::new().await;
    let admin = house.admin();
    let (_, by) = reader(&admin).await;
    let with = |name: &'static str, value: &str, path: &str| {
        let mut request = handshake(&by, path);
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    };
    let bearer = format!("Bearer {}", by.secret());
    admin.post(&admin.at("/meshes"), json!({ "slug": "other", "name": "Other" })).await.expect(201);
    for (request, status, code) in [
        (handshake(&by, SOCKET), 401, "unauthenticated"),
        // A key is no ticket.
        (with_ticket(&by, by.secret()), 401, "invalid_token"),
        (with_ticket(&by, "0000-0000-0000-0000-0000-0000-0000"), 401, "invalid_token"),
        (with("sec-websocket-protocol", "meshkey", SOCKET), 401, "unauthenticated"),
        (with("sec-websocket-protocol", &ticket(&by).await, SOCKET), 401, "unauthenticated"),
        (with("authorization", &bearer, "/v1/meshes/other/ws"), 404, "not_found"),
        (with("authorization", &bearer, &format!("{SOCKET}?after=1")), 422, "invalid_input"),
        (with("sec-websocket-version", "8", SOCKET), 401, "unauthenticated"),
    ] {
        let (told, body) = refused(request).await;
        assert_eq!((told, &body["code"]), (status, &json!(code)), "{body}");
    }
    let answer = by.get(SOCKET).await;
    assert_eq!((answer.status, &answer.body["code"]), (400, &json!("invalid_request")));
    assert_eq!(answer.headers["sec-websocket-version"], "13");
}

// G-26
#[tokio::test]
async fn who_tries_tickets_out_is_told_to_wait() {
    let house = House::with(&[("MESHKEY_FAILED_AUTH_PER_MINUTE", "2")]).await;
    let mut told = Vec::new();
    for _ in 0..4 {
        told.push(refused(with_ticket(&house.stranger(), "0000-0000-0000-0000-0000-0000-0000")).await.0);
    }
    assert!(told.starts_with(&[401, 401]) && told.ends_with(&[429]), "{told:?}");
}

#[tokio::test]
async fn tickets_that_are_over_are_taken_away_and_no_more_than_so_many_are_open() {
    let house = House::new().await;
    let (_, by) = reader(&house.admin()).await;
    let mut given: Vec<Value> = Vec::new();
    for _ in 0..100 {
        given.push(by.act(SOCKET).await.expect(201).body);
    }
    let full = by.act(SOCKET).await;
    assert_eq!((full.status, &full.body["code"]), (429, &json!("too_many_streams")));
    let sql = house.sql("superuser").await;
    by_hand(&sql, "UPDATE socket_tickets SET ends_at = clock_timestamp()").await;
    by.act(SOCKET).await.expect(201);
    meshkey::db::tickets::sweep(&house.operator().await).await.unwrap();
    assert_eq!(one(&sql, "SELECT count(*) FROM socket_tickets").await, "1");
}
