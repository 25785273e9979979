//! The list of members: by address, in pages, by role, mesh and text.

use serde_json::json;

use super::made::{member, person, put};
use crate::{client::Answer, house::House};

fn names(answer: &Answer) -> Vec<String> {
    answer.items().iter().map(|member| member["user"]["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn members_are_listed_by_address_and_found() {
    let house = House::new().await;
    let (admin, db) = (house.admin(), house.sql("superuser").await);
    admin.post(&admin.at("/meshes"), json!({ "slug": "other" })).await.expect(201);
    let all = admin.at("/members");
    assert_eq!(admin.get(&all).await.expect(200).body, json!({ "items": [] }));
    member(&house, "erin", "admin").await;
    let dana = member(&house, "dana", "viewer").await;
    put(&db, &dana, "acme", Some("main"), "admin").await;
    let finn = person(&db, "finn@example.com", "Finn 100%").await;
    put(&db, &finn, "acme", Some("main"), "member").await;
    put(&db, &finn, "acme", Some("other"), "viewer").await;
    for (query, found) in [
        ("", vec!["dana", "erin", "Finn 100%"]),
        ("?role=admin", vec!["dana", "erin"]),
        ("?role=viewer", vec!["dana", "Finn 100%"]),
        ("?role=owner", vec![]),
        ("?mesh=main", vec!["dana", "Finn 100%"]),
        ("?mesh=main&role=admin", vec!["dana"]),
        ("?mesh=other&role=member", vec![]),
        ("?text=FINN", vec!["Finn 100%"]),
        ("?text=100%25", vec!["Finn 100%"]),
        ("?text=example.com&role=admin", vec!["dana", "erin"]),
        ("?text=_", vec![]),
    ] {
        assert_eq!(names(&admin.get(&format!("{all}{query}")).await.expect(200)), found, "{query}");
    }
    let first = admin.get(&format!("{all}?limit=2")).await.expect(200);
    let cursor = first.body["next"].as_str().unwrap().to_owned();
    let rest = admin.get(&format!("{all}?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!((names(&first), names(&rest)), (vec!["dana".into(), "erin".into()], vec!["Finn 100%".into()]));
    assert_eq!(rest.body.get("next"), None);
    for other in ["role=admin", "mesh=main", "text=finn"] {
        admin.get(&format!("{all}?{other}&cursor={cursor}")).await.problem(400, "invalid_cursor");
    }
    for wrong in ["role=boss", "mesh=nowhere", "limit=0", "sort=name"] {
        admin.get(&format!("{all}?{wrong}")).await.problem(422, "invalid_input");
    }
}
