//! Address lists: at our own doors by the peer's address, at verify by the one that the asking service gives.

use serde_json::json;

use super::house::House;

#[tokio::test]
async fn a_key_is_refused_from_an_address_that_is_not_on_its_list() {
    // P-3
    let house = House::new().await;
    let admin = house.admin();
    let wish = |ranges: serde_json::Value| json!({ "mesh": "main", "capabilities": ["send"], "topics": ["deploys"], "addresses": ranges });
    let (_, near) = admin.issue(wish(json!(["192.0.2.0/24", "127.0.0.0/8"]))).await;
    let (_, far) = admin.issue(wish(json!(["192.0.2.0/24"]))).await;
    near.get("/v1/whoami").await.expect(200);
    far.get("/v1/whoami").await.problem(403, "ip_not_allowed");
    let send = json!({ "body": 1 });
    far.post("/v1/meshes/main/topics/deploys/messages", send).await.problem(403, "ip_not_allowed");
    // Nobody can say that they come from elsewhere.
    let forged = far.raw("GET", "/v1/whoami").header("x-forwarded-for", "192.0.2.1");
    forged.header("forwarded", "for=192.0.2.1").send().await.problem(403, "ip_not_allowed");

    for (address, code) in [
        (json!("192.0.2.7"), "ok"),
        (json!("::ffff:192.0.2.7"), "ok"),
        (json!("192.0.3.7"), "ip_not_allowed"),
        (json!("2001:db8::1"), "ip_not_allowed"),
        (json!(null), "ip_not_allowed"),
    ] {
        let question = json!({
            "key": far.secret(), "capability": "send", "mesh": "main", "topic": "deploys", "ip": address
        });
        assert_eq!(admin.post("/v1/verify", question).await.expect(200).body["code"], code, "{address}");
    }
}

// G-27
#[tokio::test]
async fn behind_a_trusted_proxy_the_address_is_the_one_that_the_proxy_saw() {
    let house = House::with(&[("MESHKEY_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")]).await;
    let admin = house.admin();
    let wish = json!({ "mesh": "main", "capabilities": ["admin"], "topics": "all", "addresses": ["192.0.2.0/24"] });
    let (_, key) = admin.issue(wish).await;
    let from = async |lines: &[&str]| {
        let request = key.raw("GET", "/v1/whoami");
        lines.iter().fold(request, |request, line| request.header("x-forwarded-for", line)).send().await
    };
    for seen in [&["192.0.2.7"][..], &["198.51.100.1, 192.0.2.7, 10.2.3.4"], &["198.51.100.1", "192.0.2.7"]] {
        from(seen).await.expect(200);
    }
    let forged: [&[&str]; 5] = [
        &[],
        &["192.0.2.7, 198.51.100.1"],
        &["192.0.2.7", "198.51.100.1, 10.2.3.4"],
        &["192.0.2.7, x"],
        &["192.0.2.7;x"],
    ];
    for forged in forged {
        from(forged).await.problem(403, "ip_not_allowed");
    }
    // The audit says so too.
    let path = key.at("/keys");
    let wish = json!({ "label": "child", "mesh": "main", "capabilities": ["read"], "topics": "all" });
    let child =
        key.raw("POST", &path).header("x-forwarded-for", "192.0.2.9").json(&wish).send().await.expect(201).clone();
    assert_eq!(child.body["addresses"], json!(["192.0.2.0/24"]));
    let events = admin.get(&admin.at("/audit?limit=1")).await.expect(200).clone();
    assert_eq!(events.items()[0]["address"], "192.0.2.9");
}

#[tokio::test]
async fn an_admin_bound_to_addresses_hands_out_no_wider_list() {
    //
    let house = House::new().await;
    let wish = json!({ "capabilities": ["admin"], "topics": "all", "addresses": ["127.0.0.0/8", "10.0.0.0/8"] });
    let (_, bound) = house.admin().issue(wish).await;
    let child = |ranges: serde_json::Value| json!({ "label": "x", "capabilities": ["send"], "topics": "all", "addresses": ranges });
    for wider in [json!(null), json!(["0.0.0.0/0"]), json!(["10.0.0.0/7"]), json!(["127.0.0.1", "192.0.2.1"])] {
        let problem = bound.post(&bound.at("/keys"), child(wider)).await.problem(403, "exceeds_authority");
        assert_eq!(problem["errors"][0]["pointer"], "#/addresses");
    }
    bound.post(&bound.at("/keys"), child(json!(["10.1.0.0/16"]))).await.expect(201);
    let mut inherited = child(json!(null));
    inherited.as_object_mut().unwrap().remove("addresses");
    let key = bound.post(&bound.at("/keys"), inherited).await.expect(201);
    assert_eq!(key.body["addresses"], json!(["127.0.0.0/8", "10.0.0.0/8"]));
    for bad in [json!([]), json!(["10.0.0.0/33"]), json!(["localhost"]), json!(vec!["10.0.0.1"; 1]).to_string().into()]
    {
        bound.post(&bound.at("/keys"), child(bad)).await.problem(422, "invalid_input");
    }
    let many: Vec<_> = (0..33).map(|number| format!("10.0.{number}.0/24")).collect();
    bound.post(&bound.at("/keys"), child(json!(many))).await.problem(422, "invalid_input");
}
