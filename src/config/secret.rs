//! Text that is shown to nobody.

use std::{convert::Infallible, str::FromStr};

use zeroize::Zeroizing;

/// A setting that holds a password. Has no `Debug` and no `Display`, is wiped on drop, and leaves this type only by
/// [`Self::reveal`].
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// The text itself, for the one who needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl FromStr for SecretText {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.to_owned().into())
    }
}
