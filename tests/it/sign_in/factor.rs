//! The second factor, from its first code to its end.

use meshkey::domain::second_factor::FactorSecret;
use totp_rs::{Builder, Secret};

use super::visitor::{EMAIL, PASSWORD, Visitor, alert, danas, leads_to, text};
use crate::{client::Answer, house::House, tools::one};

const PAGE: &str = "/account/second-factor";
const ENTRY: &str = "/sign-in/second-factor";

/// What an app shows, so many steps from now, by the clock of the database.
pub async fn code(house: &House, steps: i64) -> String {
    let db = house.sql("superuser").await;
    let row = db.query_one("SELECT secret, extract(epoch FROM now())::bigint FROM totp", &[]).await.unwrap();
    let (secret, now): (Vec<u8>, i64) = (row.get(0), row.get(1));
    let app = Builder::new().with_secret(Secret::from(secret)).build().unwrap();
    app.generate(u64::try_from(now + 30 * steps).unwrap()).to_string()
}

/// Turns it on; gives the recovery codes.
pub async fn turn_on(house: &House, dana: &mut Visitor) -> Vec<String> {
    assert_eq!(leads_to(&dana.send(PAGE, &[("do", "begin")]).await), PAGE);
    let code = code(house, -1).await;
    let shown = dana.send(PAGE, &[("do", "confirm"), ("code", &code)]).await.expect(200);
    shown_codes(&shown)
}

