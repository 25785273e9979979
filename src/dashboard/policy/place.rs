//! Where a policy is: in an org, or in a mesh of it.

use crate::{
    dashboard::org::Insider,
    domain::{Capability, Owner, Requirement, Role},
    service::Refusal,
};

/// Whose policy a page is about, and what who looks at it may do there.
pub(super) struct Place {
    /// The page.
    pub(super) path: String,
    /// The mesh, where it is that of one.
    pub(super) mesh: Option<String>,
    /// Whether who looks may change it.
    pub(super) is_admin: bool,
    /// Whether it is an owner of the org.
    pub(super) is_owner: bool,
}

impl Place {
    /// That of the page that was asked for.
    pub(super) fn of<N>(insider: &Insider<N>) -> Result<Self, Refusal> {
        let by = &insider.proof;
        let mesh = by.mesh().ok();
        let within = Owner::new(by.org(), mesh.map(|mesh| mesh.id));
        let is_admin = by.rights().permits(&Requirement { within, capability: Capability::Admin, topic: None }).is_ok();
        let memberships = &by.person().ok_or(Refusal::NoPerson)?.memberships;
        let is_owner = memberships.iter().any(|part| part.role == Role::Owner && part.at == Owner::Org(by.org()));
        let mesh = mesh.map(|mesh| mesh.slug.to_string());
        let path =
            mesh.as_ref().map_or_else(|| insider.at("/policy"), |mesh| insider.at(&format!("/meshes/{mesh}/policy")));
        Ok(Self { path, mesh, is_admin, is_owner })
    }

    /// The title of its pages.
    pub(super) fn title(&self) -> String {
        self.mesh.as_ref().map_or_else(|| "Policy".to_owned(), |mesh| format!("Policy of mesh {mesh}"))
    }

    /// A page below it.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.path)
    }
}
