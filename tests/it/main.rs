//! The integration tests: one binary, so that one private PostgreSQL cluster serves them all. Each test has a house of its
//! own: a service on port 0 and a database cloned from a migrated template.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    unreachable_pub,
    reason = "a test that cannot go on says so by panicking"
)]

mod access;
mod addresses;
mod audit;
mod authority;
mod book;
mod browser;
mod canary;
mod capabilities;
mod cli;
mod client;
mod contract;
mod decision;
mod doors;
mod embedded;
mod explain;
mod flaws;
mod forward;
mod fresh;
mod freshness;
mod gates;
mod guard;
mod host;
mod hostile;
mod house;
mod house_rules;
mod idempotency;
mod invitations;
mod isolation;
mod libraries;
mod life;
mod lists;
mod live;
mod login;
mod lost;
mod members;
mod mesh;
mod metrics;
mod migrations;
mod nemesis;
mod notices;
mod oauth;
mod openid;
#[cfg(feature = "otel")]
mod otlp;
mod packaging;
mod pages;
mod people;
mod persons;
mod policies;
mod process;
mod promise;
mod rates;
mod readme;
mod scanning;
mod secrets;
mod services;
mod sign_in;
mod store;
mod tools;
mod uses;
mod verify;
