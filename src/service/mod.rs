//! The second floor: one verb a file. Each verb takes the proof that its caller was admitted, judges by the domain, and
//! makes its change and the audit event of it in one transaction.

pub mod access;
pub mod admit;
pub mod audit;
pub mod authority;
pub mod capabilities;
mod conclude;
pub mod disable;
pub mod edit;
pub mod effect;
pub mod explain;
pub mod forward;
pub mod fresh;
pub mod house;
pub mod issue;
pub mod keys;
pub mod meshes;
pub mod messages;
pub mod meters;
pub mod once;
pub mod operator;
pub mod orgs;
pub mod precondition;
pub mod record;
pub mod refusal;
pub mod replicas;
pub mod revoke;
pub mod rotate;
pub mod states;
pub mod stock;
pub mod topics;
pub mod turns;
pub mod usage;
pub mod uses;
pub mod verify;

pub use admit::{Admitted, Demand, Reach, Rejection, Why, admit};
pub use effect::{Done, Settled};
pub use house::House;
pub use once::{Kept, Once};
pub use precondition::IfMatch;
pub use refusal::{Conflict, Fault, Refusal};
