//! The first floor: Postgres and nothing else. Takes and gives domain types; knows no caller and no rule.
//!
//! Every function takes the org first, and every statement says `org_id = $1`, although row-level security would hide
//! other orgs' rows too: each of the two holds alone.

pub mod access;
pub mod audit;
pub mod capabilities;
pub mod connect;
pub mod counts;
pub mod embedded;
pub mod error;
pub mod fresh;
pub mod idempotency;
pub mod inspect;
mod key_row;
pub mod keys;
pub mod list;
pub mod lookup;
pub mod meshes;
pub mod messages;
pub mod migrate;
pub mod orgs;
pub mod roles;
pub mod row;
pub mod secrets;
pub mod snapshot;
pub mod states;
pub mod stock;
pub mod store;
pub mod topics;
pub mod usage;

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
pub const QUERIES: &[(&str, &[(&str, &str)])] = &[
    ("access", access::ALL),
    ("audit", audit::append::ALL),
    ("audit", audit::list::ALL),
    ("audit", audit::retain::ALL),
    ("audit", audit::walk::ALL),
    ("capabilities", capabilities::ALL),
    ("counts", counts::read::ALL),
    ("fresh", fresh::beat::ALL),
    ("fresh", fresh::check::ALL),
    ("fresh", fresh::feed::ALL),
    ("fresh", fresh::poll::ALL),
    ("idempotency", idempotency::ALL),
    ("keys", keys::ALL),
    ("list", list::ALL),
    ("lookup", lookup::ALL),
    ("meshes", meshes::ALL),
    ("messages", messages::ALL),
    ("orgs", orgs::ALL),
    ("secrets", secrets::ALL),
    ("states", states::ALL),
    ("stock", stock::ALL),
    ("topics", topics::ALL),
    ("usage", counts::expiring::ALL),
    ("usage", counts::write::ALL),
    ("usage", usage::ALL),
];
