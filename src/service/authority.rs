//! Authority within a transaction: the caller's key is held and judged anew, so that a key that is being revoked mints and
//! changes nothing.

use super::{Admitted, Refusal};
use crate::{
    db::{Transaction, keys, keys::Dated, lookup, meshes},
    domain::{Capability, Grant, KeyId},
};

/// Judges the caller again, by all that the route demanded: who was admitted some time ago, before its body had arrived or
/// while others held a lock, may have been revoked, narrowed or suspended since.
pub(super) async fn again(transaction: &Transaction<'_>, by: &Admitted) -> Result<(), Refusal> {
    let mut looked = lookup::lookup(transaction, &[by.hash()]).await?;
    let found = looked.found.pop().flatten();
    let mesh = match by.mesh_id() {
        Ok(mesh) => meshes::show(transaction, by.org(), mesh).await?,
        Err(_) => None,
    };
    by.ensure_still(found.as_ref(), looked.now, mesh.is_some_and(|mesh| mesh.archived_at.is_some()))
}

/// Holds the caller's key to the end of the transaction, so that it can be neither revoked nor changed meanwhile, and
/// judges it again.
pub(super) async fn hold(transaction: &Transaction<'_>, by: &Admitted) -> Result<Dated, Refusal> {
    let held = keys::lock(transaction, by.org(), by.credential().key).await?.ok_or(Refusal::Dead)?;
    again(transaction, by).await?;
    Ok(held)
}

/// A caller and the key that it manages, both locked.
pub(super) struct Managed {
    /// The caller's key, as it is now.
    pub(super) caller: Dated,
    /// The key in question, as it is now.
    pub(super) subject: Dated,
}

impl Managed {
    /// Whether the caller manages by authority, and not only as the holder.
    pub(super) fn is_admin(&self) -> bool {
        is_covered(&self.caller.key.terms.grant, &self.subject.key.terms.grant)
    }
}

/// Whether a caller manages a key: with `admin`, exactly the keys that its grant covers.
pub(super) fn is_covered(own: &Grant, subject: &Grant) -> bool {
    own.capabilities.allows(&Capability::Admin) && own.covers(subject)
}

/// Locks the caller's key and the one in question, in the order of their ids, and judges anew. A key that the caller does
/// not cover is not found, but its own is.
pub(super) async fn manage(transaction: &Transaction<'_>, by: &Admitted, id: KeyId) -> Result<Managed, Refusal> {
    let (org, own) = (by.org(), by.credential().key);
    let (first, last) = (own.min(id), own.max(id));
    let first = keys::lock(transaction, org, first).await?;
    let last = if own == id { first.clone() } else { keys::lock(transaction, org, last).await? };
    let (caller, subject) = if own <= id { (first, last) } else { (last, first) };
    let caller = caller.ok_or(Refusal::Dead)?;
    again(transaction, by).await?;
    let subject = subject.ok_or(Refusal::NotFound)?;
    if own != id && !is_covered(&caller.key.terms.grant, &subject.key.terms.grant) {
        return Err(Refusal::NotFound);
    }
    Ok(Managed { caller, subject })
}
