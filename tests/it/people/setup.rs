//! `/setup`: every way in, and every refusal.

use serde_json::Value;

use super::{PASSWORD, code, is_password, page, refused, send, words};
use crate::{
    house::House,
    tools::{one, texts},
};

/// All that is filled in, with this code.
fn filled(code: &str) -> Vec<(&str, &str)> {
    vec![
        ("code", code),
        ("name", "Dana"),
        ("email", "Dana@Example.com"),
        ("password", PASSWORD),
        ("org", "acme"),
        ("org_name", "Acme"),
        ("mesh", "main"),
        ("topic", "deploys"),
    ]
}

/// The same with another text in one field.
fn with<'a>(code: &'a str, name: &str, text: &'a str) -> Vec<(&'a str, &'a str)> {
    filled(code).into_iter().map(|(known, old)| (known, if known == name { text } else { old })).collect()
}

fn new_code(house: &House) -> String {
    code(&house.meshkey(&["setup-url", "--json"])["url"])
}

/// How much there is of what a set-up makes.
async fn made(house: &House) -> String {
    let count = "SELECT (SELECT count(*) FROM orgs), (SELECT count(*) FROM users), (SELECT count(*) FROM memberships),
                        (SELECT count(*) FROM passwords), (SELECT count(*) FROM api_keys)";
    texts(&house.sql("superuser").await, count).await.pop().unwrap()
}

const NOTHING: &str = "0\t0\t0\t0\t0";
const ONE: &str = "1\t1\t1\t1\t0";

//
#[tokio::test]
async fn who_has_a_code_sets_it_up_once_and_who_has_none_hears_how_to_get_one() {
    let house = House::empty(&[]).await;
    assert_eq!(house.stranger().get("/").await.expect(303).header("location"), "/setup");
    let shown = house.stranger().get("/setup").await.expect(200);
    for command in [
        "meshkey setup-url",
        "docker compose exec meshkey meshkey setup-url",
        "kubectl exec deploy/meshkey -- meshkey setup-url",
    ] {
        assert!(page(&shown).contains(&format!(">{command}</code>")), "{shown:?}");
    }
    let none = send(&house, "/setup", &filled("")).await.expect(403);
    assert!(page(&none).contains("This code does not work"), "{none:?}");
    assert_eq!(made(&house).await, NOTHING);

    let told = house.meshkey(&["setup-url", "--json"]);
    assert!(told["url"].as_str().unwrap().starts_with("http://127.0.0.1:7700/setup#code="), "{told}");
    let done = send(&house, "/setup", &filled(&code(&told["url"]))).await.expect(200);
    assert!(page(&done).contains("You are <strong>owner of Acme</strong>"), "{done:?}");
    assert_eq!(made(&house).await, ONE);
    let db = house.sql("superuser").await;
    assert!(is_password(&db, "dana@example.com", PASSWORD).await);
    let role = "SELECT u.email, u.name, m.role, o.slug, o.name FROM memberships m JOIN users u ON u.id = m.user_id JOIN orgs o ON o.id = m.org_id";
    assert_eq!(texts(&db, role).await, ["dana@example.com\tDana\towner\tacme\tAcme"]);
    assert_eq!(
        texts(&db, "SELECT m.slug, t.name FROM topics t JOIN meshes m ON m.id = t.mesh_id").await,
        ["main\tdeploys"]
    );
    let events =
        "SELECT action, actor_kind, actor_user = (SELECT id FROM users), request_id IS NOT NULL, address IS NOT NULL
                  FROM audit_events ORDER BY seq";
    let expected = ["org.created", "member.added", "mesh.created", "topic.created"];
    assert_eq!(texts(&db, events).await, expected.map(|action| format!("{action}\tuser\tt\tt\tt")));

    assert_eq!(house.stranger().get("/").await.expect(303).header("location"), "/sign-in");
    let again = house.stranger().get("/setup").await.expect(200);
    assert!(page(&again).contains("Meshkey is set up") && !page(&again).contains("<form"), "{again:?}");
    assert!(page(&again).contains("href=\"/sign-in\""));
    assert_eq!(one(&db, "SELECT count(*) FROM one_time_codes").await, "0");
}

