//! A person with a browser: it keeps our one cookie, says whence its forms come, and follows nothing by itself.

use meshkey::{
    domain::{Password, SessionSecret},
    service::passwords::Passwords,
};

use crate::{
    client::{Answer, Client, Request},
    house::House,
};

/// The name of the cookie.
pub const COOKIE: &str = "__Host-meshkey";
/// Dana's.
pub const EMAIL: &str = "dana@example.com";
pub const PASSWORD: &str = "a harmless phrase";

/// A person, with a password, who may do nothing yet.
pub async fn person(house: &House, email: &str, name: &str, password: &str) {
    let chosen = Password::new(password.to_owned().into(), &email.parse().unwrap(), &name.parse().unwrap());
    let hash = Passwords::default().hash(&chosen.unwrap_or_else(|unfit| panic!("{unfit}"))).await.unwrap();
    let insert = "WITH person AS (INSERT INTO users (id, email, name) VALUES (gen_random_uuid(), $1, $2) RETURNING id)
                  INSERT INTO passwords (user_id, hash) SELECT id, $3 FROM person";
    house.sql("superuser").await.execute(insert, &[&email, &name, &hash.as_str()]).await.unwrap();
}

/// A house in which Dana has a password.
pub async fn danas() -> House {
    with_dana(&[]).await
}

/// The same with settings.
pub async fn with_dana(settings: &[(&str, &str)]) -> House {
    let house = House::with(settings).await;
    person(&house, EMAIL, "Dana", PASSWORD).await;
    house
}

/// Somebody with a browser.
pub struct Visitor {
    pub client: Client,
    pub cookie: Option<String>,
    /// Whence, for who stands behind a proxy.
    pub from: Option<String>,
}

impl Visitor {
    /// One who was never here.
    pub fn new(house: &House) -> Self {
        Self { client: house.stranger(), cookie: None, from: None }
    }

    /// Dana, signed in.
    pub async fn dana(house: &House) -> Self {
        let mut dana = Self::new(house);
        dana.sign_in(EMAIL, PASSWORD).await.expect(303);
        dana
    }

    /// The same browser at another replica.
    pub fn at(&self, house: &House) -> Self {
        Self { client: house.stranger(), cookie: self.cookie.clone(), from: self.from.clone() }
    }

    /// A request with the cookie, and nothing that tells of a browser.
    pub fn bare(&self, method: &str, path: &str) -> Request {
        let mut request = self.client.bare(method, path);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", &format!("other=1; {COOKIE}={cookie}"));
        }
        match &self.from {
            Some(from) => request.header("x-forwarded-for", from),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.bare("GET", path).header("sec-fetch-site", "none").send().await
    }

    /// The token that each form of the session has.
    pub fn token(&self) -> String {
        let secret = self.cookie.as_ref().and_then(|cookie| cookie.parse::<SessionSecret>().ok());
        secret.map(|secret| secret.form_token()).unwrap_or_default()
    }

    /// Sends a form from a page of ours, with the token, and keeps the cookie that comes back.
    pub async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token();
        let fields: Vec<_> = fields.iter().copied().chain([("form_token", token.as_str())]).collect();
        let answer = self.bare("POST", path).header("sec-fetch-site", "same-origin").form(&fields).send().await;
        self.keep(&answer);
        answer
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.send("/sign-in", &[("email", email), ("password", password)]).await
    }

    fn keep(&mut self, answer: &Answer) {
        let Some(line) = answer.headers.get("set-cookie") else { return };
        let (pair, rest) = line.to_str().unwrap().split_once("; ").unwrap();
        let value = pair.strip_prefix(COOKIE).and_then(|pair| pair.strip_prefix('=')).unwrap();
        self.cookie = (!value.is_empty()).then(|| value.to_owned());
        let (seconds, manner) = rest.strip_prefix("Path=/; Max-Age=").and_then(|rest| rest.split_once("; ")).unwrap();
        assert_eq!(manner, "Secure; HttpOnly; SameSite=Lax");
        assert_eq!(seconds == "0", self.cookie.is_none(), "{line:?}");
    }

    /// Whether the account opens.
    pub async fn is_in(&self) -> bool {
        match self.get("/account").await {
            answer if answer.status == 200 => true,
            answer => {
                assert_eq!(leads_to(&answer), "/sign-in?next=%2Faccount");
                false
            }
        }
    }
}

/// Where an answer leads.
#[track_caller]
pub fn leads_to(answer: &Answer) -> String {
    answer.clone().expect(303).header("location").to_owned()
}

/// The text of a page.
#[track_caller]
pub fn text(answer: &Answer) -> &str {
    answer.body.as_str().unwrap_or_else(|| panic!("no page: {answer:?}"))
}

/// What a page says in its alert.
#[track_caller]
pub fn alert(answer: &Answer) -> String {
    let said = text(answer).split("role=\"alert\">").nth(1).and_then(|rest| rest.split('<').next());
    said.unwrap_or_else(|| panic!("no alert: {answer:?}")).to_owned()
}
