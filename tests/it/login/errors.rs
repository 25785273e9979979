//! What is refused at the doors of OAuth, each in the words of RFC 6749 and RFC 8628.

use serde_json::json;

use super::{GRANT, Terminal, approve, poll, rested, typed, visitor};
use crate::{
    house::House,
    persons::Person,
    sign_in::visitor::{Visitor, alert, text},
    tools::{Other, one},
};

const BEGIN: &str = "/v1/device-authorization";
const TOKEN: &str = "/v1/token";

#[tokio::test]
async fn each_mistake_has_the_name_that_the_standards_give_it() {
    let house = House::new().await;
    let stranger = house.stranger();
    let (client, grant) = (("client_id", "meshkey-cli"), ("grant_type", GRANT));
    let code = ("device_code", "0000000000000000000000000000000000000000000");
    for (path, pairs, error) in [
        (BEGIN, vec![], "invalid_request"),
        (BEGIN, vec![("client_id", "")], "invalid_request"),
        (BEGIN, vec![client, client], "invalid_request"),
        (BEGIN, vec![("client_id", "gh")], "invalid_client"),
        (BEGIN, vec![client, ("scope", "Send")], "invalid_scope"),
        (BEGIN, vec![client, ("scope", "send topic:*")], "invalid_scope"),
        (BEGIN, vec![client, ("scope", "send topic:a"), ("topics", "all")], "invalid_request"),
        (BEGIN, vec![client, ("topics", "some")], "invalid_request"),
        (BEGIN, vec![client, ("key_expires_in", "-1")], "invalid_request"),
        (BEGIN, vec![client, ("org", "a\0b")], "invalid_request"),
        (TOKEN, vec![client, code], "invalid_request"),
        (TOKEN, vec![grant, code], "invalid_request"),
        (TOKEN, vec![grant, client], "invalid_request"),
        (TOKEN, vec![grant, ("client_id", "gh"), code], "invalid_client"),
        (TOKEN, vec![("grant_type", "password"), client, code], "unsupported_grant_type"),
        (TOKEN, vec![grant, client, code], "invalid_grant"),
        (TOKEN, vec![grant, client, ("device_code", "short")], "invalid_grant"),
    ] {
        let answer = stranger.form(path, &pairs).await;
        let problem = answer.problem(400, error);
        assert_eq!(problem["error"], error, "{pairs:?}");
    }
    let json = stranger.post(TOKEN, json!({ "grant_type": GRANT })).await;
    assert_eq!(json.problem(415, "unsupported_media_type")["error"], "invalid_request");
    stranger.form(&format!("{BEGIN}?client_id=meshkey-cli"), &[]).await.problem(400, "invalid_request");
    // Many capabilities would be more boxes than a form has.
    let many: Vec<_> = (0..17).map(|number| format!("custom.{number}")).collect();
    stranger.form(BEGIN, &[client, ("scope", &many.join(" "))]).await.problem(400, "invalid_scope");
}

#[tokio::test]
async fn who_comes_too_early_waits_for_longer_and_all_replicas_count() {
    let house = House::new().await;
    let twin = house.twin().await;
    let terminal = Terminal::begin(&house, &[]).await;
    terminal.poll().await.problem(400, "authorization_pending");
    let pause = async || one(&house.sql("superuser").await, "SELECT pause FROM device_logins").await;
    assert_eq!(poll(&twin.stranger(), &terminal.device_code).await.problem(400, "slow_down")["error"], "slow_down");
    assert_eq!(pause().await, "10");
    terminal.poll().await.problem(400, "slow_down");
    assert_eq!(pause().await, "15");
    terminal.poll_later(&house).await.problem(400, "authorization_pending");
    assert_eq!(pause().await, "15");
}

