//! `meshkey admin`: who gets in and out by the host's shell, while services run and while none does.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};
use tokio_postgres::Client as Sql;

use super::{PASSWORD, code, events, is_password, refused, send, sessions, sign_in, words};
use crate::{
    client::Client,
    house::House,
    persons::Person,
    tools::{database_url, id, one, texts, until_waiting},
};

const DANA: &str = "dana@example.com";
const KIM: &str = "kim@example.com";

fn grant(house: &House, email: &str, role: &str) -> Value {
    house.meshkey(&["admin", "grant", email, "--org", "acme", "--role", role, "--json"])
}

fn tried(house: &House, arguments: &[&str]) -> Output {
    house.try_meshkey(&[&["admin"], arguments].concat())
}

/// Who is what in org `acme`.
async fn parts(db: &Sql) -> Vec<String> {
    let parts =
        "SELECT u.email, m.role FROM memberships m JOIN users u ON u.id = m.user_id JOIN orgs o ON o.id = m.org_id
                 WHERE o.slug = 'acme' ORDER BY 1, 2";
    texts(db, parts).await
}

//
#[tokio::test]
async fn the_host_makes_owners_and_admins_and_lists_them() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    assert_eq!(house.meshkey(&["admin", "list", "--json"]), json!({ "items": [] }));
    let nobody = tried(&house, &["list"]);
    assert!(nobody.status.success() && words(&nobody).contains("meshkey admin grant EMAIL --org ORG"), "{nobody:?}");

    let granted = house.meshkey(&["admin", "grant", DANA, "--org", "acme", "--json"]);
    let id = granted["user"]["id"].as_str().unwrap();
    assert!(id.starts_with("user_"), "{granted}");
    assert_eq!(granted["user"], json!({ "id": id, "email": DANA, "name": "dana" }));
    assert_eq!((&granted["org"], &granted["role"]), (&json!("acme"), &json!("owner")));
    assert!(granted["reset_url"].as_str().unwrap().starts_with("http://127.0.0.1:7700/reset#code="), "{granted}");
    send(&house, "/reset", &[("code", &code(&granted["reset_url"])), ("password", PASSWORD)]).await.expect(200);
    assert!(is_password(&db, DANA, PASSWORD).await);

    let for_people = tried(&house, &["grant", KIM, "--org", "acme", "--role", "admin"]);
    assert!(
        for_people.status.success() && words(&for_people).contains("kim@example.com is admin of acme"),
        "{for_people:?}"
    );
    assert!(String::from_utf8_lossy(&for_people.stdout).starts_with("http://127.0.0.1:7700/reset#code="));

    let listed = house.meshkey(&["admin", "list", "--json"]);
    let [first, second] = &listed["items"].as_array().unwrap()[..] else { panic!("{listed}") };
    let user = json!({ "id": id, "email": DANA, "name": "dana", "suspended": false });
    assert_eq!(*first, json!({ "user": user, "org": "acme", "role": "owner", "second_factor": false }));
    assert_eq!((&second["user"]["email"], &second["role"]), (&json!(KIM), &json!("admin")));
    let table = String::from_utf8(tried(&house, &["list"]).stdout).unwrap();
    assert!(table.starts_with("acme  owner  dana@example.com  active  password alone  dana\n"), "{table}");
    let expected =
        ["member.added\tlocal\t-\towner", "user.password_reset\tuser\t-\t-", "member.added\tlocal\t-\tadmin"];
    assert_eq!(events(&db, "acme").await, expected);
}

#[tokio::test]
async fn who_is_there_already_gets_no_link_and_what_is_so_already_is_refused() {
    let house = House::new().await;
    house.org("rival");
    grant(&house, DANA, "owner");
    let elsewhere = house.meshkey(&["admin", "grant", "DANA@example.com", "--org", "rival", "--json"]);
    assert_eq!(elsewhere["reset_url"], Value::Null, "{elsewhere}");
    refused(&tried(&house, &["grant", DANA, "--org", "acme"]), 6, "dana@example.com is owner of acme already");
    refused(&tried(&house, &["grant", DANA, "--org", "nobody"]), 5, "there is no org 'nobody'");
    refused(&tried(&house, &["grant", DANA, "--org", "acme", "--role", "viewer"]), 2, "owner or admin");
    refused(&tried(&house, &["grant", "dana", "--org", "acme"]), 2, "an address for e-mail");
    for verb in ["revoke", "suspend", "resume", "reset-password"] {
        let arguments: &[&str] = if verb == "revoke" { &[verb, KIM, "--org", "acme"] } else { &[verb, KIM] };
        refused(&tried(&house, arguments), 5, "nobody has the address kim@example.com");
    }
    let db = house.sql("superuser").await;
    assert_eq!(one(&db, "SELECT count(*) FROM users").await, "1");
    assert_eq!(events(&db, "rival").await, ["member.added\tlocal\t-\towner"]);
}

