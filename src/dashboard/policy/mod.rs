//! `/orgs/{org}/policy` and `/orgs/{org}/meshes/{mesh}/policy`: what keys have to be like, what a change would mean, and the keys that
//! do not comply.

pub mod change;
mod filled;
mod place;
mod preview;
pub mod show;
pub mod spread;
pub mod violations;
mod words;

pub(super) use words::broken;
