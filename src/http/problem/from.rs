//! From what went wrong below to what is said: one table a floor.

use actix_web::http::header;

use super::{InPolicy, Item, Place, Problem};
use crate::{
    db,
    domain::{Denial, invitation::Status, policy::Rule},
    http::{catalogue, rate},
    service::{
        Conflict, Fault, Refusal, Rejection, Why,
        policies::{Breach, Origin},
    },
};

impl From<Denial> for Problem {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::UnknownKey | Denial::Revoked | Denial::Expired | Denial::Disabled | Denial::UserInactive => {
                Self::invalid_token(denial.code())
            }
            Denial::OrgSuspended => Self::of(catalogue::ORG_SUSPENDED),
            Denial::MeshArchived => Self::of(catalogue::MESH_ARCHIVED),
            Denial::AddressNotAllowed => Self::of(catalogue::IP_NOT_ALLOWED),
            Denial::RateLimited(exceeded) => rate::exceeded(exceeded),
            Denial::WrongMesh | Denial::CapabilityMissing(_) | Denial::TopicOutOfScope(_) | Denial::UserNotAllowed => {
                Self::insufficient(&denial)
            }
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        match rejection.why {
            Why::Token(denial) => Self::token(&denial),
            Why::Denied(denial) => denial.into(),
            Why::SignedOut => Self::signed_out(),
            Why::WhichOrg(orgs) => {
                let names: Vec<_> = orgs.iter().map(ToString::to_string).collect();
                Refusal::invalid("org", format!("say for which org: {}", names.join(", "))).into()
            }
            Why::NotFound => Self::of(catalogue::NOT_FOUND),
            Why::Undecided(error) => error.into(),
        }
    }
}

