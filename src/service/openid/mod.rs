//! Signing in by providers of OpenID Connect: the code flow with PKCE, a nonce and a state, bound to the browser that began it.
//!
//! What a provider says of itself is asked for when somebody wants to go there, and remembered for a while: one that is out of reach
//! is in nobody's way but of those who want to sign in by it.

mod accept;
mod enter;
mod exchange;
mod identities;
mod provider;
mod step_up;
mod way;
mod wire;

pub use self::{
    accept::accept,
    enter::{NotEntered, enter},
    exchange::NotProven,
    identities::{NotConnected, NotDisconnected, connect, disconnect, list},
    provider::{Known, MalformedProvider, Provider, Providers},
    step_up::{confirm, show_factor},
    way::{Answer, NotBack, NotSent, Proven, Sent, come_back, send},
};
