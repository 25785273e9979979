//! What is done with a key on its pages: edit, disable, enable, revoke.

use serde_json::{Value, json};

use super::{in_days, somebody};
use crate::{
    client::{Answer, Client},
    house::House,
    policies,
    sign_in::visitor::{Visitor, text},
    tools::id,
};

const SEND: &str = "/v1/meshes/main/topics/deploys/messages";

/// A house, its owner, and a key that may send and read on all topics.
async fn ground() -> (House, Visitor, Value, Client) {
    let house = House::new().await;
    let wish = json!({ "label": "ci", "mesh": "main", "capabilities": ["send", "read"], "topics": "all", "note": "in the vault" });
    let (key, holder) = house.admin().issue(wish).await;
    let dana = somebody(&house, "Dana", "owner").await;
    (house, dana, key, holder)
}

/// The form of an edit that changes nothing, with these fields instead.
async fn edit(dana: &mut Visitor, key: &Value, version: &str, other: &[(&str, &str)]) -> Answer {
    let all = [
        ("version", version),
        ("label", "ci"),
        ("note", "in the vault"),
        ("can:send", "on"),
        ("can:read", "on"),
        ("topics", "all"),
        ("ends", "keep"),
        ("from", "any"),
    ];
    let kept = all.into_iter().filter(|(name, _)| other.iter().all(|(one, _)| one != name));
    let fields: Vec<_> = kept.chain(other.iter().copied()).filter(|(_, value)| !value.is_empty()).collect();
    dana.send(&format!("/orgs/acme/keys/{}/edit", id(key)), &fields).await
}

#[tokio::test]
async fn a_key_that_is_narrowed_is_refused_at_once() {
    let (_house, mut dana, key, holder) = ground().await;
    holder.post(SEND, json!({ "body": 1 })).await.expect(201);
    // What it would do is shown, and not done.
    let narrower = [("can:send", ""), ("topics", "only"), ("patterns", "deploys, ci.*"), ("do", "preview")];
    let preview = edit(&mut dana, &key, "1", &narrower).await.expect(200);
    for said in ["Nothing was saved yet.", "It loses", "<li>send: post</li>", "<li>all topics, now and later</li>"] {
        assert!(text(&preview).contains(said), "{said}: {preview:?}");
    }
    assert!(text(&preview).contains("\ndeploys, ci.*</textarea>"), "what was typed is there: {preview:?}");
    holder.post(SEND, json!({ "body": 1 })).await.expect(201);
    let saved = edit(&mut dana, &key, "1", &[&narrower[..3], &[("do", "save")]].concat()).await.expect(200);
    for said in [
        "Saved, and narrowed everywhere.",
        "It holds everywhere after <strong>",
        " ms</strong> (1 server).",
        "1 server has said so. None had to be waited out.",
        "#deploys",
    ] {
        assert!(text(&saved).contains(said), "{said}: {saved:?}");
    }
    holder.post(SEND, json!({ "body": 1 })).await.problem(403, "insufficient_scope");
    holder.get(SEND).await.expect(200);
}

#[tokio::test]
async fn of_two_who_edit_at_once_the_second_sees_both_and_loses_nothing() {
    let (house, mut dana, key, _) = ground().await;
    let mut gus = somebody(&house, "Gus", "admin").await;
    edit(&mut gus, &key, "1", &[("label", "ci of gus"), ("rate", "60/m:10")]).await.expect(200);
    let stale = edit(&mut dana, &key, "1", &[("label", "ci of dana"), ("note", "typed with care")]).await.expect(412);
    for said in [
        "Somebody else has changed this key since you opened the form.",
        "<th scope=\"row\">Name</th><td class=\"lines\"><bdi>ci of gus</bdi></td><td class=\"lines\"><bdi>ci of dana</bdi></td>",
        "<bdi>60/m:10</bdi>",
        "value=\"ci of dana\"",
        "\ntyped with care</textarea>",
        "name=\"version\" value=\"2\"",
    ] {
        assert!(text(&stale).contains(said), "{said}: {stale:?}");
    }
    let admin = house.admin();
    let shown = async || admin.get(&admin.at(&format!("/keys/{}", id(&key)))).await.expect(200).body;
    assert_eq!(shown().await["label"], "ci of gus");
    edit(&mut dana, &key, "2", &[("label", "ci of dana"), ("note", "typed with care")]).await.expect(200);
    assert_eq!((&shown().await["label"], &shown().await["note"]), (&json!("ci of dana"), &json!("typed with care")));
}

