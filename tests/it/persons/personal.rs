//! Personal keys: they do what both they and their person may, at every door and on every replica.

use serde_json::{Value, json};

use super::Person;
use crate::{
    client::{Answer, Client},
    house::House,
    tools::id,
};

/// A house, a member of its org, and a key of that member's own that sends and reads.
async fn with_own_key() -> (House, Person, Client, Value) {
    let house = House::new().await;
    let person = Person::in_org(&house, "Sam", "member").await;
    let client = person.signed_in(&house).await;
    let wish = json!({ "label": "laptop", "capabilities": ["send", "read"], "topics": ["deploys"] });
    let key = client.post("/v1/me/keys", wish).await.expect(201).clone();
    let own = house.stranger().with_key(key.body["secret"].as_str().unwrap());
    (house, person, own, key.body)
}

async fn verdict(house: &House, own: &Client, capability: &str) -> Value {
    let question = json!({ "key": own.secret(), "capability": capability, "topic": "deploys" });
    house.admin().post("/v1/verify", question).await.expect(200).body["code"].clone()
}

async fn sends(own: &Client) -> Answer {
    own.post("/v1/meshes/main/topics/deploys/messages", json!({ "body": 1 })).await
}

//
#[tokio::test]
async fn it_shrinks_and_dies_with_what_its_person_may_and_lives_again() {
    let (house, person, own, key) = with_own_key().await;
    assert_eq!((&key["user"], &key["issued_by"]["id"]), (&json!(person.id), &json!(person.id)));
    sends(&own).await.expect(201);
    assert_eq!(verdict(&house, &own, "send").await, "ok");
    person.becomes(&house, "acme", None, "viewer").await;
    let refused = sends(&own).await.problem(403, "insufficient_scope");
    assert_eq!(refused["denial"], "user_not_allowed");
    assert_eq!(
        (verdict(&house, &own, "send").await, verdict(&house, &own, "read").await),
        (json!("user_not_allowed"), json!("ok"))
    );
    assert_eq!(verdict(&house, &own, "state_write").await, "capability_missing", "its own grant is judged first");
    person.leaves(&house).await;
    sends(&own).await.problem(401, "invalid_token");
    assert_eq!(verdict(&house, &own, "read").await, "user_inactive");
    person.becomes(&house, "acme", Some("main"), "member").await;
    assert_eq!(verdict(&house, &own, "send").await, "user_not_allowed", "the key is for the whole org");
    let there = json!({ "key": own.secret(), "capability": "send", "topic": "deploys", "mesh": "main" });
    assert_eq!(house.admin().post("/v1/verify", there).await.expect(200).body["code"], "ok");
    person.change(&house, "UPDATE users SET suspended_at = now()").await;
    sends(&own).await.problem(401, "invalid_token");
    person.change(&house, "UPDATE users SET suspended_at = NULL").await;
    sends(&own).await.expect(201);
}

// L-8, G-17
#[tokio::test]
async fn every_replica_and_every_door_says_the_same() {
    let (house, person, own, _) = with_own_key().await;
    let replica = house.twin().await;
    let there = replica.stranger().with_key(own.secret());
    let asker = house.admin().issue(json!({ "capabilities": ["verify"], "topics": "all" })).await.1;
    let doors = async || {
        let gate = "/v1/forward-auth/skipper/mesh/acme/main/send/deploys";
        let token = [("token", own.secret())];
        let active = asker.form("/v1/introspect", &token).await.expect(200).body["active"].clone();
        (sends(&there).await.status, there.get(gate).await.status, active)
    };
    assert_eq!(doors().await, (201, 200, json!(true)));
    person.becomes(&house, "acme", None, "viewer").await;
    assert_eq!(doors().await, (403, 403, json!(true)));
    person.leaves(&house).await;
    assert_eq!(doors().await, (401, 401, json!(false)));
}

//
#[tokio::test]
async fn nobody_gets_a_key_beyond_what_they_may() {
    let (house, person, _, _) = with_own_key().await;
    let client = person.signed_in(&house).await;
    for beyond in [json!(["admin"]), json!(["verify"]), json!(["send", "admin"])] {
        let wish = json!({ "label": "more", "capabilities": beyond, "topics": "all" });
        client.post("/v1/me/keys", wish).await.problem(403, "exceeds_authority");
    }
    let wish = json!({ "label": "more", "capabilities": ["send"], "topics": "all", "mesh": "main" });
    client.post("/v1/me/keys", wish.clone()).await.expect(201);
    // By an admin for somebody: within what that person may.
    let mut given = wish;
    given["user"] = json!(person.id);
    let key = house.admin().post(&house.admin().at("/keys"), given.clone()).await.expect(201).clone();
    assert_eq!((&key.body["user"], &key.body["issued_by"]["kind"]), (&json!(person.id), &json!("key")));
    given["capabilities"] = json!(["read", "admin"]);
    let refused = house.admin().post(&house.admin().at("/keys"), given.clone()).await.problem(422, "invalid_input");
    assert_eq!(refused["errors"][0]["pointer"], "#/capabilities");
    let stranger = Person::new(&house, "Lee").await;
    for nobody in [stranger.id.as_str(), "user_01m7xpkrpre4ma4jz41b93y214"] {
        given["user"] = json!(nobody);
        let refused = house.admin().post(&house.admin().at("/keys"), given.clone()).await.problem(422, "invalid_input");
        assert_eq!(refused["errors"][0]["pointer"], "#/user");
    }
    given["user"] = json!("dana");
    house.admin().post(&house.admin().at("/keys"), given).await.problem(422, "invalid_input");
}

