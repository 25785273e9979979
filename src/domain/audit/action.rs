//! What can be done: one list, one spelling.

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
    AuditRetained = "audit.retained";
}

/// The text names no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown action '{0}'{hint}", hint = crate::domain::suggest::hint(.0, Action::ALL.iter().map(|action| action.name())))]
pub struct UnknownAction(String);

impl std::str::FromStr for Action {
    type Err = UnknownAction;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.iter().find(|action| action.name() == name);
        known.copied().ok_or_else(|| UnknownAction(name.chars().take(64).collect()))
    }
}