fn shown_codes(shown: &Answer) -> Vec<String> {
    let list = text(shown).split("<ol class=\"codes\">").nth(1).unwrap().split("</ol>").next().unwrap();
    list.split("<code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_second_factor_counts_from_its_first_code() {
    let house = danas().await;
    let mut dana = Visitor::dana(&house).await;
    dana.send(PAGE, &[("do", "begin")]).await.expect(303);
    let db = house.sql("superuser").await;
    let bytes: Vec<u8> = db.query_one("SELECT secret FROM totp", &[]).await.unwrap().get(0);
    let base32 = FactorSecret::from_bytes(&bytes).unwrap().reveal();
    let page = dana.get(PAGE).await.expect(200);
    assert!(text(&page).replace(' ', "").contains(base32.as_str()), "{page:?}");
    assert!(text(&page).contains("src=\"data:image/svg+xml;base64,"), "{page:?}");
    // Not confirmed, it is asked of nobody.
    Visitor::dana(&house).await.is_in().await;
    let wrong = dana.send(PAGE, &[("do", "confirm"), ("code", "000000")]).await.expect(200);
    assert!(alert(&wrong).starts_with("The code is wrong") && text(&wrong).replace(' ', "").contains(base32.as_str()));
    let codes = turn_on(&house, &mut dana).await;
    assert_eq!(codes.len(), 10);
    let page = dana.get(PAGE).await.expect(200);
    assert!(text(&page).contains("You have 10 recovery codes left") && !text(&page).contains(base32.as_str()));
    assert!(codes.iter().all(|code| !text(&page).contains(code.as_str())), "they were shown once more");
    // One that counts is not begun anew.
    dana.send(PAGE, &[("do", "begin")]).await.expect(303);
    assert_eq!(db.query_one("SELECT secret FROM totp", &[]).await.unwrap().get::<_, Vec<u8>>(0).len(), 20);
    assert_eq!(one(&db, "SELECT confirmed_at IS NOT NULL FROM totp").await, "t");
}

// Who knows the password alone signs nobody out.
#[tokio::test]
async fn sessions_that_wait_for_a_code_push_out_none_that_are_whole() {
    let house = danas().await;
    let mut dana = Visitor::dana(&house).await;
    turn_on(&house, &mut dana).await;
    for _ in 0..10 {
        Visitor::new(&house).sign_in(EMAIL, PASSWORD).await.expect(303);
    }
    assert!(dana.is_in().await);
    assert_eq!(one(&house.sql("superuser").await, "SELECT count(*) FROM sessions WHERE is_half").await, "5");
}

#[tokio::test]
async fn the_password_alone_opens_the_page_that_asks_for_the_code_and_no_other() {
    let house = danas().await;
    turn_on(&house, &mut Visitor::dana(&house).await).await;
    let mut dana = Visitor::new(&house);
    let fields = [("email", EMAIL), ("password", PASSWORD), ("next", "/account/password")];
    let answer = dana.send("/sign-in", &fields).await;
    assert_eq!(leads_to(&answer), "/sign-in/second-factor?next=%2Faccount%2Fpassword");
    assert!(answer.header("set-cookie").contains("Max-Age=600;"));
    let half = dana.at(&house);
    for (method, path) in meshkey::dashboard::routes::TABLE {
        // What is open to everybody shows nothing of anybody.
        let is_open = ["/setup", "/reset", "/invitation"].iter().any(|open| path.starts_with(open));
        if path.contains('{') || path.starts_with("/sign-in") || is_open {
            continue;
        }
        let answer = if *method == "get" { half.get(path).await } else { half.at(&house).send(path, &[]).await };
        assert!(leads_to(&answer).starts_with("/sign-in"), "{path}: {answer:?}");
    }
    let page = half.get(&leads_to(&answer)).await.expect(200);
    assert!(text(&page).contains("autocomplete=\"one-time-code\""), "{page:?}");
    let fields = [("code", "000000"), ("next", "/account/password")];
    assert!(alert(&dana.send(ENTRY, &fields).await.expect(200)).starts_with("The code is wrong"));
    let right = code(&house, 0).await;
    let entered = dana.send(ENTRY, &[("code", &right), ("next", "/account/password")]).await;
    assert_eq!(leads_to(&entered), "/account/password");
    assert!(dana.is_in().await && dana.cookie != half.cookie);
    assert_eq!(leads_to(&half.get(ENTRY).await), "/sign-in", "the half session has survived");
}

// Who was let in by what was shown long ago, by a provider perhaps, has not shown anew who it is by a code alone.
#[tokio::test]
async fn a_code_makes_no_session_fresher_than_what_came_before_it() {
    let house = danas().await;
    turn_on(&house, &mut Visitor::dana(&house).await).await;
    let db = house.sql("superuser").await;
    for (age, leads) in [("1 minute", "/account/passkeys"), ("1 hour", "/confirm")] {
        let mut dana = Visitor::new(&house);
        dana.sign_in(EMAIL, PASSWORD).await.expect(303);
        let old = format!("UPDATE sessions SET confirmed_at = now() - interval '{age}' WHERE is_half");
        db.batch_execute(&old).await.unwrap();
        db.batch_execute("UPDATE totp SET last_step = 0").await.unwrap();
        dana.send(ENTRY, &[("code", &code(&house, 0).await)]).await.expect(303);
        let page = dana.get("/account/passkeys").await;
        let at = if page.status == 303 { leads_to(&page) } else { "/account/passkeys".to_owned() };
        assert!(at.starts_with(leads), "{age}: {at}");
    }
}

#[tokio::test]
async fn a_step_is_accepted_once_and_no_earlier_one_after_it() {
    let house = danas().await;
    turn_on(&house, &mut Visitor::dana(&house).await).await;
    let (now, next) = (code(&house, 0).await, code(&house, 1).await);
    let enter = async |code: &str| {
        let mut dana = Visitor::new(&house);
        dana.sign_in(EMAIL, PASSWORD).await.expect(303);
        dana.send(ENTRY, &[("code", code)]).await.status
    };
    assert_eq!(enter(&next).await, 303);
    assert_eq!((enter(&next).await, enter(&now).await), (200, 200));
    let (early, late) = (code(&house, -3).await, code(&house, 3).await);
    assert_eq!((enter(&early).await, enter(&late).await), (200, 200));
}

#[tokio::test]
async fn of_two_who_come_at_once_with_one_code_one_is_in() {
    let house = danas().await;
    turn_on(&house, &mut Visitor::dana(&house).await).await;
    let code = code(&house, 0).await;
    let mut visitors = Vec::new();
    for _ in 0..4 {
        let mut dana = Visitor::new(&house);
        dana.sign_in(EMAIL, PASSWORD).await.expect(303);
        visitors.push(dana);
    }
    let fields = [("code", code.as_str())];
    let all = visitors.iter_mut().map(|dana| dana.send(ENTRY, &fields));
    let entered = futures_util::future::join_all(all).await;
    assert_eq!(entered.iter().filter(|answer| answer.status == 303).count(), 1, "{entered:?}");
}

#[tokio::test]
async fn each_recovery_code_opens_once() {
    let house = danas().await;
    let codes = turn_on(&house, &mut Visitor::dana(&house).await).await;
    let enter = async |code: &str| {
        let mut dana = Visitor::new(&house);
        dana.sign_in(EMAIL, PASSWORD).await.expect(303);
        dana.send(ENTRY, &[("code", code)]).await.status
    };
    assert_eq!(enter(&codes[0]).await, 303);
    assert_eq!(enter(&codes[0]).await, 200);
    assert_eq!(enter(&codes[9].to_uppercase().replace('-', " ")).await, 303);
    assert_eq!(enter("0000-0000-0000-0000").await, 200);
    let db = house.sql("superuser").await;
    assert_eq!(one(&db, "SELECT count(*) FROM recovery_codes WHERE used_at IS NULL").await, "8");
    let all = crate::tools::dump(&db, "true").await;
    assert!(codes.iter().all(|code| !all.contains(code.as_str()) && !all.contains(&code.replace('-', ""))));
}

#[tokio::test]
async fn codes_cannot_be_guessed() {
    let house = danas().await;
    turn_on(&house, &mut Visitor::dana(&house).await).await;
    let mut dana = Visitor::new(&house);
    dana.sign_in(EMAIL, PASSWORD).await.expect(303);
    for _ in 0..5 {
        dana.send(ENTRY, &[("code", "000000")]).await.expect(200);
    }
    let right = code(&house, 0).await;
    let waiting = dana.send(ENTRY, &[("code", &right)]).await.expect(429);
    assert!(alert(&waiting).starts_with("Too many tries. Try again in "), "{waiting:?}");
    // Nor with the password once more.
    dana.sign_in(EMAIL, PASSWORD).await.expect(303);
    dana.send(ENTRY, &[("code", &right)]).await.expect(429);
    house.sql("superuser").await.batch_execute("UPDATE sign_in_tries SET blocked_until = now()").await.unwrap();
    dana.send(ENTRY, &[("code", &right)]).await.expect(303);
}

#[tokio::test]
async fn turning_it_on_or_off_takes_a_fresh_proof() {
    let house = danas().await;
    let db = house.sql("superuser").await;
    let mut dana = Visitor::dana(&house).await;
    let stale = "UPDATE sessions SET confirmed_at = now() - interval '15 minutes'";
    let confirm = "/confirm?next=%2Faccount%2Fsecond-factor";
    db.batch_execute(stale).await.unwrap();
    assert_eq!(leads_to(&dana.get(PAGE).await), confirm);
    assert_eq!(leads_to(&dana.send(PAGE, &[("do", "begin")]).await), confirm);
    assert_eq!(one(&db, "SELECT count(*) FROM totp").await, "0");
    dana.send("/confirm", &[("password", PASSWORD)]).await.expect(303);
    turn_on(&house, &mut dana).await;
    db.batch_execute(stale).await.unwrap();
    assert_eq!(leads_to(&dana.send(PAGE, &[("do", "end")]).await), confirm);
    // From now on the password alone is no proof.
    assert_eq!(alert(&dana.send("/confirm", &[("password", PASSWORD)]).await.expect(200)), "That is wrong");
    let code = code(&house, 0).await;
    assert_eq!(
        alert(&dana.send("/confirm", &[("password", "wrong"), ("code", &code)]).await.expect(200)),
        "That is wrong"
    );
    let fields = [("password", PASSWORD), ("code", code.as_str()), ("next", PAGE)];
    assert_eq!(leads_to(&dana.send("/confirm", &fields).await), PAGE);
    dana.send(PAGE, &[("do", "end")]).await.expect(303);
    assert_eq!(one(&db, "SELECT (SELECT count(*) FROM totp) + (SELECT count(*) FROM recovery_codes)").await, "0");
    assert!(Visitor::dana(&house).await.is_in().await);
}

//
#[tokio::test]
async fn new_recovery_codes_take_the_place_of_the_old_ones() {
    let house = danas().await;
    let join = "INSERT INTO memberships (org_id, user_id, role) SELECT orgs.id, users.id, 'viewer' FROM orgs, users";
    let db = house.sql("superuser").await;
    db.batch_execute(join).await.unwrap();
    let mut dana = Visitor::dana(&house).await;
    // Without a second factor there are none.
    assert_eq!(leads_to(&dana.send(PAGE, &[("do", "codes")]).await), PAGE);
    let old = turn_on(&house, &mut dana).await;
    let shown = dana.send(PAGE, &[("do", "codes")]).await.expect(200);
    let new = shown_codes(&shown);
    assert!(new.len() == 10 && new.iter().all(|code| !old.contains(code)), "{new:?}");
    assert_eq!(one(&db, "SELECT count(*) FROM recovery_codes").await, "10");
    let enter = async |code: &str| {
        let mut dana = Visitor::new(&house);
        dana.sign_in(EMAIL, PASSWORD).await.expect(303);
        dana.send(ENTRY, &[("code", code)]).await.status
    };
    assert_eq!((enter(&old[0]).await, enter(&new[0]).await), (200, 303));
    let renewed =
        "SELECT count(*) FROM audit_events WHERE action = 'user.recovery_codes_renewed' AND actor_kind = 'user'";
    assert_eq!(one(&db, renewed).await, "1");
    db.batch_execute("UPDATE sessions SET confirmed_at = now() - interval '15 minutes'").await.unwrap();
    let confirm = "/confirm?next=%2Faccount%2Fsecond-factor";
    assert_eq!(leads_to(&dana.send(PAGE, &[("do", "codes")]).await), confirm);
    assert_eq!(one(&db, "SELECT count(*) FROM recovery_codes WHERE used_at IS NULL").await, "9");
}
