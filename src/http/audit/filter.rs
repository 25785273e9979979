//! What events are asked for: the same parameters for the list and the export.

use time::OffsetDateTime;

use crate::{
    domain::{
        Moment,
        audit::{Action, ActorId},
    },
    http::query,
    service::Refusal,
};

/// A query with the parameters of the filter, and others. (Serde cannot flatten what is closed to unknown names.)
macro_rules! filtered {
    ($(#[$doc:meta])* $name:ident { $($(#[$how:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$how])* $field: $kind,)*
            actor: Option<String>,
            action: Option<String>,
            subject: Option<String>,
            mesh: Option<String>,
            address: Option<crate::domain::Network>,
            request_id: Option<String>,
            since: Option<crate::domain::Moment>,
            until: Option<crate::domain::Moment>,
        }

        impl $name {
            fn filter(&self) -> Result<crate::db::audit::Filter, crate::http::Problem> {
                let (actor_id, actor_kind) = crate::http::audit::filter::actor(self.actor.as_deref())?;
                let (since, until) = crate::http::audit::filter::period(self.since, self.until)?;
                Ok(crate::db::audit::Filter {
                    mesh: None,
                    actor_kind,
                    actor_id,
                    actions: crate::http::audit::filter::actions(self.action.as_deref())?,
                    subject: self.subject.clone(),
                    since,
                    until,
                    addresses: self.address.map(crate::domain::Network::bounds),
                    request_id: self.request_id.clone(),
                })
            }
        }
    };
}
pub(super) use filtered;

/// Who is meant.
pub(crate) fn actor(text: Option<&str>) -> Result<(Option<ActorId>, Option<&'static str>), Refusal> {
    query::actor("actor", text)
}

/// What was done: one thing, or all that is about the same.
pub(crate) fn actions(text: Option<&str>) -> Result<Option<Vec<&'static str>>, Refusal> {
    let meant = text.map(Action::meant).transpose().map_err(|error| Refusal::invalid("action", error.to_string()))?;
    Ok(meant.map(|actions| actions.into_iter().map(Action::name).collect()))
}

type Period = (Option<OffsetDateTime>, Option<OffsetDateTime>);

/// From when on, and until when. One that ends before it begins is a slip, and no wish for nothing.
pub(crate) fn period(since: Option<Moment>, until: Option<Moment>) -> Result<Period, Refusal> {
    if since.zip(until).is_some_and(|(since, until)| since > until) {
        return Err(Refusal::invalid("until", "`until` is before `since`"));
    }
    Ok((since.map(Moment::get), until.map(Moment::get)))
}
