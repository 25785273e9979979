//! The OAuth doors: for gateways and libraries that speak no API of ours. They judge nothing of their own.

pub mod client;
pub mod device;
pub mod form;
pub mod introspect;
pub mod metadata;
pub mod revoke;

pub use client::Client;
pub use form::Form;
pub use metadata::PublicUrl;
