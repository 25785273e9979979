//! Who takes nothing of what it is sent.

#![cfg(target_os = "linux")]

use serde_json::json;
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpSocket, TcpStream},
};

use super::{STREAM, listening, reader, send};
use crate::{client::Client, house::House, tools::eventually};

/// Asks for the stream, and never reads a byte of it.
async fn deaf(by: &Client) -> TcpStream {
    let address = by.base().strip_prefix("http://").unwrap().parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(1024).unwrap();
    let mut connection = socket.connect(address).await.unwrap();
    let head = format!("GET {STREAM} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", by.secret());
    connection.write_all(head.as_bytes()).await.unwrap();
    connection
}

#[tokio::test]
async fn who_takes_nothing_is_given_up_and_the_others_hear_all() {
    let house = House::with(&[("MESHKEY_SEND_TIMEOUT", "1s")]).await;
    let admin = house.admin();
    let (_, by) = reader(&admin).await;
    let open = async |wanted: usize| {
        let line = format!("meshkey_streams {wanted}");
        eventually(&line, async || house.metrics().lines().any(|told| told == line).then_some(())).await;
    };
    let connection = deaf(&by).await;
    open(1).await;
    let (_, mut listener) = listening(&admin).await;
    open(2).await;
    let large = "x".repeat(60 * 1024);
    // More than the server, the system and the line keep for a client.
    for _ in 0..100 {
        send(&admin, json!(large)).await;
        listener.messages(1).await;
    }
    open(1).await;
    send(&admin, json!("on")).await;
    assert_eq!(listener.messages(1).await[0]["body"], "on");
    drop(connection);
}
