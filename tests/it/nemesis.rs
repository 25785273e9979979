//! Dead means dead, on real processes: three servers on one PostgreSQL, clients that issue keys, ask with them and end them,
//! and somebody who kills, stops, freezes and cuts meanwhile.
//!
//! Everything is written down with its beginning and its end, by one clock. What is looked for afterwards: a key that was
//! accepted by a request that began when its end had been answered. There must be none, whatever broke.

mod asking;
mod ending;
mod failover;
mod faults;
mod history;
mod keys;
mod load;
pub mod postgres;
mod random;
mod refused;
mod replica;
mod town;
mod unconfirmed;
mod wire;