#[tokio::test]
async fn a_code_is_taken_in_groups_and_without_and_all_but_the_person_and_the_org_may_be_left_out() {
    let house = House::empty(&[]).await;
    let code = new_code(&house).replace('-', "").to_uppercase();
    let few = [
        ("code", code.as_str()),
        ("name", "Dana"),
        ("email", "dana@example.com"),
        ("password", PASSWORD),
        ("org", "acme"),
    ];
    let done = send(&house, "/setup", &few).await.expect(200);
    assert!(page(&done).contains("owner of acme"), "{done:?}");
    assert_eq!(made(&house).await, ONE);
    assert_eq!(one(&house.sql("superuser").await, "SELECT count(*) FROM meshes").await, "0");
}

//
#[tokio::test]
async fn a_code_that_is_wrong_or_has_ended_opens_nothing_and_one_of_the_set_up_nothing_else() {
    let house = House::empty(&[]).await;
    let db = house.sql("superuser").await;
    let (ended, live) = (new_code(&house), new_code(&house));
    let end = "UPDATE one_time_codes SET ends_at = now() - interval '1 second'
               WHERE created_at = (SELECT min(created_at) FROM one_time_codes)";
    db.batch_execute(end).await.unwrap();
    let other = live.replace(|letter: char| letter != '-', "2");
    for bad in ["x", &ended, &other, &live[1..], &format!("{live}0")] {
        let no = send(&house, "/setup", &filled(bad)).await.expect(403);
        assert!(page(&no).contains("This code does not work, or not any more"), "{no:?}");
    }
    // A code of the set-up sets no password.
    send(&house, "/reset", &filled(&live)).await.expect(403);
    assert_eq!(made(&house).await, NOTHING);
}

//
#[tokio::test]
async fn the_second_visitor_is_told_that_it_is_set_up_also_with_a_code_of_its_own() {
    let house = House::empty(&[]).await;
    let (first, second) = (new_code(&house), new_code(&house));
    send(&house, "/setup", &filled(&first)).await.expect(200);
    for code in [&first, &second, ""] {
        let late = send(&house, "/setup", &with(code, "email", "eve@example.com")).await.expect(409);
        assert!(page(&late).contains("Meshkey is set up"), "{late:?}");
    }
    assert_eq!(made(&house).await, ONE);
    let no = house.try_meshkey(&["setup-url"]);
    refused(&no, 6, "set up already: acme");
    for verb in ["meshkey admin list", "meshkey admin grant EMAIL --org acme", "meshkey admin reset-password EMAIL"] {
        assert!(words(&no).contains(verb), "{no:?}");
    }
}

//
#[tokio::test]
async fn of_two_who_come_at_once_one_sets_it_up_and_the_other_hears_of_it() {
    let house = House::empty(&[]).await;
    let twin = house.twin().await;
    let (one, other) = (new_code(&house), new_code(&house));
    for (left, right) in [(&one, &one), (&one, &other)] {
        let (left, right) = (filled(left), with(right, "email", "eve@example.com"));
        let (left, right) = tokio::join!(send(&house, "/setup", &left), send(&twin, "/setup", &right));
        let mut statuses = [left.status, right.status];
        statuses.sort_unstable();
        assert!(statuses == [200, 409] || statuses == [409, 409], "{left:?}{right:?}");
        assert_eq!(made(&house).await, ONE);
    }
}