// Whoever was given the link of an invitation may have made the account of somebody else's address.
#[tokio::test]
async fn an_account_whose_address_nobody_has_shown_is_not_made_an_owner_but_given_anew() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    let wish = json!({ "email": DANA, "role": "viewer" });
    let made = admin.post(&admin.at("/invitations"), wish).await.expect(201).body;
    let token = made["link"].as_str().unwrap().split_once("#token=").unwrap().1;
    let fields = [("token", token), ("name", "Eve"), ("password", PASSWORD)];
    send(&house, "/invitation/accept", &fields).await.expect(200);
    sign_in(&db, DANA).await;
    let key = personal_key(&house).await;
    let said = tried(&house, &["grant", DANA, "--org", "acme"]);
    key.get("/v1/whoami").await.problem(401, "invalid_token");
    assert!(words(&said).contains("whoever had the account is out of it"), "{said:?}");
    let link = String::from_utf8(said.stdout).unwrap();
    assert_eq!((sessions(&db, DANA).await.as_str(), is_password(&db, DANA, PASSWORD).await), ("0", false));
    // Who opens the operator's link is who the operator means.
    send(&house, "/reset", &[("code", &code(&json!(link.trim()))), ("password", "another long enough one")])
        .await
        .expect(200);
    assert_eq!(one(&db, "SELECT email_verified_at IS NOT NULL FROM users").await, "t");
    house.org("rival");
    let elsewhere = house.meshkey(&["admin", "grant", DANA, "--org", "rival", "--json"]);
    assert_eq!(elsewhere["reset_url"], Value::Null, "{elsewhere}");
    // The same where it would be what it is already.
    db.batch_execute("UPDATE users SET email_verified_at = NULL").await.unwrap();
    sign_in(&db, DANA).await;
    let again = house.meshkey(&["admin", "grant", DANA, "--org", "acme", "--json"]);
    assert!(again["reset_url"].is_string() && again["effective"] == "everywhere", "{again}");
    assert_eq!(sessions(&db, DANA).await, "0");
}

/// A client with a key of Dana's own.
async fn personal_key(house: &House) -> Client {
    let db = house.sql("superuser").await;
    let (key, client) = house.admin().issue(json!({ "label": "own", "capabilities": ["read"], "topics": "all" })).await;
    let bind = format!(
        "UPDATE api_keys SET user_id = (SELECT id FROM users WHERE email = '{DANA}') WHERE id = '{}'",
        id(&key).parse::<meshkey::domain::KeyId>().unwrap().uuid()
    );
    db.batch_execute(&bind).await.unwrap();
    crate::tools::until_heard(&db).await;
    client.get("/v1/whoami").await.expect(200);
    client
}

#[tokio::test]
async fn a_reset_tells_of_personal_keys_and_revokes_them_where_that_is_said() {
    let house = House::new().await;
    grant(&house, DANA, "owner");
    let key = personal_key(&house).await;
    let told = tried(&house, &["reset-password", DANA]);
    assert!(words(&told).contains("its personal keys go on working (1): --revoke-keys revokes them"), "{told:?}");
    key.get("/v1/whoami").await.expect(200);
    let ended = house.meshkey(&["admin", "reset-password", DANA, "--revoke-keys", "--json"]);
    assert_eq!((&ended["keys"], &ended["effective"]), (&json!(1), &json!("everywhere")), "{ended}");
    key.get("/v1/whoami").await.problem(401, "invalid_token");
}

// Who signs in at this moment is waited for, and signed out; and is in nobody's way.
#[tokio::test]
async fn a_sign_in_that_is_under_way_does_not_keep_a_reset_from_being_done() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    grant(&house, DANA, "owner");
    let identity = "INSERT INTO identities (id, issuer, subject, user_id) SELECT gen_random_uuid(), 'https://x.example', 'dana', id FROM users";
    db.batch_execute(identity).await.unwrap();
    let mut other = house.sql("superuser").await;
    let under_way = other.transaction().await.unwrap();
    under_way.batch_execute("SELECT FROM identities FOR NO KEY UPDATE").await.unwrap();
    let resetting = begin(&house, &["reset-password", DANA, "--json"]).await;
    until_waiting(&db, 1).await;
    let session = "INSERT INTO sessions (id, user_id, hash, is_half, ends_at)
                   SELECT gen_random_uuid(), id, sha256('x'), false, now() + interval '1 hour' FROM users";
    under_way.batch_execute(session).await.unwrap();
    under_way.commit().await.unwrap();
    let done = resetting.wait_with_output().unwrap();
    assert!(done.status.success(), "{done:?}");
    assert_eq!(
        (sessions(&db, DANA).await.as_str(), one(&db, "SELECT count(*) FROM identities").await.as_str()),
        ("0", "0")
    );
}

