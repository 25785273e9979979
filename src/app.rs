//! The composition root: from settings to a house, and from a house to a server.

pub mod bootstrap;
mod database;
mod descriptors;
mod error;
mod house;
mod links;
mod server;
mod spans;

pub use database::{Database, Share, at_socket, check, data_dir, database, database_in_words, embedded_settings};
pub use error::Error;
pub use house::{house, house_as_it_is, mail, migrate, providers};
pub use links::Origin;
pub use server::{Server, start, start_with};
