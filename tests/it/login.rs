//! `meshkey login`: a terminal asks, a person decides on a page, and the terminal takes its key (RFC 8628).

mod decisions;
mod errors;
mod files;
mod flow;
mod named;
mod replicas;
mod terminal;

use crate::{
    client::{Answer, Client},
    house::House,
    persons::Person,
    sign_in::visitor::{Visitor, leads_to},
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A terminal that has asked.
struct Terminal {
    client: Client,
    device_code: String,
    user_code: String,
}

impl Terminal {
    /// Begins a login, and says this besides.
    async fn begin(house: &House, more: &[(&str, &str)]) -> Self {
        let pairs: Vec<_> =
            [("client_id", "meshkey-cli"), ("device_name", "laptop")].iter().chain(more).copied().collect();
        let client = house.stranger();
        let begun = client.form("/v1/device-authorization", &pairs).await.expect(200).body;
        let text = |member: &str| begun[member].as_str().unwrap().to_owned();
        Self { client, device_code: text("device_code"), user_code: text("user_code") }
    }

    /// Comes for its key.
    async fn poll(&self) -> Answer {
        poll(&self.client, &self.device_code).await
    }

    /// The same after it has waited for as long as it has to.
    async fn poll_later(&self, house: &House) -> Answer {
        rested(house).await;
        self.poll().await
    }

    /// A client with the key that it takes.
    async fn take(&self, house: &House) -> Client {
        let taken = self.poll_later(house).await.expect(200).body;
        self.client.with_key(taken["access_token"].as_str().unwrap())
    }
}

async fn poll(client: &Client, device_code: &str) -> Answer {
    let pairs = [("grant_type", GRANT), ("client_id", "meshkey-cli"), ("device_code", device_code)];
    client.form("/v1/token", &pairs).await
}

/// All terminals have waited for long enough.
pub async fn rested(house: &House) {
    house.sql("superuser").await.batch_execute("UPDATE device_logins SET polled_at = NULL").await.unwrap();
}

/// The person's browser.
pub async fn visitor(house: &House, person: &Person) -> Visitor {
    Visitor { cookie: Some(person.session(house).await.reveal().to_string()), ..Visitor::new(house) }
}

/// Types the code, and gives the id of the login.
async fn typed(visitor: &mut Visitor, code: &str) -> String {
    let place = leads_to(&visitor.send("/device", &[("user_code", code)]).await);
    place.strip_prefix("/device/request?id=").unwrap_or_else(|| panic!("{place}")).to_owned()
}

/// What is chosen where nothing else is.
const CHOICE: [(&str, &str); 7] = [
    ("do", "approve"),
    ("org", "acme"),
    ("label", "laptop"),
    ("mesh", "main"),
    ("can:send", "yes"),
    ("topics", "all"),
    ("life", "86400"),
];

/// Sends the form of the decision: with these in place of, or beside, what is chosen where nothing else is.
async fn decide(visitor: &mut Visitor, id: &str, other: &[(&str, &str)]) -> Answer {
    let kept = CHOICE.iter().filter(|(name, _)| other.iter().all(|(named, _)| named != name));
    let fields: Vec<_> =
        kept.chain(other).chain(&[("id", id)]).copied().filter(|(_, value)| !value.is_empty()).collect();
    visitor.send("/device/request", &fields).await
}

/// Types the code of a terminal and approves it.
async fn approve(visitor: &mut Visitor, terminal: &Terminal, other: &[(&str, &str)]) -> Answer {
    approve_code(visitor, &terminal.user_code, other).await
}

pub async fn approve_code(visitor: &mut Visitor, code: &str, other: &[(&str, &str)]) -> Answer {
    let id = typed(visitor, code).await;
    decide(visitor, &id, other).await
}

/// How many keys a person has, dead ones too.
async fn keys(house: &House, person: &Person) -> String {
    let count =
        format!("SELECT count(*) FROM api_keys k JOIN users u ON u.id = k.user_id WHERE u.email = '{}'", person.email);
    crate::tools::one(&house.sql("superuser").await, &count).await
}
