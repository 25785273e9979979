//! `/reset`: a password that is set anew by a link from the host.

use super::{PASSWORD, code, events, is_password, page, send, sessions, sign_in};
use crate::{
    house::House,
    tools::{one, texts},
};

const EMAIL: &str = "dana@example.com";

/// A house in which Dana owns org `acme` and has a password, and the code of a link for another.
async fn asked() -> (House, String) {
    let house = House::new().await;
    let first = house.meshkey(&["admin", "grant", EMAIL, "--org", "acme", "--json"]);
    send(&house, "/reset", &[("code", &code(&first["reset_url"])), ("password", PASSWORD)]).await.expect(200);
    let link = house.meshkey(&["admin", "reset-password", EMAIL, "--json"]);
    (house, code(&link["reset_url"]))
}

#[tokio::test]
async fn a_link_sets_the_password_once_and_ends_every_session() {
    let (house, code) = asked().await;
    let db = house.sql("superuser").await;
    assert!(!is_password(&db, EMAIL, PASSWORD).await, "the old one still lets somebody in");
    sign_in(&db, EMAIL).await;
    let other = "another long password";
    let done = send(&house, "/reset", &[("code", &code), ("password", other)]).await.expect(200);
    assert!(page(&done).contains("The password of <strong>dana@example.com</strong> is set"), "{done:?}");
    assert!(is_password(&db, EMAIL, other).await && !is_password(&db, EMAIL, PASSWORD).await);
    assert_eq!(sessions(&db, EMAIL).await, "0");
    let again = send(&house, "/reset", &[("code", &code), ("password", PASSWORD)]).await.expect(403);
    assert!(page(&again).contains("This link does not work, or not any more"), "{again:?}");
    assert!(is_password(&db, EMAIL, other).await);
    let how = "SELECT actor_kind, after->>'by' FROM audit_events WHERE action = 'user.password_reset' ORDER BY seq";
    assert_eq!(texts(&db, how).await, ["user\tlink", "local\tlink", "user\tlink"]);
    assert_eq!(events(&db, "acme").await.len(), 4);
}

#[tokio::test]
async fn a_link_that_is_wrong_has_ended_or_was_replaced_sets_nothing() {
    let (house, first) = asked().await;
    let db = house.sql("superuser").await;
    let second = code(&house.meshkey(&["admin", "reset-password", EMAIL, "--json"])["reset_url"]);
    for bad in ["", "x", &first] {
        send(&house, "/reset", &[("code", bad), ("password", PASSWORD)]).await.expect(403);
    }
    db.batch_execute("UPDATE one_time_codes SET ends_at = now() - interval '1 second'").await.unwrap();
    send(&house, "/reset", &[("code", &second), ("password", PASSWORD)]).await.expect(403);
    assert_eq!(one(&db, "SELECT count(*) FROM passwords").await, "0");
}

#[tokio::test]
async fn a_password_that_will_not_do_is_refused_and_the_link_works_on() {
    let (house, code) = asked().await;
    let no = send(&house, "/reset", &[("code", &code), ("password", "short")]).await.expect(422);
    assert!(page(&no).contains("a password has at least 12 characters"), "{no:?}");
    assert!(page(&no).contains(&format!("value=\"{code}\"")), "{no:?}");
    send(&house, "/reset", &[("code", &code), ("password", EMAIL)]).await.expect(422);
    send(&house, "/reset", &[("code", &code), ("password", PASSWORD)]).await.expect(200);
}

#[tokio::test]
async fn of_two_with_one_link_one_sets_the_password() {
    let (house, code) = asked().await;
    let twin = house.twin().await;
    let (one, other) =
        ([("code", code.as_str()), ("password", PASSWORD)], [("code", &*code), ("password", "another long password")]);
    let (one, other) = tokio::join!(send(&house, "/reset", &one), send(&twin, "/reset", &other));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 403]);
}
