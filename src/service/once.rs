//! Once: the same request again gets the first answer again, and nothing is done twice.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::{Admitted, House, Refusal, authority::again, house::Mode};
use crate::db::{
    Transaction,
    idempotency::{self, Claim, Request},
};

/// An answer as it is kept: without any secret.
#[derive(Debug, Serialize, Deserialize)]
pub struct Kept {
    /// The status.
    pub status: u16,
    /// Where the thing that was made is.
    pub location: Option<String>,
    /// Its version.
    pub version: Option<i64>,
    /// The body.
    pub body: Box<RawValue>,
}

/// What came of a request.
pub enum Once<T> {
    /// It was done now.
    Done(T),
    /// It was done before; this was the answer.
    Replayed(Kept),
}

impl House {
    /// Runs `work` in one transaction, at most once for the same `request`. `keep` renders the answer for the next time.
    ///
    /// `work` judges its caller itself; before a replay it is judged here. A twin that is under way is waited for; a work that fails leaves no trace, so that it can be tried again.
    pub(super) async fn once<T>(
        &self,
        by: &Admitted,
        mode: Mode,
        request: Option<&Request>,
        keep: &dyn Fn(&T) -> Kept,
        work: impl AsyncFn(&Transaction<'_>) -> Result<T, Refusal>,
    ) -> Result<Once<T>, Refusal> {
        let request = request.filter(|_| mode == Mode::Real);
        self.within(by.org(), mode, async |transaction| {
            let Some(request) = request else { return work(transaction).await.map(Once::Done) };
            match idempotency::claim(transaction, request).await? {
                Claim::OtherBody => Err(Refusal::KeyReused),
                Claim::Answered(answer) => {
                    again(transaction, by).await?;
                    read(&answer).map(Once::Replayed)
                }
                Claim::First => {
                    let done = work(transaction).await?;
                    idempotency::keep(transaction, request, &write(&keep(&done))?).await?;
                    Ok(Once::Done(done))
                }
            }
        })
        .await
    }
}

fn read(answer: &RawValue) -> Result<Kept, Refusal> {
    serde_json::from_str(answer.get()).map_err(|_| Refusal::Impossible("a kept answer that cannot be read"))
}

fn write(kept: &Kept) -> Result<Box<RawValue>, Refusal> {
    to_raw_value(kept).map_err(|_| Refusal::Impossible("an answer that cannot be written"))
}
