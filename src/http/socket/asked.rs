//! What is asked over a socket: each request is admitted like any other, by what is known of its key at that moment.

use std::sync::Arc;

use actix_web::{ResponseError as _, http::StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::{error, info};

use super::{
    PATTERN,
    said::{Event, Id, Said, Send, Subscribe, Unsubscribe},
    talk::{Over, Talk},
};
use crate::{
    domain::{Capability, Message, MessageId, TopicName, peer::Via},
    http::{Problem, catalogue, messages, reply},
    service::{self, Admitted, Demand, Kept, Once, Reach, admit_holder, live::Reader},
};

/// How many topics one socket may follow.
const MOST: usize = 100;

/// What was answered when it was sent before.
#[derive(Debug, Deserialize)]
struct Known {
    id: MessageId,
    seq: i64,
}

impl Talk {
    /// Does what is asked, and answers.
    pub(super) async fn answer(&mut self, text: &str) -> Result<(), Over> {
        match Said::read(text) {
            Ok(Said::Subscribe(wish)) => self.subscribe(wish).await,
            Ok(Said::Unsubscribe(wish)) => self.unsubscribe(wish).await,
            Ok(Said::Send(wish)) => self.send(wish).await,
            Err((id, problem)) => {
                // What means nothing counts as well: nobody keeps us busy with it beyond their rate.
                let problem = self.admit(None, None).await.err().unwrap_or(problem);
                self.refuse(id.as_ref(), &problem).await
            }
        }
    }

    async fn subscribe(&mut self, Subscribe { id, topic, after, .. }: Subscribe) -> Result<(), Over> {
        let reader = match self.open(&topic, after.map(|seq| (seq.get(), "after"))).await {
            Ok(reader) => reader,
            Err(problem) => return self.refuse(id.as_ref(), &problem).await,
        };
        self.say(&Event::Subscribed { re: id.as_ref(), topic: &topic, after: reader.last() }).await?;
        self.following.follow(topic, Box::new(reader));
        Ok(())
    }

    async fn open(&self, topic: &TopicName, after: Option<(i64, &'static str)>) -> Result<Reader, Problem> {
        let by = self.admit(Some(Capability::Read), Some(topic)).await?;
        if self.following.has(topic) {
            return Err(Problem::new(catalogue::ALREADY_EXISTS, "this socket follows the topic already"));
        }
        if self.following.count() >= MOST {
            return Err(Problem::of(catalogue::TOO_MANY_STREAMS));
        }
        Ok(Reader::open(Arc::clone(&self.house), by, Via::Socket, after).await?)
    }

    async fn unsubscribe(&mut self, Unsubscribe { id, topic, .. }: Unsubscribe) -> Result<(), Over> {
        if self.following.leave(&topic).await {
            return self.say(&Event::Unsubscribed { re: id.as_ref(), topic: &topic }).await;
        }
        let is_not = Problem::new(catalogue::NOT_FOUND, "this socket does not follow the topic");
        let problem = self.admit(None, None).await.err().unwrap_or(is_not);
        self.refuse(id.as_ref(), &problem).await
    }

    async fn send(&mut self, wish: Send) -> Result<(), Over> {
        let (id, seq) = match self.sent(&wish).await {
            Ok(sent) => sent,
            Err(problem) => return self.refuse(wish.id.as_ref(), &problem).await,
        };
        let (request_id, key) = (&*self.request_id, self.key.to_string());
        info!(request_id, key, route = PATTERN, "changed");
        self.say(&Event::Sent { re: wish.id.as_ref(), topic: &wish.topic, id, seq }).await
    }

    /// Sends, as the route for messages does: what was sent there under the same idempotency key is the same message.
    async fn sent(&self, wish: &Send) -> Result<(MessageId, i64), Problem> {
        let by = self.admit(Some(Capability::Send), Some(&wish.topic)).await?;
        let route = format!("POST /v1/meshes/{}/topics/{}/messages", self.mesh, wish.topic);
        let digest = messages::digest(&wish.body, wish.reply_to)?;
        let request = wish.idempotency_key.clone().map(|key| key.request(route, &by, digest));
        let keep = |message: &Message| reply::kept(StatusCode::CREATED, None, None, message);
        let sent =
            service::messages::send(&self.house, &by, &wish.body, wish.reply_to, request.as_ref(), &keep).await?;
        Ok(match sent {
            Once::Done(message) => (message.id, message.seq),
            Once::Replayed(Kept { body, .. }) => {
                let known: Known = serde_json::from_str(body.get()).map_err(|_| Problem::of(catalogue::INTERNAL))?;
                (known.id, known.seq)
            }
        })
    }

    /// What every request is asked.
    async fn admit(&self, capability: Option<Capability>, topic: Option<&TopicName>) -> Result<Admitted, Problem> {
        let demand = Demand {
            reach: if topic.is_some() { Reach::Topic } else { Reach::Within },
            capability,
            org: None,
            mesh: Some(&self.mesh),
            topic: topic.map(TopicName::as_str),
            own_key: None,
            own_user: None,
            claims: None,
            acts_in_mesh: true,
            counts: true,
        };
        admit_holder(&self.house, self.hash, &demand, self.trail.clone()).await.map_err(Problem::from)
    }

    async fn refuse(&mut self, re: Option<&Id>, problem: &Problem) -> Result<(), Over> {
        let (request_id, key, code) = (&*self.request_id, self.key.to_string(), problem.code());
        let (status, reason) = (problem.status_code().as_u16(), problem.reason());
        match status {
            _ if problem.is_silent() => {}
            500.. => error!(request_id, key, route = PATTERN, status, code, reason, "failed"),
            _ => info!(request_id, key, route = PATTERN, status, code, reason, "refused"),
        }
        let error = RawValue::from_string(problem.body(request_id, PATTERN)).unwrap_or_default();
        self.say(&Event::Error { re, error: &error, retry_after: problem.retry_after() }).await
    }
}
