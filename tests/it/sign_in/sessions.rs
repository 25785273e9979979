//! Sessions: new at each sign-in, dead when they are ended, and not for ever.

use super::visitor::{EMAIL, PASSWORD, Visitor, danas, leads_to, text};
use crate::tools::{hex, one};

// The text that a browser had before is not honoured (session fixation).
#[tokio::test]
async fn what_a_browser_had_before_is_not_honoured_and_ends() {
    let house = danas().await;
    let fixed = meshkey::domain::SessionSecret::generate().ok().unwrap().reveal().to_string();
    let mut dana = Visitor { cookie: Some(fixed.clone()), ..Visitor::new(&house) };
    assert!(!dana.is_in().await);
    dana.sign_in(EMAIL, PASSWORD).await.expect(303);
    assert_ne!(dana.cookie.as_ref(), Some(&fixed));
    assert!(!Visitor { cookie: Some(fixed), ..Visitor::new(&house) }.is_in().await);
    // The same of a session that was alive.
    let first = dana.at(&house);
    assert!(first.is_in().await);
    dana.sign_in(EMAIL, PASSWORD).await.expect(303);
    assert!(!first.is_in().await && dana.is_in().await);
}

//
#[tokio::test]
async fn a_session_that_has_ended_is_dead_on_every_replica_at_once() {
    let house = danas().await;
    let twin = house.replica(&[]).await;
    let (mut dana, other) = (Visitor::dana(&house).await, Visitor::dana(&house).await);
    let (elsewhere, others_elsewhere) = (dana.at(&twin), other.at(&twin));
    assert!(elsewhere.is_in().await && others_elsewhere.is_in().await);
    let page = dana.get("/account").await.expect(200);
    let others = text(&page).split("name=\"end\" value=\"").filter_map(|rest| rest.split('"').next());
    let id = others.into_iter().find(|id| id.starts_with("sess_")).unwrap().to_owned();
    assert_eq!(leads_to(&dana.send("/account/sessions", &[("end", &id)]).await), "/account");
    assert!(!others_elsewhere.is_in().await && !other.is_in().await && elsewhere.is_in().await);
    dana.send("/sign-out", &[]).await.expect(303);
    assert!(!elsewhere.is_in().await);
}

//
#[tokio::test]
async fn who_is_suspended_is_out_at_once() {
    let house = danas().await;
    let dana = Visitor::dana(&house).await;
    house.sql("superuser").await.batch_execute("UPDATE users SET suspended_at = now()").await.unwrap();
    assert!(!dana.is_in().await);
}

#[tokio::test]
async fn sessions_end_by_themselves() {
    let house = danas().await;
    let db = house.sql("superuser").await;
    for over in ["seen_at = now() - interval '12 hours'", "ends_at = now()"] {
        let dana = Visitor::dana(&house).await;
        assert!(dana.is_in().await);
        db.batch_execute(&format!("UPDATE sessions SET {over}")).await.unwrap();
        assert!(!dana.is_in().await, "{over}");
        let forms = dana.at(&house).send("/sign-out", &[]).await;
        assert_eq!(leads_to(&forms), "/sign-in?next=%2Faccount");
    }
    db.batch_execute(
        "UPDATE sessions SET seen_at = now() - interval '11 hours 59 minutes', ends_at = now() + interval '1 minute'",
    )
    .await
    .unwrap();
    let dana = Visitor::dana(&house).await;
    assert!(dana.is_in().await);
    // What is used lasts; and it is noted so once a minute.
    db.batch_execute("UPDATE sessions SET seen_at = now() - interval '2 minutes'").await.unwrap();
    assert!(dana.is_in().await);
    assert_eq!(one(&db, "SELECT count(*) FROM sessions WHERE seen_at > now() - interval '1 minute'").await, "1");
    let seen = one(&db, "SELECT max(seen_at) FROM sessions").await;
    assert!(dana.is_in().await);
    assert_eq!(one(&db, "SELECT max(seen_at) FROM sessions").await, seen);
    // And what is over is taken away.
    let lifetimes = meshkey::domain::session::Lifetimes {
        idle: std::time::Duration::from_mins(1),
        life: std::time::Duration::from_hours(1),
    };
    db.batch_execute("UPDATE sessions SET seen_at = now() - interval '2 minutes'").await.unwrap();
    let operator = house.operator().await;
    assert!(meshkey::db::sessions::sweep(&operator, lifetimes).await.unwrap() >= 1);
    assert_eq!(one(&db, "SELECT count(*) FROM sessions").await, "0");
}

#[tokio::test]
async fn a_person_has_a_hundred_sessions_and_the_oldest_goes() {
    let house = danas().await;
    let first = Visitor::dana(&house).await;
    let db = house.sql("superuser").await;
    let fill = "INSERT INTO sessions (id, user_id, hash, is_half, ends_at)
                SELECT gen_random_uuid(), users.id, sha256(number::text::bytea), false, now() + interval '1 hour'
                FROM users, generate_series(1, 99) AS number";
    db.batch_execute(fill).await.unwrap();
    assert!(first.is_in().await);
    let last = Visitor::dana(&house).await;
    assert!(!first.is_in().await && last.is_in().await);
    assert_eq!(one(&db, "SELECT count(*) FROM sessions").await, "100");
}

#[tokio::test]
async fn a_cookie_that_is_there_twice_or_is_none_of_ours_is_nobodys() {
    let house = danas().await;
    let dana = Visitor::dana(&house).await;
    let cookie = dana.cookie.as_deref().unwrap();
    let ask = async |line: &str| dana.client.bare("GET", "/account").header("cookie", line).send().await.status;
    assert_eq!(ask(&format!("__Host-meshkey={cookie}")).await, 200);
    for line in [
        &format!("__Host-meshkey={cookie}; __Host-meshkey={cookie}"),
        &format!("meshkey={cookie}"),
        &format!("__host-meshkey={cookie}"),
        &format!("__Host-meshkey={cookie}0"),
        "__Host-meshkey=",
        "__Host-meshkey",
        ";;;",
    ] {
        assert_eq!(ask(line).await, 303, "{line}");
    }
}

#[tokio::test]
async fn only_the_hash_of_a_session_is_stored() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let house = danas().await;
    let dana = Visitor::dana(&house).await;
    let all = crate::tools::dump(&house.sql("superuser").await, "true").await;
    let cookie = dana.cookie.as_deref().unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(cookie).unwrap();
    let hash: meshkey::domain::SessionSecret = cookie.parse().ok().unwrap();
    assert!(all.contains(&hex(&hash.hash().0)) && !all.contains(cookie) && !all.contains(&hex(&bytes)));
    assert!(!all.contains(&dana.token()) && !all.contains(PASSWORD));
}
