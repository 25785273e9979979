//! Nothing is lost and nothing is half: whatever fails, and whenever.

mod kill;
mod known;
mod program;
mod proxy;
mod real;
mod statements;
mod whole;
