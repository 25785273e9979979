//! `credentials.toml`: the key of each profile. It is sent to the URL that it was got from, and to no other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    super::super::Failure,
    private::{Place, Private},
};

const FILE: &str = "credentials.toml";

/// The file. It is never shown.
#[derive(Default, Serialize, Deserialize)]
pub(in crate::cli::client) struct Credentials {
    /// The key of each profile that has one.
    #[serde(default)]
    profiles: BTreeMap<String, Credential>,
}

/// A key, and what is known of it.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::cli::client) struct Credential {
    /// The one URL that it is sent to.
    pub(in crate::cli::client) url: String,
    /// Its text.
    pub(in crate::cli::client) token: Zeroizing<String>,
    /// Its id.
    pub(in crate::cli::client) key: String,
    /// The person that it is bound to, if it is.
    pub(in crate::cli::client) user: Option<String>,
    /// The slug of its org.
    pub(in crate::cli::client) org: String,
    /// When it ends.
    pub(in crate::cli::client) expires_at: Option<String>,
    /// Whether `meshkey login` had it made: then `meshkey logout` revokes it.
    pub(in crate::cli::client) is_own: bool,
}

impl Credentials {
    /// Reads it; what is not there holds nothing.
    pub(in crate::cli::client) fn read(place: &Place) -> Result<Self, Failure> {
        let Some(text) = place.read(FILE, Private::Yes)? else { return Ok(Self::default()) };
        // What is wrong with it is said without a line of it.
        let wrong = |_| {
            Failure::Unfit(format!("{} cannot be understood: move it away, and sign in anew", place.at(FILE).display()))
        };
        toml::from_str(&text).map_err(wrong)
    }

    /// The key of a profile.
    pub(in crate::cli::client) fn of(&self, profile: &str) -> Option<&Credential> {
        self.profiles.get(profile)
    }

    /// The profiles that have one.
    pub(in crate::cli::client) fn names(&self) -> Vec<String> {
        self.profiles.keys().cloned().collect()
    }

    /// Keeps one, in place of the one that was there.
    pub(in crate::cli::client) fn keep(place: &Place, profile: &str, credential: Credential) -> Result<(), Failure> {
        Self::change(place, |all| drop(all.insert(profile.to_owned(), credential)))
    }

    /// Forgets one, if it is still this key.
    pub(in crate::cli::client) fn forget(place: &Place, profile: &str, key: &str) -> Result<(), Failure> {
        Self::change(place, |all| all.retain(|name, kept| name != profile || kept.key != key))
    }

    fn change(place: &Place, change: impl FnOnce(&mut BTreeMap<String, Credential>)) -> Result<(), Failure> {
        let _held = place.hold()?;
        let mut credentials = Self::read(place)?;
        change(&mut credentials.profiles);
        let text = toml::to_string(&credentials).map(Zeroizing::new);
        let text = text.map_err(|_| Failure::Other("the keys of the profiles cannot be written".to_owned()))?;
        place.write(FILE, &text, Private::Yes)
    }

    /// Where it is, for people.
    pub(in crate::cli::client) fn file(place: &Place) -> String {
        place.at(FILE).display().to_string()
    }
}
