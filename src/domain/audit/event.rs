//! Events as they are written down: what is stored, listed, exported and proved.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use super::{Actor, ActorId, ChainHash, Change, Trail};
use crate::domain::{EventId, MeshId, OrgId};

/// Who did it, as it was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct By {
    /// What kind of actor.
    pub kind: String,
    /// Which key or person, where it was one.
    pub id: Option<ActorId>,
}

/// What it was done to, as it was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// What kind of thing.
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// A change in its place in the chain of its org. Its words are texts and not our own types: what a newer version has
/// written down is no less true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Which one.
    pub id: EventId,
    /// Its place, counted from 1 without a gap.
    pub seq: i64,
    /// Whose chain.
    pub org: OrgId,
    /// When, by the clock of the database.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who.
    pub actor: By,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: About,
    /// In which mesh, where it lies in one.
    pub mesh: Option<MeshId>,
    /// What changed, as it was.
    pub before: Option<Value>,
    /// What changed, as it is now.
    pub after: Option<Value>,
    /// The request.
    pub request_id: Option<String>,
    /// Where it came from.
    pub address: Option<IpAddr>,
    /// The hash of the chain up to here.
    pub hash: ChainHash,
}

/// The text is no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedEvent {
    /// It means nothing.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// It means an event, but Meshkey would have written it otherwise.
    #[error("it is not written as Meshkey writes it")]
    Rewritten,
}

impl Event {
    /// The event of a change at this place, behind a chain that ends with `behind`; with its canonical bytes.
    #[must_use]
    pub fn of(
        (org, seq, at): (OrgId, i64, OffsetDateTime),
        actor: Actor,
        trail: &Trail,
        change: Change,
        behind: ChainHash,
    ) -> (Self, Vec<u8>) {
        let mut event = Self {
            id: EventId::new(),
            seq,
            org,
            at,
            actor: By { kind: actor.kind().to_owned(), id: actor.id() },
            action: change.action.name().to_owned(),
            subject: About { kind: change.subject.kind.to_owned(), id: change.subject.id },
            mesh: change.mesh,
            before: change.before,
            after: change.after,
            request_id: trail.request_id.as_ref().map(ToString::to_string),
            address: trail.address,
            hash: ChainHash::START,
        };
        let canonical = event.canonical();
        event.hash = behind.then(&canonical);
        (event, canonical)
    }

    /// Every member but the hash as one line of JSON, with the members of each object in alphabetical order: what the hash
    /// covers.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut all = serde_json::to_value(self).unwrap_or_default();
        if let Some(members) = all.as_object_mut() {
            members.remove("hash");
        }
        all.to_string().into_bytes()
    }

    /// The event as a line of an export, without the end of the line.
    #[must_use]
    pub fn line(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a line of an export. To the byte: what was written otherwise was not written by us.
    pub fn from_line(line: &[u8]) -> Result<Self, MalformedEvent> {
        let event: Self =
            serde_json::from_slice(line).map_err(|error| MalformedEvent::Unreadable(error.to_string()))?;
        if event.line() == line { Ok(event) } else { Err(MalformedEvent::Rewritten) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    fn event() -> Event {
        serde_json::from_value(json!({
            "id": "evt_01m7xpx2j0efct6h2vpcbkhxys", "seq": 2, "org": "org_01m80bgr93ezxbnvpwbrdt5g2k",
            "at": "2026-11-21T23:31:00.123456Z", "actor": { "kind": "local", "id": null }, "action": "org.edited",
            "subject": { "kind": "org", "id": "org_01m80bgr93ezxbnvpwbrdt5g2k" }, "mesh": null,
            "before": { "name": "é\u{1F600}\"\\\u{7f}\u{2028}" }, "after": { "z": { "b": 1, "a": [null, true] }, "name": "" },
            "request_id": "req_x", "address": "::1", "hash": ChainHash::START.hex(),
        }))
        .unwrap()
    }

    #[test]
    fn the_bytes_that_the_hash_covers_never_change() {
        // What is in the chains of installations was made of these: another form would break all of them.
        let canonical = event().canonical();
        let expected = concat!(
            r#"{"action":"org.edited","actor":{"id":null,"kind":"local"},"address":"::1","#,
            r#""after":{"name":"","z":{"a":[null,true],"b":1}},"at":"2026-11-21T23:31:00.123456Z","#,
            "\"before\":{\"name\":\"é\u{1F600}\\\"\\\\\u{7f}\u{2028}\"},",
            r#""id":"evt_01m7xpx2j0efct6h2vpcbkhxys","mesh":null,"org":"org_01m80bgr93ezxbnvpwbrdt5g2k","#,
            r#""request_id":"req_x","seq":2,"subject":{"id":"org_01m80bgr93ezxbnvpwbrdt5g2k","kind":"org"}}"#,
        );
        assert_eq!(String::from_utf8(canonical.clone()).unwrap(), expected);
        let hash = "4a7040d80f5e8bc79feba382df2f7e0126b1e774a38a8266bc881ca973d199e0";
        assert_eq!(ChainHash::START.then(&canonical).hex(), hash);
    }

    #[test]
    fn times_are_written_as_exactly_as_they_are() {
        for (at, text) in [
            (datetime!(2026-11-21 23:31:00 UTC), "2026-11-21T23:31:00Z"),
            (datetime!(2026-11-21 23:31:00.1 UTC), "2026-11-21T23:31:00.1Z"),
        ] {
            let canonical = Event { at, ..event() }.canonical();
            assert!(String::from_utf8(canonical).unwrap().contains(&format!(r#""at":"{text}""#)));
        }
    }

    #[test]
    fn a_line_is_read_as_it_was_written_and_in_no_other_way() {
        let line = String::from_utf8(event().line()).unwrap();
        assert_eq!(Event::from_line(line.as_bytes()), Ok(event()));
        for other in [
            line.replacen(',', ", ", 1),
            line.replacen(r#""name":"""#, r#""name":"x","name":"""#, 1),
            line.replacen("23:31:00.123456Z", "23:31:00.123456+00:00", 1),
            line.replacen("é", r"\u00e9", 1),
        ] {
            assert_ne!(other, line);
            assert_eq!(Event::from_line(other.as_bytes()), Err(MalformedEvent::Rewritten), "{other}");
        }
        for other in
            ["", "{}", "null", &line[1..], &line[..line.len() - 1], &line.replacen("\"seq\":2", "\"seq\":\"2\"", 1)]
        {
            assert!(matches!(Event::from_line(other.as_bytes()), Err(MalformedEvent::Unreadable(_))), "{other}");
        }
    }
}
