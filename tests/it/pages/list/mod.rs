//! Keys, many at a time: the list, the search, what is done with several, and which end soon.

mod bulk;
mod expiring;
mod search;
mod table;

use meshkey::domain::{Moment, Span};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{
    client::{Answer, Client},
    house::House,
    sign_in::visitor::{PASSWORD, Visitor, danas, person, text},
    tools::id,
};

/// What would run if it were not escaped.
pub const HOSTILE: &str = r#""><img src=x onerror=alert(1)>"#;

/// A house in which Dana owns the org.
pub async fn house() -> House {
    let house = danas().await;
    join(&house, "Dana", "owner", None).await;
    topics(&house).await;
    house
}

/// The topics that keys here are for.
pub async fn topics(house: &House) {
    let admin = house.admin();
    for topic in ["deploys", "ops"] {
        let made = admin.post(&admin.at("/meshes/main/topics"), json!({ "name": topic })).await;
        assert!([201, 409].contains(&made.status), "{made:?}");
    }
}

/// The person is in the org as this: everywhere, or at a mesh.
pub async fn join(house: &House, name: &str, role: &str, mesh: Option<&str>) {
    let join = "INSERT INTO memberships (org_id, user_id, mesh_id, role)
                SELECT o.id, u.id, (SELECT id FROM meshes m WHERE m.org_id = o.id AND m.slug = $3), $2
                FROM orgs o, users u WHERE o.slug = 'acme' AND u.name = $1";
    assert_eq!(house.sql("superuser").await.execute(join, &[&name, &role, &mesh]).await.unwrap(), 1);
}

/// Somebody else who is in the org as this, signed in.
pub async fn other(house: &House, name: &str, role: &str, mesh: Option<&str>) -> Visitor {
    let email = format!("{}@example.com", name.to_lowercase());
    person(house, &email, name, PASSWORD).await;
    join(house, name, role, mesh).await;
    let mut other = Visitor::new(house);
    other.sign_in(&email, PASSWORD).await.expect(303);
    other
}

/// Issues a key that sends in mesh `main`, but for what is said otherwise; `expires_in` says for how long.
pub async fn key(admin: &Client, label: &str, otherwise: Value) -> (String, Client) {
    let mut wanted = json!({ "label": label, "capabilities": ["send"], "topics": "all", "mesh": "main" });
    let mut members = otherwise.as_object().unwrap().clone();
    if let Some(life) = members.remove("expires_in") {
        let end = life.as_str().unwrap().parse::<Span>().unwrap().after(OffsetDateTime::now_utc());
        members.insert("expires_at".to_owned(), json!(Moment::from(end)));
    }
    wanted.as_object_mut().unwrap().extend(members);
    let (key, holder) = admin.issue(wanted).await;
    (id(&key), holder)
}

/// The names of the keys on a page, in their order.
pub fn labels(answer: &Answer) -> Vec<String> {
    let rows = text(answer).split(r#"<th scope="row">"#).skip(1);
    rows.map(|row| row.split("<bdi>").nth(1).unwrap().split('<').next().unwrap().to_owned()).collect()
}

/// The row of the key with this name.
#[track_caller]
pub fn row<'a>(answer: &'a Answer, label: &str) -> &'a str {
    let rows = text(answer).split("<tr>").map(|row| row.split("</tr>").next().unwrap());
    let mut named = rows.filter(|row| row.contains(&format!("<bdi>{label}</bdi>")));
    named.next().unwrap_or_else(|| panic!("no {label}: {answer:?}"))
}