// An empty box of topics never means all of them.
#[tokio::test]
async fn what_is_wrong_is_said_beside_its_field_and_nothing_is_saved() {
    let (house, mut dana, key, _) = ground().await;
    for (fields, status, said) in [
        (&[("label", " ")][..], 422, "id=\"label-fault\""),
        (&[("topics", "only")], 422, "name at least one topic"),
        (&[("topics", "")], 422, "say whether it is to reach these topics alone"),
        (&[("topics", "only"), ("patterns", "deploy")], 422, "did you mean &#39;deploys&#39;"),
        (&[("can:send", ""), ("can:read", "")], 422, "name at least one capability"),
        (&[("can:sned", "on")], 422, "did you mean &#39;send&#39;"),
        (&[("ends", "at"), ("until", "2020-01-01T00:00")], 422, "this time has passed"),
        (&[("ends", "at"), ("until", "soon")], 422, "give the day and the time"),
        (&[("from", "only"), ("ranges", "10.0.0.300")], 422, "expected an address"),
        (&[("rate", "often")], 422, "id=\"rate-fault\""),
        (&[("version", "x")], 400, "Request not understood"),
    ] {
        let refused = edit(&mut dana, &key, "1", fields).await.expect(status);
        let page = text(&refused).replace("&apos;", "&#39;").replace('\'', "&#39;");
        assert!(page.to_lowercase().contains(&said.to_lowercase()), "{said}: {page}");
    }
    let admin = house.admin();
    assert_eq!(admin.get(&admin.at(&format!("/keys/{}", id(&key)))).await.expect(200).body["version"], 1);
}

#[tokio::test]
async fn what_the_policy_allows_is_said_and_all_that_is_wrong_is_told_at_once() {
    let (house, mut dana, key, _) = ground().await;
    policies::set(&house.admin(), json!({ "longest_life": "30d" })).await;
    let path = format!("/orgs/acme/keys/{}/edit", id(&key));
    let end = json!({ "expires_at": in_days(20) });
    house.admin().patch(&house.admin().at(&format!("/keys/{}", id(&key))), end, "*").await.expect(200);
    let shown = dana.get(&path).await.expect(200);
    let page = text(&shown);
    let radio =
        |ends: &str| page.split(&format!("id=\"ends-{ends}\"")).nth(1).unwrap().split("</label>").next().unwrap();
    for (ends, is_kept) in [("keep", false), ("30d", false), ("90d", true), ("never", true)] {
        assert_eq!(radio(ends).contains("disabled"), is_kept, "{ends}: {}", radio(ends));
        assert_eq!(radio(ends).contains("ends at most 30 days after it is issued"), is_kept, "{ends}");
    }
    assert!(page.contains("The policy lets it end by <time datetime=") && page.contains("As it is: <time datetime="));
    let refused = edit(&mut dana, &key, "2", &[("label", " "), ("ends", "365d")]).await.expect(422);
    let page = text(&refused);
    assert!(page.contains("id=\"label-fault\"") && page.contains("id=\"ends-fault\""), "{page}");
    assert!(page.contains("let it end by <time datetime="), "a time is to be read: {page}");
}

#[tokio::test]
async fn a_key_that_is_revoked_is_not_edited_but_duplicated() {
    let (house, mut dana, key, _) = ground().await;
    let admin = house.admin();
    admin.act(&admin.at(&format!("/keys/{}/revoke", id(&key)))).await.expect(200);
    let shown = dana.get(&format!("/orgs/acme/keys/{}/edit", id(&key))).await.expect(200);
    let sent = edit(&mut dana, &key, "2", &[("label", "later")]).await;
    for page in [text(&shown), text(&sent)] {
        assert!(page.contains("This key is revoked") && !page.contains("name=\"label\""), "{page}");
        assert!(page.contains(&format!("/orgs/acme/keys/new?from={}", id(&key))), "{page}");
    }
    assert!(sent.status >= 400, "{sent:?}");
}

