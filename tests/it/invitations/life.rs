//! The life of an invitation, to the letter, up to where it is accepted.

use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    house::House,
    members::made::member,
    tools::{by_hand, count_events, id, one},
};

const URL: &str = "https://keys.example.org";

async fn newest_event(admin: &Client) -> Value {
    admin.get(&admin.at("/audit?limit=1")).await.expect(200).items()[0].clone()
}

async fn invite(admin: &Client, email: &str) -> Value {
    admin.post(&admin.at("/invitations"), json!({ "email": email, "role": "viewer" })).await.expect(201).body
}

#[tokio::test]
async fn an_invitation_is_made_shown_sent_anew_and_withdrawn() {
    let house = House::with(&[("MESHKEY_PUBLIC_URL", URL)]).await;
    let (admin, acme, db) = (house.admin(), house.acme(), house.sql("superuser").await);
    let wish = json!({ "email": " Dana@Example.com ", "role": "member", "mesh": "main" });
    let made = admin.post(&admin.at("/invitations"), wish).await.expect(201);
    let place = made.header("location").to_owned();
    assert_eq!(place, format!("/v1/orgs/{}/invitations/{}", acme.id, id(&made.body)));
    let whoami = admin.get("/v1/whoami").await.expect(200).body;
    let mut whole = json!({
        "id": made.body["id"], "email": "dana@example.com", "role": "member", "mesh": { "id": acme.mesh, "slug": "main" },
        "invited_by": { "kind": "key", "id": whoami["key"]["id"] }, "status": "open", "mail": "off", "mail_reason": null,
        "created_at": made.body["created_at"], "expires_at": made.body["expires_at"], "accepted_at": null, "accepted_by": null,
        "withdrawn_at": null,
    });
    let mut with_link = whole.clone();
    with_link["link"] = made.body["link"].clone();
    assert_eq!(made.body, with_link);
    let link = made.body["link"].as_str().unwrap();
    let token = link.strip_prefix(&format!("{URL}/invitation#token=")).unwrap();
    assert_eq!(token.len(), 43);
    let span = "SELECT extract(epoch FROM ends_at - created_at)::int / 86400 FROM invitations";
    assert!(["6", "7"].contains(&one(&db, span).await.as_str()));
    assert_eq!(admin.get(&place).await.expect(200).body, whole);
    let event = newest_event(&admin).await;
    assert_eq!((&event["action"], &event["mesh"]), (&json!("invitation.created"), &json!(acme.mesh)));
    assert_eq!(event["subject"], json!({ "kind": "invitation", "id": whole["id"] }));
    let facts =
        |end: &Value| json!({ "email": "dana@example.com", "role": "member", "expires_at": end, "accepted_by": null });
    assert_eq!((&event["before"], &event["after"]), (&Value::Null, &facts(&whole["expires_at"])));

    let hash = "SELECT encode(token_hash, 'hex') FROM invitations";
    let before = one(&db, hash).await;
    let resent = admin.act(&format!("{place}/resend")).await.expect(200);
    assert_ne!(resent.body["link"], made.body["link"]);
    assert_ne!(one(&db, hash).await, before);
    assert_eq!(newest_event(&admin).await["action"], "invitation.resent");
    whole["expires_at"] = resent.body["expires_at"].clone();

    let withdrawn = admin.delete(&place).await.expect(200);
    whole["status"] = json!("withdrawn");
    whole["withdrawn_at"] = withdrawn.body["withdrawn_at"].clone();
    assert!(whole["withdrawn_at"].is_string());
    assert_eq!((&withdrawn.body, &admin.get(&place).await.expect(200).body), (&whole, &whole));
    let event = newest_event(&admin).await;
    assert_eq!((&event["action"], &event["after"]), (&json!("invitation.withdrawn"), &Value::Null));
    assert_eq!(event["before"], facts(&whole["expires_at"]));
    for over in [admin.delete(&place).await, admin.act(&format!("{place}/resend")).await] {
        over.problem(409, "invitation_over");
    }
}