// P-18
#[tokio::test]
async fn ten_codes_work_beside_one_another_and_of_more_the_newest_ten() {
    let house = House::empty(&[]).await;
    let codes: Vec<String> = (0..11).map(|_| new_code(&house)).collect();
    assert_eq!(one(&house.sql("superuser").await, "SELECT count(*) FROM one_time_codes").await, "10");
    send(&house, "/setup", &filled(&codes[0])).await.expect(403);
    send(&house, "/setup", &with(&codes[1], "org", "not a slug")).await.expect(422);
    send(&house, "/setup", &filled(&codes[1])).await.expect(200);
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept_but_the_password() {
    let house = House::empty(&[]).await;
    let code = new_code(&house);
    for (name, text) in [
        ("name", ""),
        ("email", "dana"),
        ("password", "short"),
        ("password", "dana@example.com"),
        ("org", "Acme Ltd"),
        ("mesh", "Main!"),
        ("topic", "a b"),
        ("mesh", ""),
    ] {
        let answer = send(&house, "/setup", &with(&code, name, text)).await.expect(422);
        let page = page(&answer);
        assert!(page.contains(&format!("id=\"{name}-fault\"")), "{name}: {page}");
        assert_eq!(page.matches("aria-invalid=\"true\"").count(), 1, "{name}: {page}");
        assert!(page.contains(&format!("aria-describedby=\"{name}-hint {name}-fault\"")) || name == "name", "{page}");
        assert!(page.contains(&format!("value=\"{code}\"")) && !page.contains(PASSWORD), "{page}");
        for (kept, typed) in with(&code, name, text).into_iter().filter(|(kept, _)| *kept != "password") {
            assert!(
                typed.is_empty()
                    || page.contains(&format!("name=\"{kept}\" type=\""))
                        && page.contains(&format!("value=\"{typed}\"")),
                "{kept}: {page}"
            );
        }
    }
    assert_eq!(made(&house).await, NOTHING);
}

#[tokio::test]
async fn hostile_text_is_text() {
    let house = House::empty(&[]).await;
    let (code, hostile) = (new_code(&house), "\"><script>alert(1)</script>");
    for name in ["code", "name", "email", "org", "org_name", "mesh", "topic"] {
        let no = send(&house, "/setup", &with(&code, name, hostile)).await;
        assert!(!page(&no).contains("<script>alert"), "{no:?}");
    }
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let house = House::empty(&[]).await;
    let code = new_code(&house);
    for path in ["/setup", "/reset"] {
        for site in ["cross-site", "same-site"] {
            let request = house.stranger().bare("POST", path).header("Sec-Fetch-Site", site).form(&filled(&code));
            assert!(page(&request.send().await.expect(403)).contains("Not from here"));
        }
        house.stranger().bare("POST", path).form(&filled(&code)).send().await.expect(403);
    }
    assert_eq!(made(&house).await, NOTHING);
}

#[tokio::test]
async fn who_tries_many_codes_is_told_to_wait_and_who_has_one_is_not() {
    let house = House::empty(&[("MESHKEY_FAILED_AUTH_PER_MINUTE", "2")]).await;
    for path in ["/setup", "/reset"] {
        let mut statuses = Vec::new();
        for _ in 0..4 {
            statuses.push(send(&house, path, &filled("x")).await.status);
        }
        assert_eq!(statuses[3], 429, "{statuses:?}");
    }
    let no = send(&house, "/setup", &filled("x")).await.expect(429);
    let wait = no.header("retry-after");
    assert!(page(&no).contains(&format!("Too many tries. Try again in {wait} s.")), "{no:?}");
    send(&house, "/setup", &filled(&new_code(&house))).await.expect(200);
}

#[tokio::test]
async fn a_link_names_the_public_url_and_people_read_it_on_a_line_of_its_own() {
    let house = House::empty(&[]).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("meshkey.toml");
    std::fs::write(&file, "public_url = \"https://keys.example.org\"\n").unwrap();
    let shown = house.try_meshkey(&["setup-url", "--config", file.to_str().unwrap()]);
    assert!(words(&shown).contains("works once, within 60 minutes"), "{shown:?}");
    let line = String::from_utf8(shown.stdout).unwrap();
    assert!(line.starts_with("https://keys.example.org/setup#code=") && line.lines().count() == 1, "{line}");
    send(&house, "/setup", &filled(&code(&Value::from(line)))).await.expect(200);
}
