//! Logins of terminals, by the hash of the code that the terminal has, or by the one that people type.

use std::net::IpAddr;

use deadpool_postgres::GenericClient;
use tokio_postgres::{
    Row,
    types::{Json, ToSql},
};

use super::{Error, queries, row};
use crate::domain::{
    DeviceLoginId, Label, OrgId, SessionHash, UserId,
    device::{Asked, DeviceHash, DeviceLogin, Granted, LIFE, PAUSE, UserCode},
};

/// How many rows are taken away at once.
const PAGE: i64 = 10_000;

queries! {
    /// How many are open from this network, and in all. An IPv6 address counts as the half that one customer has.
    OPEN = "
        SELECT count(*) AS everywhere,
               count(*) FILTER (WHERE family(address) = family($1::inet) AND
                   network(set_masklen(address, CASE family(address) WHEN 4 THEN 32 ELSE 64 END))
                   = network(set_masklen($1::inet, CASE family($1::inet) WHEN 4 THEN 32 ELSE 64 END))) AS from_here
        FROM device_logins WHERE ends_at > clock_timestamp() AND state IN ('waiting', 'approved')";
    INSERT = "
        INSERT INTO device_logins (id, device_hash, user_code, device, asked, address, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(secs => $7))
        ON CONFLICT (user_code) DO NOTHING";
    /// Whoever types the code is from then on the one who decides.
    CLAIM = "
        UPDATE device_logins SET user_id = $2
        WHERE user_code = $1 AND state = 'waiting' AND ends_at > clock_timestamp()
        RETURNING id";
    SHOW = "
        SELECT id, user_code, device, asked, address, created_at FROM device_logins
        WHERE id = $1 AND user_id = $2 AND state = 'waiting' AND ends_at > clock_timestamp()";
    APPROVE = "
        UPDATE device_logins SET state = 'approved', org_id = $3, session_hash = $4, granted = $5
        WHERE id = $1 AND user_id = $2 AND state = 'waiting' AND ends_at > clock_timestamp()";
    DENY = "
        UPDATE device_logins SET state = 'denied'
        WHERE id = $1 AND user_id = $2 AND state = 'waiting' AND ends_at > clock_timestamp()";
    LOCK = "
        SELECT id, state, user_id, org_id, session_hash, granted, ends_at <= clock_timestamp() AS is_over,
               coalesce(polled_at + make_interval(secs => pause) > clock_timestamp(), false) AS is_early
        FROM device_logins WHERE device_hash = $1 FOR UPDATE";
    POLLED = "
        UPDATE device_logins
        SET polled_at = clock_timestamp(), pause = CASE WHEN $2 THEN least(pause + $3, 600) ELSE pause END
        WHERE id = $1";
    END = "UPDATE device_logins SET state = $2 WHERE id = $1 AND state = 'approved'";
    SWEEP = "
        DELETE FROM device_logins WHERE ctid IN (
            SELECT ctid FROM device_logins WHERE ends_at < clock_timestamp() - interval '10 minutes' LIMIT $1)";
}

/// How many logins are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// In all.
    pub everywhere: i64,
    /// From one network.
    pub from_here: i64,
}

/// How many are open, in all and from where this address is.
pub async fn open(db: &impl GenericClient, address: Option<IpAddr>) -> Result<Open, Error> {
    let open = db.prepare_cached(OPEN).await?;
    let row = db.query_one(&open, &[&address]).await?;
    Ok(Open { everywhere: row::get(&row, "everywhere")?, from_here: row::get(&row, "from_here")? })
}

/// A login that begins.
pub struct NewLogin<'a> {
    /// What the terminal has.
    pub hash: DeviceHash,
    /// What the terminal calls itself.
    pub device: &'a Label,
    /// What it asks for.
    pub asked: &'a Asked,
    /// Whence.
    pub address: Option<IpAddr>,
}

/// Begins one, unless another has that user code.
pub async fn insert(db: &impl GenericClient, new: &NewLogin<'_>, code: &UserCode) -> Result<bool, Error> {
    let insert = db.prepare_cached(INSERT).await?;
    let (id, hash, asked) = (DeviceLoginId::new().uuid(), new.hash.0.as_slice(), Json(new.asked));
    let (code, device, life) = (code.as_str(), new.device.as_str(), f64::from(LIFE));
    let values: [&(dyn ToSql + Sync); 7] = [&id, &hash, &code, &device, &asked, &new.address, &life];
    Ok(db.execute(&insert, &values).await? == 1)
}

/// The open login with this code, which is now this person's to decide.
pub async fn claim(db: &impl GenericClient, code: &UserCode, by: UserId) -> Result<Option<DeviceLoginId>, Error> {
    let claim = db.prepare_cached(CLAIM).await?;
    let row = db.query_opt(&claim, &[&code.as_str(), &by.uuid()]).await?;
    row.as_ref().map(|row| row::id(row, "id")).transpose()
}

