//! Meshkey issues, checks and revokes API keys: narrow ones, that end, that rotate, and that are dead when they are revoked.
//!
//! This is the map of the house. A room leans on the floors below it, never on one above; a test sees to it.
//!
//! | floor | room | what is there |
//! |---|---|---|
//! | third, front door | [`http`] | words in, words out: routes, the guard, problems |
//! | third, back door | [`cli`] | the same verbs from a terminal |
//! | second | [`service`] | one verb a file, each change with its audit event in one transaction |
//! | first | [`db`] | Postgres and nothing else; takes and gives domain types |
//! | ground | [`domain`] | pure: what the words mean, and the two functions that are all the authorization |
//!
//! [`app`] puts the rooms together, [`config`] reads the settings, [`telemetry`] writes the log.

pub mod app;
pub mod cli;
pub mod config;
pub mod db;
pub mod domain;
pub mod http;
pub mod service;
pub mod telemetry;
