//! Mail that waits to be sent. No secret is in here: the token of a mail is made when it is sent.

use deadpool_postgres::GenericClient;
use time::{Duration, OffsetDateTime};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Error, queries, row};
use crate::domain::{Email, InvitationId, OrgId, Slug, Title, invitation::TokenHash, role::Role};

/// Takes the next row of an outbox that is due for as long as one try may take; then it is due again, unless it is done with. After
/// each try the pause is twice as long, up to an hour.
macro_rules! take_next {
    ($table:literal, $waits:literal, $gives:literal) => {
        concat!(
            "UPDATE ", $table, " SET tries = tries + 1,
                due_at = clock_timestamp() + least(interval '30 seconds' * power(2, least(tries, 10)), interval '1 hour')
             WHERE id = (
                 SELECT id FROM ", $table, " WHERE ", $waits, " AND due_at <= clock_timestamp()
                 ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
             RETURNING ", $gives
        )
    };
}

/// Why row $1 could not be sent; given up when it is older than $3 seconds.
macro_rules! note_failure {
    ($table:literal) => {
        concat!(
            "UPDATE ", $table, " SET reason = left($2, 500),
                failed_at = CASE WHEN created_at < clock_timestamp() - make_interval(secs => $3) THEN clock_timestamp() END
             WHERE id = $1
             RETURNING failed_at IS NOT NULL AS is_given_up"
        )
    };
}
pub(super) use {note_failure, take_next};

queries! {
    QUEUE = "
        INSERT INTO mail_outbox (id, kind, subject_id, org_id, recipient, due_at)
        VALUES ($1, 'invitation', $2, $3, $4, greatest(clock_timestamp(), $5::timestamptz))
        ON CONFLICT (kind, subject_id) DO NOTHING";
    CANCEL = "DELETE FROM mail_outbox WHERE kind = 'invitation' AND subject_id = $1";
    TAKE = take_next!("mail_outbox", "failed_at IS NULL", "id, subject_id");
    /// The token of the mail, made just now, in place of that of a mail before; and what the mail tells of.
    ADDRESS = "
        UPDATE invitations i SET mail_hash = $2 FROM orgs o
        WHERE i.id = $1 AND o.id = i.org_id AND o.suspended_at IS NULL
          AND i.accepted_at IS NULL AND i.withdrawn_at IS NULL AND i.ends_at > clock_timestamp()
        RETURNING i.email, i.role, o.name AS org_name, i.ends_at,
                  (SELECT m.slug FROM meshes m WHERE m.id = i.mesh_id) AS mesh_slug,
                  (SELECT u.name FROM users u WHERE u.id = i.invited_by_user) AS inviter";
    DONE = "DELETE FROM mail_outbox WHERE id = $1";
    FAILED = note_failure!("mail_outbox");
}

/// A mail that is to be sent now.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    id: Uuid,
    subject: Uuid,
}

/// What the mail of an invitation tells.
#[derive(Debug, Clone)]
pub struct Letter {
    /// To whom.
    pub to: Email,
    /// The org that invites.
    pub org: Title,
    /// The mesh of it, if it is not to the org itself.
    pub mesh: Option<Slug>,
    /// As what.
    pub role: Role,
    /// Who invites, if it is a person.
    pub inviter: Option<Title>,
    /// Until when.
    pub ends_at: OffsetDateTime,
}

/// Queues the mail of an invitation, to be sent when this transaction is committed, and no earlier than is said.
pub async fn queue(
    db: &impl GenericClient,
    org: OrgId,
    subject: InvitationId,
    to: &Email,
    not_before: Option<OffsetDateTime>,
) -> Result<(), Error> {
    let queue = db.prepare_cached(QUEUE).await?;
    db.execute(&queue, &[&Uuid::now_v7(), &subject.uuid(), &org.uuid(), &to.as_str(), &not_before]).await?;
    Ok(())
}

/// Takes the mail of an invitation away, sent or not.
pub async fn cancel(db: &impl GenericClient, subject: InvitationId) -> Result<(), Error> {
    let cancel = db.prepare_cached(CANCEL).await?;
    db.execute(&cancel, &[&subject.uuid()]).await?;
    Ok(())
}

/// Takes the next mail that is due. Takes the operator's role, as all that follows.
pub async fn take(db: &impl GenericClient) -> Result<Option<Due>, Error> {
    let take = db.prepare_cached(TAKE).await?;
    let row = db.query_opt(&take, &[]).await?;
    row.as_ref().map(|row| Ok(Due { id: row::get(row, "id")?, subject: row::get(row, "subject_id")? })).transpose()
}

/// What the mail tells, with this token in it; nothing if it is of no use any more.
pub async fn address(db: &impl GenericClient, due: Due, hash: TokenHash) -> Result<Option<Letter>, Error> {
    let address = db.prepare_cached(ADDRESS).await?;
    let row = db.query_opt(&address, &[&due.subject, &hash.0.as_slice()]).await?;
    row.as_ref().map(letter).transpose()
}

fn letter(row: &Row) -> Result<Letter, Error> {
    Ok(Letter {
        to: row::parsed(row, "email")?,
        org: row::parsed(row, "org_name")?,
        mesh: row::parsed_option(row, "mesh_slug")?,
        role: row::parsed(row, "role")?,
        inviter: row::parsed_option(row, "inviter")?,
        ends_at: row::get(row, "ends_at")?,
    })
}

/// It was sent, or is of no use any more.
pub async fn done(db: &impl GenericClient, due: Due) -> Result<(), Error> {
    let done = db.prepare_cached(DONE).await?;
    db.execute(&done, &[&due.id]).await?;
    Ok(())
}

/// It could not be sent, and why. Whether it is given up, which it is when it has been tried for so long.
pub async fn failed(db: &impl GenericClient, due: Due, why: &str, after: Duration) -> Result<bool, Error> {
    let failed = db.prepare_cached(FAILED).await?;
    let row = db.query_opt(&failed, &[&due.id, &why, &after.as_seconds_f64()]).await?;
    row.map_or(Ok(false), |row| row::get(&row, "is_given_up"))
}
