//! Signing in by a provider of OpenID Connect: a real one, driven as a browser does it but without one.

mod accounts;
mod flow;
mod hostile;
mod invited;
pub mod provider;
mod traveller;