#[tokio::test]
async fn who_is_removed_on_the_host_loses_personal_keys_and_open_invitations() {
    let house = House::new().await;
    let admin = house.admin();
    grant(&house, KIM, "owner");
    let dana = Person::in_org(&house, "Dana", "admin").await;
    let wish = json!({ "label": "own", "capabilities": ["read"], "topics": "all" });
    let own = dana.signed_in(&house).await.post("/v1/me/keys", wish).await.expect(201).body;
    let by = admin.with_key(own["secret"].as_str().unwrap());
    by.get("/v1/whoami").await.expect(200);
    let invite = json!({ "email": DANA, "role": "viewer", "mesh": "main" });
    admin.post(&admin.at("/invitations"), invite).await.expect(201);
    house.meshkey(&["admin", "revoke", DANA, "--org", "acme", "--json"]);
    by.get("/v1/whoami").await.problem(401, "invalid_token");
    let key = admin.get(&admin.at(&format!("/keys/{}", id(&own)))).await.expect(200).body;
    assert_eq!((&key["status"], &key["revoke_reason"]), (&json!("revoked"), &json!("the member was removed")));
    let open = admin.get(&admin.at("/invitations?status=open")).await.expect(200);
    assert!(open.items().is_empty(), "{open:?}");
}

#[tokio::test]
async fn links_lead_to_where_the_command_line_says() {
    let house = House::new().await;
    for (flags, origin) in [
        (&["--public-url", "https://keys.example.org"][..], "https://keys.example.org"),
        (&["--listen", "127.0.0.1:7711"], "http://127.0.0.1:7711"),
    ] {
        let verb = [&["admin", "grant", DANA, "--org", "acme", "--json"][..], flags].concat();
        let granted = house.meshkey(&verb);
        let link = granted["reset_url"].as_str().unwrap();
        assert!(link.starts_with(&format!("{origin}/reset#code=")), "{link}");
        let db = house.sql("superuser").await;
        db.batch_execute("DELETE FROM one_time_codes; DELETE FROM memberships; DELETE FROM users").await.unwrap();
    }
}

#[tokio::test]
async fn the_last_owner_is_neither_taken_away_nor_made_less() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    grant(&house, DANA, "owner");
    grant(&house, KIM, "admin");
    for arguments in [&["revoke", DANA, "--org", "acme"][..], &["grant", DANA, "--org", "acme", "--role", "admin"]] {
        refused(&tried(&house, arguments), 6, "dana@example.com is the last owner of acme: grant another first");
    }
    // An owner who may not sign in helps nobody.
    grant(&house, KIM, "owner");
    house.meshkey(&["admin", "suspend", KIM, "--json"]);
    refused(&tried(&house, &["revoke", DANA, "--org", "acme"]), 6, "last owner");
    house.meshkey(&["admin", "resume", KIM, "--json"]);
    let less = grant(&house, DANA, "admin");
    assert_eq!((&less["role"], &less["effective"]), (&json!("admin"), &json!("everywhere")), "{less}");
    let gone = house.meshkey(&["admin", "revoke", DANA, "--org", "acme", "--json"]);
    assert_eq!((&gone["role"], &gone["effective"]), (&Value::Null, &json!("everywhere")), "{gone}");
    assert_eq!(parts(&db).await, ["kim@example.com\towner"]);
    refused(&tried(&house, &["revoke", DANA, "--org", "acme"]), 5, "dana@example.com is nothing in acme");
    let expected = [
        "member.added\tlocal\t-\towner",
        "member.added\tlocal\t-\tadmin",
        "member.edited\tlocal\tadmin\towner",
        "user.suspended\tlocal\t-\t-",
        "user.resumed\tlocal\t-\t-",
        "member.edited\tlocal\towner\tadmin",
        "member.removed\tlocal\tadmin\t-",
    ];
    assert_eq!(events(&db, "acme").await, expected);
}

/// The command, started and not waited for.
async fn begin(house: &House, arguments: &[&str]) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshkey"));
    command.arg("admin").args(arguments).args(["--database-url", &database_url(house).await]).env_clear();
    command.env("MESHKEY_ALLOW_FSYNC_OFF", "true").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[tokio::test]
