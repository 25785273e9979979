//! Tickets to open a socket, for browsers: they can send no header with a handshake.

use time::OffsetDateTime;

use super::{Admitted, House, Refusal, patience::in_time};
use crate::{
    db::{
        Error,
        tickets::{self, Stands},
    },
    domain::OneTimeCode,
};

/// How long one is good for, in seconds.
const LIFE: f64 = 30.0;
/// How many may be open for one secret.
const MOST: i64 = 100;

/// A ticket that was given.
pub struct Ticket {
    /// What opens the socket, once.
    pub code: OneTimeCode,
    /// Until when.
    pub ends_at: OffsetDateTime,
}

/// Gives one to the holder of a key, for the mesh of the request. The key is judged again when it is shown.
pub async fn give(house: &House, by: &Admitted) -> Result<Ticket, Refusal> {
    let (secret, mesh, code) = (by.hash()?, by.mesh_id()?, OneTimeCode::generate()?);
    let giving = house.store.ask(async |client| {
        if tickets::open(client, secret).await? >= MOST {
            return Ok(None);
        }
        Ok::<_, Error>(Some(tickets::insert(client, code.hash(), (secret, mesh), LIFE).await?))
    });
    let ends_at = in_time(giving).await?.ok_or(Refusal::Full)?;
    Ok(Ticket { code, ends_at })
}

/// Takes one: it opens nothing else. None where it was taken before, is over, or never was.
pub async fn take(house: &House, code: &OneTimeCode) -> Result<Option<Stands>, Refusal> {
    Ok(in_time(house.store.ask(async |client| tickets::take(client, code.hash()).await)).await?)
}
