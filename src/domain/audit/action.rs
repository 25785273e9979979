//! What can be done: one list, one spelling.

use crate::domain::suggest;

macro_rules! actions {
    ($($name:ident = $text:literal;)+) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each name is its own explanation")]
        pub enum Action { $($name),+ }

        impl Action {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The one spelling used on the wire, in the database and in the docs.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

actions! {
    OrgCreated = "org.created";
    OrgEdited = "org.edited";
    OrgSuspended = "org.suspended";
    OrgResumed = "org.resumed";
    MeshCreated = "mesh.created";
    MeshEdited = "mesh.edited";
    MeshArchived = "mesh.archived";
    MeshUnarchived = "mesh.unarchived";
    TopicCreated = "topic.created";
    TopicEdited = "topic.edited";
    TopicArchived = "topic.archived";
    TopicUnarchived = "topic.unarchived";
    KeyIssued = "key.issued";
    KeyEdited = "key.edited";
    KeyRotated = "key.rotated";
    KeyRotationFinished = "key.rotation_finished";
    KeyDisabled = "key.disabled";
    KeyEnabled = "key.enabled";
    KeyRevoked = "key.revoked";
    CapabilityDeclared = "capability.declared";
    CapabilityEdited = "capability.edited";
    CapabilityRetired = "capability.retired";
    GateCreated = "gate.created";
    GateEdited = "gate.edited";
    GateDeleted = "gate.deleted";
    MemberAdded = "member.added";
    MemberEdited = "member.edited";
    MemberRemoved = "member.removed";
    UserPasswordReset = "user.password_reset";
    UserSuspended = "user.suspended";
    UserResumed = "user.resumed";
    InvitationCreated = "invitation.created";
    InvitationResent = "invitation.resent";
    InvitationWithdrawn = "invitation.withdrawn";
    InvitationAccepted = "invitation.accepted";
    UserPasswordChanged = "user.password_changed";
    UserSecondFactorOn = "user.second_factor_on";
    UserSecondFactorOff = "user.second_factor_off";
    UserRecoveryCodesRenewed = "user.recovery_codes_renewed";
    UserPasskeyAdded = "user.passkey_added";
    UserPasskeyRemoved = "user.passkey_removed";
    UserIdentityAdded = "user.identity_added";
    UserIdentityRemoved = "user.identity_removed";
    PolicyChanged = "policy.changed";
    WebhookCreated = "webhook.created";
    WebhookEdited = "webhook.edited";
    WebhookRemoved = "webhook.removed";
    AuditExported = "audit.exported";
    AuditRetained = "audit.retained";
}

/// The text names no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown action '{0}'{hint}", hint = suggest::hint(.0, names()))]
pub struct UnknownAction(String);

impl Action {
    /// The part of its name that says about what it is.
    #[must_use]
    pub fn family(self) -> &'static str {
        self.name().split('.').next().unwrap_or_default()
    }

    /// Those that are meant: one by its name, or with `key.*` all that are about keys.
    pub fn meant(name: &str) -> Result<Vec<Self>, UnknownAction> {
        let is_meant = |action: &&Self| match name.strip_suffix(".*") {
            Some(family) => action.family() == family,
            None => action.name() == name,
        };
        let meant: Vec<_> = Self::ALL.iter().filter(is_meant).copied().collect();
        if meant.is_empty() { Err(UnknownAction(name.chars().take(64).collect())) } else { Ok(meant) }
    }

    /// What they are about, in the order of their names.
    #[must_use]
    pub fn families() -> Vec<&'static str> {
        let mut families: Vec<_> = Self::ALL.iter().map(|action| action.family()).collect();
        families.sort_unstable();
        families.dedup();
        families
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    Action::ALL.iter().map(|action| action.name())
}

impl std::str::FromStr for Action {
    type Err = UnknownAction;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.iter().find(|action| action.name() == name);
        known.copied().ok_or_else(|| UnknownAction(name.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_meant_by_its_name_or_by_what_it_is_about() {
        assert_eq!(Action::meant("key.issued"), Ok(vec![Action::KeyIssued]));
        let of_gates = [Action::GateCreated, Action::GateEdited, Action::GateDeleted];
        assert_eq!(Action::meant("gate.*"), Ok(of_gates.to_vec()));
        let wrong = Action::meant("key.isued").unwrap_err().to_string();
        assert_eq!(wrong, "unknown action 'key.isued' (did you mean 'key.issued'?)");
        for bad in ["", "*", "key", "key.", "kex.*"] {
            assert!(Action::meant(bad).is_err(), "{bad}");
        }
        assert_eq!(Action::families().len(), 12);
    }
}
