//! The contract test: every operation of `openapi.yaml`, asked by everybody who must not, and by those who may.
//!
//! The operations come from the document, so that a new one cannot be forgotten: it is asked with its own example, and
//! where the test does not know how to make the ground ready for it, it fails.

mod confined;
mod credentials;
mod input;
mod powers;
mod refusals;
pub mod scene;
mod surface;
mod switched_off;
mod tenants;
