//! Several replicas, and several terminals at once.

use futures_util::future::join_all;

use super::{Terminal, approve, keys, poll, rested, visitor};
use crate::{house::House, persons::Person};

#[tokio::test]
async fn of_many_that_come_at_once_at_two_replicas_one_takes_the_key() {
    let house = House::new().await;
    let twin = house.twin().await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let terminal = Terminal::begin(&house, &[]).await;
    let mut browser = visitor(&house, &dana).await.at(&twin);
    approve(&mut browser, &terminal, &[]).await.expect(200);
    let clients = [house.stranger(), twin.stranger(), house.stranger(), twin.stranger()];
    // Nobody comes too early: what is tried is the taking itself.
    let never = "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.polled_at := NULL; RETURN NEW; END $$;
                 CREATE TRIGGER forget BEFORE UPDATE ON device_logins FOR EACH ROW EXECUTE FUNCTION forget()";
    house.sql("superuser").await.batch_execute(never).await.unwrap();
    let answers = join_all(clients.iter().map(|client| poll(client, &terminal.device_code))).await;
    let mut codes: Vec<_> = answers.iter().map(|answer| (answer.status, answer.body["error"].to_string())).collect();
    codes.sort();
    assert_eq!(codes[0], (200, "null".to_owned()), "{answers:?}");
    assert!(codes[1..].iter().all(|(_, error)| error == "\"invalid_grant\""), "{codes:?}");
    assert_eq!(keys(&house, &dana).await, "1");
}

#[tokio::test]
async fn two_terminals_of_one_person_are_two_logins() {
    let house = House::new().await;
    let dana = Person::in_org(&house, "Dana", "member").await;
    let (one, other) = (Terminal::begin(&house, &[]).await, Terminal::begin(&house, &[]).await);
    assert!(one.user_code != other.user_code && one.device_code != other.device_code);
    let mut browser = visitor(&house, &dana).await;
    approve(&mut browser, &one, &[]).await.expect(200);
    rested(&house).await;
    other.poll().await.problem(400, "authorization_pending");
    one.take(&house).await;
    approve(&mut browser, &other, &[]).await.expect(200);
    other.take(&house).await;
    assert_eq!(keys(&house, &dana).await, "2");
}
