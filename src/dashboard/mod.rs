//! The third floor, side door: pages for people, in plain HTML. No SQL, and no rule: what is allowed was decided below.
//!
//! No page has a script or a style within it, and none is kept by a browser or a proxy. Every change is a form that is sent from a
//! page of our own: see [`forms`]. A page that cannot be shown says why in HTML: see [`errors`].

pub mod account;
pub mod assets;
pub mod audit;
mod ceremony;
mod codes;
pub mod confirm;
pub mod device;
mod device_form;
pub mod device_request;
pub mod done;
pub mod ending;
pub mod errors;
pub mod fields;
pub mod forms;
pub mod identities;
pub mod invitation;
pub mod key;
pub mod keys;
pub mod looks;
pub mod members;
pub mod notices;
pub mod openid;
pub mod org;
pub mod page;
pub mod parts;
pub mod passkeys;
pub mod password;
pub mod places;
pub mod policy;
pub mod query;
pub mod reset;
pub mod routes;
pub mod second_factor;
pub mod setup;
pub mod sign_in;
pub mod usage;
pub mod visitor;
pub mod webhook;
pub mod wrong;

pub use errors::Fault;
pub use forms::Form;
pub use page::Page;
