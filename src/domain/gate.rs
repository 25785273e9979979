//! Gates: how a request that a gateway tells of is turned into what the key of its client must be enough for. Nothing is
//! guessed: a request for which the gate has no rule is not let through.

use std::{collections::BTreeMap, fmt, marker::PhantomData, str::FromStr};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor},
};
use thiserror::Error;
use time::OffsetDateTime;

use super::{
    capability::Capability,
    id::{GateId, MeshId, OrgId},
    name::{Description, Slug},
    path::CanonicalPath,
    suggest,
    topic::TopicName,
};

/// How many gates an org may have.
pub const MOST_GATES: i64 = 100;

/// A stored rule by which forward-auth judges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gate {
    /// Which one: what the gateway's configuration names.
    pub id: GateId,
    /// Whose it is. Keys of another org do not pass.
    pub org: OrgId,
    /// Where what passes it acts.
    pub mesh: MeshId,
    /// How it is called; unique in its org.
    pub name: Slug,
    /// What it stands before.
    pub description: Description,
    /// What each method demands.
    pub methods: Methods,
    /// On which topic; none, where what stands behind belongs to no topic.
    pub topic: Option<TopicFrom>,
    /// Whether the gateway can pass on that too much was asked for; if not, it is told 403.
    pub deny_429: bool,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// How often it was changed; the source of its `ETag`.
    pub version: i64,
}

/// What a gate has no rule for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unruled {
    /// It does not name the method.
    Method,
    /// Where it takes the topic from, there is no topic's name.
    Topic,
}

impl Gate {
    /// What a key must be enough for, so that this request of it passes.
    pub fn demands(&self, method: &str, path: CanonicalPath<'_>) -> Result<(Capability, Option<TopicName>), Unruled> {
        let capability = self.methods.demanded(method).ok_or(Unruled::Method)?;
        let topic = self.topic.as_ref().map(|from| from.of(path).ok_or(Unruled::Topic)).transpose()?;
        Ok((capability.clone(), topic))
    }
}

/// A method as a gate names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each name is its own explanation")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
    /// Every one that the gate does not name.
    Other,
}

impl Method {
    /// All that a gate can name.
    pub const ALL: [Self; 8] =
        [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete, Self::Options, Self::Other];

    /// The one spelling used on the wire and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Other => "*",
        }
    }
}

/// The text names no method.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown method '{0}'{hint}; known: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, and * for every other", hint = suggest::hint(.0, Method::ALL.map(Method::name)))]
pub struct UnknownMethod(String);

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|method| method.name() == name);
        known.ok_or_else(|| UnknownMethod(name.chars().take(64).collect()))
    }
}

impl Serialize for Method {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(de::Error::custom)
    }
}

/// Something for each of some methods. A method that is named twice is refused: which of the two was meant is not guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByMethod<T>(pub BTreeMap<Method, T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByMethod<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = ByMethod<T>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object with methods for its members")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                let mut all = BTreeMap::new();
                while let Some((method, value)) = members.next_entry::<Method, T>()? {
                    if all.insert(method, value).is_some() {
                        return Err(de::Error::custom(format!("{} is there twice", method.name())));
                    }
                }
                Ok(ByMethod(all))
            }
        }

        input.deserialize_map(Members(PhantomData))
    }
}

/// What is to become of the methods of a gate: a capability, or nothing any more.
pub type MethodChanges = ByMethod<Option<Capability>>;

/// What each method demands. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Methods(BTreeMap<Method, Capability>);

/// A gate that lets nothing through is a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("name at least one method and what it demands, as in {{\"GET\": \"read\"}}")]
pub struct NoMethod;

impl Methods {
    /// These.
    pub fn new(methods: BTreeMap<Method, Capability>) -> Result<Self, NoMethod> {
        if methods.is_empty() { Err(NoMethod) } else { Ok(Self(methods)) }
    }

    /// The same with these changes.
    pub fn edited(&self, changes: &MethodChanges) -> Result<Self, NoMethod> {
        let mut methods = self.0.clone();
        for (method, capability) in &changes.0 {
            match capability {
                Some(capability) => methods.insert(*method, capability.clone()),
                None => methods.remove(method),
            };
        }
        Self::new(methods)
    }

    /// Everything that is demanded.
    pub fn capabilities(&self) -> impl Iterator<Item = &Capability> {
        self.0.values()
    }

    /// What a request of this method must be enough for. Whoever may GET may HEAD, unless the gate says otherwise.
    ///
    /// A method in other letters than capitals is none: a service behind might take `get` for `GET`, where we took it for one
    /// of the others.
    #[must_use]
    pub fn demanded(&self, method: &str) -> Option<&Capability> {
        let is_method =
            (1..=32).contains(&method.len()) && method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
        let named = method.parse::<Method>().ok().filter(|_| is_method);
        let own = named.and_then(|method| self.0.get(&method));
        let as_get = || self.0.get(&Method::Get).filter(|_| named == Some(Method::Head));
        let as_other = || self.0.get(&Method::Other).filter(|_| is_method);
        own.or_else(as_get).or_else(as_other)
    }
}

impl<'de> Deserialize<'de> for Methods {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Self::new(ByMethod::deserialize(input)?.0).map_err(de::Error::custom)
    }
}

/// Where the topic comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "SaidTopic")]
pub enum TopicFrom {
    /// It is always this one.
    Fixed(TopicName),
    /// It is the segment of the path of that number.
    Segment(Segment),
}

/// The number of a segment of a path: 1 to 32, the first is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64")]
pub struct Segment(u8);

/// The number is none of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a segment of the path has a number from 1, which is the first, to 32")]
pub struct MalformedSegment;

impl TryFrom<i64> for Segment {
    type Error = MalformedSegment;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        u8::try_from(number).ok().filter(|number| (1..=32).contains(number)).map(Self).ok_or(MalformedSegment)
    }
}

impl Segment {
    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// A topic's origin as it is said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidTopic {
    fixed: Option<TopicName>,
    segment: Option<Segment>,
}

/// It is to come from nowhere, or from two places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("say one of the two: {{\"fixed\": \"deploys\"}} or {{\"segment\": 2}}; null for no topic")]
struct NotOneOrigin;

impl TryFrom<SaidTopic> for TopicFrom {
    type Error = NotOneOrigin;

    fn try_from(said: SaidTopic) -> Result<Self, Self::Error> {
        match said {
            SaidTopic { fixed: Some(topic), segment: None } => Ok(Self::Fixed(topic)),
            SaidTopic { fixed: None, segment: Some(number) } => Ok(Self::Segment(number)),
            _ => Err(NotOneOrigin),
        }
    }
}

impl TopicFrom {
    /// The topic of a request for this path. In a path it has no escape, which it does not need, and no leading `#`.
    fn of(&self, path: CanonicalPath<'_>) -> Option<TopicName> {
        match self {
            Self::Fixed(topic) => Some(topic.clone()),
            Self::Segment(number) => {
                let segment = path.segment(number.get())?;
                segment.parse().ok().filter(|topic: &TopicName| topic.as_str() == segment)
            }
        }
    }
}

#[cfg(test)]
mod tests;