async fn of_two_owners_who_are_taken_away_at_once_one_stays() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    grant(&house, DANA, "owner");
    grant(&house, KIM, "owner");
    let mut holder = house.sql("superuser").await;
    let hold = holder.transaction().await.unwrap();
    hold.batch_execute("SELECT FROM orgs WHERE slug = 'acme' FOR UPDATE").await.unwrap();
    let one = begin(&house, &["revoke", DANA, "--org", "acme"]).await;
    let other = begin(&house, &["revoke", KIM, "--org", "acme"]).await;
    until_waiting(&db, 2).await;
    hold.commit().await.unwrap();
    let mut codes = [one, other].map(|child| child.wait_with_output().unwrap().status.code());
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(6)]);
    assert_eq!(parts(&db).await.len(), 1);
}

#[tokio::test]
async fn who_is_suspended_is_signed_out_everywhere_until_it_is_resumed() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    house.org("rival");
    grant(&house, DANA, "owner");
    house.meshkey(&["admin", "grant", DANA, "--org", "rival", "--role", "admin", "--json"]);
    sign_in(&db, DANA).await;
    let suspended = house.meshkey(&["admin", "suspend", DANA, "--json"]);
    assert_eq!((&suspended["suspended"], &suspended["effective"]), (&json!(true), &json!("everywhere")), "{suspended}");
    assert_eq!(sessions(&db, DANA).await, "0");
    assert_eq!(one(&db, "SELECT suspended_at IS NOT NULL FROM users").await, "t");
    assert_eq!(house.meshkey(&["admin", "list", "--json"])["items"][0]["user"]["suspended"], true);
    refused(&tried(&house, &["suspend", DANA]), 6, "dana@example.com is suspended already (effective everywhere");
    let resumed = tried(&house, &["resume", DANA]);
    assert!(words(&resumed).contains("dana@example.com is resumed: it may sign in"), "{resumed:?}");
    refused(&tried(&house, &["resume", DANA]), 6, "dana@example.com is not suspended");
    for org in ["acme", "rival"] {
        let told = events(&db, org).await;
        assert_eq!(told[told.len() - 2..], ["user.suspended\tlocal\t-\t-", "user.resumed\tlocal\t-\t-"], "{org}");
    }
}

#[tokio::test]
async fn a_lost_password_is_set_on_the_host_from_a_file_or_from_stdin() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    grant(&house, DANA, "owner");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    sign_in(&db, DANA).await;
    let set = house.meshkey(&["admin", "reset-password", DANA, "--password-file", file.to_str().unwrap(), "--json"]);
    assert_eq!((&set["user"]["email"], &set["reset_url"]), (&json!(DANA), &Value::Null), "{set}");
    assert!(is_password(&db, DANA, PASSWORD).await);
    assert_eq!(sessions(&db, DANA).await, "0");

    let mut child = begin(&house, &["reset-password", DANA, "--password-file", "-"]).await;
    child.stdin.take().unwrap().write_all(b"another long password").unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success() && words(&done).contains("the password is set"), "{done:?}");
    assert!(is_password(&db, DANA, "another long password").await);

    std::fs::write(&file, "short").unwrap();
    let short = tried(&house, &["reset-password", DANA, "--password-file", file.to_str().unwrap()]);
    refused(&short, 7, "a password has at least 12 characters");
    let missing = tried(&house, &["reset-password", DANA, "--password-file", "/nowhere"]);
    refused(&missing, 2, "cannot read the password from /nowhere");
    assert!(is_password(&db, DANA, "another long password").await);
}

#[tokio::test]
async fn who_has_lost_the_second_factor_is_let_in_without_it_where_that_is_said() {
    let house = House::new().await;
    let db = house.sql("superuser").await;
    grant(&house, DANA, "owner");
    let factor =
        "INSERT INTO totp (user_id, secret, confirmed_at) SELECT id, decode(repeat('00', 20), 'hex'), now() FROM users;
                  INSERT INTO recovery_codes (hash, user_id) SELECT sha256('x'), id FROM users";
    db.batch_execute(factor).await.unwrap();
    let has_factor = || house.meshkey(&["admin", "list", "--json"])["items"][0]["second_factor"].clone();
    assert_eq!(has_factor(), true);
    house.meshkey(&["admin", "reset-password", DANA, "--json"]);
    assert_eq!(has_factor(), true);
    house.meshkey(&["admin", "reset-password", DANA, "--without-second-factor", "--json"]);
    assert_eq!(has_factor(), false);
    assert_eq!(one(&db, "SELECT count(*) FROM recovery_codes").await, "0");
    let said =
        "SELECT after->>'without_second_factor' FROM audit_events WHERE action = 'user.password_reset' ORDER BY seq";
    assert_eq!(texts(&db, said).await, ["false", "true"]);
}
