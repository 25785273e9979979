//! Passkeys that open nothing. Every failure is said in the same words.

use super::{
    super::visitor::person, Authenticator, EMAIL, House, PAGE, PASSWORD, Value, Visitor, WRONG, add, alert, answer,
    begin, dana_with_one, danas, id_on_page, leads_to, one, show, text, turn_on, until_waiting, with_dana,
};

const NOT_ADDED: &str = "The passkey was not added. It may have taken too long: try again";

async fn refused(house: &House, device: &mut Authenticator) {
    let refused = show(&mut Visitor::new(house), "/sign-in", device).await.expect(200);
    assert_eq!(alert(&refused), WRONG);
    assert!(refused.headers.get("set-cookie").is_none(), "{refused:?}");
}

/// Signs in, and gives what was sent for it.
async fn opened(house: &House, device: &mut Authenticator) -> (String, String) {
    let mut there = Visitor::new(house);
    let (ceremony, options) = begin(&mut there, "/sign-in").await;
    let shown = device.show(&options);
    answer(&mut there, "/sign-in", &ceremony, &shown).await.expect(303);
    (ceremony, shown)
}

#[tokio::test]
async fn what_a_browser_was_asked_it_answers_once() {
    let house = danas().await;
    let (mut dana, mut device) = dana_with_one(&house).await;
    let (ceremony, shown) = opened(&house, &mut device).await;
    let again = answer(&mut Visitor::new(&house), "/sign-in", &ceremony, &shown).await.expect(200);
    assert_eq!(alert(&again), WRONG);
    // What was answered badly is used up too.
    let (ceremony, options) = begin(&mut dana, "/confirm").await;
    let shown = device.show(&options);
    let bad = shown.replace("\"signature\":\"", "\"signature\":\"AAAA");
    assert_eq!(alert(&answer(&mut dana, "/confirm", &ceremony, &bad).await.expect(200)), WRONG);
    assert_eq!(alert(&answer(&mut dana, "/confirm", &ceremony, &shown).await.expect(200)), WRONG);
    let mut other = Authenticator::new(&house);
    let (ceremony, options) = begin(&mut dana, PAGE).await;
    let made = other.make(&options);
    answer(&mut dana, PAGE, &ceremony, &made).await.expect(303);
    let made = Authenticator::new(&house).make(&options);
    assert_eq!(alert(&answer(&mut dana, PAGE, &ceremony, &made).await.expect(200)), NOT_ADDED);
}

