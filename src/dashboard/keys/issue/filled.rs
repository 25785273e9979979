//! What is filled in, be it by a link, by a template or by hand; and the wish that it comes to, or what is wrong with it.

use time::{Date, OffsetDateTime, format_description::well_known::Iso8601};

use crate::{
    dashboard::{Form, parts::times::end_of_day},
    domain::{
        AddressList, Capability, CapabilitySet, Network, Rate, Span, TopicPattern, TopicScope, UserId, name::Note,
        pasted::shown, scope::MalformedScope,
    },
    service::{
        edit::Patch,
        ground::{Ground, WHOLE},
        issue::{Ends, Wish},
    },
};

/// What is filled in.
#[derive(Debug, Clone, Default)]
pub(super) struct Filled {
    /// Whether the key is to be the person's own.
    pub(super) is_own: bool,
    pub(super) name: String,
    pub(super) note: String,
    /// A mesh by slug or id, the whole org, or nothing yet.
    pub(super) mesh: String,
    /// Names of capabilities.
    pub(super) can: Vec<String>,
    /// `all` or `only`.
    pub(super) topics: String,
    pub(super) names: String,
    /// A span, `on` a date, or `never`.
    pub(super) expires: String,
    pub(super) until: String,
    pub(super) addresses: String,
    pub(super) rate: String,
    pub(super) user: String,
    /// The name of the template that it was begun with.
    pub(super) begun: String,
}

/// Something wrong with what is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The id of the field, or of the group of fields.
    pub(super) field: &'static str,
    /// What.
    pub(super) words: String,
}

impl Wrong {
    pub(super) fn at(field: &'static str, words: impl Into<String>) -> Self {
        Self { field, words: words.into() }
    }
}

/// The field for a place in the body of the API.
pub(super) fn field_of(pointer: &str) -> &'static str {
    let first = pointer.trim_start_matches(['#', '/']).split('/').next().unwrap_or_default();
    match first {
        "label" => "name",
        "note" => "note",
        "mesh" => "mesh",
        "capabilities" => "capabilities",
        "topics" => "topics",
        "expires_at" => "ends",
        "addresses" => "addresses",
        "rate" => "rate",
        "user" => "user",
        _ => "",
    }
}

impl Filled {
    /// As it was sent.
    pub(super) fn sent(form: &Form) -> Self {
        let text = |name: &str| form.text(name).trim().to_owned();
        Self {
            is_own: form.text("for") == "me",
            name: text("name"),
            note: text("note"),
            mesh: text("mesh"),
            can: form.ticked("can:").map(str::to_owned).collect(),
            topics: text("topics"),
            names: text("names"),
            expires: text("expires"),
            until: text("until"),
            addresses: text("addresses"),
            rate: text("rate"),
            user: text("user"),
            begun: text("begun"),
        }
    }

    /// The same without texts that hold a key: they are refused, and are shown to nobody.
    pub(super) fn without_keys(&self) -> Self {
        let kept = |text: &str| shown(text).to_owned();
        let (name, note, names) = (kept(&self.name), kept(&self.note), kept(&self.names));
        Self { name, note, names, rate: kept(&self.rate), addresses: kept(&self.addresses), ..self.clone() }
    }

    /// Whether this capability is ticked.
    pub(super) fn can(&self, capability: &Capability) -> bool {
        self.can.iter().any(|name| name == capability.name())
    }

    /// What it is to act for, if that is said.
    pub(super) fn place(&self) -> Option<&str> {
        Some(self.mesh.as_str()).filter(|mesh| !mesh.is_empty())
    }

    /// What is ticked, if anything is.
    pub(super) fn capabilities(&self) -> Result<CapabilitySet, String> {
        let all: Result<Vec<Capability>, _> = self.can.iter().map(|name| name.parse::<Capability>()).collect();
        let all = all.map_err(|error| error.to_string())?;
        CapabilitySet::new(all).map_err(|_| "Choose what the key may do".to_owned())
    }

