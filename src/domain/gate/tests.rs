use proptest::{collection::btree_map, prelude::*, sample::select};

use super::*;
use crate::domain::path::canonical;

fn gate(methods: Methods, topic: Option<TopicFrom>) -> Gate {
    Gate {
        id: GateId::new(),
        org: OrgId::new(),
        mesh: MeshId::new(),
        name: "reports".parse().unwrap(),
        description: Description::default(),
        methods,
        topic,
        deny_429: false,
        created_at: OffsetDateTime::UNIX_EPOCH,
        version: 1,
    }
}

fn methods(text: &str) -> Methods {
    serde_json::from_str(text).unwrap()
}

fn capabilities() -> impl Strategy<Value = Capability> {
    select(vec!["send", "read", "state_write", "admin", "upload"]).prop_map(|name| name.parse().unwrap())
}

fn many_methods() -> impl Strategy<Value = Methods> {
    btree_map(select(Method::ALL.to_vec()), capabilities(), 1..=8).prop_map(|map| Methods::new(map).unwrap())
}

#[test]
fn each_method_demands_its_own_and_head_what_get_does() {
    let some = methods(r#"{"GET": "read", "POST": "send"}"#);
    let demanded = |all: &Methods, method| all.demanded(method).map(ToString::to_string).unwrap_or_default();
    for (method, wanted) in
        [("GET", "read"), ("HEAD", "read"), ("POST", "send"), ("PUT", ""), ("OPTIONS", ""), ("PROPFIND", "")]
    {
        assert_eq!(demanded(&some, method), wanted, "{method}");
    }
    let all = methods(r#"{"GET": "read", "HEAD": "verify", "*": "admin"}"#);
    for (method, wanted) in [("HEAD", "verify"), ("POST", "admin"), ("PROPFIND", "admin"), ("VERSION-CONTROL", "admin")]
    {
        assert_eq!(demanded(&all, method), wanted, "{method}");
    }
    assert_eq!(demanded(&methods(r#"{"*": "admin"}"#), "HEAD"), "admin");
    for odd in ["", "*", "get", "Get", "GET ", " GET", "G\u{c9}T", "G_T", "GET,POST", &"X".repeat(33)] {
        assert_eq!(all.demanded(odd), None, "{odd:?}");
    }
}

#[test]
fn what_is_no_table_of_methods_is_refused() {
    let refused = |text: &str| serde_json::from_str::<Methods>(text).unwrap_err().to_string();
    assert!(refused("{}").starts_with("name at least one method"));
    assert!(refused(r#"{"get": "read"}"#).starts_with("unknown method 'get'; known: GET, HEAD,"));
    assert!(refused(r#"{"PSOT": "send"}"#).starts_with("unknown method 'PSOT' (did you mean 'POST'?)"));
    assert!(refused(r#"{"GET": "read", "GET": "send"}"#).starts_with("GET is there twice"));
    assert!(refused(r#"{"GET": "Read"}"#).starts_with("unknown capability 'Read'"));
    assert!(
        serde_json::from_str::<Methods>("[]").is_err() && serde_json::from_str::<Methods>(r#"{"GET": null}"#).is_err()
    );
}

#[test]
fn a_change_names_what_goes_and_what_comes() {
    let before = methods(r#"{"GET": "read", "POST": "send"}"#);
    let changed = |text: &str| before.edited(&serde_json::from_str(text).unwrap());
    assert_eq!(changed("{}"), Ok(before.clone()));
    assert_eq!(changed(r#"{"POST": null, "PUT": "send"}"#), Ok(methods(r#"{"GET": "read", "PUT": "send"}"#)));
    assert_eq!(changed(r#"{"POST": null, "GET": null}"#), Err(NoMethod));
}

#[test]
fn a_topic_comes_from_one_place() {
    let read = |text: &str| serde_json::from_str::<TopicFrom>(text);
    for text in [r#"{"fixed":"deploys"}"#, r#"{"segment":2}"#, r#"{"segment":32}"#] {
        assert_eq!(serde_json::to_string(&read(text).unwrap()).unwrap(), text);
    }
    assert_eq!(read(r#"{"fixed": "deploys", "segment": null}"#).unwrap(), read(r##"{"fixed": "#deploys"}"##).unwrap());
    for wrong in [
        "{}",
        r#"{"fixed":"deploys","segment":2}"#,
        r#"{"segment":0}"#,
        r#"{"segment":33}"#,
        r#"{"segment":-1}"#,
        r#"{"fixed":"ci.*"}"#,
        r#"{"x":1}"#,
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_topic_is_never_made_of_what_is_not_its_name() {
    let second = gate(methods(r#"{"GET": "read"}"#), Some(TopicFrom::Segment(Segment(2))));
    let topic =
        |path: &str| second.demands("GET", canonical(path).unwrap()).map(|(_, topic)| topic.unwrap().to_string());
    assert_eq!(topic("/topics/ci.web/runs?topic=deploys"), Ok("ci.web".to_owned()));
    assert_eq!(topic("/topics/deploys"), Ok("deploys".to_owned()));
    for path in [
        "/",
        "/topics",
        "/topics/",
        "/topics/Deploys",
        "/topics/%23deploys",
        "/topics/ci.*",
        "/topics/a%20b",
        "/topics/-x",
        "/topics/...",
        "/x?/topics/deploys",
    ] {
        assert_eq!(topic(path), Err(Unruled::Topic), "{path}");
    }
}

proptest! {
    #[test]
    fn the_topic_is_the_segment_or_nobody_passes(pieces in prop::collection::vec("[a-zA-Z0-9._~-]{1,6}", 0..5), number in 1_u8..=6) {
        let text = format!("/{}", pieces.join("/"));
        prop_assume!(pieces.iter().all(|piece| piece != "." && piece != ".."));
        let gate = gate(methods(r#"{"GET": "read"}"#), Some(TopicFrom::Segment(Segment(number))));
        let demanded = gate.demands("GET", canonical(&text).unwrap());
        let piece = pieces.get(usize::from(number) - 1).and_then(|piece| piece.parse::<TopicName>().ok());
        prop_assert_eq!(demanded, piece.map(|topic| (Capability::Read, Some(topic))).ok_or(Unruled::Topic));
    }

    #[test]
    fn a_demand_is_one_that_the_gate_names(methods in many_methods(), method in "[A-Za-z*-]{0,8}|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS") {
        let named = |name: &str| serde_json::to_value(&methods).unwrap().get(name).cloned();
        let demanded = methods.demanded(&method).map(|capability| serde_json::json!(capability));
        let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
        let wanted = match method.as_str() {
            "HEAD" => named("HEAD").or_else(|| named("GET")).or_else(|| named("*")),
            other if is_method => named(other).or_else(|| named("*")),
            _ => None,
        };
        prop_assert_eq!(demanded, wanted);
    }

    #[test]
    fn methods_are_read_as_they_are_written(methods in many_methods()) {
        let text = serde_json::to_string(&methods).unwrap();
        prop_assert_eq!(serde_json::from_str::<Methods>(&text).unwrap(), methods);
    }
}
