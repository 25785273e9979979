//! The search: words lead to the list, and the text of a key to the key. That no secret is in an answer, the database or the log is held for
//! every test: see `canary`.

use meshkey::domain::{KeyId, Prefix, Secret};
use serde_json::json;

use super::{house, key, other};
use crate::sign_in::visitor::{Visitor, alert, leads_to, text};

const SEARCH: &str = "/orgs/acme/search";
const KEYS: &str = "/orgs/acme/keys";

#[tokio::test]
async fn a_pasted_key_is_found_however_it_was_pasted() {
    let house = house().await;
    let admin = house.admin();
    let (id, holder) = key(&admin, "ci-deploys", json!({ "topics": ["deploys"] })).await;
    let secret = holder.secret().to_owned();
    let mut dana = Visitor::dana(&house).await;
    for pasted in
        [secret.clone(), format!("  \"{secret}\"\n"), format!("Bearer {secret}"), format!("MESHKEY_KEY={secret}")]
    {
        let found = dana.send(SEARCH, &[("text", &pasted)]).await.expect(200);
        assert!(text(&found).contains("<h1>That is ci-deploys</h1>") && text(&found).contains("#deploys"), "{found:?}");
        for way in ["", "/revoke", "/rotate"] {
            assert!(text(&found).contains(&format!("href=\"{KEYS}/{id}{way}\"")), "{found:?}");
        }
    }
    admin.act(&admin.at(&format!("/keys/{id}/revoke"))).await.expect(200);
    let dead = dana.send(SEARCH, &[("text", &secret)]).await.expect(200);
    assert!(text(&dead).contains("revoked") && !text(&dead).contains(&format!("{id}/rotate")), "{dead:?}");
}

// G-13
#[tokio::test]
async fn a_key_that_one_may_not_see_is_like_one_that_nobody_holds() {
    let house = house().await;
    let admin = house.admin();
    let (_, covered) = key(&admin, "of main", json!({})).await;
    let rival = house.org("rival").admin;
    let unknown = Secret::generate(&Prefix::default()).unwrap();
    admin.post(&admin.at("/meshes"), json!({ "slug": "lab" })).await.expect(201);
    let mut dana = Visitor::dana(&house).await;
    let mut gus = other(&house, "Gus", "admin", Some("lab")).await;
    let mut mia = other(&house, "Mia", "member", None).await;
    let mut same = Vec::new();
    same.push(dana.send(SEARCH, &[("text", unknown.reveal())]).await);
    same.push(dana.send(SEARCH, &[("text", rival.secret())]).await);
    for stranger in [&mut gus, &mut mia] {
        same.push(stranger.send(SEARCH, &[("text", covered.secret())]).await);
    }
    for answer in &same {
        let told = alert(&answer.clone().expect(404));
        assert!(told.starts_with("No key of this org that you may see has this text."), "{answer:?}");
    }
    // Byte for byte, for who asks twice, but for which request it was.
    let main = |answer: &crate::client::Answer| text(answer).split("<main").nth(1).unwrap().to_owned();
    assert_eq!(main(&same[0]), main(&same[1]));
    dana.send(SEARCH, &[("text", covered.secret())]).await.expect(200);
}

#[tokio::test]
async fn what_is_no_whole_key_is_told_so_and_goes_into_no_address() {
    let house = house().await;
    let (_, holder) = key(&house.admin(), "ci", json!({})).await;
    let secret = holder.secret();
    let mut wrong = secret.to_owned();
    wrong.replace_range(30..31, if &secret[30..31] == "a" { "b" } else { "a" });
    let mut dana = Visitor::dana(&house).await;
    for broken in [wrong.as_str(), &secret[..53], &secret[..20], &format!("{secret}x")] {
        let told = dana.send(SEARCH, &[("text", broken)]).await.expect(422);
        assert!(alert(&told).starts_with("It is no whole key: a character is wrong or missing."), "{told:?}");
    }
}

