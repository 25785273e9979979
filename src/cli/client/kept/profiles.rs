//! `config.toml`: profiles, and which of them counts. No secret is in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    super::super::Failure,
    private::{Place, Private},
};

const FILE: &str = "config.toml";

/// The file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli::client) struct Profiles {
    /// The one that counts where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli::client) profile: Option<String>,
    /// All of them.
    #[serde(default)]
    pub(in crate::cli::client) profiles: BTreeMap<String, Settings>,
}

/// What a profile says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli::client) struct Settings {
    /// Where the service is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli::client) url: Option<String>,
    /// The org, by slug or id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli::client) org: Option<String>,
    /// The mesh, by slug or id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli::client) mesh: Option<String>,
}

impl Profiles {
    /// Reads it; what is not there says nothing.
    pub(in crate::cli::client) fn read(place: &Place) -> Result<Self, Failure> {
        let Some(text) = place.read(FILE, Private::No)? else { return Ok(Self::default()) };
        toml::from_str(&text)
            .map_err(|error| Failure::Unfit(format!("{}: {}", place.at(FILE).display(), error.to_string().trim_end())))
    }

    /// Changes it.
    pub(in crate::cli::client) fn change(
        place: &Place,
        change: impl FnOnce(&mut Self) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let _held = place.hold()?;
        let mut profiles = Self::read(place)?;
        change(&mut profiles)?;
        let text = toml::to_string(&profiles).map_err(|error| Failure::Other(error.to_string()))?;
        place.write(FILE, &text, Private::No)
    }
}
