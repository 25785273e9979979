//! How many keys end soon: for who watches over the installation.

use deadpool_postgres::GenericClient;

use crate::db::{Error, queries, row::get};

queries! {
    /// Org by org, since that is how the index of ends begins.
    EXPIRING = "
        SELECT coalesce(sum(soon), 0)::bigint AS in_a_week, coalesce(sum(later), 0)::bigint AS in_a_month
        FROM orgs o CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE k.expires_at < now() + interval '7 days') AS soon, count(*) AS later
            FROM api_keys k
            WHERE k.org_id = o.id AND k.revoked_at IS NULL
              AND (CASE WHEN k.expires_at IS NULL THEN '9999-12-31T00:00:00Z'::timestamptz ELSE k.expires_at END) > now()
              AND (CASE WHEN k.expires_at IS NULL THEN '9999-12-31T00:00:00Z'::timestamptz ELSE k.expires_at END)
                  < now() + interval '30 days'
        ) ends";
}

/// How many keys that are not revoked end within a week, and within 30 days. Takes the operator's role.
pub async fn expiring(db: &impl GenericClient) -> Result<[i64; 2], Error> {
    let statement = db.prepare_cached(EXPIRING).await?;
    let row = db.query_one(&statement, &[]).await?;
    Ok([get(&row, "in_a_week")?, get(&row, "in_a_month")?])
}