#[tokio::test]
async fn a_key_is_disabled_and_goes_on() {
    let (_house, mut dana, key, holder) = ground().await;
    let at = |verb: &str| format!("/orgs/acme/keys/{}/{verb}", id(&key));
    holder.get(SEND).await.expect(200);
    let disabled = dana.send(&at("disable"), &[]).await.expect(200);
    for said in [
        "<strong>Disabled.</strong>",
        "It holds everywhere after",
        "It is refused until somebody enables it.",
        ">Enable</button>",
    ] {
        assert!(text(&disabled).contains(said), "{said}: {disabled:?}");
    }
    holder.get(SEND).await.expect(401);
    // Who reloads the answer is told that it is so, and that this holds everywhere.
    let again = dana.send(&at("disable"), &[]).await.expect(409);
    assert!(
        text(&again).contains("Key already disabled") && text(&again).contains("It holds everywhere after"),
        "{again:?}"
    );
    let enabled = dana.send(&at("enable"), &[]).await.expect(200);
    assert!(text(&enabled).contains("<strong>Enabled.</strong>"), "{enabled:?}");
    holder.get(SEND).await.expect(200);
    let again = dana.send(&at("enable"), &[]).await.expect(409);
    assert!(text(&again).contains("Key not disabled"), "{again:?}");
}

#[tokio::test]
async fn a_key_in_use_is_revoked_by_its_name() {
    let (house, mut dana, key, holder) = ground().await;
    let path = format!("/orgs/acme/keys/{}/revoke", id(&key));
    holder.post(SEND, json!({ "body": 1 })).await.expect(201);
    house.flush_uses().await;
    let asked = dana.get(&path).await.expect(200);
    for said in [
        "1 call (0 denied) from 1 address",
        "#deploys",
        "is <strong>final</strong>",
        "<strong>can be undone</strong>",
        "name=\"name\"",
    ] {
        assert!(text(&asked).contains(said), "{said}: {asked:?}");
    }
    for name in ["", "CI", "other"] {
        let fields = [("name", name), ("reason", "other"), ("other", "because <b>")];
        let refused = dana.send(&path, &fields).await.expect(422);
        for said in [
            &format!("name=\"name\" value=\"{name}\""),
            "This is not the name of the key",
            "value=\"because &lt;b&gt;\"",
            "value=\"other\" checked",
        ] {
            assert!(text(&refused).contains(said), "{said}: {refused:?}");
        }
    }
    holder.get(SEND).await.expect(200);
    let revoked = dana.send(&path, &[("name", " ci "), ("reason", "leaked")]).await.expect(200);
    for said in [
        "<strong>Revoked.</strong> Dead everywhere after <strong>",
        " ms</strong> (1 server).",
        "Issue a new one in its place",
        "What it did since",
        "1 call was allowed and 0 were denied",
        "Reason: <bdi>leaked</bdi>",
    ] {
        assert!(text(&revoked).contains(said), "{said}: {revoked:?}");
    }
    holder.get(SEND).await.expect(401);
    let verdict =
        house.admin().post("/v1/verify", json!({ "key": holder.secret(), "capability": "send" })).await.expect(200);
    assert_eq!(verdict.body["code"], "revoked");
    let again = dana.send(&path, &[("name", "ci")]).await.expect(409);
    assert!(
        text(&again).contains("Key already revoked") && text(&again).contains("It holds everywhere after"),
        "{again:?}"
    );
    assert!(text(&dana.get(&path).await.expect(200)).contains("That is final."));
}

// U-4
#[tokio::test]
async fn how_much_is_asked_goes_by_what_breaks() {
    let (house, mut dana, _, _) = ground().await;
    let admin = house.admin();
    let mut asks_for_name = async |wish: Value| {
        let (key, _) = admin.issue(wish).await;
        let path = format!("/orgs/acme/keys/{}/revoke", id(&key));
        let asks = text(&dana.get(&path).await.expect(200)).contains("name=\"name\"");
        let status = dana.send(&path, &[]).await.status;
        assert_eq!(status, if asks { 422 } else { 200 }, "{key}");
        asks
    };
    let unused = json!({ "label": "a", "mesh": "main", "capabilities": ["send"], "topics": ["deploys"] });
    assert!(!asks_for_name(unused).await, "nobody has used it");
    assert!(
        asks_for_name(json!({ "label": "b", "mesh": "main", "capabilities": ["admin"], "topics": "all" })).await,
        "admin"
    );
    assert!(asks_for_name(json!({ "label": "c", "capabilities": ["read"], "topics": "all" })).await, "the whole org");
}

