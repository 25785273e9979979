//! Signing in, as a browser does it but without one: every status, header and cookie.

mod account;
mod authenticator;
mod ending;
mod entering;
pub mod factor;
mod forms;
mod leading;
mod pages;
mod passkeys;
mod quiet;
mod sessions;
mod throttle;
pub mod visitor;
