//! The second floor: one verb a file. Each verb takes the proof that its caller was admitted, judges by the domain, and
//! makes its change and the audit event of it in one transaction.

#[cfg(feature = "server")]
pub mod access;
#[cfg(feature = "server")]
pub mod admin;
#[cfg(feature = "server")]
pub mod admit;
#[cfg(feature = "server")]
mod admit_person;
#[cfg(feature = "server")]
mod admitted;
#[cfg(feature = "server")]
mod again;
#[cfg(feature = "server")]
pub mod audit;
#[cfg(feature = "server")]
pub mod authority;
#[cfg(feature = "server")]
pub mod bound;
#[cfg(feature = "server")]
pub mod capabilities;
#[cfg(feature = "server")]
mod conclude;
#[cfg(feature = "server")]
pub mod device;
#[cfg(feature = "server")]
pub mod disable;
#[cfg(feature = "server")]
pub mod edit;
#[cfg(feature = "server")]
pub mod effect;
#[cfg(feature = "server")]
pub mod explain;
#[cfg(feature = "server")]
pub mod failures;
#[cfg(feature = "server")]
pub mod first_password;
#[cfg(feature = "server")]
pub mod forward;
#[cfg(feature = "server")]
pub mod founding;
pub mod fresh;
#[cfg(feature = "server")]
pub mod gates;
#[cfg(feature = "server")]
pub mod ground;
#[cfg(feature = "server")]
pub mod house;
#[cfg(feature = "server")]
pub mod invitations;
#[cfg(feature = "server")]
pub mod issue;
#[cfg(feature = "server")]
pub mod keys;
#[cfg(feature = "server")]
pub mod listing;
#[cfg(feature = "server")]
pub mod live;
#[cfg(feature = "server")]
pub mod mail;
#[cfg(feature = "server")]
pub mod me;
#[cfg(feature = "server")]
pub mod members;
#[cfg(feature = "server")]
pub mod meshes;
#[cfg(feature = "server")]
pub mod messages;
pub mod meters;
#[cfg(feature = "server")]
pub mod names;
#[cfg(feature = "server")]
pub mod notices;
#[cfg(feature = "server")]
pub mod once;
#[cfg(feature = "server")]
pub mod openid;
#[cfg(feature = "server")]
pub mod operator;
#[cfg(feature = "server")]
pub mod orgs;
pub mod outpost;
#[cfg(feature = "server")]
mod own_record;
#[cfg(feature = "server")]
pub mod passkeys;
#[cfg(feature = "server")]
pub mod passwords;
mod patience;
#[cfg(feature = "server")]
pub mod people;
#[cfg(feature = "server")]
pub mod personal;
#[cfg(feature = "server")]
pub mod places;
#[cfg(feature = "server")]
pub mod policies;
#[cfg(feature = "server")]
pub mod precondition;
#[cfg(feature = "server")]
pub mod record;
#[cfg(feature = "server")]
pub mod refusal;
#[cfg(feature = "server")]
pub mod replicas;
#[cfg(feature = "server")]
pub mod reset;
#[cfg(feature = "server")]
pub mod revoke;
#[cfg(feature = "server")]
pub mod rotate;
#[cfg(feature = "server")]
pub mod second_factor;
#[cfg(feature = "server")]
pub mod sessions;
#[cfg(feature = "server")]
pub mod setup;
#[cfg(feature = "server")]
pub mod sign_in;
#[cfg(feature = "server")]
pub mod states;
#[cfg(feature = "server")]
pub mod step_up;
#[cfg(feature = "server")]
pub mod stock;
#[cfg(feature = "server")]
pub mod surroundings;
#[cfg(feature = "server")]
pub mod tickets;
#[cfg(feature = "server")]
pub mod topics;
#[cfg(feature = "server")]
mod tries;
#[cfg(feature = "server")]
pub mod turns;
#[cfg(feature = "server")]
pub mod usage;
#[cfg(feature = "server")]
pub mod uses;
#[cfg(feature = "server")]
pub mod verify;
#[cfg(feature = "server")]
mod ways;
#[cfg(feature = "server")]
pub mod webhooks;

#[cfg(feature = "server")]
pub use admit::{Demand, Rejection, Why, admit, admit_holder};
#[cfg(feature = "server")]
pub use admit_person::admit_person;
#[cfg(feature = "server")]
pub use admitted::{Admitted, Reach};
#[cfg(feature = "server")]
pub use effect::{Done, Settled};
#[cfg(feature = "server")]
pub use house::House;
#[cfg(feature = "server")]
pub use once::{Kept, Once};
#[cfg(feature = "server")]
pub use precondition::IfMatch;
#[cfg(feature = "server")]
pub use refusal::{Conflict, Fault, Refusal};
