//! The third floor, front door: words in, words out. No SQL, and no rule: what is allowed was decided below.

pub mod access;
pub mod audit;
pub mod body;
pub mod capabilities;
pub mod catalogue;
pub mod credentials;
pub mod docs;
pub mod dry_run;
pub mod explain;
pub mod forward;
pub mod guard;
pub mod health;
pub mod input;
pub mod keys;
pub mod meshes;
pub mod messages;
pub mod metrics;
pub mod oauth;
pub mod orgs;
pub mod preconditions;
pub mod problem;
pub mod query;
pub mod reply;
pub mod routes;
pub mod states;
pub mod topics;
pub mod trace;
pub mod traceparent;
pub mod usage;
pub mod verify;
pub mod view;
pub mod whoami;

pub use guard::Caller;
pub use input::Input;
pub use problem::Problem;
