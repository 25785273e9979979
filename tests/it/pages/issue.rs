//! Issuing a key by the form, without scripts.

use serde_json::json;

use super::{insider, once, secret};
use crate::{
    house::House,
    policies,
    sign_in::visitor::{Visitor, text},
};

pub(super) const NEW: &str = "/orgs/acme/keys/new";
/// What complies with everything.
const GOOD: [(&str, &str); 6] = [
    ("name", "by hand"),
    ("mesh", "main"),
    ("can:send", "yes"),
    ("topics", "only"),
    ("names", "deploys"),
    ("expires", "90d"),
];

/// The good wish with this instead, and to issue it.
pub(super) fn but<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = GOOD.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes.iter().copied().filter(|(_, value)| !value.is_empty())).chain([("do", "issue")]).collect()
}

async fn count(house: &House) -> i64 {
    house.sql("superuser").await.query_one("SELECT count(*) FROM api_keys", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn each_template_ticks_what_it_says_and_is_issued() {
    let house = House::new().await;
    let mut gus = insider(&house, "Gus", "admin").await;
    for (template, ticked, days) in [
        ("ci", vec!["send"], "90d"),
        ("feed", vec!["read"], "90d"),
        ("bot", vec!["send", "read"], "90d"),
        ("state", vec!["read", "state_write"], "30d"),
        ("automation", vec![], "30d"),
        ("custom", vec![], "90d"),
    ] {
        let answer = gus.get(&format!("{NEW}?template={template}")).await.expect(200);
        let page = text(&answer);
        for capability in ["send", "read", "state_write", "admin", "verify"] {
            let is_ticked = page.contains(&format!("name=\"can:{capability}\" value=\"yes\" checked"));
            assert_eq!(is_ticked, ticked.contains(&capability), "{template}: {capability}");
        }
        assert!(page.contains(&format!("name=\"expires\" value=\"{days}\" checked")), "{template}");
        assert!(page.contains("value=\"only\" required checked") && !page.contains("value=\"all\" checked"));
        // What a template leaves open is ticked by hand.
        let by_hand = if template == "automation" { "admin" } else { "verify" };
        let boxes: Vec<_> = if ticked.is_empty() { vec![by_hand] } else { ticked };
        let names: Vec<_> = boxes.iter().map(|name| format!("can:{name}")).collect();
        let mut fields = vec![
            ("do", "issue"),
            ("name", template),
            ("mesh", "main"),
            ("topics", "only"),
            ("names", "deploys"),
            ("expires", days),
        ];
        fields.extend(names.iter().map(|name| (name.as_str(), "yes")));
        let issued = gus.send(NEW, &fields).await.expect(200);
        let key = house.admin().with_key(&secret(text(&issued)));
        let own = key.get("/v1/whoami").await.expect(200).body;
        assert_eq!(own["key"]["capabilities"].as_array().unwrap().len(), boxes.len(), "{own}");
        assert_eq!((&own["key"]["label"], &own["key"]["topics"]), (&json!(template), &json!(["deploys"])));
    }
}

//
#[tokio::test]
async fn without_a_choice_of_topics_nothing_is_issued_and_nothing_typed_is_lost() {
    let house = House::new().await;
    let mut gus = insider(&house, "Gus", "admin").await;
    let before = count(&house).await;
    for (changes, words) in [
        (vec![("topics", ""), ("note", "kept there")], "Choose on which topics"),
        (vec![("names", ""), ("note", "kept there")], "Name at least one topic"),
        (vec![("names", "deplois"), ("note", "kept there")], "there is no topic &#39;deplois&#39;"),
    ] {
        let answer = gus.send(NEW, &but(&changes)).await.expect(422);
        let page = text(&answer).replace('\'', "&#39;");
        let alert = page.split("role=\"alert\"").nth(1).unwrap().split("</div>").next().unwrap();
        assert!(alert.to_lowercase().contains(&words.to_lowercase()) && alert.contains("href=\"#topics\""), "{alert}");
        assert!(page.contains("value=\"by hand\"") && page.contains("value=\"kept there\""), "{page}");
        assert!(page.contains("name=\"can:send\" value=\"yes\" checked"), "{page}");
    }
    let answer =
        gus.send(NEW, &but(&[("name", ""), ("can:send", ""), ("mesh", ""), ("expires", "")])).await.expect(422);
    for field in ["name", "capabilities", "mesh", "ends"] {
        assert!(
            text(&answer).contains(&format!("href=\"#{field}\"")) && text(&answer).contains(&format!("id=\"{field}\"")),
            "{field}"
        );
    }
    assert_eq!(count(&house).await, before);
}

#[tokio::test]
async fn of_topics_that_are_archived_or_not_there_the_form_says_so() {
    let house = House::new().await;
    let (admin, mut gus) = (house.admin(), insider(&house, "Gus", "admin").await);
    admin.act(&admin.at("/meshes/main/topics/secrets/archive")).await.expect(200);
    let answer = gus.send(NEW, &but(&[("names", "deploys secrets nowhere")])).await.expect(422);
    let page = text(&answer);
    assert!(
        page.contains("Remove secrets") && page.contains(">it is archived, and a key does nothing there<"),
        "{page}"
    );
    assert!(page.contains("<option value=\"deploys\">") && !page.contains("<option value=\"secrets\">"), "{page}");
    assert!(
        page.contains("there is no such topic here") && page.contains("/orgs/acme/meshes/main#new-topic"),
        "{page}"
    );
}

#[tokio::test]
async fn to_reload_the_answer_issues_no_second_key_and_shows_no_secret_again() {
    let house = House::new().await;
    let mut gus = insider(&house, "Gus", "admin").await;
    let page = gus.get(NEW).await.expect(200);
    let (number, before) = (once(text(&page)), count(&house).await);
    let fields = but(&[("once", &number)]);
    let first = gus.send(NEW, &fields).await.expect(200);
    let shown = secret(text(&first));
    assert_eq!(first.header("cache-control"), "no-store");
    let again = gus.send(NEW, &fields).await.expect(200);
    assert!(text(&again).contains("Shown once already") && text(&again).contains("/rotate\""), "{again:?}");
    assert!(!text(&again).contains(&shown));
    assert_eq!(count(&house).await, before + 1);
    // The same page with something else filled in: nothing is done before it is sent once more.
    let other = gus.send(NEW, &but(&[("once", &number), ("name", "another")])).await;
    assert!((400..500).contains(&other.status) && text(&other).contains("send it once more"), "{other:?}");
    gus.send(NEW, &but(&[("once", &once(text(&other))), ("name", "another")])).await.expect(200);
    assert_eq!(count(&house).await, before + 2);
}

#[tokio::test]
async fn a_preview_does_every_check_and_issues_nothing() {
    let house = House::new().await;
    let mut gus = insider(&house, "Gus", "admin").await;
    let before = count(&house).await;
    let fields: Vec<_> = but(&[]).into_iter().filter(|(name, _)| *name != "do").collect();
    for wish in ["preview", "live", ""] {
        let fields: Vec<_> = fields.iter().copied().chain([("do", wish)]).collect();
        let answer = gus.send(NEW, &fields).await.expect(200);
        let page = text(&answer);
        assert_eq!(page.contains("All checks are passed"), wish != "live");
        assert!(page.contains("It cannot read, change state, manage keys, ask about other keys, reach #secrets, or act in another mesh."), "{page}");
        assert!(
            page.contains("meshkey key issue &#39;by hand&#39; --org acme")
                || page.contains("meshkey key issue 'by hand' --org acme"),
            "{page}"
        );
    }
    assert_eq!(count(&house).await, before);
}

#[tokio::test]
async fn what_the_policy_forbids_cannot_be_chosen_and_says_why() {
    let house = House::new().await;
    let mut gus = insider(&house, "Gus", "admin").await;
    policies::set(&house.admin(), json!({ "longest_life": "30d", "topics_required": true, "note_required": true }))
        .await;
    let answer = gus.get(&format!("{NEW}?mesh=main&expires=90d")).await.expect(200);
    let page = text(&answer);
    for span in ["90d", "180d", "365d", "never"] {
        let radio = page.split(&format!("value=\"{span}\"")).nth(1).unwrap().split('>').next().unwrap();
        assert!(radio.contains("disabled") && !radio.contains("checked"), "{span}: {radio}");
    }
    assert!(
        page.contains("a key ends at most 30 days after it is issued") && page.contains("value=\"all\" disabled"),
        "{page}"
    );
    let refused = gus.send(NEW, &but(&[("expires", "90d"), ("topics", "all")])).await.expect(403);
    for field in ["ends", "topics", "note"] {
        assert!(text(&refused).contains(&format!("<a href=\"#{field}\">The org")), "{field}: {refused:?}");
    }
    gus.send(NEW, &but(&[("expires", "30d"), ("note", "kept there")])).await.expect(200);
}

#[tokio::test]
async fn a_link_fills_in_what_is_narrow_and_says_what_it_left_out() {
    let house = House::new().await;
    let gus = insider(&house, "Gus", "admin").await;
    let link = format!("{NEW}?name=ci&cap=send&topic=deploys&expires=30d&mesh=main&note=kept%20there");
    let answer = gus.get(&link).await.expect(200);
    let page = text(&answer);
    assert!(page.contains("A link has filled this form in"));
    for field in [
        "value=\"ci\"",
        "value=\"deploys\" list=",
        "value=\"kept there\"",
        "value=\"30d\" checked",
        "\"can:send\" value=\"yes\" checked",
        "value=\"main\" selected",
    ] {
        assert!(page.contains(field), "{field}: {page}");
    }
    let wide = gus
        .get(&format!("{NEW}?cap=admin,sned&topic=*&mesh=*&capp=1&expires=soon&from=key_x&template=none"))
        .await
        .expect(200);
    let page = text(&wide);
    for words in [
        "It asks for admin",
        "(did you mean 'send'?)",
        "It asks for all topics",
        "It asks for the whole org",
        "(did you mean 'cap'?)",
        "'soon' is no end",
        "The key that it names is not there",
        "There is no template 'none'",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(
        !page.contains("value=\"yes\" checked")
            && !page.contains("value=\"all\" checked")
            && !page.contains("value=\"*\" selected")
    );
    // A copy has all but the secret, and the widest.
    let wish = json!({ "label": "wide", "mesh": "main", "capabilities": ["admin", "read"], "topics": "all", "note": "there",
                       "addresses": ["10.0.0.0/8"], "expires_at": null });
    let (made, _) = house.admin().issue(wish).await;
    let copy = gus.get(&format!("{NEW}?from={}", made["id"].as_str().unwrap())).await.expect(200);
    let page = text(&copy);
    for field in [
        "value=\"wide (copy)\"",
        "value=\"there\"",
        "value=\"10.0.0.0/8\"",
        "\"can:read\" value=\"yes\" checked",
        "It asks for no end at all, which is never filled in",
    ] {
        assert!(page.contains(field), "{field}: {page}");
    }
    assert!(!page.contains("\"can:admin\" value=\"yes\" checked") && !page.contains("value=\"all\" checked"));
}

#[tokio::test]
async fn a_member_issues_keys_of_its_own_and_no_others() {
    let house = House::new().await;
    let mut mia = insider(&house, "Mia", "member").await;
    insider(&house, "Dana", "owner").await;
    let answer = mia.get(NEW).await.expect(200);
    let page = text(&answer);
    assert!(page.contains("it never does more than you may") && page.contains("ask <strong>Dana</strong>"), "{page}");
    assert!(
        page.contains("name=\"can:send\"") && !page.contains("name=\"can:admin\"") && !page.contains("For a person")
    );
    let issued = mia.send(NEW, &but(&[("for", "org")])).await.expect(200);
    let own = house.admin().with_key(&secret(text(&issued))).get("/v1/whoami").await.expect(200).body;
    assert!(own["key"]["user"].as_str().unwrap().starts_with("user_"), "{own}");
    let beyond = mia.send(NEW, &but(&[("can:admin", "yes")])).await;
    assert!([403, 422].contains(&beyond.status) && text(&beyond).contains("href=\"#capabilities\""), "{beyond:?}");
    let lee = Visitor::new(&house);
    assert_eq!(lee.get(NEW).await.expect(303).header("location"), "/sign-in?next=%2Forgs%2Facme%2Fkeys%2Fnew");
    for path in ["/orgs/rival/keys/new", "/orgs/nowhere/keys/new"] {
        mia.get(path).await.expect(404);
        mia.send(path, &but(&[])).await.expect(404);
    }
}

// G-11
#[tokio::test]
async fn the_form_is_taken_from_our_own_page_alone() {
    let house = House::new().await;
    let gus = insider(&house, "Gus", "admin").await;
    let before = count(&house).await;
    let token = gus.token();
    let whole: Vec<_> = but(&[("form_token", &token)]);
    gus.bare("POST", NEW).header("sec-fetch-site", "cross-site").form(&whole).send().await.expect(403);
    gus.bare("POST", NEW).header("sec-fetch-site", "same-origin").form(&but(&[])).send().await.expect(403);
    assert_eq!(count(&house).await, before);
}

#[tokio::test]
async fn who_hands_out_admin_confirms_first_and_loses_nothing() {
    let house = House::new().await;
    let mut gus = insider(&house, "Gus", "admin").await;
    let long_ago = "UPDATE sessions SET confirmed_at = now() - interval '1 hour'";
    house.sql("superuser").await.batch_execute(long_ago).await.unwrap();
    let before = count(&house).await;
    let answer = gus.send(NEW, &but(&[("can:admin", "yes")])).await.expect(403);
    let page = text(&answer);
    assert!(page.contains("data-keep href=\"/confirm?next=%2Forgs%2Facme%2Fkeys%2Fnew%3F"), "{page}");
    assert!(page.contains("value=\"by hand\"") && page.contains("\"can:admin\" value=\"yes\" checked"), "{page}");
    assert_eq!(count(&house).await, before);
    gus.send("/confirm", &[("password", crate::sign_in::visitor::PASSWORD), ("next", NEW)]).await.expect(303);
    gus.send(NEW, &but(&[("can:admin", "yes")])).await.expect(200);
}

#[tokio::test]
async fn what_somebody_has_written_is_shown_as_text() {
    let house = House::new().await;
    let mut gus = insider(&house, "Gus", "admin").await;
    for hostile in ["<img src=x onerror=alert(1)>", "\"><script>alert(1)</script>", "\u{202e}gnp.exe"] {
        for field in [
            "name",
            "note",
            "mesh",
            "names",
            "addresses",
            "rate",
            "user",
            "until",
            "expires",
            "can:<b>",
            "can:\"><script>",
        ] {
            let mut fields = but(&[(field, hostile)]);
            fields.retain(|(name, _)| *name != "do");
            fields.push(("do", "live"));
            let answer = gus.send(NEW, &fields).await.expect(200);
            let page = text(&answer);
            assert!(
                !page.contains("<img src=x") && !page.contains("<script>") && !page.contains("<b>"),
                "{field}: {page}"
            );
        }
        let named = gus.send(NEW, &but(&[("name", hostile), ("note", hostile)])).await;
        assert!(!text(&named).contains("<img src=x") && !text(&named).contains("<script>"));
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("name", hostile)
            .append_pair("cap", hostile)
            .append_pair("topic", hostile)
            .append_pair("from", hostile)
            .append_pair(hostile, "x")
            .finish();
        let linked = gus.get(&format!("{NEW}?{query}")).await.expect(200);
        assert!(!text(&linked).contains("<img src=x") && !text(&linked).contains("<script>"));
    }
}
