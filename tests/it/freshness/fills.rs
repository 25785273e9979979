//! Look-ups that a change overtakes: none is remembered, and none is given to who came after the change was answered.

use meshkey::service::fresh::hooks::Point;

use super::{QUICK, SLOW, Two, accepts, asks, hash, holder, issued, remembers, trusts};
use crate::{
    house::House,
    tools::{by_hand, eventually, one},
};

// F1
#[tokio::test]
async fn a_look_up_that_a_revocation_overtakes_is_not_remembered() {
    let two = Two::new().await;
    let key = two.key().await;
    let slow = holder(&two.slow, &key.secret);
    let stop = two.slow.fresh().memory.hooks().stop_at(Point::LookedUp);
    let under_way = tokio::spawn(async move { slow.get("/v1/whoami").await });
    stop.reached().await;
    two.revoke(&key).await.expect(200);
    drop(stop);
    under_way.await.unwrap().problem(401, "invalid_token");
    assert!(!accepts(&two.slow, &key.secret).await);
}

// F6
#[tokio::test]
async fn who_comes_after_the_answer_takes_no_look_up_that_began_before() {
    let house = House::new().await;
    // It hears of nothing: each request asks.
    let lock = house.sql("superuser").await;
    super::beats::stall(&lock, "slow").await;
    let cold = house.replica(&SLOW).await;
    let key = issued(&house).await;
    let stop = cold.fresh().memory.hooks().stop_at(Point::LookedUp);
    let (first, second) = (holder(&cold, &key.secret), holder(&cold, &key.secret));
    let before = tokio::spawn(async move { first.get("/v1/whoami").await });
    stop.reached().await;
    let admin = house.admin();
    admin.act(&admin.at(&format!("/keys/{}/revoke", key.id))).await.expect(200);
    let joined = cold.fresh().memory.hooks().count_at(Point::Joined);
    let after = tokio::spawn(async move { second.get("/v1/whoami").await });
    joined.reached().await;
    drop(stop);
    after.await.unwrap().problem(401, "invalid_token");
    // Who came before may have been accepted: its request and the revocation were under way at once.
    assert!([200, 401].contains(&before.await.unwrap().status));
}

// H8
#[tokio::test]
async fn what_was_found_current_and_is_remembered_a_moment_later_counts_only_if_it_still_is() {
    let two = Two::new().await;
    let key = two.key().await;
    let slow = holder(&two.slow, &key.secret);
    let stop = two.slow.fresh().memory.hooks().stop_at(Point::Current);
    let under_way = tokio::spawn(async move { slow.get("/v1/whoami").await });
    stop.reached().await;
    two.revoke(&key).await.expect(200);
    drop(stop);
    under_way.await.unwrap();
    assert!(!remembers(&two.slow, &key.secret));
    assert!(!accepts(&two.slow, &key.secret).await);
}

// H1
#[tokio::test]
async fn a_look_up_from_before_a_new_beginning_is_not_remembered_after_it() {
    let two = Two::new().await;
    let (key, db) = (two.key().await, two.other.sql("superuser").await);
    let hooks = two.slow.fresh().memory.hooks();
    let (looked, beat) = (hooks.stop_at(Point::LookedUp), hooks.stop_at(Point::BeatSent));
    let slow = holder(&two.slow, &key.secret);
    let under_way = tokio::spawn(async move { slow.get("/v1/whoami").await });
    looked.reached().await;
    db.batch_execute("NOTIFY meshkey_changes").await.unwrap();
    beat.reached().await;
    // The slow one will find itself on another server, and begin anew with a snapshot that has the revocation in it: the
    // feed never tells it.
    super::beats::another_server(&db).await;
    let end = "UPDATE api_keys SET revoked_at = now(), revoked_by_kind = 'local'
               WHERE id = (SELECT key_id FROM key_secrets WHERE hash = $1)";
    let hash = hash(&key.secret);
    assert_eq!(db.execute(end, &[&hash.as_bytes()]).await.unwrap(), 1);
    let begins = hooks.stop_at(Point::CourseRead);
    drop(beat);
    begins.reached().await;
    drop(begins);
    trusts(&two.slow).await;
    drop(looked);
    under_way.await.unwrap();
    assert!(!accepts(&two.slow, &key.secret).await);
}

#[tokio::test]
async fn what_is_looked_up_while_nothing_is_trusted_is_not_remembered() {
    let two = Two::with(&QUICK).await;
    let key = two.key().await;
    let stop = two.slow.fresh().memory.hooks().stop_at(Point::BeatSent);
    asks(&two.slow).await;
    assert!(accepts(&two.slow, &key.secret).await);
    drop(stop);
    trusts(&two.slow).await;
    assert!(!remembers(&two.slow, &key.secret));
}

// H7
#[tokio::test]
async fn an_entry_that_was_read_under_an_old_trust_is_not_saved_by_a_new_one() {
    let two = Two::with(&QUICK).await;
    let key = two.remembered().await;
    let hooks = two.slow.fresh().memory.hooks();
    let beat = hooks.stop_at(Point::BeatSent);
    asks(&two.slow).await;
    two.revoke(&key).await.expect(200);
    let read = hooks.stop_at(Point::EntryRead);
    let (memory, secret) = (two.slow.fresh().memory.clone(), hash(&key.secret));
    let deciding = std::thread::spawn(move || memory.holder(&secret, None).is_some());
    read.reached().await;
    drop(beat);
    trusts(&two.slow).await;
    drop(read);
    assert!(!deciding.join().unwrap());
}

#[tokio::test]
async fn a_key_that_changes_back_and_forth_is_decided_as_it_is() {
    let two = Two::new().await;
    let (key, admin) = (two.remembered().await, two.other.admin());
    let db = two.other.sql("superuser").await;
    for _ in 0..3 {
        for (verb, accepted) in [("disable", false), ("enable", true)] {
            admin.act(&admin.at(&format!("/keys/{}/{verb}", key.id))).await.expect(200);
            assert_eq!(accepts(&two.slow, &key.secret).await, accepted);
        }
    }
    by_hand(&db, "UPDATE api_keys SET disabled_at = now() WHERE label = 'test'").await;
    assert!(!accepts(&two.slow, &key.secret).await && !accepts(&two.other, &key.secret).await);
    let used = "SELECT count(*) FROM key_changes WHERE kind = 'key'";
    let before = one(&db, used).await;
    db.batch_execute("UPDATE api_keys SET last_used_at = now(), version = version + 1").await.unwrap();
    assert_eq!(one(&db, used).await, before, "a last use is no change");
    let known = async || remembers(&two.other, two.other.admin().secret()).then_some(());
    accepts(&two.other, two.other.admin().secret()).await;
    eventually("the admin's key is remembered", known).await;
}
