//! The first floor: Postgres and nothing else. Takes and gives domain types; knows no caller and no rule.
//!
//! Every function takes the org first, and every statement says `org_id = $1`, although row-level security would hide
//! other orgs' rows too: each of the two holds alone.

#[cfg(feature = "server")]
pub mod access;
#[cfg(feature = "server")]
pub mod audit;
#[cfg(feature = "server")]
pub mod called;
#[cfg(feature = "server")]
pub mod capabilities;
#[cfg(feature = "server")]
pub mod ceremonies;
pub mod connect;
#[cfg(feature = "server")]
pub mod counts;
#[cfg(feature = "server")]
pub mod devices;
#[cfg(feature = "server")]
pub mod embedded;
#[cfg(feature = "server")]
pub mod ends;
pub mod error;
pub mod fresh;
#[cfg(feature = "server")]
pub mod gates;
pub mod guard;
#[cfg(feature = "server")]
pub mod hubs;
#[cfg(feature = "server")]
pub mod idempotency;
#[cfg(feature = "server")]
pub mod identities;
#[cfg(feature = "server")]
pub mod inspect;
#[cfg(feature = "server")]
pub mod invitations;
#[cfg(feature = "server")]
mod key_row;
#[cfg(feature = "server")]
pub mod keys;
#[cfg(feature = "server")]
pub mod list;
#[cfg(feature = "server")]
pub mod live;
pub mod lookup;
#[cfg(feature = "server")]
pub mod members;
#[cfg(feature = "server")]
pub mod meshes;
#[cfg(feature = "server")]
pub mod messages;
#[cfg(feature = "server")]
pub mod migrate;
#[cfg(feature = "server")]
pub mod one_time;
#[cfg(feature = "server")]
pub mod openid;
#[cfg(feature = "server")]
pub mod orgs;
#[cfg(feature = "server")]
pub mod outbox;
#[cfg(feature = "server")]
pub mod passkeys;
#[cfg(feature = "server")]
pub mod passwords;
#[cfg(feature = "server")]
pub mod peers;
#[cfg(feature = "server")]
pub mod people;
#[cfg(feature = "server")]
pub mod policies;
#[cfg(feature = "server")]
pub mod presence;
pub mod roles;
pub mod row;
#[cfg(feature = "server")]
pub mod second_factor;
#[cfg(feature = "server")]
pub mod secrets;
#[cfg(feature = "server")]
pub mod sessions;
#[cfg(feature = "server")]
pub mod signed_in;
#[cfg(feature = "server")]
pub mod snapshot;
#[cfg(feature = "server")]
pub mod states;
#[cfg(feature = "server")]
pub mod stock;
pub mod store;
#[cfg(feature = "server")]
pub mod tickets;
#[cfg(feature = "server")]
pub mod topics;
#[cfg(feature = "server")]
pub mod tries;
#[cfg(feature = "server")]
pub mod unused;
#[cfg(feature = "server")]
pub mod usage;
#[cfg(feature = "server")]
pub mod users;
#[cfg(feature = "server")]
pub mod ways;
#[cfg(feature = "server")]
pub mod webhooks;

pub use error::Error;
pub use store::{Store, Transaction};

/// Declares queries as constants and lists them in `ALL`, so that a test can prepare every one.
macro_rules! queries {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* const $name: &str = $sql;)+
        /// Every query of this module, by name.
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}
use queries;

/// Every query of this floor, by module and name.
#[cfg(feature = "server")]
pub const QUERIES: &[(&str, &[(&str, &str)])] = &[
    ("access", access::ALL),
    ("audit", audit::append::ALL),
    ("audit", audit::list::ALL),
    ("audit", audit::names::ALL),
    ("audit", audit::retain::ALL),
    ("audit", audit::walk::ALL),
    ("called", called::ALL),
    ("capabilities", capabilities::ALL),
    ("ceremonies", ceremonies::ALL),
    ("counts", counts::read::ALL),
    ("devices", devices::ALL),
    ("ends", ends::ALL),
    ("ends", ends::mail::ALL),
    ("fresh", fresh::beat::ALL),
    ("fresh", fresh::check::ALL),
    ("fresh", fresh::feed::ALL),
    ("fresh", fresh::poll::ALL),
    ("gates", gates::ALL),
    ("guard", guard::ALL),
    ("hubs", hubs::ALL),
    ("idempotency", idempotency::ALL),
    ("identities", identities::ALL),
    ("invitations", invitations::ALL),
    ("keys", keys::ALL),
    ("list", list::ALL),
    ("live", live::ALL),
    ("lookup", lookup::ALL),
    ("members", members::ALL),
    ("meshes", meshes::ALL),
    ("messages", messages::ALL),
    ("one_time", one_time::ALL),
    ("openid", openid::ALL),
    ("orgs", orgs::ALL),
    ("outbox", outbox::ALL),
    ("passkeys", passkeys::ALL),
    ("passwords", passwords::ALL),
    ("peers", peers::ALL),
    ("people", people::ALL),
    ("policies", policies::ALL),
    ("presence", presence::ALL),
    ("second_factor", second_factor::ALL),
    ("secrets", secrets::ALL),
    ("sessions", sessions::ALL),
    ("signed_in", signed_in::ALL),
    ("states", states::ALL),
    ("stock", stock::ALL),
    ("tickets", tickets::ALL),
    ("topics", topics::ALL),
    ("tries", tries::ALL),
    ("unused", unused::ALL),
    ("usage", counts::expiring::ALL),
    ("usage", counts::write::ALL),
    ("usage", usage::ALL),
    ("users", users::ALL),
    ("ways", ways::ALL),
    ("webhooks", webhooks::ALL),
    ("hooks", webhooks::calls::ALL),
];
