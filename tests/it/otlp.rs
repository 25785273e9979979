//! What a collector is told of requests: a span for each, with the parent that it said, and never a secret. A collector that
//! is away or dumb changes nothing.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value as Any},
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};
use prost::Message as _;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::{
    canary,
    forward::wire,
    house::House,
    tools::{eventually, hex, id},
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Takes what is sent to it, and answers every request so.
struct Collector {
    base: String,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Collector {
    async fn answering(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let bodies = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let all = Arc::clone(&bodies);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, status, Arc::clone(&all)));
            }
        });
        Self { base, bodies }
    }

    /// What it was sent, as it came.
    fn bytes(&self) -> Vec<u8> {
        self.bodies.lock().unwrap().concat()
    }

    /// The spans of all batches, and what is said of who sends them.
    fn told(&self) -> (Vec<Span>, Vec<KeyValue>) {
        let (mut spans, mut of) = (Vec::new(), Vec::new());
        for body in self.bodies.lock().unwrap().iter() {
            for told in ExportTraceServiceRequest::decode(body.as_slice()).unwrap().resource_spans {
                of = told.resource.unwrap().attributes;
                spans.extend(told.scope_spans.into_iter().flat_map(|scope| scope.spans));
            }
        }
        (spans, of)
    }
}

/// One connection, which may bring several batches.
async fn take(mut stream: TcpStream, status: &str, all: Arc<Mutex<Vec<Vec<u8>>>>) {
    let mut bytes = Vec::new();
    loop {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            let Ok(1..) = stream.read_buf(&mut bytes).await else { return };
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
        assert!(head.contains("content-type: application/x-protobuf"), "{head}");
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse::<usize>().unwrap();
        if bytes.len() < end + 4 + length {
            let Ok(1..) = stream.read_buf(&mut bytes).await else { return };
            continue;
        }
        all.lock().unwrap().push(bytes[end + 4..end + 4 + length].to_vec());
        bytes.drain(..end + 4 + length);
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        if status.is_empty() || stream.write_all(answer.as_bytes()).await.is_err() {
            // It never answers, and hangs on.
            return std::future::pending().await;
        }
    }
}

/// A service that tells a collector.
async fn telling(endpoint: &str) -> House {
    House::with(&[("MESHKEY_OTLP_ENDPOINT", endpoint), ("MESHKEY_REPLICA_NAME", "one")]).await
}

fn text<'a>(of: &'a [KeyValue], name: &str) -> Option<&'a str> {
    match of.iter().find(|one| one.key == name)?.value.as_ref()?.value.as_ref()? {
        Any::StringValue(text) => Some(text),
        other => panic!("{name} is {other:?}"),
    }
}

fn status(span: &Span) -> i64 {
    let status = span.attributes.iter().find(|one| one.key == "http.response.status_code").unwrap();
    match status.value.as_ref().unwrap().value.as_ref().unwrap() {
        Any::IntValue(number) => *number,
        other => panic!("a status of {other:?}"),
    }
}

/// The one span of that request.
#[track_caller]
fn of<'a>(spans: &'a [Span], request_id: &str) -> &'a Span {
    let found: Vec<_> =
        spans.iter().filter(|span| text(&span.attributes, "meshkey.request_id") == Some(request_id)).collect();
    assert_eq!(found.len(), 1, "{request_id}: {spans:?}");
    found[0]
}

