//! Roles in words, as a matrix and as a choice: all of it is read off what each role gives.

use maud::{Markup, html};

use crate::domain::{Capability, OrgId, Owner, UserId, member::Who, role::Role};

/// What a capability is good for, to somebody who reads the matrix.
const ROWS: [(&str, Capability); 4] = [
    ("Read messages and state", Capability::Read),
    ("Send messages", Capability::Send),
    ("Change state", Capability::StateWrite),
    ("Manage: keys, topics; at the org also meshes, members, policies and the audit", Capability::Admin),
];

/// Whether the role gives this.
fn gives(role: Role, capability: &Capability) -> bool {
    let grant = role.grant(Owner::Org(OrgId::from(uuid::Uuid::nil())));
    grant.is_ok_and(|grant| grant.capabilities.allows(capability))
}

/// Whether who has this role may make and unmake owners.
fn makes_owners(role: Role) -> bool {
    let user = UserId::from(uuid::Uuid::nil());
    Who::Person { user, is_owner: role == Role::Owner, is_fresh: true }.ensure_makes_owners().is_ok()
}

/// What each role may do.
pub(super) fn matrix() -> Markup {
    let owners = ("Make, change and remove owners", Role::ALL.map(makes_owners));
    let rows = ROWS.iter().map(|(words, capability)| (*words, Role::ALL.map(|role| gives(role, capability))));
    html! {
        details {
            summary { "What each role may do" }
            div.scroll tabindex="0" role="region" aria-label="What each role may do" {
                table {
                    caption { "At the org: in every mesh of it, now and later. At a mesh: in that mesh alone, where nobody is owner." }
                    thead { tr { th scope="col" { "May" } @for role in Role::ALL { th scope="col" { (role.name()) } } } }
                    tbody {
                        @for (words, may) in rows.chain([owners]) {
                            tr {
                                th scope="row" { (words) }
                                @for one in may { td { @if one { "✓" span.unseen { " yes" } } @else { "–" span.unseen { " no" } } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A choice of roles. `most` is the strongest that is offered; `none` says what it is to have none.
pub(super) fn choice(name: &str, label: &str, now: Option<Role>, most: Role, none: Option<&str>) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @if let Some(none) = none { option value="" selected[now.is_none()] { (none) } }
                @for role in Role::ALL.into_iter().filter(|role| *role <= most || Some(*role) == now) {
                    option value=(role.name()) selected[Some(role) == now] { (role.name()) }
                }
            }
        }
    }
}
