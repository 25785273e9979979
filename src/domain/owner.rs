//! Owners: whom a key acts for.

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use super::id::{MeshId, OrgId};

/// Whom a key acts for: an org, or one mesh of it. Every key has exactly one org.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The org itself and every mesh of it, now and later.
    Org(OrgId),
    /// That mesh alone.
    Mesh(OrgId, MeshId),
}

impl Owner {
    /// The owner with these ids.
    #[must_use]
    pub const fn new(org: OrgId, mesh: Option<MeshId>) -> Self {
        match mesh {
            None => Self::Org(org),
            Some(mesh) => Self::Mesh(org, mesh),
        }
    }

    /// The tenant.
    #[must_use]
    pub const fn org(self) -> OrgId {
        match self {
            Self::Org(org) | Self::Mesh(org, _) => org,
        }
    }

    /// The mesh, where it is one.
    #[must_use]
    pub const fn mesh(self) -> Option<MeshId> {
        match self {
            Self::Org(_) => None,
            Self::Mesh(_, mesh) => Some(mesh),
        }
    }

    /// Whether what belongs to `other` lies within this owner.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        match self {
            Self::Org(org) => org == other.org(),
            Self::Mesh(..) => self == other,
        }
    }
}

impl Serialize for Owner {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut owner = out.serialize_struct("Owner", 2)?;
        owner.serialize_field("org", &self.org())?;
        owner.serialize_field("mesh", &self.mesh())?;
        owner.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_org_covers_its_meshes_and_a_mesh_itself_alone() {
        let (acme, rival, main, other) = (OrgId::new(), OrgId::new(), MeshId::new(), MeshId::new());
        let org = Owner::Org(acme);
        let mesh = Owner::Mesh(acme, main);
        assert!(org.covers(org) && org.covers(mesh) && mesh.covers(mesh));
        assert!(!mesh.covers(org) && !mesh.covers(Owner::Mesh(acme, other)));
        for foreign in [Owner::Org(rival), Owner::Mesh(rival, other), Owner::Mesh(rival, main)] {
            assert!(!org.covers(foreign) && !mesh.covers(foreign) && !foreign.covers(org) && !foreign.covers(mesh));
        }
    }
}