impl From<db::Error> for Problem {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Unavailable(_) | db::Error::Contention => {
                Self::of(catalogue::STORE_UNAVAILABLE).with_header(header::RETRY_AFTER, "1").because(error.to_string())
            }
            other => Self::of(catalogue::INTERNAL).because(with_causes(&other)),
        }
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl From<Conflict> for Problem {
    fn from(conflict: Conflict) -> Self {
        Self::of(match conflict {
            Conflict::AlreadyExists => catalogue::ALREADY_EXISTS,
            Conflict::AlreadyRevoked => catalogue::ALREADY_REVOKED,
            Conflict::KeyExpired => catalogue::KEY_EXPIRED,
            Conflict::AlreadyDisabled => catalogue::ALREADY_DISABLED,
            Conflict::NotDisabled => catalogue::NOT_DISABLED,
            Conflict::AlreadyRotating => catalogue::ALREADY_ROTATING,
            Conflict::NotRotating => catalogue::NOT_ROTATING,
            Conflict::AlreadyArchived => catalogue::ALREADY_ARCHIVED,
            Conflict::NotArchived => catalogue::NOT_ARCHIVED,
            Conflict::TopicArchived => catalogue::TOPIC_ARCHIVED,
            Conflict::KeyLimitReached => catalogue::KEY_LIMIT_REACHED,
            Conflict::CapabilityInUse => catalogue::CAPABILITY_IN_USE,
            Conflict::CapabilityDemanded => {
                let detail = "a gate demands the capability: change or delete that gate first";
                return Self::new(catalogue::CAPABILITY_IN_USE, detail);
            }
            Conflict::GateLimitReached => catalogue::GATE_LIMIT_REACHED,
            Conflict::LastOwner => catalogue::LAST_OWNER,
            Conflict::OwnRole => catalogue::OWN_ROLE,
            Conflict::AlreadyMember => catalogue::ALREADY_MEMBER,
            Conflict::AlreadyInvited(open) => {
                let detail =
                    format!("the invitation {open} is open for this address at this place: withdraw or resend it");
                return Self::new(catalogue::ALREADY_INVITED, detail);
            }
            Conflict::InvitationLimitReached => catalogue::INVITATION_LIMIT_REACHED,
            Conflict::InvitationOver(how) => {
                let detail = match how {
                    Status::Accepted => "the invitation was accepted: who accepted it is a member",
                    Status::Withdrawn => "the invitation was withdrawn: invite anew",
                    Status::Open | Status::Expired => "the invitation has expired: resend it, or invite anew",
                };
                return Self::new(catalogue::INVITATION_OVER, detail);
            }
            Conflict::CapabilityLimitReached => catalogue::CAPABILITY_LIMIT_REACHED,
            // Said by the command line alone.
            Conflict::AlreadySuspended | Conflict::NotSuspended => catalogue::ORG_SUSPENDED,
        })
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::of(catalogue::NOT_FOUND),
            Refusal::NotYours => Self::of(catalogue::UNAUTHORIZED_CLIENT),
            Refusal::Dead => Self::invalid_token("died since it was admitted"),
            Refusal::Denied(denial) => denial.into(),
            Refusal::OwnerOnly(why) => Self::new(catalogue::OWNER_ONLY, why),
            Refusal::SignedOut => Self::signed_out(),
            Refusal::NotFresh => Self::of(catalogue::CONFIRMATION_REQUIRED),
            Refusal::NoPerson => Self::of(catalogue::PERSON_REQUIRED),
            Refusal::Exceeds(faults) => Self::at(catalogue::EXCEEDS_AUTHORITY, items(faults)),
            Refusal::Policy(broken) => {
                let names: Vec<_> = broken.iter().map(|breach| breach.rule.name()).collect();
                Self::at(catalogue::POLICY_REFUSED, breaches(broken)).because(names.join(" "))
            }
            Refusal::Invalid(faults) => Self::input(items(faults)),
            Refusal::Conflict(conflict) => conflict.into(),
            Refusal::AlreadySo(conflict, settled) => Self::from(conflict).settled(&settled),
            Refusal::Unconfirmed(why) => Self::of(catalogue::REVOCATION_UNCONFIRMED)
                .with_header(header::RETRY_AFTER, "1")
                .because(why.to_string()),
            Refusal::Stale => Self::of(catalogue::PRECONDITION_FAILED),
            Refusal::KeyReused => Self::of(catalogue::IDEMPOTENCY_KEY_REUSED),
            Refusal::Cursor(error) => Self::new(catalogue::INVALID_CURSOR, error.to_string()),
            Refusal::TooLong => Self::new(catalogue::STORE_UNAVAILABLE, "it takes longer than a request may")
                .with_header(header::RETRY_AFTER, "60"),
            Refusal::Full => Self::of(catalogue::TOO_MANY_STREAMS).with_header(header::RETRY_AFTER, "5"),
            Refusal::Busy => Self::new(catalogue::STORE_UNAVAILABLE, "too much of this is under way")
                .with_header(header::RETRY_AFTER, "1"),
            Refusal::Store(error) => error.into(),
            Refusal::Randomness(error) => Self::of(catalogue::INTERNAL).because(error.to_string()),
            Refusal::Impossible(why) => Self::of(catalogue::INTERNAL).because(why),
        }
    }
}

/// A fault whose pointer does not begin with a slash stands in the query.
fn items(faults: Vec<Fault>) -> Vec<Item> {
    let place = |pointer: String| {
        let is_in_body = pointer.starts_with('/') || pointer.is_empty();
        if is_in_body { Place::Pointer(format!("#{pointer}")) } else { Place::Parameter(pointer) }
    };
    faults.into_iter().map(|fault| Item::new(fault.detail, Some(place(fault.pointer)))).collect()
}

/// What breaks a rule of a policy, with which rule it is and whose.
fn breaches(breaches: Vec<Breach>) -> Vec<Item> {
    let item = |Breach { rule, origin, pointer, detail }| Item {
        detail,
        place: Some(Place::Pointer(format!("#{pointer}"))),
        policy: Some(InPolicy { rule: Rule::name(rule), from: Origin::name(origin) }),
    };
    breaches.into_iter().map(item).collect()
}
