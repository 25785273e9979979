//! `meshkey logout`: the key is revoked at the service, and only then forgotten.

use clap::Args;

use super::{
    super::{Failure, Outcome},
    ask::Ask,
    connection::Client,
    flags::ClientFlags,
    kept::{Credential, Credentials, Place, unknown},
    token::Token,
};

/// Revoke the key of a profile, and forget it.
#[derive(Args)]
pub(in crate::cli) struct Logout {
    /// Of every profile
    #[arg(long)]
    all: bool,
    /// Forget it also where it cannot be revoked
    #[arg(long)]
    forget: bool,
    #[command(flatten)]
    client: ClientFlags,
}

impl Logout {
    /// Signs out.
    pub(in crate::cli) async fn run(self) -> Result<Outcome, Failure> {
        self.client.ensure_no_curl("logout")?;
        let flags = self.client.with_profile()?;
        let place = Place::needed()?;
        let credentials = Credentials::read(&place)?;
        let names = if self.all { credentials.names() } else { vec![flags.profile()?.name.clone()] };
        let mut failed = None;
        for name in names {
            let Some(credential) = credentials.of(&name) else { return Err(nobody(&flags, &name)?) };
            if let Err(failure) = self.end(&flags, &place, &name, credential).await {
                // The others are signed out all the same.
                if let Some(before) = failed.replace(failure) {
                    before.tell();
                }
            }
        }
        failed.map_or(Ok(Outcome::Done), Err)
    }

    async fn end(
        &self,
        flags: &ClientFlags,
        place: &Place,
        name: &str,
        credential: &Credential,
    ) -> Result<(), Failure> {
        let say = |text: String| {
            if !flags.quiet {
                eprintln!("{text}");
            }
        };
        if !credential.is_own {
            Credentials::forget(place, name, &credential.key)?;
            say(format!("{name}: forgotten. The key {} was not made by `meshkey login`, and lives on", credential.key));
            return Ok(());
        }
        match revoke(flags, credential).await {
            Ok(was_alive) => {
                Credentials::forget(place, name, &credential.key)?;
                let how = if was_alive { "revoked" } else { "was dead already" };
                say(format!("{name}: signed out. The key {} {how}", credential.key));
                Ok(())
            }
            Err(failure) if self.forget => {
                Credentials::forget(place, name, &credential.key)?;
                say(format!(
                    "{name}: forgotten. The key {} could not be revoked, and lives on: {failure}",
                    credential.key
                ));
                Ok(())
            }
            Err(failure) => {
                say(format!(
                    "{name}: the key {} is kept, since it could not be revoked; --forget forgets it",
                    credential.key
                ));
                Err(failure)
            }
        }
    }
}

fn nobody(flags: &ClientFlags, name: &str) -> Result<Failure, Failure> {
    let profile = flags.profile()?;
    let is_unknown = !profile.is_there && profile.ensure_there().is_err();
    let words = format!("nobody is signed in under the profile {name}");
    Ok(if is_unknown { unknown(name, profile.from) } else { Failure::NotSignedIn(words) })
}

/// Has a key revoke itself (RFC 7009). False where it was dead already. It is sent to its own service, whatever URL was named.
pub(super) async fn revoke(flags: &ClientFlags, credential: &Credential) -> Result<bool, Failure> {
    let client = Client::with(&flags.at(&credential.url), Some(Token::got(&credential.token)?))?;
    let answer = client.raw(&Ask::form(&["v1", "revoke"], &[("token", &credential.token)])).await?;
    match answer.status {
        200 => Ok(true),
        401 => Ok(false),
        _ => Err(client.refused(answer)),
    }
}