#[tokio::test]
async fn nobody_is_invited_twice_to_one_place() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    member(&house, "erin", "viewer").await;
    let all = admin.at("/invitations");
    let invite = async |email: &str, mesh: Value| {
        admin.post(&all, json!({ "email": email, "role": "viewer", "mesh": mesh })).await
    };
    let open = invite("dana@example.com", Value::Null).await.expect(201).body;
    let events = count_events(&admin).await;
    let detail = format!("the invitation {} is open for this address at this place: withdraw or resend it", id(&open));
    assert_eq!(invite("DANA@example.com", Value::Null).await.problem(409, "already_invited")["detail"], detail);
    invite("erin@example.com", Value::Null).await.problem(409, "already_member");
    assert_eq!(count_events(&admin).await, events);
    // Another place is another invitation.
    invite("dana@example.com", json!("main")).await.expect(201);
    invite("erin@example.com", json!("main")).await.expect(201);
    // What has expired is in nobody's way, and can be sent anew unless another is open.
    let end = "UPDATE invitations SET ends_at = created_at, sent_at = created_at - interval '1 day'
               WHERE email = 'dana@example.com' AND mesh_id IS NULL";
    by_hand(&db, end).await;
    let place = admin.at(&format!("/invitations/{}", id(&open)));
    assert_eq!(admin.get(&place).await.expect(200).body["status"], "expired");
    admin.delete(&place).await.problem(409, "invitation_over");
    let other = invite("dana@example.com", Value::Null).await.expect(201).body;
    admin.act(&format!("{place}/resend")).await.problem(409, "already_invited");
    admin.delete(&admin.at(&format!("/invitations/{}", id(&other)))).await.expect(200);
    assert_eq!(admin.act(&format!("{place}/resend")).await.expect(200).body["status"], "open");
    // For as long as it was.
    let life = "SELECT ends_at - sent_at BETWEEN interval '23:59' AND interval '24:01' FROM invitations
                WHERE email = 'dana@example.com' AND mesh_id IS NULL AND withdrawn_at IS NULL";
    assert_eq!(one(&db, life).await, "t");
}

// an admin is bound by nothing, and could make keys that outlive the one that let it in.
#[tokio::test]
async fn a_key_with_an_end_or_a_list_of_addresses_lets_in_no_admin() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let lee = member(&house, "lee", "viewer").await;
    let all = json!({ "label": "bound", "capabilities": ["admin"], "topics": "all" });
    for (field, value) in [
        ("expires_at", json!("2099-01-01T00:00:00Z")),
        ("addresses", json!(["127.0.0.0/8"])),
        ("rate", json!({ "per_minute": 100_000 })),
    ] {
        let mut wish = all.clone();
        wish["expires_at"] = Value::Null;
        wish[field] = value;
        let (_, bound) = admin.issue(wish).await;
        let invite = |role| json!({ "email": "erin@example.com", "role": role });
        let no = bound.post(&bound.at("/invitations"), invite("admin")).await.problem(403, "exceeds_authority");
        assert!(no["errors"][0]["detail"].as_str().unwrap().contains("an admin would have none of these"), "{no}");
        let place = bound.at(&format!("/members/{lee}"));
        let seen = bound.get(&place).await.expect(200);
        let make = async |role| bound.patch(&place, json!({ "role": role }), seen.header("etag")).await;
        make("admin").await.problem(403, "exceeds_authority");
        // Who is no admin is let in by whoever manages the org.
        let invited = bound.post(&bound.at("/invitations"), invite("member")).await.expect(201);
        bound.delete(&bound.at(&format!("/invitations/{}", id(&invited.body)))).await.expect(200);
    }
    assert_eq!(one(&db, "SELECT count(*) FROM memberships WHERE role = 'admin'").await, "0");
}

#[tokio::test]
async fn of_two_who_invite_the_same_at_once_one_does() {
    let house = House::new().await;
    let admin = house.admin();
    let ask = async || {
        let answer =
            admin.post(&admin.at("/invitations"), json!({ "email": "dana@example.com", "role": "viewer" })).await;
        answer.status
    };
    let mut said = futures_util::future::join_all((0..6).map(|_| ask())).await;
    said.sort_unstable();
    assert_eq!(said, [201, 409, 409, 409, 409, 409]);
}

