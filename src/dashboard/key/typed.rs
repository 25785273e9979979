//! What was typed into the form of an edit: kept as it was typed, and read as a whole, so that everything wrong is said at once.

use std::str::FromStr;

use time::{OffsetDateTime, UtcOffset, macros::format_description};

use super::words;
use crate::{
    dashboard::Form,
    domain::{AddressList, Capability, CapabilitySet, Key, Moment, Span, TopicPattern, TopicScope, pasted::shown},
    service::{
        Fault,
        edit::{Edit, Patch},
    },
};

/// The beginning of the names of the boxes of capabilities.
pub(super) const CAN: &str = "can:";
/// The ends that are offered beside a date, and how they are called.
pub(super) const LIVES: [(&str, &str); 4] =
    [("30d", "In 30 days"), ("90d", "In 90 days"), ("180d", "In 180 days"), ("365d", "In a year")];

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) label: String,
    pub(super) note: String,
    pub(super) can: Vec<String>,
    /// `only` or `all`.
    pub(super) topics: String,
    pub(super) patterns: String,
    /// `keep`, a span, `at` or `never`.
    pub(super) ends: String,
    pub(super) until: String,
    /// `any` or `only`.
    pub(super) from: String,
    pub(super) ranges: String,
    pub(super) rate: String,
}

impl Typed {
    /// A key as it is.
    pub(super) fn of_key(key: &Key) -> Self {
        let (grant, terms) = (&key.terms.grant, &key.terms);
        let listed = |texts: Vec<String>| texts.join("\n");
        let patterns = grant.topics.patterns().unwrap_or_default().iter().map(ToString::to_string).collect();
        let ranges = terms.addresses.ranges().unwrap_or_default().iter().map(ToString::to_string).collect();
        let choice = |is_all: bool, all: &str| if is_all { all.to_owned() } else { "only".to_owned() };
        Self {
            label: key.label.to_string(),
            note: key.note.as_ref().map(ToString::to_string).unwrap_or_default(),
            can: grant.capabilities.iter().map(ToString::to_string).collect(),
            topics: choice(grant.topics.patterns().is_none(), "all"),
            patterns: listed(patterns),
            ends: "keep".to_owned(),
            until: terms.expires_at.map(local).unwrap_or_default(),
            from: choice(terms.addresses.ranges().is_none(), "any"),
            ranges: listed(ranges),
            rate: terms.rate.map(|rate| rate.to_string()).unwrap_or_default(),
        }
    }

    /// What was filled in.
    pub(super) fn of_form(form: &Form) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        Self {
            label: text("label"),
            note: text("note"),
            can: form.ticked(CAN).map(str::to_owned).collect(),
            topics: text("topics"),
            patterns: text("patterns"),
            ends: text("ends"),
            until: text("until"),
            from: text("from"),
            ranges: text("ranges"),
            rate: text("rate"),
        }
    }

    /// The same without texts that hold a key: they are refused, and are shown to nobody.
    pub(super) fn without_keys(&self) -> Self {
        let kept = |text: &str| shown(text).to_owned();
        let (label, note, patterns) = (kept(&self.label), kept(&self.note), kept(&self.patterns));
        Self { label, note, patterns, ranges: kept(&self.ranges), rate: kept(&self.rate), ..self.clone() }
    }

    /// The edit that it means, as far as it means one, and all that is wrong with the rest.
    pub(super) fn read(&self, now: OffsetDateTime) -> (Edit, Vec<Fault>) {
        let mut faults = Vec::new();
        let label = kept(&mut faults, "/label", self.label.parse());
        let note = kept(&mut faults, "/note", self.note.parse());
        let capabilities = kept(&mut faults, "/capabilities", self.capabilities());
        let topics = kept(&mut faults, "/topics", self.scope());
        let expires_at = kept(&mut faults, "/expires_at", self.end(now));
        let addresses = kept(&mut faults, "/addresses", self.addresses());
        let rate = match self.rate.trim() {
            "" => Some(Patch::Clear),
            rate => kept(&mut faults, "/rate", rate.parse()).map(Patch::Set),
        };
        let note = if self.note.trim().is_empty() { Patch::Clear } else { note.map_or(Patch::Keep, Patch::Set) };
        let (expires_at, rate) = (expires_at.unwrap_or_default(), rate.unwrap_or_default());
        (Edit { label, note, capabilities, topics, addresses, expires_at, rate }, faults)
    }

    fn capabilities(&self) -> Result<CapabilitySet, String> {
        let all: Result<Vec<Capability>, _> = self.can.iter().map(|name| name.parse::<Capability>()).collect();
        CapabilitySet::new(all.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
    }

    fn scope(&self) -> Result<TopicScope, String> {
        match self.topics.as_str() {
            "all" => Ok(TopicScope::Everywhere),
            "only" => TopicScope::only(each::<TopicPattern>(&self.patterns)?).map_err(|error| error.to_string()),
            _ => Err("say whether it is to reach these topics alone, or all of them".to_owned()),
        }
    }

    fn addresses(&self) -> Result<AddressList, String> {
        match self.from.as_str() {
            "any" => Ok(AddressList::Anywhere),
            "only" => AddressList::within(each(&self.ranges)?).map_err(|error| error.to_string()),
            _ => Err("say whether it may be used from these addresses alone, or from any".to_owned()),
        }
    }

    fn end(&self, now: OffsetDateTime) -> Result<Patch<OffsetDateTime>, String> {
        match self.ends.as_str() {
            "keep" => Ok(Patch::Keep),
            "never" => Ok(Patch::Clear),
            "at" => moment(&self.until).map(Patch::Set).ok_or_else(|| "give the day and the time, in UTC".to_owned()),
            span => {
                let is_offered = LIVES.iter().any(|(name, _)| *name == span);
                let span = span.parse::<Span>().ok().filter(|_| is_offered);
                span.map(|span| Patch::Set(span.after(now))).ok_or_else(|| "say when it is to end".to_owned())
            }
        }
    }

    /// What differs from a key as it is now, as: which field, what it is now, what was typed.
    pub(super) fn beside(&self, key: &Key) -> Vec<(&'static str, String, String)> {
        let now = Self::of_key(key);
        let end = match self.ends.as_str() {
            "keep" => words::end(key.terms.expires_at),
            "at" => moment(&self.until).map_or_else(|| self.until.clone(), |at| words::end(Some(at))),
            other => other.to_owned(),
        };
        let scope =
            |typed: &Self| if typed.topics == "all" { "all topics".to_owned() } else { listed(&typed.patterns) };
        let from = |typed: &Self| if typed.from == "any" { "any address".to_owned() } else { listed(&typed.ranges) };
        let all = [
            ("Name", now.label.clone(), self.label.clone()),
            ("Note", now.note.clone(), self.note.clone()),
            ("Can do", now.can.join(", "), self.can.join(", ")),
            ("Topics", scope(&now), scope(self)),
            ("Expires", words::end(key.terms.expires_at), end),
            ("From", from(&now), from(self)),
            ("Rate", now.rate.clone(), self.rate.clone()),
        ];
        all.into_iter().filter(|(_, now, typed)| now.trim() != typed.trim()).collect()
    }
}

