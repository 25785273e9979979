//! Members and invitations.

use serde_json::json;

use super::places::{HOSTILE, in_org, is_harmless, visitor};
use crate::{
    house::House,
    persons::Person,
    sign_in::visitor::{Visitor, alert, leads_to, text},
    tools::id,
};

/// The value of a hidden field of a page.
fn hidden(page: &str, name: &str) -> String {
    let field = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("no {name}: {page}"));
    field.split('"').next().unwrap().to_owned()
}

async fn edit(by: &mut Visitor, user: &str, fields: &[(&str, &str)]) -> crate::client::Answer {
    let path = format!("/orgs/acme/members/{user}");
    let version = hidden(text(&by.get(&path).await.expect(200)), "version");
    let fields: Vec<_> = fields.iter().copied().chain([("version", version.as_str())]).collect();
    by.send(&path, &fields).await
}

#[tokio::test]
async fn members_are_found_by_text_role_and_mesh() {
    let house = House::new().await;
    let dana = in_org(&house, "Dana", "owner").await;
    let mia = Person::in_org(&house, "Mia", "member").await;
    mia.becomes(&house, "acme", Some("main"), "admin").await;
    let found = async |query: &str| {
        let page = dana.get(&format!("/orgs/acme/members{query}")).await.expect(200);
        let page = text(&page).to_owned();
        ["dana@example.com", "mia@example.com"].map(|one| page.contains(one))
    };
    assert_eq!(found("").await, [true, true]);
    assert_eq!(found("?text=MIA").await, [false, true]);
    assert_eq!(found("?role=owner").await, [true, false]);
    assert_eq!(found("?mesh=main").await, [false, true]);
    assert_eq!(found("?text=nobody").await, [false, false]);
    let none = dana.get("/orgs/acme/members?text=nobody").await.expect(200);
    assert!(text(&none).contains("No member matches.") && text(&none).contains("Clear filters"), "{none:?}");
    let page = dana.get("/orgs/acme/members").await.expect(200);
    assert!(text(&page).contains("admin of main"), "{page:?}");
    // Of each: its keys that live, when one was used, and by what it signs in.
    let admin = house.admin();
    let wish = json!({ "label": "mias", "mesh": "main", "capabilities": ["read"], "topics": "all", "user": mia.id });
    for is_live in [true, false] {
        let (key, _) = admin.issue(wish.clone()).await;
        if !is_live {
            admin.act(&admin.at(&format!("/keys/{}/revoke", id(&key)))).await.expect(200);
        }
    }
    let factor = format!(
        "INSERT INTO totp (user_id, secret, confirmed_at) SELECT id, '\\x{}', now() FROM users WHERE name = 'Mia'",
        "00".repeat(20)
    );
    house.sql("superuser").await.batch_execute(&factor).await.unwrap();
    let page = dana.get("/orgs/acme/members").await.expect(200);
    let cells = |name: &str| {
        let row = text(&page).split("<tr").find(|row| row.contains(&format!("<bdi>{name}</bdi>"))).unwrap();
        ["Live keys", "Own key used", "Second factor"].map(|label| {
            let cell = row.split(&format!("data-label=\"{label}\">")).nth(1).unwrap().split("</td>").next().unwrap();
            cell.to_owned()
        })
    };
    let [keys, seen, factor] = cells("Dana");
    assert!(keys == "none" && seen == "never" && factor.contains("none"), "{page:?}");
    let [keys, seen, factor] = cells("Mia");
    assert!(keys == "1 personal" && seen == "never" && factor == "app", "{page:?}");
    for bad in ["?role=boss", "?mesh=none", "?rôle=owner", "?cursor=x"] {
        let answer = dana.get(&format!("/orgs/acme/members{bad}")).await;
        assert!([400, 422].contains(&answer.status), "{answer:?}");
    }
}

