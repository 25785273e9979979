//! The ground floor: what the words mean and which rules hold, as pure types and functions. No async, no clock, no SQL,
//! no HTTP. Everything that decides over access is here, and nothing else is.

pub mod access;
pub mod address;
pub mod audit;
pub mod capability;
pub mod content;
pub mod credential;
pub mod device;
pub mod explain;
pub mod fresh;
pub mod gate;
pub mod grant;
pub mod id;
pub mod impact;
pub mod invitation;
pub mod key;
pub mod member;
pub mod moment;
pub mod name;
pub mod one_time;
pub mod openid;
pub mod owner;
pub mod page;
pub mod passkey;
pub mod password;
pub mod pasted;
pub mod path;
pub mod peer;
pub mod person;
pub mod place;
pub mod policy;
pub mod presented;
pub mod proxies;
pub mod rate;
pub mod request_id;
pub mod rights;
pub mod role;
pub mod rule;
pub mod scope;
#[cfg(feature = "server")]
pub mod second_factor;
pub mod secret;
pub mod session;
pub mod span;
pub mod standing;
pub mod suggest;
pub mod tenant;
pub mod topic;
pub mod tries;
pub mod usage;
pub mod verdict;
#[cfg(feature = "server")]
pub mod webhook;

#[cfg(test)]
pub(crate) mod laws;

pub use address::{AddressList, Network};
pub use capability::{Capability, CapabilitySet};
pub use content::{Author, Content, Message, State};
pub use credential::Credential;
pub use gate::Gate;
pub use grant::{Grant, Requirement, Terms};
pub use id::{
    DeviceLoginId, EventId, GateId, IdentityId, InvitationId, KeyId, MeshId, MessageId, OrgId, PasskeyId, SessionId,
    UserId,
};
pub use key::{Key, Status};
pub use member::Member;
pub use moment::Moment;
pub use name::{Label, Slug, StateName, Title};
pub use one_time::{CodeHash, OneTimeCode};
pub use owner::Owner;
pub use password::{Password, PasswordHash, Typed};
pub use person::{Email, Membership, SignedIn, User};
pub use place::Place;
pub use policy::Policy;
pub use proxies::TrustedProxies;
pub use rate::Rate;
pub use request_id::RequestId;
pub use rights::Rights;
pub use role::Role;
pub use scope::TopicScope;
pub use secret::{Prefix, Secret, SecretHash};
pub use session::{SessionHash, SessionSecret};
pub use span::Span;
pub use tenant::{DeclaredCapability, Mesh, Org, Topic};
pub use topic::{TopicName, TopicPattern};
pub use verdict::Denial;
