//! Members of an org: looked at, changed and removed by its admins.

mod life;
mod lists;
pub mod made;
mod owners;
mod removal;
mod replicas;
mod tenants;
mod terminal;