#[tokio::test]
async fn what_was_not_decided_in_ten_minutes_is_over() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let mut browser = visitor(&house, &dana).await;
    let terminal = Terminal::begin(&house, &[]).await;
    let approved = Terminal::begin(&house, &[]).await;
    approve(&mut browser, &approved, &[]).await.expect(200);
    let id = typed(&mut browser, &terminal.user_code).await;
    let old = "UPDATE device_logins SET ends_at = clock_timestamp() - interval '1 second'";
    house.sql("superuser").await.batch_execute(old).await.unwrap();
    for one in [&terminal, &approved] {
        assert_eq!(one.poll_later(&house).await.problem(400, "expired_token")["error"], "expired_token");
    }
    let page = browser.get(&format!("/device/request?id={id}")).await.expect(404);
    assert!(text(&page).contains("Nothing to decide"), "{page:?}");
    super::decide(&mut browser, &id, &[]).await.expect(404);
    let again = browser.send("/device", &[("user_code", &terminal.user_code)]).await.expect(200);
    assert!(alert(&again).contains("No terminal waits"), "{again:?}");
    assert_eq!(super::keys(&house, &dana).await, "0");
}

#[tokio::test]
async fn whoever_guesses_codes_is_slowed_down_at_every_replica() {
    let house = House::new().await;
    let twin = house.twin().await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let terminal = Terminal::begin(&house, &[]).await;
    let mut browser = visitor(&house, &dana).await;
    // What cannot be a code is no guess.
    for _ in 0..10 {
        browser.send("/device", &[("user_code", "nonsense")]).await.expect(200);
    }
    for _ in 0..5 {
        let wrong = browser.send("/device", &[("user_code", "BBBB-BBBB")]).await.expect(200);
        assert!(alert(&wrong).contains("No terminal waits"), "{wrong:?}");
    }
    for replica in [&house, &twin] {
        let mut there: Visitor = browser.at(replica);
        let paused = there.send("/device", &[("user_code", &terminal.user_code)]).await.expect(429);
        assert!(
            alert(&paused).starts_with("Too many tries.") && !paused.header("retry-after").is_empty(),
            "{paused:?}"
        );
    }
    // Another session of the same person is no way round it.
    visitor(&house, &dana).await.send("/device", &[("user_code", &terminal.user_code)]).await.expect(429);
    let lee = Person::in_org(&house, "Lee", "member").await;
    typed(&mut visitor(&house, &lee).await, &terminal.user_code).await;
}

#[tokio::test]
async fn not_more_than_twenty_wait_from_one_address() {
    let house = House::new().await;
    let pairs = [("client_id", "meshkey-cli")];
    for _ in 0..20 {
        house.stranger().form(BEGIN, &pairs).await.expect(200);
    }
    let full = house.stranger().form(BEGIN, &pairs).await;
    let problem = full.problem(429, "too_many_logins");
    assert_eq!((&problem["error"], full.header("retry-after")), (&json!("temporarily_unavailable"), "60"));
    // Who stands behind a trusted proxy is somebody else.
    let proxied = Other::on(&house, ("MESHKEY_TRUSTED_PROXIES", "127.0.0.1")).await;
    let there = crate::client::Client::new(&proxied.address, "acme");
    let from = |address: &str| there.bare("POST", BEGIN).header("X-Forwarded-For", address).form(&pairs).send();
    from("192.0.2.7").await.expect(200);
    from("2001:db8::1").await.expect(200);
    // An answered one makes room.
    house.sql("superuser").await.batch_execute("UPDATE device_logins SET state = 'denied'").await.unwrap();
    house.stranger().form(BEGIN, &pairs).await.expect(200);
}

#[tokio::test]
async fn while_the_database_is_away_a_terminal_is_told_to_come_again() {
    let house = House::new().await;
    let terminal = Terminal::begin(&house, &[]).await;
    rested(&house).await;
    house.set_reachable(false).await;
    assert_eq!(terminal.poll().await.problem(503, "store_unavailable")["error"], "temporarily_unavailable");
    house.stranger().form(BEGIN, &[("client_id", "meshkey-cli")]).await.problem(503, "store_unavailable");
    house.set_reachable(true).await;
}