#[tokio::test]
async fn a_collector_is_told_of_each_request_once_and_of_no_secret() {
    let collector = Collector::answering("200 OK").await;
    let mut house = telling(&collector.base).await;
    let admin = house.admin();
    let (key, bot) = admin.issue(json!({ "mesh": "main", "capabilities": ["read"], "topics": ["deploys"] })).await;
    let said = |flags: &str| format!("00-{TRACE}-{PARENT}-{flags}");
    let ask = async |path: &str, traceparent: &str| {
        let answer = bot.raw("GET", path).header("traceparent", traceparent).send().await;
        answer.header("x-request-id").to_owned()
    };
    let child = ask("/v1/whoami", &said("01")).await;
    let unwanted = ask("/v1/whoami", &said("00")).await;
    let root = ask("/v1/meshes/main/topics?limit=7", "garbled").await;
    let denied = ask("/v1/meshes/main/topics/secrets/messages", &said("01")).await;
    let stranger = house.stranger();
    let nobody = stranger.get("/v1/whoami").await.header("x-request-id").to_owned();
    let lost = stranger.get(&format!("/{}", bot.secret())).await.header("x-request-id").to_owned();
    let in_query = stranger.get(&format!("/v1/whoami?token={}", bot.secret())).await.header("x-request-id").to_owned();
    let address = stranger.base().trim_start_matches("http://").to_owned();
    let odd = wire::ask(&address, "MSHK_SECRET", "/v1/whoami", &[]).await.header("x-request-id").to_owned();
    let question = json!({ "key": bot.secret(), "capability": "read" });
    let asked = admin.post("/v1/verify", question).await.header("x-request-id").to_owned();
    house.set_reachable(false).await;
    let failed = admin.get("/v1/orgs/acme/meshes").await.header("x-request-id").to_owned();
    house.set_reachable(true).await;
    house.stop().await;

    let (spans, resource) = collector.told();
    let own = |name| text(&resource, name);
    assert_eq!((own("service.name"), own("service.instance.id")), (Some("meshkey"), Some("one")));
    assert_eq!(own("service.version"), Some(env!("CARGO_PKG_VERSION")));
    let seen = |id: &str| {
        let span = of(&spans, id);
        let route = text(&span.attributes, "http.route").unwrap_or("none");
        let method = text(&span.attributes, "http.request.method").unwrap();
        let told = text(&span.attributes, "meshkey.code").unwrap_or("none");
        assert_eq!(span.kind, i32::from(SpanKind::Server as i16));
        assert!(span.start_time_unix_nano > 0 && span.start_time_unix_nano <= span.end_time_unix_nano, "{span:?}");
        (span.name.as_str(), route, method, status(span), told)
    };
    let topics = "/v1/meshes/{mesh}/topics";
    let messages = "/v1/meshes/{mesh}/topics/{topic}/messages";
    let meshes = "/v1/orgs/{org}/meshes";
    assert_eq!(seen(&child), ("GET /v1/whoami", "/v1/whoami", "GET", 200, "none"));
    assert_eq!(seen(&root), ("GET /v1/meshes/{mesh}/topics", topics, "GET", 200, "none"));
    assert_eq!(seen(&denied), (format!("GET {messages}").as_str(), messages, "GET", 403, "insufficient_scope"));
    assert_eq!(seen(&nobody), ("GET /v1/whoami", "/v1/whoami", "GET", 401, "unauthenticated"));
    assert_eq!(seen(&lost), ("GET", "none", "GET", 404, "not_found"));
    assert_eq!(seen(&in_query).3, 400);
    assert_eq!((seen(&odd).2, seen(&odd).3), ("_OTHER", 405));
    assert_eq!(seen(&asked), ("POST /v1/verify", "/v1/verify", "POST", 200, "none"));
    assert_eq!(seen(&failed), (format!("GET {meshes}").as_str(), meshes, "GET", 503, "store_unavailable"));

    for (id, parent) in [(&child, PARENT), (&denied, PARENT)] {
        let span = of(&spans, id);
        assert_eq!((hex(&span.trace_id).as_str(), hex(&span.parent_span_id).as_str()), (TRACE, parent));
        assert_ne!(hex(&span.span_id), parent);
    }
    let first = of(&spans, &root);
    assert!(first.parent_span_id.is_empty() && first.trace_id.len() == 16 && hex(&first.trace_id) != TRACE);
    let dropped = spans.iter().any(|span| text(&span.attributes, "meshkey.request_id") == Some(&unwanted));
    assert!(!dropped, "whoever began the trace does not keep it");
    let span = of(&spans, &child);
    assert_eq!(text(&span.attributes, "meshkey.key"), Some(id(&key).as_str()));
    assert_eq!(text(&span.attributes, "meshkey.org"), key["owner"]["org"].as_str());
    assert_eq!(text(&of(&spans, &nobody).attributes, "meshkey.key"), None);
    let status_of = |id: &str| of(&spans, id).status.clone().unwrap_or_default().code;
    assert_eq!(status_of(&failed), StatusCode::Error as i32);
    assert_eq!(status_of(&denied), StatusCode::Unset as i32);
    assert_eq!(text(&of(&spans, &failed).attributes, "error.type"), Some("store_unavailable"));

    let bytes = collector.bytes();
    let text = String::from_utf8_lossy(&bytes);
    canary::ensure_none("what a collector is told", &text);
    for never in ["limit=7", "MSHK_SECRET", "/secrets", "acme"] {
        assert!(!text.contains(never), "{never} was told");
    }
}

#[tokio::test]
async fn where_no_trace_may_begin_those_that_others_keep_are_told_and_no_others() {
    let collector = Collector::answering("200 OK").await;
    let mut house = House::with(&[("MESHKEY_OTLP_ENDPOINT", &collector.base), ("MESHKEY_OTLP_RATIO", "0")]).await;
    let said = |flags: &str| format!("00-{TRACE}-{PARENT}-{flags}");
    let ask = async |traceparent: &str| {
        let answer = house.stranger().raw("GET", "/livez").header("traceparent", traceparent).send().await.expect(200);
        answer.header("x-request-id").to_owned()
    };
    let kept = ask(&said("01")).await;
    for other in [said("00"), String::new()] {
        ask(&other).await;
    }
    house.stop().await;
    let (spans, _) = collector.told();
    assert_eq!(text(&of(&spans, &kept).attributes, "http.route"), Some("/livez"));
    assert_eq!(spans.len(), 1, "{spans:?}");
}

/// Does what is done with keys, and stops. None of it may hang on the collector.
async fn goes_on(endpoint: &str) {
    let mut house = telling(endpoint).await;
    let admin = house.admin();
    for _ in 0..50 {
        admin.get("/v1/whoami").await.expect(200);
    }
    let (key, bot) = admin.issue(json!({ "capabilities": ["read"], "topics": "all" })).await;
    admin.act(&admin.at(&format!("/keys/{}/revoke", id(&key)))).await.expect(200);
    bot.get("/v1/whoami").await.problem(401, "invalid_token");
    tokio::time::timeout(Duration::from_mins(1), house.stop()).await.expect("it does not stop");
}

#[tokio::test]
async fn a_collector_that_is_not_there_changes_nothing() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    goes_on(&format!("http://{gone}")).await;
}

#[tokio::test]
async fn a_collector_that_takes_nothing_or_never_answers_changes_nothing() {
    for status in ["503 Service Unavailable", ""] {
        let collector = Collector::answering(status).await;
        goes_on(&collector.base).await;
        eventually("it was told", async || (!collector.bytes().is_empty()).then_some(())).await;
    }
}