#[tokio::test]
async fn what_one_session_was_asked_no_other_answers_and_for_nothing_else() {
    let house = danas().await;
    let (mut dana, mut device) = dana_with_one(&house).await;
    let mut other = Visitor::dana(&house).await;
    for path in ["/confirm", PAGE] {
        let (ceremony, options) = begin(&mut dana, path).await;
        let mut fresh = Authenticator::new(&house);
        let said = if path == PAGE { fresh.make(&options) } else { device.show(&options) };
        let elsewhere = answer(&mut other, path, &ceremony, &said).await.expect(200);
        assert!([WRONG, NOT_ADDED].contains(&alert(&elsewhere).as_str()));
        let signing_in = answer(&mut Visitor::new(&house), "/sign-in", &ceremony, &said).await.expect(200);
        assert_eq!(alert(&signing_in), WRONG);
        answer(&mut dana, path, &ceremony, &said).await.expect(303);
    }
    let (ceremony, options) = begin(&mut Visitor::new(&house), "/sign-in").await;
    let shown = device.show(&options);
    assert_eq!(alert(&answer(&mut dana, "/confirm", &ceremony, &shown).await.expect(200)), WRONG);
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_none() {
    let house = danas().await;
    let db = house.sql("superuser").await;
    let (mut dana, mut device) = dana_with_one(&house).await;
    for path in ["/sign-in", "/confirm", PAGE] {
        let (ceremony, options) = begin(&mut dana, path).await;
        let said = if path == PAGE { Authenticator::new(&house).make(&options) } else { device.show(&options) };
        db.batch_execute("UPDATE ceremonies SET ends_at = clock_timestamp()").await.unwrap();
        let late = answer(&mut dana, path, &ceremony, &said).await.expect(200);
        assert!([WRONG, NOT_ADDED].contains(&alert(&late).as_str()));
    }
}

#[tokio::test]
async fn an_answer_for_another_site_or_without_its_person_is_none() {
    let house = danas().await;
    let (mut dana, mut device) = dana_with_one(&house).await;
    let (origin, site, user) = (device.origin.clone(), device.site.clone(), device.user.clone());
    device.origin = "http://localhost:1".to_owned();
    refused(&house, &mut device).await;
    device.origin = "https://evil.example".to_owned();
    refused(&house, &mut device).await;
    device.origin = origin.clone();
    device.site = "evil.example".to_owned();
    refused(&house, &mut device).await;
    device.site = site;
    device.is_verifying = false;
    refused(&house, &mut device).await;
    device.is_verifying = true;
    for somebody in [None, Some("AAAAAAAAAAAAAAAAAAAAAA".to_owned())] {
        device.user = somebody;
        refused(&house, &mut device).await;
    }
    device.user = user;
    let mut unknown = Authenticator { user: device.user.clone(), ..Authenticator::new(&house) };
    refused(&house, &mut unknown).await;
    for bad in ["", "{}", "nonsense"] {
        let (ceremony, _) = begin(&mut Visitor::new(&house), "/sign-in").await;
        assert_eq!(alert(&answer(&mut Visitor::new(&house), "/sign-in", &ceremony, bad).await.expect(200)), WRONG);
    }
    for elsewhere in [
        Authenticator { origin: "https://evil.example".to_owned(), ..Authenticator::new(&house) },
        Authenticator { is_verifying: false, ..Authenticator::new(&house) },
        Authenticator { site: "evil.example".to_owned(), ..Authenticator::new(&house) },
    ] {
        let mut elsewhere = elsewhere;
        assert_eq!(alert(&add(&mut dana, &mut elsewhere).await.expect(200)), NOT_ADDED);
    }
    opened(&house, &mut device).await;
}

#[tokio::test]
async fn a_passkey_of_somebody_else_is_no_proof_and_no_second_factor() {
    let house = danas().await;
    person(&house, "lee@example.com", "Lee", PASSWORD).await;
    let (mut dana, mut device) = dana_with_one(&house).await;
    let (mut lee, mut lees) = (Visitor::new(&house), Authenticator::new(&house));
    lee.sign_in("lee@example.com", PASSWORD).await.expect(303);
    add(&mut lee, &mut lees).await.expect(303);
    assert_eq!(alert(&show(&mut dana, "/confirm", &mut lees).await.expect(200)), WRONG);
    turn_on(&house, &mut dana).await;
    let mut half = Visitor::new(&house);
    half.sign_in(EMAIL, PASSWORD).await.expect(303);
    assert_eq!(alert(&show(&mut half, "/sign-in/second-factor", &mut lees).await.expect(200)), WRONG);
    // Nor does it stand there when a device says for whom it was not made.
    lees.user.clone_from(&device.user);
    assert_eq!(alert(&show(&mut half, "/sign-in/second-factor", &mut lees).await.expect(200)), WRONG);
    refused(&house, &mut lees).await;
    assert_eq!(leads_to(&show(&mut half, "/sign-in/second-factor", &mut device).await), "/");
    // One is neither added twice nor removed by another.
    let mut same = Authenticator { id: device.id.clone(), ..Authenticator::new(&house) };
    assert_eq!(alert(&add(&mut lee, &mut same).await.expect(200)), "This passkey was added already");
    let danas_id = id_on_page(&dana).await;
    lee.send(PAGE, &[("remove", &danas_id)]).await.expect(303);
    assert_eq!(one(&house.sql("superuser").await, "SELECT count(*) FROM passkeys").await, "2");
}

//
#[tokio::test]
async fn who_is_suspended_hears_what_everybody_hears() {
    let house = danas().await;
    let (_, mut device) = dana_with_one(&house).await;
    let db = house.sql("superuser").await;
    db.batch_execute("UPDATE users SET suspended_at = now()").await.unwrap();
    refused(&house, &mut device).await;
    db.batch_execute("UPDATE users SET suspended_at = NULL").await.unwrap();
    opened(&house, &mut device).await;
}

#[tokio::test]
async fn a_passkey_that_counts_backwards_is_a_copy() {
    let house = danas().await;
    let (_, mut device) = dana_with_one(&house).await;
    device.counter = 10;
    opened(&house, &mut device).await;
    for counter in [10, 11] {
        device.counter = counter - 1;
        refused(&house, &mut device).await;
    }
    assert_eq!(device.counter, 11);
    opened(&house, &mut device).await;
}

#[tokio::test]
async fn a_person_has_twenty_at_most_and_keeps_a_way_to_sign_in() {
    let house = danas().await;
    let db = house.sql("superuser").await;
    let (mut dana, _) = dana_with_one(&house).await;
    let more = "INSERT INTO passkeys (id, user_id, credential_id, credential, name)
                SELECT gen_random_uuid(), user_id, sha256(number::text::bytea), credential, 'one of many'
                FROM passkeys, generate_series(1, 18) AS number";
    db.batch_execute(more).await.unwrap();
    add(&mut dana, &mut Authenticator::new(&house)).await.expect(303);
    let told = alert(&add(&mut dana, &mut Authenticator::new(&house)).await.expect(200));
    assert!(told.starts_with("You have as many passkeys as one may have"), "{told}");
    assert!(text(&dana.get(PAGE).await.expect(200)).contains("You have 20, as many as one may have"));
    db.batch_execute("DELETE FROM passwords; DELETE FROM passkeys WHERE name = 'one of many'").await.unwrap();
    let first = id_on_page(&dana).await;
    assert_eq!(leads_to(&dana.send(PAGE, &[("remove", &first)]).await), PAGE);
    let last = id_on_page(&dana).await;
    let told = alert(&dana.send(PAGE, &[("remove", &last)]).await.expect(200));
    assert!(told.starts_with("You could not sign in any more without it"), "{told}");
    assert_eq!(one(&db, "SELECT count(*) FROM passkeys").await, "1");
}

#[tokio::test]
async fn a_passkey_without_a_name_and_a_form_without_a_wish_do_nothing() {
    let house = danas().await;
    let mut dana = Visitor::dana(&house).await;
    let (ceremony, options): (String, Value) = begin(&mut dana, PAGE).await;
    let made = Authenticator::new(&house).make(&options);
    let fields = [("do", "passkey"), ("ceremony", ceremony.as_str()), ("credential", made.as_str()), ("name", " ")];
    let told = alert(&dana.send(PAGE, &fields).await.expect(200));
    assert_eq!(told, "A passkey has a name of 1 to 64 characters");
    dana.send(PAGE, &[]).await.expect(400);
    assert_eq!(one(&house.sql("superuser").await, "SELECT count(*) FROM passkeys").await, "0");
}

#[tokio::test]
async fn who_tries_too_often_waits() {
    let house = with_dana(&[("MESHKEY_TRUSTED_PROXIES", "127.0.0.1")]).await;
    let mut there = Visitor { from: Some("192.0.2.1".to_owned()), ..Visitor::new(&house) };
    for _ in 0..20 {
        assert_eq!(alert(&answer(&mut there, "/sign-in", "nothing", "{}").await.expect(200)), WRONG);
    }
    let told = alert(&answer(&mut there, "/sign-in", "nothing", "{}").await.expect(429));
    assert!(told.starts_with("Too many tries. Try again in "), "{told}");
}

// Whoever asks and asks pushes out nobody else, and fills no table.
#[tokio::test]
async fn of_what_a_session_was_asked_the_newest_ten_stand() {
    let house = danas().await;
    let (mut dana, mut device) = dana_with_one(&house).await;
    let (first, options) = begin(&mut dana, "/confirm").await;
    for _ in 0..10 {
        begin(&mut dana, "/confirm").await;
    }
    let db = house.sql("superuser").await;
    assert_eq!(one(&db, "SELECT count(*) FROM ceremonies").await, "10");
    let shown = device.show(&options);
    assert_eq!(alert(&answer(&mut dana, "/confirm", &first, &shown).await.expect(200)), WRONG);
}

// Whoever has had the account in its hands adds no passkey while it is taken away.
#[tokio::test]
async fn who_is_signed_out_while_a_passkey_is_added_adds_none() {
    let house = danas().await;
    let db = house.sql("superuser").await;
    let mut dana = Visitor::dana(&house).await;
    let (ceremony, options) = begin(&mut dana, PAGE).await;
    let made = Authenticator::new(&house).make(&options);
    db.batch_execute("BEGIN; SELECT FROM users FOR UPDATE").await.unwrap();
    let take_away = async {
        until_waiting(&house.sql("superuser").await, 1).await;
        db.batch_execute("DELETE FROM sessions; COMMIT").await.unwrap();
    };
    let (added, ()) = futures_util::future::join(answer(&mut dana, PAGE, &ceremony, &made), take_away).await;
    assert_eq!(alert(&added.expect(200)), NOT_ADDED);
    assert_eq!(one(&db, "SELECT count(*) FROM passkeys").await, "0");
}