//
#[tokio::test]
async fn a_person_sees_rotates_and_revokes_its_own_keys_and_no_others() {
    let (house, person, own, key) = with_own_key().await;
    let client = person.signed_in(&house).await;
    let other = house.admin().issue(json!({ "label": "bot", "capabilities": ["read"], "topics": ["deploys"] })).await.0;
    let lee = Person::in_org(&house, "Lee", "member").await.signed_in(&house).await;
    let theirs = json!({ "label": "theirs", "capabilities": ["read"], "topics": ["deploys"] });
    let theirs = lee.post("/v1/me/keys", theirs).await.expect(201).clone();
    let listed = client.get("/v1/me/keys").await.expect(200).clone();
    assert_eq!(listed.items().iter().map(id).collect::<Vec<_>>(), [id(&key)]);
    client.get(&client.at("/keys")).await.problem(403, "insufficient_scope");
    for foreign in [&id(&other), &id(&theirs.body)] {
        let path = client.at(&format!("/keys/{foreign}"));
        client.get(&path).await.problem(404, "not_found");
        for verb in ["rotate", "revoke"] {
            client.act(&format!("{path}/{verb}")).await.problem(404, "not_found");
        }
        client.patch(&path, json!({ "label": "mine" }), "*").await.problem(403, "insufficient_scope");
    }
    let path = client.at(&format!("/keys/{}", id(&key)));
    client.get(&path).await.expect(200);
    let rotated = client.post(&format!("{path}/rotate"), json!({ "overlap": "0s" })).await.expect(200).clone();
    sends(&own).await.problem(401, "invalid_token");
    let own = own.with_key(rotated.body["secret"].as_str().unwrap());
    sends(&own).await.expect(201);
    client.act(&format!("{path}/revoke")).await.expect(200);
    sends(&own).await.problem(401, "invalid_token");
    // An admin sees and stops every key of its org.
    let admin = house.admin();
    let all = admin.get(&admin.at(&format!("/keys?user={}", person.id))).await.expect(200).clone();
    assert_eq!(all.items().iter().map(id).collect::<Vec<_>>(), [id(&key)]);
    admin.act(&admin.at(&format!("/keys/{}/revoke", id(&theirs.body)))).await.expect(200);
}

#[tokio::test]
async fn who_is_in_several_orgs_says_for_which() {
    let (house, person, ..) = with_own_key().await;
    house.org("rival");
    person.becomes(&house, "rival", None, "viewer").await;
    let client = person.signed_in(&house).await;
    let asked = client.get("/v1/me/keys").await.problem(422, "invalid_input");
    assert_eq!(asked["errors"][0]["detail"], "say for which org: acme, rival");
    assert_eq!(client.get("/v1/me/keys?org=rival").await.expect(200).items().len(), 0);
    assert_eq!(client.get("/v1/me/keys?org=acme").await.expect(200).items().len(), 1);
    client.get("/v1/me/keys?org=nowhere").await.problem(404, "not_found");
    client.get("/v1/me/keys?org=acme&org=rival").await.problem(422, "invalid_input");
    client.get(&client.at("/keys?org=rival")).await.problem(403, "insufficient_scope");
    house.admin().get(&house.admin().at("/keys?org=rival")).await.problem(422, "invalid_input");
}

//
#[tokio::test]
async fn an_admin_s_personal_key_hands_out_no_more_than_its_person_still_may() {
    let house = House::new().await;
    let person = Person::in_org(&house, "Dana", "admin").await;
    let client = person.signed_in(&house).await;
    let wish = json!({ "label": "root", "capabilities": ["admin"], "topics": "all" });
    let key = client.post("/v1/me/keys", wish).await.expect(201).clone();
    let own = house.admin().with_key(key.body["secret"].as_str().unwrap());
    let child =
        json!({ "label": "child", "capabilities": ["read"], "topics": "all", "expires_at": key.body["expires_at"] });
    own.post(&own.at("/keys"), child.clone()).await.expect(201);
    person.becomes(&house, "acme", None, "member").await;
    own.post(&own.at("/keys"), child.clone()).await.problem(403, "insufficient_scope");
    own.get(&own.at("/keys")).await.problem(403, "insufficient_scope");
    own.get("/v1/whoami").await.expect(200);
    person.leaves(&house).await;
    person.becomes(&house, "acme", Some("main"), "admin").await;
    own.post(&own.at("/keys"), child.clone()).await.problem(403, "exceeds_authority");
    let mut narrow = child;
    narrow["mesh"] = json!("main");
    own.post(&own.at("/keys"), narrow).await.expect(201);
    assert_eq!(own.get(&own.at("/keys")).await.expect(200).items().len(), 1);
}

