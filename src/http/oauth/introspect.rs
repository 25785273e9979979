//! `/v1/introspect`: verify, in the words of RFC 7662.

use std::time::Duration;

use actix_web::{HttpResponse, web::Data};
use serde::Serialize;
use time::OffsetDateTime;

use super::{Client, Form, form::invalid};
use crate::{
    domain::{CapabilitySet, KeyId, Label, Owner, TopicScope, grant::Terms, usage::Door},
    http::{
        Input, Problem,
        guard::{Within, may},
        reply::ok_with_end,
    },
    service::{
        self, Admitted, House, Refusal,
        fresh::Held,
        verify::{Question, Verdict},
    },
};

/// For how long an answer may be kept: whoever keeps it goes on with it after a revocation.
pub const KEPT_AT_MOST: Duration = Duration::from_secs(30);

/// An answer: that a key is good, and all of it, or that nothing is known.
#[derive(Serialize)]
struct Introspection<'a> {
    active: bool,
    #[serde(flatten)]
    key: Option<Active<'a>>,
}

/// A key that is good.
#[derive(Serialize)]
struct Active<'a> {
    token_type: &'static str,
    scope: String,
    capabilities: &'a CapabilitySet,
    topics: &'a TopicScope,
    client_id: KeyId,
    sub: KeyId,
    jti: KeyId,
    exp: i64,
    #[serde(with = "time::serde::rfc3339::option")]
    key_expires_at: Option<OffsetDateTime>,
    owner: Owner,
    label: &'a Label,
    #[serde(with = "time::serde::rfc3339")]
    as_of: OffsetDateTime,
}

impl<'a> From<&'a Held> for Active<'a> {
    fn from(held: &'a Held) -> Self {
        let credential = &held.known.credential;
        let Terms { grant, expires_at, .. } = &credential.terms;
        let kept_until = held.now + KEPT_AT_MOST;
        Self {
            token_type: "Bearer",
            scope: scope(&grant.capabilities, &grant.topics),
            capabilities: &grant.capabilities,
            topics: &grant.topics,
            client_id: credential.key,
            sub: credential.key,
            jti: credential.key,
            exp: credential.ends_at().map_or(kept_until, |end| end.min(kept_until)).unix_timestamp(),
            key_expires_at: *expires_at,
            owner: grant.owner,
            label: &credential.label,
            as_of: held.as_of,
        }
    }
}

/// What a key may do as one text. A topic to which it is confined is one more word.
pub(super) fn scope(capabilities: &CapabilitySet, topics: &TopicScope) -> String {
    let topics = topics.patterns().unwrap_or_default().iter().map(|pattern| format!("topic:{pattern}"));
    capabilities.iter().map(ToString::to_string).chain(topics).collect::<Vec<_>>().join(" ")
}

/// Answers about one token.
pub async fn introspect(
    house: Data<House>,
    client: Client<Within<may::Verify>, Input<Form>>,
) -> Result<HttpResponse, Problem> {
    let Client { proof, input, scheme, .. } = client;
    answer(&house, &proof, &input.body).await.map_err(|problem| problem.to_client(scheme))
}

async fn answer(house: &House, by: &Admitted, form: &Form) -> Result<HttpResponse, Problem> {
    let mut verdicts =
        service::verify::verify(house, by, Door::Introspect, &[question(form)?], |_| String::new()).await?;
    let Verdict { denial, held, .. } = verdicts.pop().ok_or(Refusal::Impossible("a question without an answer"))?;
    let key = held.as_ref().filter(|_| denial.is_none()).map(Active::from);
    let end = key.as_ref().and_then(|key| key.key_expires_at);
    ok_with_end(&Introspection { active: key.is_some(), key }, end)
}

/// About the key alone, or about something that it is to do: then `capability` says what, and `mesh` and `topic` say where.
fn question(form: &Form) -> Result<Question, Problem> {
    let (secret, capability) = (form.token()?.parse().ok(), form.parsed("capability")?);
    let (mesh, topic) = (form.get("mesh")?.map(str::to_owned), form.parsed("topic")?);
    if capability.is_none() && (mesh.is_some() || topic.is_some()) {
        return Err(invalid("mesh and topic say where something is done: say what, in capability".to_owned()));
    }
    Ok(Question { secret, capability, mesh, topic, address: None, at_least: None })
}
