//! Events in words.

use crate::domain::audit::Action;

/// What was done, in words; none for what a newer version has written down.
pub(super) fn done(action: &str) -> Option<&'static str> {
    Some(match action.parse().ok()? {
        Action::OrgCreated => "made the org",
        Action::OrgEdited => "edited the org",
        Action::OrgSuspended => "suspended the org",
        Action::OrgResumed => "let the org go on",
        Action::MeshCreated => "made a mesh",
        Action::MeshEdited => "edited a mesh",
        Action::MeshArchived => "archived a mesh",
        Action::MeshUnarchived => "took a mesh out of the archive",
        Action::TopicCreated => "made a topic",
        Action::TopicEdited => "edited a topic",
        Action::TopicArchived => "archived a topic",
        Action::TopicUnarchived => "took a topic out of the archive",
        Action::KeyIssued => "issued a key",
        Action::KeyEdited => "edited a key",
        Action::KeyRotated => "rotated a key",
        Action::KeyRotationFinished => "ended the overlap of a rotation",
        Action::KeyDisabled => "disabled a key",
        Action::KeyEnabled => "enabled a key",
        Action::KeyRevoked => "revoked a key",
        Action::CapabilityDeclared => "declared a capability",
        Action::CapabilityEdited => "edited a capability",
        Action::CapabilityRetired => "retired a capability",
        Action::GateCreated => "made a gate",
        Action::GateEdited => "edited a gate",
        Action::GateDeleted => "deleted a gate",
        Action::MemberAdded => "added a member",
        Action::MemberEdited => "changed the roles of a member",
        Action::MemberRemoved => "removed a member",
        Action::UserPasswordReset => "let a password be set anew",
        Action::UserSuspended => "suspended a person",
        Action::UserResumed => "let a person go on",
        Action::InvitationCreated => "invited somebody",
        Action::InvitationResent => "sent an invitation again",
        Action::InvitationWithdrawn => "withdrew an invitation",
        Action::InvitationAccepted => "accepted an invitation",
        Action::UserPasswordChanged => "changed the own password",
        Action::UserSecondFactorOn => "turned a second factor on",
        Action::UserSecondFactorOff => "turned the second factor off",
        Action::UserRecoveryCodesRenewed => "made new recovery codes",
        Action::UserPasskeyAdded => "added a passkey",
        Action::UserPasskeyRemoved => "removed a passkey",
        Action::UserIdentityAdded => "tied a provider's account",
        Action::UserIdentityRemoved => "untied a provider's account",
        Action::PolicyChanged => "changed a policy",
        Action::WebhookCreated => "named a webhook",
        Action::WebhookEdited => "changed the webhook",
        Action::WebhookRemoved => "removed the webhook",
        Action::AuditExported => "took events along",
        Action::AuditRetained => "archived old events, and took them away",
    })
}

/// Who did it, where that is nobody in particular.
pub(super) fn actor(kind: &str) -> &str {
    match kind {
        "local" => "Local command line",
        "system" => "Meshkey itself",
        other => other,
    }
}

/// A number with thin gaps between its thousands.
pub(super) fn number(number: i64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_has_no_words_and_numbers_are_readable() {
        assert_eq!(done("key.issued"), Some("issued a key"));
        assert_eq!(done("key.lent"), None);
        assert_eq!(
            [number(0), number(999), number(1_203), number(41_239)],
            ["0", "999", "1\u{202f}203", "41\u{202f}239"]
        );
    }
}