/// An open login that is this person's to decide.
pub async fn show(db: &impl GenericClient, id: DeviceLoginId, by: UserId) -> Result<Option<DeviceLogin>, Error> {
    let show = db.prepare_cached(SHOW).await?;
    db.query_opt(&show, &[&id.uuid(), &by.uuid()]).await?.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<DeviceLogin, Error> {
    Ok(DeviceLogin {
        id: row::id(row, "id")?,
        code: row::parsed(row, "user_code")?,
        device: row::parsed(row, "device")?,
        address: row::get(row, "address")?,
        asked: row::get::<Json<Asked>>(row, "asked")?.0,
        created_at: row::get(row, "created_at")?,
    })
}

/// What a person has approved: for which org, in which session, and what.
#[derive(Debug, Clone)]
pub struct Approval {
    /// The org.
    pub org: OrgId,
    /// The session.
    pub session: SessionHash,
    /// What is given.
    pub granted: Granted,
}

/// Writes down that it was approved. False where it is no longer open, or another's.
pub async fn approve(
    db: &impl GenericClient,
    id: DeviceLoginId,
    by: UserId,
    approval: &Approval,
) -> Result<bool, Error> {
    let approve = db.prepare_cached(APPROVE).await?;
    let (org, session, granted) = (approval.org.uuid(), approval.session.0.as_slice(), Json(&approval.granted));
    Ok(db.execute(&approve, &[&id.uuid(), &by.uuid(), &org, &session, &granted]).await? == 1)
}

/// Writes down that it was denied. False where it is no longer open, or another's.
pub async fn deny(db: &impl GenericClient, id: DeviceLoginId, by: UserId) -> Result<bool, Error> {
    let deny = db.prepare_cached(DENY).await?;
    Ok(db.execute(&deny, &[&id.uuid(), &by.uuid()]).await? == 1)
}

/// Where a login stands.
#[derive(Debug, Clone)]
pub enum State {
    /// Nobody has decided.
    Waiting,
    /// Somebody has approved it, and the terminal has not come since.
    Approved(Box<Approval>),
    /// Somebody has said no, or may not any more what was approved.
    Denied,
    /// The terminal has its key.
    Taken,
}

/// A login to which the terminal has come back.
#[derive(Debug, Clone)]
pub struct Polled {
    /// Which one.
    pub id: DeviceLoginId,
    /// Where it stands.
    pub state: State,
    /// Whether its time is over.
    pub is_over: bool,
    /// Whether the terminal has come too early.
    pub is_early: bool,
}

/// The login of this device code, held to the end of the transaction.
pub async fn lock(db: &impl GenericClient, hash: DeviceHash) -> Result<Option<Polled>, Error> {
    let lock = db.prepare_cached(LOCK).await?;
    db.query_opt(&lock, &[&hash.0.as_slice()]).await?.as_ref().map(polled).transpose()
}

fn polled(row: &Row) -> Result<Polled, Error> {
    let state = match row::get::<&str>(row, "state")? {
        "waiting" => State::Waiting,
        "approved" => State::Approved(Box::new(approval(row)?)),
        "taken" => State::Taken,
        _ => State::Denied,
    };
    let (is_over, is_early) = (row::get(row, "is_over")?, row::get(row, "is_early")?);
    Ok(Polled { id: row::id(row, "id")?, state, is_over, is_early })
}

fn approval(row: &Row) -> Result<Approval, Error> {
    let hash = row::get::<&[u8]>(row, "session_hash")?.try_into().map_err(row::corrupt)?;
    let granted = row::get::<Json<Granted>>(row, "granted")?.0;
    Ok(Approval { org: row::id(row, "org_id")?, session: SessionHash(hash), granted })
}

/// Notes that the terminal came, and makes it stay away for longer if that was too early.
pub async fn note_poll(db: &impl GenericClient, id: DeviceLoginId, is_early: bool) -> Result<(), Error> {
    let note = db.prepare_cached(POLLED).await?;
    let longer = i32::try_from(PAUSE).unwrap_or(i32::MAX);
    db.execute(&note, &[&id.uuid(), &is_early, &longer]).await?;
    Ok(())
}

/// Ends one that was approved: the terminal has its key, or gets none.
pub async fn end(db: &impl GenericClient, id: DeviceLoginId, is_taken: bool) -> Result<(), Error> {
    let end = db.prepare_cached(END).await?;
    db.execute(&end, &[&id.uuid(), &if is_taken { "taken" } else { "denied" }]).await?;
    Ok(())
}

/// Takes away what ended some time ago. Takes the operator's role.
pub async fn sweep(db: &impl GenericClient) -> Result<u64, Error> {
    let sweep = db.prepare_cached(SWEEP).await?;
    Ok(db.execute(&sweep, &[&PAGE]).await?)
}
