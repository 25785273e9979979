//! The mail of a person who has keys that end: taken from where it waits, written, and sent.

use super::{letter, whom::People};
use crate::{
    db::{
        Error,
        ends::{
            self, Line,
            mail::{self, Due},
        },
    },
    domain::Email,
    service::{
        House,
        mail::{GIVEN_UP, Way, tell},
        patience::in_time,
    },
};

/// Sends the one that has been due longest; whether there was one. What it tells of is read now: a key that was revoked meanwhile, or
/// has another end, or concerns somebody else now, is left out, and a mail that has nothing to tell is never sent.
pub(in crate::service) async fn send_next(house: &House, way: &Way) -> Result<bool, Error> {
    let Some((due, letter)) = in_time(take(house)).await? else { return Ok(false) };
    let Some((to, lines)) = letter else { return Ok(true) };
    let (subject, text) = letter::written(&lines, due.more, house.mail.url());
    let sent = way.send_text(&to, &subject, text).await;
    let conclude = house.store.operate(async |operator| match &sent {
        Ok(()) => mail::done(operator, &due).await.map(|()| false),
        Err(why) => mail::failed(operator, &due, why, GIVEN_UP).await,
    });
    tell(house, "ends", &sent, in_time(conclude).await?);
    Ok(true)
}

/// Takes what is due. Without a letter it is of no use any more.
async fn take(house: &House) -> Result<Option<(Due, Option<(Email, Vec<Line>)>)>, Error> {
    house
        .store
        .operate(async |operator| {
            let transaction = operator.transaction().await?;
            let Some(due) = mail::take(&transaction).await? else { return Ok(None) };
            let mut lines = ends::lines(&transaction, &due.listed).await?;
            let people = People::read(&transaction, lines.iter().map(|line| line.parties)).await?;
            lines.retain(|line| people.whom(line.parties).contains(&due.user));
            let to = mail::address(&transaction, due.user).await?;
            let letter = to.filter(|_| !lines.is_empty()).map(|to| (to, lines));
            if letter.is_none() {
                mail::done(&transaction, &due).await?;
            }
            transaction.commit().await?;
            Ok::<_, Error>(Some((due, letter)))
        })
        .await
}
