//! Which key is meant: by its id, by the beginning of its id, or by its label.

use serde_json::{Value, value::RawValue};

use super::{
    super::Failure,
    answer::Answer,
    ask::Ask,
    connection::Client,
    pages::Much,
    print::{Table, text},
};
use crate::domain::{
    KeyId,
    id::{IdPrefix, LEAST_OF_A_PREFIX},
    suggest,
};

impl Client {
    /// The key that is meant: its id. A label or prefix that several answer to is refused, and they are listed (L-5).
    pub(super) async fn key_id(&self, named: &str) -> Result<String, Failure> {
        if named.parse::<KeyId>().is_ok() {
            return Ok(named.to_owned());
        }
        let is_prefix = named.starts_with("key_");
        if is_prefix && named.parse::<IdPrefix>().is_err() {
            return Err(Failure::Usage(format!(
                "'{named}' is no id of a key, nor the beginning of one: that takes at least {LEAST_OF_A_PREFIX} characters after key_"
            )));
        }
        let labelled = if is_prefix { Vec::new() } else { self.labelled(named).await? };
        let found = match (labelled.is_empty(), named.parse::<IdPrefix>()) {
            (true, Ok(_)) => self.keys("id", named).await?,
            _ => labelled,
        };
        match live_before_dead(found).as_slice() {
            [] => Err(self.none_such(named).await),
            [one] => Ok(text(one, "id")),
            several => Err(ambiguous(named, several)),
        }
    }

    /// The key that is meant, as the service shows it.
    pub(super) async fn key(&self, named: &str) -> Result<Answer, Failure> {
        let (org, id) = (self.org().await?, self.key_id(named).await?);
        self.ask(&Ask::get(&["v1", "orgs", &org, "keys", &id])).await
    }

    async fn labelled(&self, label: &str) -> Result<Vec<Value>, Failure> {
        let mut keys = self.keys("text", label).await?;
        keys.retain(|key| key["label"] == label);
        Ok(keys)
    }

    /// Who may see no keys still may be meant itself.
    async fn keys(&self, filter: &str, value: &str) -> Result<Vec<Value>, Failure> {
        let org = self.org().await?;
        let list = Ask::get(&["v1", "orgs", &org, "keys"]).query(filter, Some(value));
        let found = match self.pages(&list, Much::ALL).await {
            Err(Failure::Refused { code: 4, .. }) => {
                let own = self.own().await?["key"].clone();
                let is_meant = own["label"] == value || text(&own, "id").contains(value);
                return Ok(Some(own).filter(|_| is_meant).into_iter().collect());
            }
            found => found?,
        };
        read(&found.items)
    }

    /// All that a list has, read.
    pub(super) async fn values(&self, list: &Ask) -> Result<Vec<Value>, Failure> {
        read(&self.pages(list, Much::ALL).await?.items)
    }

    async fn none_such(&self, named: &str) -> Failure {
        let known = match self.org().await {
            Ok(org) => self.pages(&Ask::get(&["v1", "orgs", &org, "keys"]), Much::ALL).await.ok(),
            Err(_) => None,
        };
        let labels: Vec<String> =
            known.into_iter().flat_map(|found| found.items).filter_map(|item| label(item.get())).collect();
        let hint = suggest::hint(named, labels.iter().map(String::as_str));
        Failure::NotFound(format!("there is no key '{named}' that you may see{hint}; `meshkey key list` shows them"))
    }
}

/// Items as they came, understood.
pub(super) fn read(items: &[Box<RawValue>]) -> Result<Vec<Value>, Failure> {
    let read = items.iter().map(|item| serde_json::from_str(item.get()));
    read.collect::<Result<_, _>>().map_err(|error| Failure::Other(error.to_string()))
}

fn label(item: &str) -> Option<String> {
    serde_json::from_str::<Value>(item).ok()?["label"].as_str().map(str::to_owned)
}

/// A name that a live key bears is that key's, though dead ones bore it too.
fn live_before_dead(keys: Vec<Value>) -> Vec<Value> {
    let is_live = |key: &Value| !["revoked", "expired"].contains(&text(key, "status").as_str());
    let live: Vec<Value> = keys.iter().filter(|key| is_live(key)).cloned().collect();
    if live.is_empty() { keys } else { live }
}

fn ambiguous(named: &str, keys: &[Value]) -> Failure {
    let mut table = Table::new(&[]);
    for key in keys {
        table.row(vec![text(key, "id"), text(key, "label"), text(key, "status"), text(key, "created_at")]);
    }
    let candidates: Vec<String> = table.lines().into_iter().map(|line| format!("  {line}")).collect();
    Failure::Usage(format!("'{named}' is {} keys: give the id of one\n{}", keys.len(), candidates.join("\n")))
}
