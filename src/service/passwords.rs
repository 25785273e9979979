//! Passwords: hashed slowly, away from the threads that answer, and no more than a few at once.
//!
//! Argon2id with 19 MiB, two passes and one lane (OWASP, RFC 9106): what a guess costs. Where nobody has the password that is asked
//! about, as much work is done for a fixed hash, so that how long an answer takes tells nothing (K-3).

use std::sync::Arc;

use argon2::{
    Argon2,
    password_hash::{Error, PasswordHasher as _, PasswordVerifier as _, phc},
};
use tokio::sync::Semaphore;

use super::Refusal;
use crate::domain::password::{Password, PasswordHash, Typed};

/// How many are hashed at once: each takes a core and 19 MiB.
const AT_ONCE: usize = 2;
/// How many may be under way or wait. Who comes beyond is told to come again, and takes no room.
const MOST: usize = 32;
/// What nobody's password has. Its salt says so.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlzIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Where passwords are hashed.
pub struct Passwords {
    queue: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { queue: Arc::new(Semaphore::new(MOST)), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Passwords {
    /// The hash of a password, with a salt of its own.
    pub async fn hash(&self, password: &Password) -> Result<PasswordHash, Refusal> {
        let password = password.typed();
        let hashed = self.work(move || Argon2::default().hash_password(password.bytes())).await?;
        let hash: phc::PasswordHash = hashed.map_err(|_| Refusal::Impossible("a password could not be hashed"))?;
        Ok(PasswordHash::from(hash.to_string()))
    }

    /// Whether this was typed by who has the password. Without one it is not, after as much work.
    pub async fn verify(&self, typed: Typed, hash: Option<PasswordHash>) -> Result<bool, Refusal> {
        let is_somebodys = hash.is_some();
        let hash = hash.unwrap_or_else(|| PasswordHash::from(NOBODYS.to_owned()));
        let verified = self.work(move || {
            let hash = phc::PasswordHash::new(hash.as_str())?;
            Argon2::default().verify_password(typed.bytes(), &hash)
        });
        match verified.await? {
            Ok(()) => Ok(is_somebodys),
            Err(Error::PasswordInvalid) => Ok(false),
            Err(_) => Err(Refusal::Impossible("the hash of a password cannot be read")),
        }
    }

    /// Runs slow work in a thread of its own, when it is its turn. It is not given up with who asked, and keeps its turn.
    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| Refusal::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Refusal::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((turn, place));
            done
        });
        done.await.map_err(|_| Refusal::Impossible("the work on a password was broken off"))
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn typed(text: &str) -> Typed {
        Typed::from(Zeroizing::new(text.to_owned()))
    }

    fn password(text: &str) -> Password {
        let (email, name) = ("dana@example.com".parse().unwrap(), "Dana".parse().unwrap());
        Password::new(Zeroizing::new(text.to_owned()), &email, &name).unwrap_or_else(|error| panic!("{error}"))
    }

    // K-1
    #[tokio::test]
    async fn a_password_is_hashed_with_argon2id_and_known_again() {
        let passwords = Passwords::default();
        let password = password("a long enough one");
        let (one, other) = tokio::join!(passwords.hash(&password), passwords.hash(&password));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert!(one.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.as_str());
        assert_ne!(one.as_str(), other.as_str());
        assert!(passwords.verify(typed("a long enough one"), Some(one.clone())).await.unwrap());
        assert!(!passwords.verify(typed("a long enough one "), Some(one)).await.unwrap());
    }

    // K-3
    #[tokio::test]
    async fn nobodys_hash_can_be_read_costs_as_much_and_fits_nothing() {
        let hash = phc::PasswordHash::new(NOBODYS).unwrap();
        let theirs = Passwords::default().hash(&password("a long enough one")).await.unwrap();
        let theirs = phc::PasswordHash::new(theirs.as_str()).unwrap();
        assert_eq!((hash.algorithm, hash.version, &hash.params), (theirs.algorithm, theirs.version, &theirs.params));
        let sizes = |hash: &phc::PasswordHash| (hash.salt.map(|salt| salt.len()), hash.hash.map(|hash| hash.len()));
        assert_eq!(sizes(&hash), sizes(&theirs));
        assert!(!Passwords::default().verify(typed("anything at all"), None).await.unwrap());
    }

    #[tokio::test]
    async fn who_comes_when_the_queue_is_full_is_told_so_and_the_rest_are_served() {
        let passwords = Passwords::default();
        let held = Arc::clone(&passwords.turns).acquire_many_owned(u32::try_from(AT_ONCE).unwrap()).await.unwrap();
        let asked: Vec<_> =
            (0..=MOST).map(|_| passwords.verify(typed("x"), Some(PasswordHash::from(String::new())))).collect();
        let all = futures_util::future::join_all(asked);
        let freed = async { drop(held) };
        let (answers, ()) = tokio::join!(all, freed);
        let busy = answers.iter().filter(|answer| matches!(answer, Err(Refusal::Busy))).count();
        assert_eq!((answers.len(), busy), (MOST + 1, 1));
    }
}
