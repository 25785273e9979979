//! Rules in words.

use crate::domain::{
    Policy, Span,
    policy::{Issuers, Rule, Says},
};

/// What a rule is called, and what it means.
pub(super) const fn about(rule: Rule) -> (&'static str, &'static str) {
    match rule {
        Rule::LongestLife => {
            ("Longest life", "A key ends at most so long after it is issued, such as 90d. Empty: no limit.")
        }
        Rule::DefaultLife => {
            ("Life where nothing is said", "Such as 30d. Empty: 90d, or less where the longest life is shorter.")
        }
        Rule::ExpiryRequired => ("Every key ends", "A key that never ends is refused."),
        Rule::TopicsRequired => ("Every key names its topics", "A key for all topics is refused."),
        Rule::AdminKeysBy => (
            "Who issues keys with admin",
            "A key with admin manages keys and topics; one of the whole org its members too.",
        ),
        Rule::OrgKeysBy => ("Who issues keys of the whole org", "Such a key works in every mesh, and in new ones."),
        Rule::LongestOverlap => (
            "Longest overlap of a rotation",
            "How long a replaced secret goes on at most, such as 24h. Empty: 7d. 0s: not at all.",
        ),
        Rule::AdminAddressesRequired => ("Keys with admin name their addresses", "Such a key works from nowhere else."),
        Rule::NoteRequired => ("Every key has a note", "The note says where the key is kept."),
        Rule::DisableUnusedAfter => {
            ("Disable keys that nobody uses", "After so long without a use, such as 90d. Empty: never.")
        }
        Rule::ConfirmationRequired => {
            ("People confirm that it is them", "Before they issue any key, unless they did within the last 15 minutes.")
        }
    }
}

/// What a key does that breaks a rule.
pub(in crate::dashboard) const fn broken(rule: Rule) -> &'static str {
    match rule {
        Rule::LongestLife => "ends too late, or never",
        Rule::ExpiryRequired => "never ends",
        Rule::TopicsRequired => "is for all topics",
        Rule::AdminAddressesRequired => "has admin, and works from anywhere",
        Rule::NoteRequired => "has no note",
        Rule::DisableUnusedAfter => "was not used for so long that it is about to be disabled",
        Rule::DefaultLife | Rule::AdminKeysBy | Rule::OrgKeysBy | Rule::LongestOverlap | Rule::ConfirmationRequired => {
            "does not comply"
        }
    }
}

/// Who issues something.
pub(super) const fn issuers(issuers: Issuers) -> &'static str {
    match issuers {
        Issuers::Anyone => "People and keys",
        Issuers::People => "People who are signed in",
        Issuers::Owners => "Owners who are signed in",
        Issuers::Nobody => "Nobody",
    }
}

/// What a policy says by a rule, as it stands in a field; nothing where it is off.
pub(super) fn value(policy: &Policy, rule: Rule) -> String {
    let span = |span: Option<Span>| span.map_or_else(String::new, |span| span.to_string());
    let flag = |flag: bool| if flag { "on".to_owned() } else { String::new() };
    match rule {
        Rule::LongestLife => span(policy.longest_life),
        Rule::DefaultLife => span(policy.default_life),
        Rule::ExpiryRequired => flag(policy.expiry_required),
        Rule::TopicsRequired => flag(policy.topics_required),
        Rule::AdminKeysBy => policy.admin_keys_by.name().to_owned(),
        Rule::OrgKeysBy => policy.org_keys_by.name().to_owned(),
        Rule::LongestOverlap => span(policy.longest_overlap),
        Rule::AdminAddressesRequired => flag(policy.admin_addresses_required),
        Rule::NoteRequired => flag(policy.note_required),
        Rule::DisableUnusedAfter => span(policy.disable_unused_after),
        Rule::ConfirmationRequired => flag(policy.confirmation_required),
    }
}

/// The same for a reader.
pub(super) fn said(policy: &Policy, rule: Rule) -> String {
    let value = value(policy, rule);
    match rule.says() {
        Says::Issuers => value.parse().map_or(value, |who| issuers(who).to_owned()),
        Says::Flag if value.is_empty() => "no".to_owned(),
        Says::Flag => "yes".to_owned(),
        // What holds, and not what is written: a default is never more than what may be at most.
        Says::Span => match (rule, value.parse::<Span>()) {
            (Rule::DefaultLife, _) => policy.life_unsaid().in_words(),
            (_, Ok(span)) if span.as_seconds() == 0 => "not at all".to_owned(),
            (_, Ok(span)) => span.in_words(),
            (Rule::LongestOverlap, Err(_)) => Span::days(7).in_words(),
            (_, Err(_)) => "no limit".to_owned(),
        },
    }
}

/// Whose policy it is by which a rule holds.
pub(super) fn origin(org: &Policy, in_force: &Policy, rule: Rule) -> &'static str {
    if org.looser_than(in_force).contains(&rule) {
        "set by the mesh"
    } else if value(org, rule) == value(&Policy::default(), rule) {
        "where nothing is set"
    } else {
        "set by the org"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_whose_rule_holds() {
        let life = |days| Policy { longest_life: Some(Span::days(days)), ..Policy::default() };
        let holds = |org: Policy, mesh: &Policy| {
            let in_force = org.tightened_by(mesh);
            (said(&in_force, Rule::LongestLife), origin(&org, &in_force, Rule::LongestLife))
        };
        assert_eq!(holds(life(90), &life(30)), ("30 days".to_owned(), "set by the mesh"));
        assert_eq!(holds(life(30), &life(90)), ("30 days".to_owned(), "set by the org"));
        assert_eq!(holds(life(30), &Policy::default()), ("30 days".to_owned(), "set by the org"));
        let unsaid = Policy { longest_life: Some(Span::days(45)), ..Policy::default() };
        assert_eq!(said(&unsaid, Rule::DefaultLife), "45 days");
        let nobodys = holds(Policy::default(), &Policy::default());
        assert_eq!(nobodys, ("no limit".to_owned(), "where nothing is set"));
    }
}
