//! Look at the audit: an org's, or for a mesh's admin that mesh's.

use super::{Admitted, House, Refusal};
use crate::{
    db::audit::{self, Filter, Linked},
    domain::{
        Denial,
        page::{Limit, Page, read_cursor},
    },
};

/// The events that are wanted, the newest first. Needs a grant that is everywhere in its owner.
pub async fn list(
    house: &House,
    by: &Admitted,
    wanted: &Filter,
    mesh: Option<&str>,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Linked>, Refusal> {
    let grant = &by.credential().terms.grant;
    if !grant.topics.reaches(None) {
        return Err(Denial::TopicOutOfScope(None).into());
    }
    house
        .look(by.org(), async |transaction| {
            let mut filter = wanted.clone();
            filter.mesh = match mesh {
                Some(named) => Some(super::keys::mesh_of(transaction, by, named).await?),
                None => grant.owner.mesh(),
            };
            let bound = ("audit", by.org(), &filter);
            let before = cursor.map(|cursor| read_cursor(&bound, cursor)).transpose()?.unwrap_or(i64::MAX);
            let rows = audit::list(transaction, by.org(), &filter, before, limit).await?;
            Ok(Page::cut(rows, limit, &bound, |linked| linked.event.seq))
        })
        .await
}
