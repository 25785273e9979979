//! Meshkey issues, checks and revokes API keys: narrow ones, that end, that rotate, and that are dead when they are revoked.
//!
//! This is the map of the house. A room leans on the floors below it, never on one above; a test sees to it.
//!
//! | floor | room | what is there |
//! |---|---|---|
//! | third, front door | `http` | words in, words out: routes, the guard, problems |
//! | third, side door | `dashboard` | pages for people: signing in, and the account |
//! | third, window | [`guard`] | the same judgement within a service of somebody else's |
//! | third, back door | `cli` | the same verbs from a terminal |
//! | second | [`service`] | one verb a file, each change with its audit event in one transaction |
//! | first | [`db`] | Postgres and nothing else; takes and gives domain types |
//! | ground | [`domain`] | pure: what the words mean, and the two functions that are all the authorization |
//!
//! `app` puts the rooms together, `config` reads the settings, `telemetry` writes the log. They, the front door and the back
//! door come with the feature `server`, which is on unless it is switched off: without it this crate is the [`guard`].

#![cfg_attr(not(feature = "server"), allow(dead_code, reason = "the server is left out, and with it who uses it"))]

#[cfg(feature = "server")]
pub mod app;
#[cfg(feature = "server")]
pub mod cli;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod dashboard;
pub mod db;
pub mod domain;
pub mod guard;
#[cfg(feature = "server")]
pub mod http;
pub mod service;
#[cfg(feature = "server")]
pub mod telemetry;

pub use domain::Secret;
pub use guard::{Guard, Requirement};

#[cfg(doctest)]
#[doc = include_str!("../docs/how-to/services/rust.md")]
mod recipe {}
