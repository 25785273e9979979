//! Meshkey issues, checks and revokes API keys.

pub mod app;
pub mod cli;
pub mod config;
pub mod db;
pub mod domain;
pub mod http;
pub mod service;
pub mod telemetry;
