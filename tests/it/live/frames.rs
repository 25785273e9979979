//! What RFC 6455 says of frames, one by one, said by hand.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{SOCKET, reader};
use crate::{client::Client, house::House, tools::eventually};

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const LAST: u8 = 0x80;

/// A frame of a client: its first byte, and what it has, masked.
fn frame(first: u8, body: &[u8]) -> Vec<u8> {
    let mask = [7, 11, 13, 17];
    let length = u8::try_from(body.len()).unwrap();
    assert!(length < 126);
    let masked = body.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
    [first, 0x80 | length].into_iter().chain(mask).chain(masked).collect()
}

/// A socket that is open.
async fn open(by: &Client) -> TcpStream {
    let address = by.base().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET {SOCKET} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {}\r\n\r\n",
        by.secret()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    let answer = String::from_utf8(answer).unwrap().to_lowercase();
    assert!(answer.starts_with("http/1.1 101 "), "{answer}");
    assert!(answer.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{answer}");
    assert!(!answer.contains("sec-websocket-extensions"), "{answer}");
    let (first, body) = hear(&mut stream).await;
    assert_eq!((first, body.as_slice()), (LAST | TEXT, br#"{"event":"open"}"#.as_slice()));
    stream
}

/// The next frame of the server: its first byte, and what it has.
async fn hear(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let first = stream.read_u8().await.unwrap();
    let length = match stream.read_u8().await.unwrap() {
        126 => usize::from(stream.read_u16().await.unwrap()),
        length => usize::from(length),
    };
    assert!(length < 0x80 || length > 125, "a server masks nothing");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    (first, body)
}

/// With which code it is closed, and that nothing follows.
async fn closed(stream: &mut TcpStream) -> Option<u16> {
    let (first, body) = hear(stream).await;
    assert_eq!(first, LAST | CLOSE, "{body:?}");
    let mut rest = Vec::new();
    // It may be reset: what was sent beyond was not read.
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.is_empty(), "{rest:?}");
    body.first_chunk().map(|code| u16::from_be_bytes(*code))
}

#[tokio::test]
async fn a_message_may_come_in_parts_and_pings_between_them() {
    let house = House::new().await;
    let (_, by) = reader(&house.admin()).await;
    let mut stream = open(&by).await;
    let text = r#"{"do":"unsubscribe","id":"é","topic":"deploys"}"#.as_bytes();
    // Also within a character.
    let cut = text.iter().position(|byte| *byte > 0x7f).unwrap() + 1;
    stream.write_all(&frame(TEXT, &text[..cut])).await.unwrap();
    stream.write_all(&frame(LAST | PING, b"now")).await.unwrap();
    assert_eq!(hear(&mut stream).await, (LAST | PONG, b"now".to_vec()));
    stream.write_all(&frame(0, b"")).await.unwrap();
    // What nobody asked for means nothing.
    stream.write_all(&frame(LAST | PONG, b"so")).await.unwrap();
    for byte in &text[cut..text.len() - 1] {
        stream.write_all(&frame(0, &[*byte])).await.unwrap();
    }
    stream.write_all(&frame(LAST, &text[text.len() - 1..])).await.unwrap();
    let (first, body) = hear(&mut stream).await;
    assert_eq!(first, LAST | TEXT);
    let said: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&said["re"], &said["error"]["code"]), (&"é".into(), &"not_found".into()));
    stream.write_all(&frame(LAST | CLOSE, &1000_u16.to_be_bytes())).await.unwrap();
    assert_eq!(closed(&mut stream).await, Some(1000));
}

#[tokio::test]
async fn what_is_no_frame_ends_it_with_the_code_for_that() {
    let house = House::new().await;
    let (_, by) = reader(&house.admin()).await;
    let long = vec![b'x'; 125];
    let unmasked = vec![LAST | TEXT, 1, b'x'];
    let too_long = [&[LAST | TEXT, 0x80 | 0x7f][..], &(64 * 1024 + 1_u64).to_be_bytes(), &[0; 4]].concat();
    let in_parts: Vec<u8> = [frame(TEXT, &long), frame(0, &long).repeat(600)].concat();
    for (what, bytes, code) in [
        ("a reserved opcode", frame(LAST | 3, b""), 1002),
        ("a reserved control", frame(LAST | 0xb, b""), 1002),
        ("a reserved bit", frame(LAST | 0x40 | TEXT, b"{}"), 1002),
        ("no mask", unmasked, 1002),
        ("a ping in parts", frame(PING, b"a"), 1002),
        ("a part of nothing", frame(LAST, b"a"), 1002),
        ("a message within another", [frame(TEXT, b"a"), frame(LAST | TEXT, b"b")].concat(), 1002),
        ("no UTF-8", frame(LAST | TEXT, &[0xc3, 0x28]), 1007),
        ("a surrogate", frame(LAST | TEXT, &[0xed, 0xa0, 0x80]), 1007),
        ("bytes", frame(LAST | BINARY, b"a"), 1003),
        ("a control that is long", [&[LAST | PING, 0x80 | 0x7e, 0, 126, 0, 0, 0, 0][..], &[0; 126]].concat(), 1002),
        ("a code that may not be said", frame(LAST | CLOSE, &1005_u16.to_be_bytes()), 1002),
        ("half a code", frame(LAST | CLOSE, &[3]), 1002),
        ("a reason that is no UTF-8", frame(LAST | CLOSE, &[3, 0xe8, 0xff]), 1007),
        ("too long", too_long, 1009),
        ("too long in parts", in_parts, 1009),
    ] {
        let mut stream = open(&by).await;
        stream.write_all(&bytes).await.unwrap();
        assert_eq!(closed(&mut stream).await, Some(code), "{what}");
    }
    eventually("nobody holds a place", async || house.metrics().contains("meshkey_streams 0\n").then_some(())).await;
}
