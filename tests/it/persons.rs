//! People: what they may do by a session, and keys that are bound to them.

mod callers;
mod managing;
mod matrix;
mod personal;
mod races;

use meshkey::{
    domain::{Password, SessionSecret, UserId},
    service::passwords::Passwords,
};

use super::{client::Client, house::House, tools::one};

/// A person, as it was made.
pub struct Person {
    pub id: String,
    pub email: String,
}

impl Person {
    /// A person that is nothing anywhere.
    pub async fn new(house: &House, name: &str) -> Self {
        let (id, email) = (UserId::new(), format!("{}@example.com", name.to_lowercase()));
        let db = house.sql("superuser").await;
        let insert = "INSERT INTO users (id, email, name, email_verified_at) VALUES ($1, $2, $3, now())";
        db.execute(insert, &[&id.uuid(), &email, &name]).await.unwrap();
        Self { id: id.to_string(), email }
    }

    /// A person with this role in the org `acme`.
    pub async fn in_org(house: &House, name: &str, role: &str) -> Self {
        let person = Self::new(house, name).await;
        person.becomes(house, "acme", None, role).await;
        person
    }

    /// Gives it this role in an org, or in a mesh of it.
    pub async fn becomes(&self, house: &House, org: &str, mesh: Option<&str>, role: &str) {
        let mesh = mesh.map_or("NULL".to_owned(), |mesh| format!("(SELECT id FROM meshes WHERE slug = '{mesh}')"));
        let become_it = format!(
            "INSERT INTO memberships (org_id, user_id, mesh_id, role)
             SELECT o.id, u.id, {mesh}, '{role}' FROM orgs o, users u WHERE o.slug = '{org}' AND u.email = '{}'
             ON CONFLICT (org_id, user_id, mesh_id) DO UPDATE SET role = excluded.role",
            self.email
        );
        self.change(house, &become_it).await;
    }

    /// Takes every role.
    pub async fn leaves(&self, house: &House) {
        let leave =
            format!("DELETE FROM memberships USING users u WHERE user_id = u.id AND u.email = '{}'", self.email);
        self.change(house, &leave).await;
    }

    /// Changes something in the database, and waits until every replica has heard of it.
    pub async fn change(&self, house: &House, sql: &str) {
        let db = house.sql("superuser").await;
        db.batch_execute(sql).await.unwrap();
        super::tools::until_heard(&db).await;
    }

    /// Gives it a password, by which it signs in.
    pub async fn takes_password(&self, house: &House, password: &str) {
        let chosen = Password::new(password.to_owned().into(), &self.email.parse().unwrap(), &"x".parse().unwrap());
        let hash = Passwords::default().hash(&chosen.unwrap_or_else(|unfit| panic!("{unfit}"))).await.unwrap();
        let insert = "INSERT INTO passwords (user_id, hash) SELECT id, $2 FROM users WHERE email = $1";
        house.sql("superuser").await.execute(insert, &[&self.email, &hash.as_str()]).await.unwrap();
    }

    /// Signs it in, and gives its session.
    pub async fn session(&self, house: &House) -> SessionSecret {
        let session = SessionSecret::generate().unwrap();
        let insert = "INSERT INTO sessions (id, user_id, hash, is_half, ends_at)
                      SELECT gen_random_uuid(), id, $2, false, now() + interval '1 day' FROM users WHERE email = $1";
        let db = house.sql("superuser").await;
        assert_eq!(db.execute(insert, &[&self.email, &session.hash().0.as_slice()]).await.unwrap(), 1);
        session
    }

    /// Signs it in, and gives a client that asks as its browser does.
    pub async fn signed_in(&self, house: &House) -> Client {
        house.admin().with_session(&self.session(house).await)
    }
}

/// How many rows there are.
async fn count(house: &House, from: &str) -> String {
    one(&house.sql("superuser").await, &format!("SELECT count(*) FROM {from}")).await
}
