//! nginx with a stored gate, as the page for stored gates says: its recipe, with one other line.

use serde_json::json;

use super::{Backend, Gateway, Program, bearer};
use crate::{house::House, tools::id};

#[tokio::test]
async fn nginx_lets_pass_by_a_stored_gate_as_the_page_says() {
    let (house, backend) = (House::new().await, Backend::start().await);
    let admin = house.admin();
    let wish = json!({
        "mesh": "main", "name": "reports", "methods": { "GET": "read", "POST": "send" }, "topic": { "segment": 2 },
    });
    let gate = id(&admin.post(&admin.at("/gates"), wish).await.expect(201).body);
    let program = Program::start_at_gate("nginx", house.stranger().base(), &backend.address, &gate).await;
    let Some(program) = program else { return };
    let hands_on = &["x-meshkey-key", "x-meshkey-mesh", "x-meshkey-capabilities", "x-meshkey-topics"];
    let gateway = Gateway { program, backend, house, hands_on };
    let wish = json!({ "mesh": "main", "capabilities": ["read"], "topics": ["deploys", "ci.*"] });
    let (key, reader) = admin.issue(wish).await;
    let shown = [bearer(&reader)];
    for (method, target) in [("GET", "/reports/deploys/today?x=//"), ("HEAD", "/reports/ci.web")] {
        let seen = gateway.passes(method, target, &shown, "").await;
        assert_eq!(seen.all("x-meshkey-key"), [id(&key)]);
    }
    for (method, target) in [
        ("POST", "/reports/deploys"),
        ("DELETE", "/reports/deploys"),
        ("GET", "/reports/secrets"),
        ("GET", "/reports"),
        ("GET", "/reports/deploys%2f..%2fsecrets"),
        ("GET", "//reports/deploys"),
        ("GET", "/x/../reports/deploys"),
    ] {
        let (said, seen) = gateway.send(method, target, &shown, "").await;
        assert_eq!((said.status, seen.is_none()), (403, true), "{method} {target}: {said:?}");
    }
    let (said, _) = gateway.send("GET", "/reports/deploys", &[], "").await;
    assert_eq!(said.status, 401);
    // Nobody tells nginx that the gate is another one now.
    admin.patch(&admin.at("/gates/reports"), json!({ "methods": { "DELETE": "read" } }), "*").await.expect(200);
    gateway.passes("DELETE", "/reports/deploys", &shown, "").await;
    admin.delete(&admin.at("/gates/reports")).await.expect(200);
    let (said, _) = gateway.send("GET", "/reports/deploys", &shown, "").await;
    assert_eq!(said.status, 403);
}
