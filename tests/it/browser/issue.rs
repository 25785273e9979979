//! The ground on which keys are issued in a browser.

use serde_json::json;

use crate::{
    house::House,
    persons::Person,
    sign_in::visitor::{PASSWORD, person},
};

/// Gus and Stella are admins, of whom Stella signed in long ago, whenever she does; Mia is a member. The mesh `lab` lets keys live for
/// 30 days.
pub async fn ground(house: &House) {
    for (name, role) in [("Gus", "admin"), ("Stella", "admin"), ("Mia", "member")] {
        let email = format!("{}@example.com", name.to_lowercase());
        person(house, &email, name, PASSWORD).await;
        Person { id: String::new(), email }.becomes(house, "acme", None, role).await;
    }
    let admin = house.admin();
    admin.post(&admin.at("/meshes"), json!({ "slug": "lab", "name": "Lab" })).await.expect(201);
    for topic in ["billing", "ops", "ci.web", "ci.api"] {
        admin.post(&admin.at("/meshes/main/topics"), json!({ "name": topic })).await.expect(201);
    }
    admin.patch(&admin.at("/meshes/lab/policy"), json!({ "longest_life": "30d" }), "*").await.expect(200);
    let age = "CREATE FUNCTION age() RETURNS trigger LANGUAGE plpgsql AS $$
               BEGIN NEW.confirmed_at := now() - interval '16 minutes'; RETURN NEW; END $$;
               DO $$ BEGIN EXECUTE format(
                   'CREATE TRIGGER age BEFORE INSERT ON sessions FOR EACH ROW WHEN (NEW.user_id = %L) EXECUTE FUNCTION age()',
                   (SELECT id FROM users WHERE name = 'Stella')); END $$";
    house.sql("superuser").await.batch_execute(age).await.unwrap();
}