#[tokio::test]
async fn the_keys_that_a_key_issued_go_with_it_where_that_is_wanted() {
    let (house, mut dana, _, _) = ground().await;
    let admin = house.admin();
    let wish = |label: &str| json!({ "label": label, "mesh": "main", "capabilities": ["read"], "topics": "all" });
    let parent =
        json!({ "label": "parent", "mesh": "main", "capabilities": ["admin"], "topics": "all", "expires_at": null });
    for cascade in [false, true] {
        let (key, issuer) = admin.issue(parent.clone()).await;
        let mut young = wish("child of it");
        young["expires_at"] = json!(null);
        let (child, _) = issuer.issue(young).await;
        let path = format!("/orgs/acme/keys/{}", id(&key));
        let page = dana.get(&path).await.expect(200);
        assert!(
            text(&page).contains("Keys that it issued") && text(&page).contains(&format!("?issued_by={}", id(&key)))
        );
        let asked = dana.get(&format!("{path}/revoke")).await.expect(200);
        assert!(text(&asked).contains("Revoke this one too"), "{asked:?}");
        let fields = [("name", "parent"), ("cascade", if cascade { "on" } else { "" })];
        let revoked = dana.send(&format!("{path}/revoke"), &fields).await.expect(200);
        assert_eq!(text(&revoked).contains("With it went:"), cascade, "{revoked:?}");
        let status = admin.get(&admin.at(&format!("/keys/{}", id(&child)))).await.expect(200).body["status"].clone();
        assert_eq!(status, if cascade { "revoked" } else { "active" });
    }
}

// G-11
#[tokio::test]
async fn no_other_site_and_no_form_without_its_token_changes_a_key() {
    let (house, mut dana, key, _) = ground().await;
    let mut vic = somebody(&house, "Vic", "viewer").await;
    for verb in ["revoke", "disable", "enable", "edit"] {
        let path = format!("/orgs/acme/keys/{}/{verb}", id(&key));
        let token = dana.token();
        let fields = [("form_token", token.as_str()), ("name", "ci"), ("version", "1")];
        dana.bare("POST", &path).header("sec-fetch-site", "cross-site").form(&fields).send().await.expect(403);
        let without = dana.bare("POST", &path).header("sec-fetch-site", "same-origin").form(&fields[1..]);
        without.send().await.expect(403);
        // Who only looks may not send; and a key that is not its own is none that it could revoke.
        let refused = vic.send(&path, &fields[1..]).await.expect(if verb == "revoke" { 404 } else { 403 });
        assert_eq!(text(&refused).contains("Ask <strong>Dana</strong>"), verb != "revoke", "{refused:?}");
    }
    let admin = house.admin();
    assert_eq!(admin.get(&admin.at(&format!("/keys/{}", id(&key)))).await.expect(200).body["version"], 1);
    dana.send(&format!("/orgs/acme/keys/{}/disable", id(&key)), &[]).await.expect(200);
}

#[tokio::test]
async fn what_takes_a_fresh_look_at_who_one_is_leads_there_and_back() {
    let (house, mut dana, _, _) = ground().await;
    let admin = house.admin();
    let wish = json!({ "label": "mesh admin", "mesh": "main", "capabilities": ["admin"], "topics": "all" });
    let (key, _) = admin.issue(wish).await;
    let path = format!("/orgs/acme/keys/{}", id(&key));
    dana.send(&format!("{path}/disable"), &[]).await.expect(200);
    let age = "UPDATE sessions SET confirmed_at = now() - interval '16 minutes'";
    house.sql("superuser").await.batch_execute(age).await.unwrap();
    let refused = dana.send(&format!("{path}/enable"), &[]).await.expect(403);
    let there = format!("/confirm?next=%2Forgs%2Facme%2Fkeys%2F{}\"", id(&key));
    assert!(text(&refused).contains(&there) && text(&refused).contains("data-keep"), "{refused:?}");
    let fields = [
        ("version", "2"),
        ("label", "kept as typed"),
        ("can:admin", "on"),
        ("topics", "all"),
        ("ends", "never"),
        ("from", "any"),
    ];
    let refused = dana.send(&format!("{path}/edit"), &fields).await.expect(403);
    let there = format!("/confirm?next=%2Forgs%2Facme%2Fkeys%2F{}%2Fedit\"", id(&key));
    assert!(text(&refused).contains(&there) && text(&refused).contains("value=\"kept as typed\""), "{refused:?}");
}