#[tokio::test]
async fn why_it_may_not_is_explained_by_its_person() {
    let (house, person, own, key) = with_own_key().await;
    let admin = house.admin();
    let question = json!({ "key": id(&key), "capability": "send", "mesh": "main", "topic": "deploys" });
    let told = admin.post("/v1/explain", question.clone()).await.expect(200).clone();
    assert_eq!(told.body["allowed"], true, "{told:?}");
    person.becomes(&house, "acme", None, "viewer").await;
    let told = admin.post("/v1/explain", question.clone()).await.expect(200).clone();
    assert_eq!(
        (&told.body["code"], &told.body["changes"][0]["action"]),
        (&json!("user_not_allowed"), &json!("change_role"))
    );
    person.leaves(&house).await;
    let told = admin.post("/v1/explain", question).await.expect(200).clone();
    assert_eq!(
        (&told.body["code"], &told.body["changes"][0]["action"]),
        (&json!("user_inactive"), &json!("change_role"))
    );
    own.post("/v1/explain", json!({ "capability": "send" })).await.problem(401, "invalid_token");
}

#[tokio::test]
async fn a_key_of_one_s_own_is_nobody_else_s_and_there_are_not_too_many() {
    let (house, person, ..) = with_own_key().await;
    let lee = Person::in_org(&house, "Lee", "member").await;
    let client = person.signed_in(&house).await;
    let mut wish = json!({ "label": "x", "capabilities": ["read"], "topics": "all", "user": lee.id });
    let refused = client.post("/v1/me/keys", wish.clone()).await.problem(422, "invalid_input");
    assert_eq!(refused["errors"][0]["pointer"], "#/user");
    wish["user"] = json!(person.id);
    client.post("/v1/me/keys", wish.clone()).await.expect(201);
    let many = format!(
        "INSERT INTO api_keys (id, org_id, label, capabilities, everywhere, topics, issued_by_kind, user_id)
         SELECT gen_random_uuid(), o.id, 'many', '{{read}}', true, '{{}}', 'local', u.id
         FROM orgs o, users u, generate_series(1, 98) WHERE o.slug = 'acme' AND u.email = '{}'",
        person.email
    );
    house.sql("superuser").await.batch_execute(&many).await.unwrap();
    client.post("/v1/me/keys", wish).await.problem(409, "key_limit_reached");
}

/// The same request of one person for two of its orgs is not the same.
#[tokio::test]
async fn what_is_asked_for_one_org_is_not_answered_for_another() {
    let (house, person, ..) = with_own_key().await;
    house.org("rival");
    person.becomes(&house, "rival", None, "member").await;
    let client = person.signed_in(&house).await;
    let wish = json!({ "label": "x", "capabilities": ["read"], "topics": "all" });
    let ask = |org: &str| {
        client.raw("POST", &format!("/v1/me/keys?org={org}")).header("Idempotency-Key", "\"once\"").json(&wish).send()
    };
    let (acme, rival) = (ask("acme").await.expect(201).clone(), ask("rival").await.expect(201).clone());
    assert_ne!(acme.body["owner"]["org"], rival.body["owner"]["org"]);
    assert_eq!(id(&ask("acme").await.expect(201).body), id(&acme.body));
}

/// A person with a weaker role at a mesh than in the org has both.
#[tokio::test]
async fn of_several_roles_the_strongest_that_reaches_there_counts() {
    let (house, person, ..) = with_own_key().await;
    person.becomes(&house, "acme", Some("main"), "viewer").await;
    let wish = json!({ "label": "x", "capabilities": ["send"], "topics": "all", "mesh": "main" });
    person.signed_in(&house).await.post("/v1/me/keys", wish).await.expect(201);
}

// An admin of one mesh sees no members of the org, and is not told who is one.
#[tokio::test]
async fn who_sees_no_members_does_not_learn_who_is_one() {
    let house = House::new().await;
    let max = Person::new(&house, "Max").await;
    max.becomes(&house, "acme", Some("main"), "admin").await;
    let max = max.signed_in(&house).await;
    let (vera, otto) = (Person::in_org(&house, "Vera", "viewer").await, Person::new(&house, "Otto").await);
    let away = Person::in_org(&house, "Away", "member").await;
    away.change(&house, "UPDATE users SET suspended_at = now() WHERE name = 'Away'").await;
    let refused = async |user: &str| {
        let wish =
            json!({ "label": "for", "mesh": "main", "capabilities": ["send"], "topics": ["deploys"], "user": user });
        max.post("/v1/orgs/acme/keys", wish).await.problem(422, "invalid_input")["errors"].clone()
    };
    let of_nobody = refused("user_01kzzzzzzze00800000000000z").await;
    assert_eq!(of_nobody[0]["pointer"], "#/user");
    for user in [&vera.id, &otto.id, &away.id] {
        assert_eq!(refused(user).await, of_nobody);
    }
}
