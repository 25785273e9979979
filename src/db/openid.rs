//! Who was sent to a provider of OpenID Connect, and is to come back.

use deadpool_postgres::GenericClient;
use time::OffsetDateTime;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Error, queries, row};
use crate::domain::{
    Place,
    invitation::TokenHash,
    openid::{Purpose, WAY, Way},
};

/// How many rows are taken away at once.
const PAGE: i64 = 10_000;
/// How many a session may have open.
const MOST_OF_SESSION: i64 = 10;
/// How many may be open from one address: there may be an office behind it.
const MOST_OF_SOURCE: i64 = 1_000;

queries! {
    BEGIN = "
        INSERT INTO openid_flows (state, browser, provider, purpose, session_id, source, invitation, next, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp() + make_interval(secs => $9))";
    TRIM_SESSION = "
        DELETE FROM openid_flows
        WHERE state IN (SELECT state FROM openid_flows WHERE session_id = $1 ORDER BY created_at DESC, state OFFSET $2)";
    TRIM_SOURCE = "
        DELETE FROM openid_flows
        WHERE state IN (SELECT state FROM openid_flows WHERE source = $1 ORDER BY created_at DESC, state OFFSET $2)";
    TAKE = "
        DELETE FROM openid_flows
        WHERE state = $1 AND browser = $2 AND provider = $3 AND ends_at > clock_timestamp()
        RETURNING purpose, session_id, invitation, next, created_at";
    SWEEP = "
        DELETE FROM openid_flows WHERE ctid IN (
            SELECT ctid FROM openid_flows WHERE ends_at <= clock_timestamp() LIMIT $1)";
}

/// Who has come back.
pub struct Back {
    /// What for it was sent.
    pub purpose: Purpose,
    /// Where it goes on.
    pub next: Place,
    /// When it was sent.
    pub begun_at: OffsetDateTime,
}

/// Somebody is sent there, from whence. Of too many of a session, or of those without one from there, the oldest goes.
pub async fn begin(
    db: &impl GenericClient,
    way: &Way,
    provider: &str,
    purpose: Purpose,
    source: [u8; 32],
    next: &Place,
) -> Result<(), Error> {
    let begin = db.prepare_cached(BEGIN).await?;
    let (state, browser) = (way.state.hash(), way.browser.hash());
    let session: Option<Uuid> = match purpose {
        Purpose::Connect(session) | Purpose::Confirm(session) => Some(session.uuid()),
        Purpose::SignIn | Purpose::Invitation(_) => None,
    };
    let invitation = if let Purpose::Invitation(token) = &purpose { Some(token.0.as_slice()) } else { None };
    let source = if session.is_none() { Some(source.as_slice()) } else { None };
    let (state, browser) = (state.0.as_slice(), browser.0.as_slice());
    let (purpose, next, life) = (purpose.name(), next.as_str(), WAY.as_secs_f64());
    db.execute(&begin, &[&state, &browser, &provider, &purpose, &session, &source, &invitation, &next, &life]).await?;
    if let Some(session) = session {
        let trim = db.prepare_cached(TRIM_SESSION).await?;
        db.execute(&trim, &[&session, &MOST_OF_SESSION]).await?;
    }
    if let Some(source) = source {
        let trim = db.prepare_cached(TRIM_SOURCE).await?;
        db.execute(&trim, &[&source, &MOST_OF_SOURCE]).await?;
    }
    Ok(())
}

/// Somebody comes back, once. Nothing if nobody was sent there by this browser, or too long ago.
pub async fn take(db: &impl GenericClient, way: &Way, provider: &str) -> Result<Option<Back>, Error> {
    let take = db.prepare_cached(TAKE).await?;
    let (state, browser) = (way.state.hash(), way.browser.hash());
    let row = db.query_opt(&take, &[&state.0.as_slice(), &browser.0.as_slice(), &provider]).await?;
    row.as_ref().map(back).transpose()
}

fn back(row: &Row) -> Result<Back, Error> {
    let session = || row::id(row, "session_id");
    let purpose = match row::get::<&str>(row, "purpose")? {
        "sign_in" => Purpose::SignIn,
        "connect" => Purpose::Connect(session()?),
        "confirm" => Purpose::Confirm(session()?),
        "invitation" => {
            let token: &[u8] = row::get(row, "invitation")?;
            Purpose::Invitation(TokenHash(token.try_into().map_err(row::corrupt)?))
        }
        _ => return Err(row::corrupt("no purpose")),
    };
    let next = row::get::<&str>(row, "next")?.parse().map_err(row::corrupt)?;
    Ok(Back { purpose, next, begun_at: row::get(row, "created_at")? })
}

/// Takes away what is over. Takes the operator's role.
pub async fn sweep(db: &impl GenericClient) -> Result<u64, Error> {
    let sweep = db.prepare_cached(SWEEP).await?;
    Ok(db.execute(&sweep, &[&PAGE]).await?)
}
