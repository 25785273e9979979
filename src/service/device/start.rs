//! The beginning: a terminal that nobody knows asks for a key. It is given two codes, and told where its person is to go.

use std::net::IpAddr;

use crate::{
    db::{
        self,
        devices::{self, NewLogin, Open},
    },
    domain::{
        Label,
        device::{Asked, DeviceCode, UserCode},
    },
    service::{House, Refusal, patience::in_time},
};

/// How many logins may be open that began at one address: there may be an office behind it.
const MOST_FROM_ONE: i64 = 20;
/// How many may be open in all.
const MOST: i64 = 10_000;
/// How often another user code is tried: that one is taken already is rarer than most things.
const TRIES: usize = 3;

/// A login that has begun.
pub struct Started {
    /// What the terminal keeps.
    pub device_code: DeviceCode,
    /// What it shows.
    pub user_code: UserCode,
    /// Where people reach the service.
    pub url: String,
}

/// Why none has begun.
pub enum NotStarted {
    /// As many are open as may be.
    TooMany,
    /// What can happen to every verb.
    Refused(Refusal),
}

impl From<Refusal> for NotStarted {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<db::Error> for NotStarted {
    fn from(error: db::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// Begins one.
pub async fn start(
    house: &House,
    device: &Label,
    asked: &Asked,
    address: Option<IpAddr>,
) -> Result<Started, NotStarted> {
    let device_code = DeviceCode::generate().map_err(Refusal::from)?;
    let new = NewLogin { hash: device_code.hash(), device, asked, address };
    // A proxy that says nothing of who stands behind it is many people.
    let counted = address.filter(|address| !house.trusted_proxies.trusts(*address));
    for _ in 0..TRIES {
        let user_code = UserCode::generate().map_err(Refusal::from)?;
        let begin = house.store.ask(async |client| {
            let Open { everywhere, from_here } = devices::open(client, counted).await?;
            if everywhere >= MOST || (counted.is_some() && from_here >= MOST_FROM_ONE) {
                return Ok(None);
            }
            devices::insert(client, &new, &user_code).await.map(Some)
        });
        match in_time::<_, db::Error>(begin).await? {
            None => return Err(NotStarted::TooMany),
            Some(true) => return Ok(Started { device_code, user_code, url: house.mail.url().to_owned() }),
            Some(false) => {}
        }
    }
    Err(Refusal::Impossible("every user code is taken").into())
}
