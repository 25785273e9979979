//! Typed, sortable ids: a prefix that names the kind and a `UUIDv7` in lower-case Crockford base32, the `TypeID` form
//! (<https://github.com/jetify-com/typeid>). An id says when it was made and is never a secret.

use std::{fmt, str::FromStr};

use thiserror::Error;
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS: usize = 26;

/// The text is no id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected an id of the form {0}_ and 26 characters of 0-9 a-z without i l o u")]
pub struct MalformedId(&'static str);

fn encode(value: u128) -> [u8; DIGITS] {
    std::array::from_fn(|place| ALPHABET[(value >> ((DIGITS - 1 - place) * 5)) as usize & 31])
}

fn decode(text: &str) -> Option<u128> {
    // 26 digits hold 130 bits: a first digit above 7 would overflow.
    if text.len() != DIGITS || text.as_bytes()[0] > b'7' {
        return None;
    }
    text.bytes().try_fold(0_u128, |value, digit| {
        let place = ALPHABET.iter().position(|known| *known == digit)?;
        Some(value << 5 | place as u128)
    })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The text before the underscore.
            pub const PREFIX: &'static str = $prefix;
            const LENGTH: usize = $prefix.len() + 1 + DIGITS;

            /// Its text, written there: nearly every answer has some of them.
            fn spelled(self, room: &mut [u8; Self::LENGTH]) -> &str {
                let (kind, digits) = room.split_at_mut($prefix.len() + 1);
                kind.copy_from_slice(concat!($prefix, "_").as_bytes());
                digits.copy_from_slice(&encode(self.0.as_u128()));
                std::str::from_utf8(room).unwrap_or_default()
            }

            /// A new id: the current time and 74 random bits (RFC 9562, version 7).
            #[must_use]
            #[expect(clippy::new_without_default, reason = "each call gives another id, which no default does")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// What the database holds.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.spelled(&mut [0; Self::LENGTH]))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, out)
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.strip_prefix(Self::PREFIX)
                    .and_then(|rest| rest.strip_prefix('_'))
                    .and_then(decode)
                    .map(|value| Self(Uuid::from_u128(value)))
                    .ok_or(MalformedId(Self::PREFIX))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.serialize_str(self.spelled(&mut [0; Self::LENGTH]))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                let text = String::deserialize(input)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A tenant.
    OrgId = "org";
    /// A workspace of an org.
    MeshId = "mesh";
    /// A key: the record, not its secret. Survives rotation.
    KeyId = "key";
    /// A message of a topic.
    MessageId = "msg";
    /// An event of the audit.
    EventId = "evt";
    /// A gate: what a gateway's configuration names.
    GateId = "gate";
    /// A person.
    UserId = "user";
    /// Where a person is signed in.
    SessionId = "sess";
    /// An invitation to an org or a mesh.
    InvitationId = "inv";
    /// A passkey of a person.
    PasskeyId = "passkey";
    /// A login of a terminal that waits for its person.
    DeviceLoginId = "login";
    /// By whom a person is named: a provider, and whom it means.
    IdentityId = "idn";
}

/// The fewest characters that an [`IdPrefix`] has: fewer would say too little of which key is meant (L-5).
pub const LEAST_OF_A_PREFIX: usize = 8;

/// The same where what begins so is only looked for.
const LEAST_SHOWN: usize = 6;

/// The text is no beginning of a key's id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "expected a key's id or its beginning: key_ and at least {LEAST_OF_A_PREFIX} characters of 0-9 a-z without i l o u"
)]
pub struct MalformedPrefix;

/// The beginning of a key's id, with or without `key_`: all ids that begin so lie between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct IdPrefix {
    /// The first that begins so.
    pub first: KeyId,
    /// The last that begins so.
    pub last: KeyId,
}

impl FromStr for IdPrefix {
    type Err = MalformedPrefix;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix(KeyId::PREFIX).and_then(|rest| rest.strip_prefix('_')).unwrap_or(text);
        if !(LEAST_OF_A_PREFIX..=DIGITS).contains(&digits.len()) {
            return Err(MalformedPrefix);
        }
        Self::of(digits)
    }
}