    /// The words in the field for topics.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        words(&self.names)
    }

    /// On which topics.
    pub(super) fn scope(&self) -> Result<TopicScope, String> {
        match self.topics.as_str() {
            "all" => return Ok(TopicScope::Everywhere),
            "only" => {}
            _ => return Err("Choose on which topics: only these, or all of them".to_owned()),
        }
        let patterns =
            self.words().map(|word| word.parse::<TopicPattern>().map_err(|error| format!("'{word}': {error}")));
        TopicScope::only(patterns.collect::<Result<Vec<_>, _>>()?).map_err(|error| match error {
            MalformedScope::Empty => "Name at least one topic, or choose all of them".to_owned(),
            MalformedScope::TooMany => error.to_string(),
        })
    }

    /// Until when.
    pub(super) fn ends(&self, now: OffsetDateTime) -> Result<Ends, String> {
        match self.expires.as_str() {
            "never" => Ok(Ends::Never),
            "on" => Ok(Ends::At(through(&self.until)?)),
            span => {
                span.parse::<Span>().map(|span| Ends::At(whole(span.after(now)))).map_err(|error| error.to_string())
            }
        }
    }

    /// From where.
    pub(super) fn ranges(&self) -> Result<Option<AddressList>, String> {
        let ranges =
            words(&self.addresses).map(|word| word.parse::<Network>().map_err(|error| format!("'{word}': {error}")));
        let ranges = ranges.collect::<Result<Vec<_>, _>>()?;
        if ranges.is_empty() {
            return Ok(None);
        }
        AddressList::within(ranges).map(Some).map_err(|error| error.to_string())
    }

    /// How often.
    pub(super) fn often(&self) -> Result<Option<Rate>, String> {
        if self.rate.is_empty() { Ok(None) } else { self.rate.parse().map(Some).map_err(|error| format!("{error}")) }
    }

    /// The wish, or all that stands against it.
    pub(super) fn wish(&self, ground: &Ground) -> Result<Wish, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let mut take = |field, words: String| wrong.push(Wrong::at(field, words));
        let label = self.name.parse().map_err(|error| take("name", format!("{error}"))).ok();
        let note: Option<Result<Note, _>> = Some(&self.note).filter(|note| !note.is_empty()).map(|note| note.parse());
        let note = note.transpose().map_err(|error| take("note", error.to_string())).ok();
        if self.mesh.is_empty() {
            take("mesh", "Choose a mesh, or the whole org".to_owned());
        }
        let capabilities = self.capabilities().map_err(|words| take("capabilities", words)).ok();
        let topics = self.scope().map_err(|words| take("topics", words)).ok();
        let ends = self.ends(ground.now).map_err(|words| take("ends", words)).ok();
        let addresses = self.ranges().map_err(|words| take("addresses", words)).ok();
        let rate = self.often().map_err(|words| take("rate", words)).ok();
        let user: Option<Result<UserId, _>> = Some(&self.user).filter(|user| !user.is_empty()).map(|user| user.parse());
        let user = user.transpose().map_err(|_| take("user", "Choose one of the members".to_owned())).ok();
        let mesh = Some(self.mesh.clone()).filter(|mesh| mesh != WHOLE);
        match (label, note, capabilities, topics, ends, addresses, rate, user) {
            (
                Some(label),
                Some(note),
                Some(capabilities),
                Some(topics),
                Some(ends),
                Some(addresses),
                Some(rate),
                Some(user),
            ) if wrong.is_empty() => {
                let rate = rate.map_or(Patch::Keep, Patch::Set);
                Ok(Wish { label, note, mesh, capabilities, topics, addresses, ends, rate, user })
            }
            _ => Err(wrong),
        }
    }
}

/// Words, with a comma or a space between two.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',', ';', '\n', '\t', '\r']).filter(|word| !word.is_empty())
}

/// The end of a day.
fn through(day: &str) -> Result<OffsetDateTime, String> {
    let end = Date::parse(day, &Iso8601::DATE).ok().and_then(end_of_day);
    end.ok_or_else(|| "Choose the last day on which it works".to_owned())
}

fn whole(end: OffsetDateTime) -> OffsetDateTime {
    end.replace_nanosecond(0).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_chosen_and_never_all_of_them_by_accident() {
        //
        let filled = |topics: &str, names: &str| Filled {
            topics: topics.to_owned(),
            names: names.to_owned(),
            ..Filled::default()
        };
        assert!(filled("", "deploys").scope().is_err());
        assert!(filled("only", " , ").scope().unwrap_err().starts_with("Name at least one"));
        assert!(filled("only", "*").scope().is_err());
        assert_eq!(filled("all", "").scope(), Ok(TopicScope::Everywhere));
        assert_eq!(filled("only", "a, #b\nci.*").scope().unwrap().patterns().unwrap().len(), 3);
    }

    #[test]
    fn an_end_is_a_span_a_day_or_never() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let filled =
            |expires: &str| Filled { expires: expires.to_owned(), until: "1970-01-03".to_owned(), ..Filled::default() };
        assert_eq!(filled("1d").ends(now), Ok(Ends::At(now + time::Duration::DAY)));
        // Through the whole of that day.
        assert_eq!(filled("on").ends(now), Ok(Ends::At(now + time::Duration::DAY * 3)));
        assert_eq!(filled("never").ends(now), Ok(Ends::Never));
        assert!(filled("").ends(now).is_err() && filled("soon").ends(now).is_err());
    }

    #[test]
    fn what_the_api_finds_wrong_stands_at_its_field() {
        for (pointer, field) in
            [("#/label", "name"), ("#/capabilities/0", "capabilities"), ("/expires_at", "ends"), ("#", "")]
        {
            assert_eq!(field_of(pointer), field);
        }
    }
}
