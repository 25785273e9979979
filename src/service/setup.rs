//! The set-up of an empty instance: by who shows a one-time code that was made on the host, or by the host itself. Nobody becomes
//! admin by being first.

use super::{
    House, Refusal,
    founding::{self, Founding, Place},
    operator::Operator,
    patience::in_time,
    people::{Author, NewPerson},
};
use crate::{
    db::{
        self, Transaction,
        one_time::{self, Purpose},
        orgs,
    },
    domain::{
        Email, OneTimeCode, Title, UserId,
        audit::{Actor, Trail},
        password::Password,
    },
};

/// How many codes live beside one another: who asks for more loses the oldest.
const MOST_CODES: i64 = 10;

/// Why an instance was not set up.
#[derive(Debug, thiserror::Error)]
pub enum NotSetUp {
    /// There is no such code, or no more.
    #[error("this code does not open the set-up")]
    WrongCode,
    /// It is set up.
    #[error("this instance is set up already")]
    Already,
    /// It could not be done.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<db::Error> for NotSetUp {
    fn from(error: db::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// Whether there is an org or a person.
pub async fn is_set_up(house: &House) -> Result<bool, Refusal> {
    in_time(house.store.ask(async |client| Ok::<_, Refusal>(one_time::is_set_up(&*client).await?))).await
}

/// Makes one more code for the set-up. `None` if the instance is set up.
pub async fn new_code(house: &House, _: &Operator) -> Result<Option<OneTimeCode>, Refusal> {
    first(house, async |transaction| {
        let code = OneTimeCode::generate()?;
        one_time::keep_for_setup(transaction, code.hash(), MOST_CODES).await?;
        Ok(code)
    })
    .await
}

/// Whether this code opens the set-up.
pub async fn check(house: &House, code: &OneTimeCode) -> Result<(), NotSetUp> {
    let hash = code.hash();
    let is_live = in_time(house.store.ask(async |client| {
        let found = one_time::find(&*client, hash, Purpose::Setup).await?;
        Ok::<_, Refusal>(found.is_some())
    }));
    if is_live.await? {
        return Ok(());
    }
    // The codes are gone when it is set up.
    Err(if is_set_up(house).await? { NotSetUp::Already } else { NotSetUp::WrongCode })
}

/// Who sets it up: a person with a password.
pub struct Founder {
    /// By which it signs in.
    pub email: Email,
    /// What it is called.
    pub name: Title,
    /// What it knows.
    pub password: Password,
}

/// Sets the instance up for who shows a code, which is used up. Of several who come at once one is first.
pub async fn finish(
    house: &House,
    code: &OneTimeCode,
    founder: Founder,
    mut wish: Founding,
    trail: &Trail,
) -> Result<Place, NotSetUp> {
    check(house, code).await?;
    let id = UserId::new();
    let password = Some(house.passwords.hash(&founder.password).await?);
    wish.owner = Some(NewPerson { id, email: founder.email, name: founder.name, password });
    let author = Author { actor: Actor::User(id), trail };
    let done = first(house, async |transaction| {
        if one_time::take(transaction, code.hash(), Purpose::Setup).await?.is_none() {
            return Ok(None);
        }
        founding::found(transaction, &author, &wish).await.map(Some)
    });
    done.await?.ok_or(NotSetUp::Already)?.ok_or(NotSetUp::WrongCode)
}

/// Sets the instance up as its settings say. `None` if it is set up; of several who start at once one is first.
pub async fn bootstrap(house: &House, _: &Operator, wish: &Founding) -> Result<Option<Place>, Refusal> {
    let author = Author { actor: Actor::Local, trail: &Trail::default() };
    first(house, async |transaction| founding::found(transaction, &author, wish).await).await
}

/// Runs `work` in a transaction of the operator's role, unless the instance is set up: then nothing.
pub(super) async fn first<T>(
    house: &House,
    work: impl AsyncFnOnce(&Transaction<'_>) -> Result<T, Refusal>,
) -> Result<Option<T>, Refusal> {
    let operate = house.store.operate(async |client| {
        let transaction = client.transaction().await.map_err(db::Error::from)?;
        orgs::lock_founding(&transaction).await?;
        if one_time::is_set_up(&transaction).await? {
            return Ok(None);
        }
        let done = work(&transaction).await?;
        transaction.commit().await.map_err(db::Error::from)?;
        Ok(Some(done))
    });
    in_time(operate).await
}
