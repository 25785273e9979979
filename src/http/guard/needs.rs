//! What routes demand, as types.

use std::marker::PhantomData;

use crate::{domain::Capability, service::Reach};

/// Single rights, as types: `may::Send` never shadows `std`'s `Send`.
pub mod may {
    use super::Right;
    use crate::domain::Capability;

    macro_rules! rights {
        ($($name:ident;)+) => {$(
            #[doc = concat!("The capability `", stringify!($name), "`.")]
            #[derive(Debug)]
            pub enum $name {}

            impl Right for $name {
                const CAPABILITY: Capability = Capability::$name;
            }
        )+};
    }

    rights! { Send; Read; StateWrite; Admin; Verify; }
}

/// A single right.
#[diagnostic::on_unimplemented(message = "`{Self}` is no right; see http::guard::may")]
pub trait Right {
    /// The capability.
    const CAPABILITY: Capability;
}

/// What a route demands.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no need; see http::guard: Within, InOrg, InMesh, OnTopic, OwnKeyOr, OneselfOr, AnyKey, Oneself, Uncounted"
)]
pub trait Need {
    /// The capability, if one is demanded.
    const CAPABILITY: Option<Capability>;
    /// How much of the place the grant must reach.
    const REACH: Reach;
    /// Whether the holder of the key that is named may do this to it.
    const OR_OWN: bool = false;
    /// Whether the person who is named may do this to itself.
    const OR_ONESELF: bool = false;
    /// Whether the request counts as a use of the key.
    const COUNTS: bool = true;
    /// Whether it takes a person who is signed in, in the org that the query names.
    const PERSON: bool = false;
}

macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident = $reach:ident $(or $own:ident)?;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<R>(PhantomData<R>);

        impl<R: Right> Need for $name<R> {
            const CAPABILITY: Option<Capability> = Some(R::CAPABILITY);
            const REACH: Reach = Reach::$reach;
            $(const OR_OWN: bool = stringify!($own).len() > 0;)?
        }
    )+};
}

needs! {
    /// The right anywhere in the org; the verb judges the rest, or shows only what the grant covers.
    Within = Within;
    /// The right in the whole org.
    InOrg = Org;
    /// The right in the whole mesh that the path names.
    InMesh = Mesh;
    /// The right on the topic that the path names.
    OnTopic = Topic;
    /// The right anywhere in the org, or to be the holder of the very key that the path names.
    OwnKeyOr = Within or own;
}

/// The right in the whole org, or to be the person that the path names.
#[derive(Debug)]
pub struct OneselfOr<R>(PhantomData<R>);

impl<R: Right> Need for OneselfOr<R> {
    const CAPABILITY: Option<Capability> = Some(R::CAPABILITY);
    const REACH: Reach = Reach::Org;
    const OR_ONESELF: bool = true;
}

/// Any live key.
#[derive(Debug)]
pub struct AnyKey;

impl Need for AnyKey {
    const CAPABILITY: Option<Capability> = None;
    const REACH: Reach = Reach::Within;
}

/// A person who is signed in, about itself. The org is named by the query, or is the only one that the person is in.
#[derive(Debug)]
pub struct Oneself;

impl Need for Oneself {
    const CAPABILITY: Option<Capability> = None;
    const REACH: Reach = Reach::Within;
    const PERSON: bool = true;
}

/// The same, by a request that does not count as a use of the key.
#[derive(Debug)]
pub struct Uncounted<N>(PhantomData<N>);

impl<N: Need> Need for Uncounted<N> {
    const CAPABILITY: Option<Capability> = N::CAPABILITY;
    const REACH: Reach = N::REACH;
    const OR_OWN: bool = N::OR_OWN;
    const OR_ONESELF: bool = N::OR_ONESELF;
    const COUNTS: bool = false;
    const PERSON: bool = N::PERSON;
}
