//! Reading columns as domain types. What the schema's checks allow can be read; anything else is a corrupt row.

use std::fmt::Display;

use tokio_postgres::{Row, types::FromSql};
use uuid::Uuid;

use super::Error;
use crate::domain::{
    AddressList, Capability, CapabilitySet, Email, Grant, MeshId, Network, OrgId, Owner, Rate, Role, Slug, StateName,
    Status, Terms, TopicName, TopicPattern, TopicScope,
    audit::{Actor, ActorId},
    capability::DeclaredName,
    device::UserCode,
    fresh::Snapshot,
    invitation,
    name::Text,
    policy::Issuers,
};

/// The column, as it is.
pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, Error> {
    Ok(row.try_get(column)?)
}

/// The column as an id.
pub(super) fn id<T: From<Uuid>>(row: &Row, column: &str) -> Result<T, Error> {
    get::<Uuid>(row, column).map(T::from)
}

/// The column as an id, if there is one.
pub(super) fn id_option<T: From<Uuid>>(row: &Row, column: &str) -> Result<Option<T>, Error> {
    get::<Option<Uuid>>(row, column).map(|id| id.map(T::from))
}

/// What a column of text can be read as. That is a list, and not whatever can be parsed: of what people write more can be read than
/// they may write today.
pub(super) trait Column: Sized {
    /// Reads it.
    fn read(text: &str) -> Result<Self, Error>;
}

impl<const LEAST: usize, const MOST: usize> Column for Text<LEAST, MOST> {
    fn read(text: &str) -> Result<Self, Error> {
        Self::kept(text).map_err(corrupt)
    }
}

macro_rules! read_as_given {
    ($($name:ty),+ $(,)?) => {
        $(impl Column for $name {
            fn read(text: &str) -> Result<Self, Error> {
                text.parse().map_err(corrupt)
            }
        })+
    };
}
read_as_given!(
    Capability,
    DeclaredName,
    Email,
    Issuers,
    Network,
    Role,
    Slug,
    Snapshot,
    StateName,
    Status,
    TopicName,
    TopicPattern,
    UserCode,
    invitation::Status,
    u64,
);

/// The column, read.
pub(super) fn parsed<T: Column>(row: &Row, column: &str) -> Result<T, Error> {
    T::read(get(row, column)?)
}

/// The column, read, if there is one.
pub(super) fn parsed_option<T: Column>(row: &Row, column: &str) -> Result<Option<T>, Error> {
    get::<Option<&str>>(row, column)?.map(T::read).transpose()
}

/// A row that does not mean anything.
pub(super) fn corrupt(why: impl Display) -> Error {
    Error::Corrupt(why.to_string())
}

fn each<T: Column>(texts: &[String]) -> Result<Vec<T>, Error> {
    texts.iter().map(|text| T::read(text)).collect()
}

/// The terms in the columns `org_id mesh_id capabilities everywhere topics addresses expires_at rate_per_minute rate_burst`.
pub(super) fn terms(row: &Row) -> Result<Terms, Error> {
    let owner = Owner::new(id::<OrgId>(row, "org_id")?, id_option::<MeshId>(row, "mesh_id")?);
    let capabilities = each::<Capability>(&get::<Vec<String>>(row, "capabilities")?)?;
    let patterns = each::<TopicPattern>(&get::<Vec<String>>(row, "topics")?)?;
    let topics =
        if get(row, "everywhere")? { TopicScope::Everywhere } else { TopicScope::only(patterns).map_err(corrupt)? };
    let addresses = match get::<Option<Vec<String>>>(row, "addresses")? {
        None => AddressList::Anywhere,
        Some(texts) => AddressList::within(each::<Network>(&texts)?).map_err(corrupt)?,
    };
    let capabilities = CapabilitySet::new(capabilities).map_err(corrupt)?;
    let (grant, rate) = (Grant { owner, capabilities, topics }, rate(row)?);
    Ok(Terms { grant, addresses, expires_at: get(row, "expires_at")?, rate })
}

fn rate(row: &Row) -> Result<Option<Rate>, Error> {
    let numbers = get::<Option<i32>>(row, "rate_per_minute")?.zip(get::<Option<i32>>(row, "rate_burst")?);
    numbers.map(|(minute, burst)| Rate::new(minute.into(), burst.into()).map_err(corrupt)).transpose()
}

/// The terms as the columns `mesh_id capabilities everywhere topics addresses rate_per_minute rate_burst` hold them.
pub(super) struct TermColumns {
    pub(super) mesh: Option<Uuid>,
    pub(super) capabilities: Vec<String>,
    pub(super) everywhere: bool,
    pub(super) topics: Vec<String>,
    pub(super) addresses: Option<Vec<String>>,
    pub(super) per_minute: Option<i32>,
    pub(super) burst: Option<i32>,
}

impl From<&Terms> for TermColumns {
    fn from(terms: &Terms) -> Self {
        let text = |item: &dyn Display| item.to_string();
        let patterns = terms.grant.topics.patterns();
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        Self {
            mesh: terms.grant.owner.mesh().map(MeshId::uuid),
            capabilities: terms.grant.capabilities.iter().map(|item| text(item)).collect(),
            everywhere: patterns.is_none(),
            topics: patterns.unwrap_or_default().iter().map(|item| text(item)).collect(),
            addresses: terms.addresses.ranges().map(|ranges| ranges.iter().map(|item| text(item)).collect()),
            per_minute: terms.rate.map(|rate| number(rate.per_minute())),
            burst: terms.rate.map(|rate| number(rate.burst())),
        }
    }
}

/// The actor in three columns, if there is one: its kind, and the key or the person.
pub(super) fn actor(row: &Row, [kind, key, user]: [&str; 3]) -> Result<Option<Actor>, Error> {
    let id = actor_id(row, [key, user])?;
    let Some(kind) = get::<Option<&str>>(row, kind)? else { return Ok(None) };
    Actor::new(kind, id).map(Some).ok_or_else(|| corrupt("an actor that is none"))
}

/// The key or the person in two columns, if there is one. Both is what nobody has written down: none of them then.
pub(super) fn actor_id(row: &Row, [key, user]: [&str; 2]) -> Result<Option<ActorId>, Error> {
    let key = id_option(row, key)?.map(ActorId::Key);
    Ok(key.xor(id_option(row, user)?.map(ActorId::User)))
}
