//! What a revocation would break, and how much is asked of who wants it: the more it breaks, the more.

use maud::{Markup, html};
use time::{Duration, OffsetDateTime};

use super::words::counted;
use crate::{
    dashboard::parts::{
        counts::{named, table},
        times::when,
    },
    db::{counts::read::Sum, keys::Dated},
    domain::{Capability, Key, key::Status, page::Limit, usage::By},
    service::{
        Admitted, House, Refusal,
        house::Mode,
        revoke::{Revocation, revoke},
        usage::{Usage, Wanted, of_key},
    },
};

/// How many lines of a table are read, and how many keys are named.
const MOST: u32 = 50;

/// How much is asked of who revokes a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Friction {
    /// A button.
    Button,
    /// The name of the key.
    Name,
}

impl Friction {
    /// That of a key: its name is asked for where it was used within a day, holds `admin`, or acts for the whole org. What was revoked
    /// already asks for nothing.
    pub(super) fn of(key: &Key, now: OffsetDateTime) -> Self {
        if key.status(now) == Status::Revoked {
            return Self::Button;
        }
        let grant = &key.terms.grant;
        let is_in_use = key.last_use.is_some_and(|used| used.at > now - Duration::DAY);
        let is_heavy = grant.capabilities.allows(&Capability::Admin) || grant.owner.mesh().is_none();
        if is_in_use || is_heavy { Self::Name } else { Self::Button }
    }
}

/// What would break.
pub(super) struct Impact {
    topics: Usage,
    addresses: Usage,
    /// The keys that it issued and that those issued, which are not revoked yet; none for who may not take them along.
    pub(super) line: Vec<Dated>,
}

/// Reads it. Which keys would go along is what a dry run of that finds.
pub(super) async fn read(house: &House, by: &Admitted, key: &Dated) -> Result<Impact, Refusal> {
    let limit = Limit::try_from(MOST).unwrap_or_default();
    let wanted = |by| Wanted { since: Some(key.now - Duration::DAY), until: None, by, limit };
    let topics = of_key(house, by, key.key.id, &wanted(By::Topic)).await?;
    let addresses = of_key(house, by, key.key.id, &wanted(By::Address)).await?;
    let how = Revocation { reason: None, cascade: true };
    let line = match revoke(house, by, key.key.id, &how, Mode::Dry).await {
        Ok(done) => done.value.cascaded,
        Err(Refusal::Denied(_) | Refusal::Conflict(_)) => Vec::new(),
        Err(refusal) => return Err(refusal),
    };
    Ok(Impact { topics, addresses, line })
}

impl Impact {
    /// What the page says of it.
    pub(super) fn section(&self, Dated { key, now }: &Dated) -> Markup {
        let Sum { allowed, denied } = self.topics.sums.total;
        let places = self.addresses.sums.items.iter().filter(|(name, _)| name != "*" && !name.is_empty()).count();
        let places = i64::try_from(places).unwrap_or(i64::MAX);
        let more = self.addresses.sums.items.iter().any(|(name, _)| name == "*");
        html! {
            section {
                h2 { "What breaks" }
                dl.facts {
                    dt { "Last used" }
                    dd {
                        @match key.last_use {
                            None => "never",
                            Some(used) => { (when(used.at, *now)) @if let Some(from) = used.from { " from " code { (from) } } },
                        }
                    }
                    dt { "Last 24 hours" }
                    dd {
                        (counted(allowed + denied, "call", "calls")) " (" (denied) " denied) from "
                        (counted(places, "address", "addresses")) @if more { " or more" }
                    }
                }
                @if allowed > 0 {
                    p { strong { "Whoever uses it will be refused" } " with 401 as soon as the answer comes." }
                } @else if key.last_use.is_none() {
                    p { "Nobody has ever used it." }
                }
                div.tables {
                    (table(&self.topics, &|line| named(By::Topic, line)))
                    (table(&self.addresses, &|line| named(By::Address, line)))
                }
            }
        }
    }
}
