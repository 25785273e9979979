//! Lists: one page, or all of them.

use clap::Args;
use serde_json::{Value, value::RawValue};

use super::{super::Failure, ask::Ask, connection::Client};

/// How much of a list is wanted.
#[derive(Args, Clone, Copy)]
pub(super) struct Much {
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// All there are
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

impl Much {
    /// As many as there are.
    pub(super) const ALL: Self = Self { limit: 0, all: true };

    /// The whole number of items, where it is bounded.
    const fn most(self) -> usize {
        if self.all { usize::MAX } else { self.limit as usize }
    }
}

/// The most that the service puts on one page.
const PAGE: usize = 200;

/// What was found of a list.
pub(super) struct Found {
    /// The items as they came.
    pub(super) items: Vec<Box<RawValue>>,
    /// Whether there are more.
    pub(super) more: bool,
    /// What the last page says beside its items.
    pub(super) rest: serde_json::Map<String, Value>,
}

impl Client {
    /// Reads as much of a list as is wanted, page by page.
    pub(super) async fn pages(&self, ask: &Ask, much: Much) -> Result<Found, Failure> {
        let mut found = Found { items: Vec::new(), more: true, rest: serde_json::Map::new() };
        let mut cursor = None;
        while found.more && found.items.len() < much.most() {
            let wanted = (much.most() - found.items.len()).min(PAGE);
            let ask = ask.clone().query("limit", Some(wanted.to_string())).query("cursor", cursor);
            let page = self.ask(&ask).await?.page()?;
            (found.more, found.rest, cursor) = (page.next.is_some(), page.rest, page.next);
            found.items.extend(page.items);
        }
        Ok(found)
    }

    /// Reads and prints a list.
    pub(super) async fn show_list(
        &self,
        ask: &Ask,
        much: Much,
        field: &str,
        in_words: impl FnOnce(&[Value]) -> Vec<String>,
    ) -> Result<Option<Found>, Failure> {
        if self.flags.print_curl {
            return self.act(ask).await.map(|_| None);
        }
        let found = self.pages(ask, much).await?;
        self.list(&found.items, field, in_words)?;
        self.say_if_more(&found);
        Ok(Some(found))
    }

    /// Says that a list goes on.
    pub(super) fn say_if_more(&self, found: &Found) {
        if found.more && self.flags.is_table() {
            self.say("there are more: --all shows all of them");
        }
    }
}
