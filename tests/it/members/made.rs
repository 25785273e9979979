//! People and their parts, as they are in the database.

use meshkey::domain::{KeyId, UserId};
use serde_json::Value;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{
    house::House,
    tools::{id, one},
};

/// A person; gives its id.
pub async fn person(db: &Client, email: &str, name: &str) -> String {
    let user = UserId::new();
    let sql = "INSERT INTO users (id, email, name, email_verified_at) VALUES ($1, $2, $3, now())";
    db.execute(sql, &[&user.uuid(), &email, &name]).await.unwrap();
    user.to_string()
}

/// Gives the person a role at an org, or at a mesh of it.
pub async fn put(db: &Client, user: &str, org: &str, mesh: Option<&str>, role: &str) {
    let sql = "INSERT INTO memberships (org_id, user_id, mesh_id, role)
               SELECT o.id, $1, m.id, $4 FROM orgs o LEFT JOIN meshes m ON m.org_id = o.id AND m.slug = $3
               WHERE o.slug = $2 AND ($3 IS NULL OR m.id IS NOT NULL)";
    let put = db.execute(sql, &[&uuid(user), &org, &mesh, &role]).await.unwrap();
    assert_eq!(put, 1, "no place for {user}");
}

/// A person who has this role at the org `acme`.
pub async fn member(house: &House, name: &str, role: &str) -> String {
    let db = house.sql("superuser").await;
    let user = person(&db, &format!("{name}@example.com"), name).await;
    put(&db, &user, "acme", None, role).await;
    user
}

pub fn uuid(user: &str) -> Uuid {
    user.parse::<UserId>().unwrap().uuid()
}

/// Writes down that a key is the person's own, or was issued by it.
pub async fn give(db: &Client, key: &Value, user: &str, column: &str) {
    let key: KeyId = id(key).parse().unwrap();
    let kind = if column == "issued_by_user" { ", issued_by_kind = 'user', issued_by_key = NULL" } else { "" };
    let sql = format!("UPDATE api_keys SET {column} = $2{kind} WHERE id = $1");
    assert_eq!(db.execute(&sql, &[&key.uuid(), &uuid(user)]).await.unwrap(), 1);
}

/// All that is written down of a person's part: `mesh role` of each place.
pub async fn parts(db: &Client, user: &str) -> String {
    let sql = format!(
        "SELECT coalesce(string_agg(coalesce(m.slug, '-') || ' ' || p.role, ', ' ORDER BY m.slug NULLS FIRST), '')
         FROM memberships p LEFT JOIN meshes m ON m.id = p.mesh_id WHERE user_id = '{}'",
        uuid(user)
    );
    one(db, &sql).await
}
