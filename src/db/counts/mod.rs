//! What keys were used for, from where, and what was denied: written in batches, read by who may, and kept for a while.

pub mod expiring;
pub mod read;
pub mod write;