impl IdPrefix {
    /// What a page shows of an id, or more of it: all ids that begin so are looked for, and none is taken for the one that is meant.
    /// With `key_`, without which it may be a word.
    #[must_use]
    pub fn shown(text: &str) -> Option<Self> {
        let digits = text.strip_suffix('…').unwrap_or(text).strip_prefix(KeyId::PREFIX)?.strip_prefix('_')?;
        (LEAST_SHOWN..=DIGITS).contains(&digits.len()).then(|| Self::of(digits).ok())?
    }

    fn of(digits: &str) -> Result<Self, MalformedPrefix> {
        let filled = |digit: &str| {
            let text = format!("{digits}{}", digit.repeat(DIGITS - digits.len()));
            decode(&text).map(|value| KeyId(Uuid::from_u128(value))).ok_or(MalformedPrefix)
        };
        Ok(Self { first: filled("0")?, last: filled("z")? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_vectors_of_the_typeid_specification_hold() {
        let vectors = [
            ("00000000000000000000000000", 0),
            ("00000000000000000000000001", 1),
            ("0000000000000000000000000z", 31),
            ("00000000000000000000000010", 32),
            ("7zzzzzzzzzzzzzzzzzzzzzzzzz", u128::MAX),
            ("01h455vb4pex5vsknk084sn02q", 0x0189_0a5d_ac96_774b_bcce_b302_099a_8057),
        ];
        for (text, value) in vectors {
            assert_eq!((str::from_utf8(&encode(value)), decode(text)), (Ok(text), Some(value)));
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let good = KeyId::new().to_string();
        let bad = [
            String::new(),
            good.replace("key_", "org_"),
            good.replace('_', ""),
            good.to_uppercase(),
            format!("{good}0"),
            good[..good.len() - 1].to_owned(),
            "key_8zzzzzzzzzzzzzzzzzzzzzzzzz".to_owned(),
            "key_0000000000000000000000000l".to_owned(),
            "key_é0000000000000000000000000".to_owned(),
        ];
        for text in bad {
            assert_eq!(text.parse::<KeyId>(), Err(MalformedId("key")), "{text}");
        }
    }

    #[test]
    fn what_is_no_beginning_of_an_id_is_refused() {
        let good = KeyId::new().to_string();
        assert!(good.parse::<IdPrefix>().is_ok());
        let bad = [
            "",
            "key_",
            &good[..11],
            &good[4..11],
            &format!("{good}0"),
            "org_01h455vb",
            "key_8zzzzzzz",
            "01H455VB",
            "01h455v-",
        ];
        for text in bad {
            assert_eq!(text.parse::<IdPrefix>(), Err(MalformedPrefix), "{text}");
        }
        let shown = |text: &str| IdPrefix::shown(text).is_some();
        assert!(shown(&good[..10]) && shown(&format!("{}…", &good[..14])) && shown(&good));
        assert!(!shown(&good[..9]) && !shown(&good[4..14]) && !shown("key_backup") && !shown("key_deploys"));
    }

    proptest! {
        #[test]
        fn parse_and_print_are_inverse(value: u128) {
            let id = MeshId::from(Uuid::from_u128(value));
            prop_assert_eq!(id.to_string().parse::<MeshId>(), Ok(id));
        }

        #[test]
        fn the_ids_between_the_ends_of_a_prefix_are_those_that_begin_so(id: u128, other: u128, near: u16, length in 8_usize..=26) {
            let text = |value: u128| KeyId::from(Uuid::from_u128(value)).to_string();
            let beginning = text(id)[..4 + length].to_owned();
            let prefix: IdPrefix = beginning.parse().unwrap();
            prop_assert_eq!(Ok(prefix), beginning[4..].parse());
            for other in [id, other, id ^ u128::from(near), id ^ (u128::from(near) << 80)] {
                let lies_between = (prefix.first..=prefix.last).contains(&KeyId::from(Uuid::from_u128(other)));
                prop_assert_eq!(lies_between, text(other).starts_with(&beginning));
            }
        }

        #[test]
        fn text_sorts_as_the_uuid_does(one: u128, other: u128) {
            prop_assert_eq!(encode(one).cmp(&encode(other)), one.cmp(&other));
        }
    }
}
