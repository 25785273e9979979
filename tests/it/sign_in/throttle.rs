//! Who tries too often waits: by account and by address, and not for ever.

use super::visitor::{EMAIL, PASSWORD, Visitor, alert, danas, person, text, with_dana};
use crate::{client::Answer, house::House, tools::one};

const BEHIND_A_PROXY: (&str, &str) = ("MESHKEY_TRUSTED_PROXIES", "127.0.0.1");

fn from(house: &House, address: &str) -> Visitor {
    Visitor { from: Some(address.to_owned()), ..Visitor::new(house) }
}

/// For how long one is to wait.
#[track_caller]
fn wait(answer: &Answer) -> u64 {
    assert_eq!(answer.status, 429, "{answer:?}");
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert_eq!(alert(answer), format!("Too many tries. Try again in {seconds} s."));
    assert!(!text(answer).contains(" disabled"), "{answer:?}");
    seconds
}

async fn fail(house: &House, address: &str, email: &str, times: usize) {
    for _ in 0..times {
        let answer = from(house, address).sign_in(email, "wrong").await;
        assert!([200, 429].contains(&answer.status), "{answer:?}");
    }
}

/// Ends every pause, as time would.
async fn let_pass(house: &House) {
    house.sql("superuser").await.batch_execute("UPDATE sign_in_tries SET blocked_until = now()").await.unwrap();
}

#[tokio::test]
async fn an_account_pauses_after_five_failures_and_longer_from_one_to_the_next() {
    let house = with_dana(&[BEHIND_A_PROXY]).await;
    for email in [EMAIL, "nobody@example.com"] {
        fail(&house, "192.0.2.7", email, 5).await;
        // The right password is in vain too, however the address is written.
        let waits = wait(&from(&house, "192.0.2.7").sign_in(&email.to_uppercase(), PASSWORD).await);
        assert!((1..=5).contains(&waits), "{waits}");
        let_pass(&house).await;
        fail(&house, "192.0.2.7", email, 1).await;
        let longer = wait(&from(&house, "192.0.2.7").sign_in(email, PASSWORD).await);
        assert!((6..=10).contains(&longer), "{longer}");
    }
    // Whose account it is comes from elsewhere, and is not kept out.
    from(&house, "192.0.2.8").sign_in(EMAIL, PASSWORD).await.expect(303);
    // What was right ends the count.
    from(&house, "192.0.2.1").sign_in(EMAIL, PASSWORD).await.expect(303);
    fail(&house, "192.0.2.1", EMAIL, 4).await;
    from(&house, "192.0.2.1").sign_in(EMAIL, PASSWORD).await.expect(303);
}

#[tokio::test]
async fn an_account_that_is_tried_from_everywhere_pauses_for_all_until_it_is_reset() {
    let house = with_dana(&[BEHIND_A_PROXY]).await;
    for tries in 0..50 {
        fail(&house, &format!("192.0.2.{tries}"), EMAIL, 1).await;
    }
    wait(&from(&house, "198.51.100.1").sign_in(EMAIL, PASSWORD).await);
    fail(&house, "198.51.100.2", "lee@example.com", 1).await;
    house.meshkey(&["admin", "reset-password", EMAIL, "--json"]);
    let left = "SELECT count(*) FROM sign_in_tries WHERE account IS NOT NULL";
    assert_eq!(one(&house.sql("superuser").await, left).await, "1");
}

// Whoever knows a person's id, which stands in lists, keeps it from nothing.
#[tokio::test]
async fn strangers_make_nobody_wait_who_shows_once_more_who_it_is() {
    let house = with_dana(&[BEHIND_A_PROXY]).await;
    let mut dana = from(&house, "192.0.2.1");
    dana.sign_in(EMAIL, PASSWORD).await.expect(303);
    let user = one(&house.sql("superuser").await, "SELECT id FROM users").await;
    let id = meshkey::domain::UserId::from(user.parse::<uuid::Uuid>().unwrap()).to_string();
    fail(&house, "192.0.2.1", &id, 6).await;
    dana.send("/confirm", &[("password", PASSWORD)]).await.expect(303);
}

#[tokio::test]
async fn an_address_pauses_whatever_accounts_are_tried_from_it_and_others_do_not() {
    let house = with_dana(&[BEHIND_A_PROXY]).await;
    person(&house, "lee@example.com", "Lee", PASSWORD).await;
    for tries in 0..19 {
        fail(&house, "192.0.2.1", &format!("person-{tries}@example.com"), 1).await;
    }
    // An account of one's own does not buy more tries.
    from(&house, "192.0.2.1").sign_in("lee@example.com", PASSWORD).await.expect(303);
    fail(&house, "192.0.2.1", "person-19@example.com", 1).await;
    wait(&from(&house, "192.0.2.1").sign_in("lee@example.com", PASSWORD).await);
    from(&house, "192.0.2.2").sign_in(EMAIL, PASSWORD).await.expect(303);
    // One customer has the half of an IPv6 address.
    fail(&house, "2001:db8::1", "x@example.com", 4).await;
    let count = "SELECT max(failures) FROM sign_in_tries WHERE bucket = sha256('address 20010db800000000')";
    assert_eq!(one(&house.sql("superuser").await, count).await, "4");
}

// The trusted proxy itself is nobody.
#[tokio::test]
async fn a_proxy_that_hides_whence_it_was_asked_is_not_who_tries() {
    let house = with_dana(&[BEHIND_A_PROXY]).await;
    for tries in 0..25 {
        Visitor::new(&house).sign_in(&format!("person-{tries}@example.com"), "wrong").await.expect(200);
    }
    Visitor::dana(&house).await;
}

#[tokio::test]
async fn tries_at_once_are_counted_each() {
    let house = with_dana(&[BEHIND_A_PROXY]).await;
    let many = (0..20).map(|_| {
        let mut visitor = from(&house, "192.0.2.1");
        async move { visitor.sign_in(EMAIL, "wrong").await.status }
    });
    let statuses = futures_util::future::join_all(many).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 5, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
}

#[tokio::test]
async fn who_waits_on_one_replica_waits_on_each() {
    let house = danas().await;
    let twin = house.twin().await;
    for _ in 0..5 {
        Visitor::new(&house).sign_in(EMAIL, "wrong").await.expect(200);
    }
    wait(&Visitor::new(&twin).sign_in(EMAIL, PASSWORD).await);
}

#[tokio::test]
async fn no_address_for_mail_is_kept_of_who_only_tries() {
    let house = danas().await;
    Visitor::new(&house).sign_in("somebody.else@example.net", "wrong").await.expect(200);
    let all = crate::tools::dump(&house.sql("superuser").await, "true").await;
    assert!(!all.contains("somebody.else"));
}