#[tokio::test]
async fn roles_are_changed_but_never_ones_own_nor_the_last_owners() {
    let house = House::new().await;
    let (owner, mia) = (Person::in_org(&house, "Dana", "owner").await, Person::in_org(&house, "Mia", "member").await);
    let mut dana = visitor(&house, &owner).await;
    let led = leads_to(&edit(&mut dana, &mia.id, &[("role", "viewer"), ("meshes-main", "admin")]).await);
    assert!(led.starts_with(&format!("/orgs/acme/members/{}?done=edited&after_ms=", mia.id)), "{led}");
    let admin = house.admin();
    let shown = admin.get(&admin.at(&format!("/members/{}", mia.id))).await.body;
    assert_eq!((&shown["role"], &shown["meshes"][0]["role"]), (&json!("viewer"), &json!("admin")));

    let path = format!("/orgs/acme/members/{}", owner.id);
    let page = dana.get(&path).await.expect(200);
    assert!(text(&page).contains("This is the last owner") && text(&page).contains("<fieldset disabled"), "{page:?}");
    let answer = edit(&mut dana, &owner.id, &[("role", "admin"), ("meshes-main", "")]).await.expect(409);
    assert!(alert(&answer).starts_with("Nobody changes their own role."), "{answer:?}");
    let answer = dana.get(&format!("{path}/remove")).await.expect(409);
    assert!(alert(&answer).starts_with("An org always has an owner"), "{answer:?}");
    dana.send(&format!("{path}/remove"), &[]).await.expect(409);

    let mut gus = in_org(&house, "Gus", "admin").await;
    let answer = edit(&mut gus, &mia.id, &[("role", "owner"), ("meshes-main", "admin")]).await.expect(403);
    assert!(alert(&answer).starts_with("Only an owner, signed in,") || alert(&answer).contains("owner"), "{answer:?}");
    let page = gus.get(&path).await.expect(200);
    assert!(text(&page).contains("<fieldset disabled"), "{page:?}");

    let nothing = edit(&mut gus, &mia.id, &[("role", ""), ("meshes-main", "")]).await.expect(422);
    assert!(text(&nothing).contains("remove them from the org instead"), "{nothing:?}");
    let stale = gus.send(&format!("/orgs/acme/members/{}", mia.id), &[("role", "member"), ("version", "1")]).await;
    assert!(alert(&stale.expect(412)).starts_with("Somebody changed it"));
    gus.send(&format!("/orgs/acme/members/{}", mia.id), &[("role", "boss"), ("version", "1")]).await.expect(422);
    gus.get("/orgs/acme/members/user_00000000000000000000000000").await.expect(404);
    gus.get("/orgs/acme/members/nobody").await.expect(404);
}

#[tokio::test]
async fn a_removal_shows_the_keys_and_takes_them_along_if_wanted() {
    let house = House::new().await;
    let zoe = Person::in_org(&house, "Zoe", "admin").await;
    let own = zoe.signed_in(&house).await;
    let wish = |label: &str, user: Option<&str>| {
        let mut wish = json!({ "label": label, "mesh": "main", "capabilities": ["send"], "topics": "all" });
        if let Some(user) = user {
            wish["user"] = json!(user);
        }
        wish
    };
    let (_, holder) = own.issue(wish("hers", Some(&zoe.id))).await;
    let (_, orgs) = own.issue(wish("the-orgs", None)).await;
    let mut dana = in_org(&house, "Dana", "owner").await;
    let path = format!("/orgs/acme/members/{}/remove", zoe.id);
    let page = dana.get(&path).await.expect(200);
    let (personal, issued) = text(&page).split_once("issued for the org").unwrap();
    assert!(
        personal.contains(">hers<") && issued.contains(">the-orgs<") && issued.contains("revoke_issued"),
        "{page:?}"
    );
    assert_eq!(holder.get("/v1/whoami").await.status, 200);
    let led = leads_to(&dana.send(&path, &[("revoke_issued", "on")]).await);
    assert!(led.starts_with("/orgs/acme/members?done=removed&after_ms="), "{led}");
    holder.get("/v1/whoami").await.problem(401, "invalid_token");
    orgs.get("/v1/whoami").await.problem(401, "invalid_token");
    dana.get(&path).await.expect(404);
}

#[tokio::test]
async fn anybody_leaves_and_nobody_removes_others_without_the_right() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "owner").await;
    let mia = Person::in_org(&house, "Mia", "member").await;
    let mut visits = visitor(&house, &mia).await;
    let other = visits.get(&format!("/orgs/acme/members/{}/remove", dana.id)).await.expect(403);
    assert!(text(&other).contains("Ask <strong>Dana</strong>"), "{other:?}");
    visits.send(&format!("/orgs/acme/members/{}/remove", dana.id), &[]).await.expect(403);
    let path = format!("/orgs/acme/members/{}/remove", mia.id);
    // Of what she issued as an admin she is told how many there are, and no more.
    mia.becomes(&house, "acme", None, "admin").await;
    let client = mia.signed_in(&house).await;
    let wish = json!({ "label": "not-hers-to-see", "mesh": "main", "capabilities": ["read"], "topics": "all" });
    client.issue(wish).await;
    assert!(text(&visits.get(&path).await.expect(200)).contains("not-hers-to-see"));
    mia.becomes(&house, "acme", None, "member").await;
    let page = visits.get(&path).await.expect(200);
    assert!(text(&page).contains("Leave acme?"), "{page:?}");
    assert!(text(&page).contains("1, which you may not look at.") && !text(&page).contains("not-hers"), "{page:?}");
    let tried = client.delete(&client.at(&format!("/members/{}?dry_run=true", mia.id))).await.expect(200);
    assert_eq!(tried.body["keys"]["issued"], json!({ "count": 1, "revoked": false, "first": [] }));
    let left = visits.send(&path, &[]).await.expect(200);
    assert!(text(&left).contains("You have left acme"), "{left:?}");
    visits.get("/orgs/acme/keys").await.expect(404);
}

