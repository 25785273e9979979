//! The audit: every change leaves one event, in its transaction, in a chain that shows every tampering.

mod chain;
mod events;
mod filters;
