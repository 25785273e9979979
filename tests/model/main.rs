//! A model of the freshness protocol, searched for a wrong accept: every order in which its steps can happen, with pauses
//! of any length between them. `docs/adr/0011-remembering-keys.md` tells the protocol, its proof, and what this model
//! leaves out.
//!
//! One replica is modelled, and the revocations of one or two keys. It stands for any number: an answer waits for every
//! row of `replicas`, so that another replica's row only takes runs away.
//!
//! `safe` shows that the protocol is right, and not because nothing happens in the model. `mutants` shows that the search
//! finds what it looks for: each takes one rule away, and a key is accepted that is dead. `MESHKEY_MODEL_TRACE=1` prints how.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod mutants;
mod rules;
mod safe;
mod search;
mod state;
mod steps;
mod trace;