/// What was read, unless something is wrong with it.
fn kept<T, E: ToString>(faults: &mut Vec<Fault>, pointer: &str, read: Result<T, E>) -> Option<T> {
    read.map_err(|error| faults.push(Fault::at(pointer, error.to_string()))).ok()
}

/// Those of a list that people type: by line, comma or space.
fn each<T: FromStr<Err: ToString>>(text: &str) -> Result<Vec<T>, String> {
    parts(text).map(|part| part.parse().map_err(|error: T::Err| format!("{part}: {}", error.to_string()))).collect()
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| letter == ',' || letter.is_whitespace()).filter(|part| !part.is_empty())
}

fn listed(text: &str) -> String {
    parts(text).collect::<Vec<_>>().join(", ")
}

/// A time as the field of a form has it, in UTC.
pub(super) fn local(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC).format(format_description!("[year]-[month]-[day]T[hour]:[minute]")).unwrap_or_default()
}

fn moment(text: &str) -> Option<OffsetDateTime> {
    let text = text.trim();
    let whole = [format!("{text}:00Z"), format!("{text}Z")];
    whole.iter().find_map(|text| text.parse::<Moment>().ok()).map(Moment::get)
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn typed() -> Typed {
        let text = str::to_owned;
        Typed {
            label: text("ci"),
            note: text(""),
            can: vec![text("send")],
            topics: text("only"),
            patterns: text("#deploys, ci.*\n ops"),
            ends: text("keep"),
            until: text(""),
            from: text("any"),
            ranges: text("not looked at"),
            rate: text(""),
        }
    }

    #[test]
    fn what_was_typed_is_read_as_it_is_meant() {
        let (edit, faults) = typed().read(NOW);
        assert!(faults.is_empty(), "{faults:?}");
        let patterns: Vec<_> = edit.topics.unwrap().patterns().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(patterns, ["deploys", "ci.*", "ops"]);
        assert_eq!((edit.note, edit.expires_at, edit.rate), (Patch::Clear, Patch::Keep, Patch::Clear));
        let end = |ends: &str, until: &str| {
            let (edit, faults) = Typed { ends: ends.to_owned(), until: until.to_owned(), ..typed() }.read(NOW);
            faults.is_empty().then_some(edit.expires_at)
        };
        assert_eq!(end("never", ""), Some(Patch::Clear));
        assert_eq!(end("90d", ""), Some(Patch::Set(NOW + Duration::days(90))));
        assert_eq!(end("at", "2027-02-19T13:05"), Some(Patch::Set(datetime!(2027-02-19 13:05 UTC))));
        assert_eq!(end("at", "2027-02-19T13:05:30"), Some(Patch::Set(datetime!(2027-02-19 13:05:30 UTC))));
        for (ends, until) in [("at", ""), ("at", "tomorrow"), ("7d", ""), ("", "")] {
            assert_eq!(end(ends, until), None, "{ends} {until}");
        }
    }

    // An empty box never means "all".
    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let empty = Typed {
            label: String::new(),
            can: vec![],
            patterns: " ,\n".to_owned(),
            rate: "often".to_owned(),
            ..typed()
        };
        let pointers: Vec<_> = empty.read(NOW).1.into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/label", "/capabilities", "/topics", "/rate"]);
        for topics in ["", "some"] {
            let unsaid = Typed { topics: topics.to_owned(), ..typed() };
            assert_eq!(unsaid.read(NOW).1[0].pointer, "/topics");
        }
        let nowhere = Typed { from: "only".to_owned(), ranges: String::new(), ..typed() };
        assert_eq!(nowhere.read(NOW).1[0].pointer, "/addresses");
    }
}