#[tokio::test]
async fn words_and_ids_lead_on() {
    let house = house().await;
    let (id, holder) = key(&house.admin(), "ci", json!({})).await;
    let mut dana = Visitor::dana(&house).await;
    let hint = holder.secret()[..13].to_owned();
    for (said, to) in [
        (" ci & co ", format!("{KEYS}?text=ci+%26+co")),
        ("", KEYS.to_owned()),
        (&*id, format!("{KEYS}/{id}")),
        (&*hint, format!("{KEYS}?text={hint}")),
    ] {
        assert_eq!(leads_to(&dana.send(SEARCH, &[("text", said)]).await), to);
    }
    // By what a page shows of the id, by less of it, and by more.
    let shown = [&id[..10], &id[..14], &id[..25], &format!("{}%E2%80%A6", &id[..14]), &hint].map(str::to_owned);
    for said in shown {
        let found = super::labels(&dana.get(&format!("{KEYS}?text={said}")).await.expect(200));
        assert!(found.contains(&"ci".to_owned()), "{said}: {found:?}");
    }
    for other in ["key_7zzzzz", &id[..9]] {
        assert!(super::labels(&dana.get(&format!("{KEYS}?text={other}")).await.expect(200)).is_empty(), "{other}");
    }
    // A key that is not there is a page of the key's own.
    let nowhere = KeyId::new().to_string();
    assert_eq!(leads_to(&dana.send(SEARCH, &[("text", &nowhere)]).await), format!("{KEYS}/{nowhere}"));
}

#[tokio::test]
async fn the_old_secret_of_a_rotated_key_is_told_to_be_the_old_one() {
    let house = house().await;
    let admin = house.admin();
    let (id, holder) = key(&admin, "ci", json!({})).await;
    let rotate = admin.at(&format!("/keys/{id}/rotate"));
    let new = admin.post(&rotate, json!({ "overlap": "24h" })).await.expect(200).body;
    let mut dana = Visitor::dana(&house).await;
    let living = dana.send(SEARCH, &[("text", holder.secret())]).await.expect(200);
    assert!(text(&living).contains("This is an old secret of the key (number 1)"), "{living:?}");
    assert!(text(&living).contains("It works until"), "{living:?}");
    let newest = dana.send(SEARCH, &[("text", new["secret"].as_str().unwrap())]).await.expect(200);
    assert!(!text(&newest).contains("old secret"), "{newest:?}");
    admin.act(&format!("{rotate}/finish")).await.expect(200);
    let dead = dana.send(SEARCH, &[("text", holder.secret())]).await.expect(200);
    assert!(text(&dead).contains("It is dead since"), "{dead:?}");
    // Also at a replica that remembers nothing of it.
    let twin = house.twin().await;
    let there = dana.at(&twin).send(SEARCH, &[("text", holder.secret())]).await.expect(200);
    assert!(text(&there).contains("It is dead since"), "{there:?}");
}

// G-11
#[tokio::test]
async fn nothing_is_looked_for_at_the_word_of_another_site() {
    let house = house().await;
    let (id, holder) = key(&house.admin(), "ci", json!({})).await;
    let dana = Visitor::dana(&house).await;
    let boxed = format!("key:{id}");
    let search = [("text", holder.secret())];
    let bulk = [("act", "disable"), ("step", "do"), (boxed.as_str(), "1")];
    for (path, fields) in [(SEARCH, &search[..]), ("/orgs/acme/keys/bulk", &bulk[..])] {
        let token = dana.token();
        let with: Vec<_> = fields.iter().copied().chain([("form_token", token.as_str())]).collect();
        dana.bare("POST", path).header("sec-fetch-site", "cross-site").form(&with).send().await.expect(403);
        dana.bare("POST", path).header("sec-fetch-site", "same-origin").form(fields).send().await.expect(403);
    }
    holder.get("/v1/whoami").await.expect(200);
}