#[tokio::test]
async fn what_is_no_invitation_is_refused_where_it_is_wrong() {
    let house = House::new().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "old" })).await.expect(201);
    admin.act(&admin.at("/meshes/old/archive")).await.expect(200);
    let events = count_events(&admin).await;
    for (member, value, pointer) in [
        ("email", json!("dana"), "#/email"),
        ("email", Value::Null, "#/email"),
        ("role", json!("boss"), "#/role"),
        ("mesh", json!("nowhere"), "#/mesh"),
        ("mesh", json!("old"), "#/mesh"),
        ("expires_at", json!("2020-01-01T00:00:00Z"), "#/expires_at"),
        ("expires_at", json!("2999-01-01T00:00:00Z"), "#/expires_at"),
        ("expires_at", Value::Null, "#/expires_at"),
        ("org", json!("acme"), "#/org"),
    ] {
        let mut wish = json!({ "email": "dana@example.com", "role": "viewer" });
        wish[member] = value.clone();
        let answer = admin.post(&admin.at("/invitations"), wish).await;
        assert_eq!(answer.problem(422, "invalid_input")["errors"][0]["pointer"], pointer, "{member} {value}");
    }
    let owner = json!({ "email": "dana@example.com", "role": "owner", "mesh": "main" });
    assert_eq!(
        admin.post(&admin.at("/invitations"), owner).await.problem(422, "invalid_input")["errors"][0]["pointer"],
        "#/role"
    );
    // No key makes an owner, nor one by way of an invitation.
    let owner = json!({ "email": "dana@example.com", "role": "owner" });
    admin.post(&admin.at("/invitations"), owner).await.problem(403, "owner_only");
    assert_eq!(count_events(&admin).await, events);
    for nobody in ["inv_01kzzzzzzze00800000000000z", "x"] {
        let place = admin.at(&format!("/invitations/{nobody}"));
        admin.get(&place).await.problem(404, "not_found");
        admin.delete(&place).await.problem(404, "not_found");
        admin.act(&format!("{place}/resend")).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn the_same_again_with_its_key_is_one_invitation_and_shows_no_link() {
    let house = House::new().await;
    let admin = house.admin();
    let body = json!({ "email": "dana@example.com", "role": "viewer" });
    let all = admin.at("/invitations");
    let ask = async |body: &Value| admin.raw("POST", &all).header("Idempotency-Key", "one").json(body).send().await;
    let first = ask(&body).await.expect(201);
    let again = ask(&body).await.expect(201);
    let mut shown = first.body.clone();
    shown["link"] = Value::Null;
    assert_eq!((&again.body, again.header("location")), (&shown, first.header("location")));
    ask(&json!({ "email": "erin@example.com", "role": "viewer" })).await.problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn invitations_are_listed_the_newest_first_and_by_status() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let all = admin.at("/invitations");
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(id(&invite(&admin, &format!("{name}@example.com")).await));
    }
    admin.delete(&format!("{all}/{}", ids[0])).await.expect(200);
    by_hand(&db, "UPDATE invitations SET ends_at = created_at WHERE email = 'b@example.com'").await;
    let listed = |answer: &Answer| answer.items().iter().map(id).collect::<Vec<_>>();
    for (query, found) in [
        ("", vec![&ids[2], &ids[1], &ids[0]]),
        ("?status=open", vec![&ids[2]]),
        ("?status=withdrawn", vec![&ids[0]]),
        ("?status=expired", vec![&ids[1]]),
        ("?status=accepted", vec![]),
    ] {
        assert_eq!(
            listed(&admin.get(&format!("{all}{query}")).await.expect(200)).iter().collect::<Vec<_>>(),
            found,
            "{query}"
        );
    }
    let first = admin.get(&format!("{all}?limit=2")).await.expect(200);
    let cursor = first.body["next"].as_str().unwrap();
    let rest = admin.get(&format!("{all}?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!((listed(&first), listed(&rest)), (vec![ids[2].clone(), ids[1].clone()], vec![ids[0].clone()]));
    admin.get(&format!("{all}?status=open&cursor={cursor}")).await.problem(400, "invalid_cursor");
    admin.get(&format!("{all}?status=gone")).await.problem(422, "invalid_input");
}
