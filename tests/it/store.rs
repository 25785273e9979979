//! The store: its queries, the rules of its schema, its row-level security, its roles.

mod plans;
mod queries;
mod roles;
mod rows;
mod schema;
mod status;