#[tokio::test]
async fn an_invitations_link_is_shown_once_and_opens_once() {
    let house = House::new().await;
    let mut dana = in_org(&house, "Dana", "owner").await;
    let wish = [
        ("email", "Nina@example.com"),
        ("role", "member"),
        ("mesh", "main"),
        ("days", "1"),
        ("once", "0123456789abcdef0123"),
    ];
    let answer = dana.send("/orgs/acme/invitations", &wish).await.expect(200);
    let token = text(&answer).split("#token=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!((token.len(), answer.header("cache-control")), (43, "no-store"));
    assert!(
        text(&answer).contains("data-secret") && text(&answer).contains("nobody but you has the link"),
        "{answer:?}"
    );
    let again = dana.send("/orgs/acme/invitations", &wish).await.expect(200);
    assert!(!text(&again).contains(&token) && text(&again).contains("was made before"), "{again:?}");
    let answer = dana.send("/orgs/acme/invitations", &wish[..3]).await.expect(409);
    assert!(
        text(&answer).contains("See that invitation") && text(&answer).contains("value=\"Nina@example.com\""),
        "{answer:?}"
    );
    let path = text(&answer)
        .split("href=\"")
        .find(|rest| rest.contains("See that invitation"))
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let page = dana.get(path).await.expect(200);
    assert!(text(&page).contains("nina@example.com") && !text(&page).contains(&token), "{page:?}");
    let path = path.to_owned();
    let renewed = dana.send(&path, &[("do", "resend")]).await.expect(200);
    assert!(text(&renewed).contains("#token=") && !text(&renewed).contains(&token), "{renewed:?}");
    dana.send(&path, &[("do", "")]).await.expect(422);
    let withdrawn = dana.send(&path, &[("do", "withdraw")]).await;
    assert_eq!(super::leads_on_to(&withdrawn), "/orgs/acme/members?done=withdrawn");
    let over = dana.send(&path, &[("do", "resend")]).await.expect(409);
    assert!(alert(&over).contains("withdrawn"), "{over:?}");
    for (email, role, mesh) in [
        ("no address", "member", ""),
        ("x@example.com", "boss", ""),
        ("x@example.com", "owner", "main"),
        ("x@example.com", "member", "none"),
    ] {
        let fields = [("email", email), ("role", role), ("mesh", mesh)];
        let answer = dana.send("/orgs/acme/invitations", &fields).await.expect(422);
        assert!(text(&answer).contains("Nothing was done yet"), "{answer:?}");
    }
    let member =
        dana.send("/orgs/acme/invitations", &[("email", "dana@example.com"), ("role", "member")]).await.expect(409);
    assert!(alert(&member).contains("has a role there already"), "{member:?}");
    let mut gus = in_org(&house, "Gus", "admin").await;
    gus.send("/orgs/acme/invitations", &[("email", "x@example.com"), ("role", "owner")]).await.expect(403);
}

#[tokio::test]
async fn names_and_addresses_of_others_do_no_harm() {
    let house = House::new().await;
    let mut dana = in_org(&house, "Dana", "owner").await;
    for (at, hostile) in HOSTILE.into_iter().enumerate() {
        let person = Person::in_org(&house, &format!("Bad{at}"), "member").await;
        let db = house.sql("superuser").await;
        db.execute("UPDATE users SET name = $1 WHERE email = $2", &[&hostile, &person.email]).await.unwrap();
        let page = dana.get(&format!("/orgs/acme/members/{}", person.id)).await.expect(200);
        is_harmless(text(&page));
        is_harmless(text(&dana.get(&format!("/orgs/acme/members/{}/remove", person.id)).await.expect(200)));
        is_harmless(text(&dana.get("/orgs/acme/meshes/main/topics/deploys").await.expect(200)));
        let email = format!("\"><img/src=x>{at}@example.com");
        let answer = dana.send("/orgs/acme/invitations", &[("email", &email), ("role", "member")]).await.expect(200);
        is_harmless(text(&answer));
        let typed = dana.send("/orgs/acme/invitations", &[("email", hostile), ("role", hostile)]).await.expect(422);
        is_harmless(text(&typed));
    }
    is_harmless(text(&dana.get("/orgs/acme/members").await.expect(200)));
}
