//! What one socket follows.

use std::collections::{HashMap, VecDeque};

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};

use crate::{
    domain::TopicName,
    service::live::{Ended, Heard, Reader},
};

/// What a topic that is followed has come to, and who follows it.
pub(super) type Came = (TopicName, Box<Reader>, Result<Heard, Ended>);
/// The same, of this task.
type Joined = Result<(Id, Came), JoinError>;

/// The topics that are followed. Each has a task that goes on by itself while something else is waited for: what holds a connection to
/// the database is never left alone with it.
#[derive(Default)]
pub(super) struct Following {
    topics: HashMap<TopicName, AbortHandle>,
    coming: JoinSet<Came>,
    /// What came while another topic was left.
    waiting: VecDeque<Joined>,
}

impl Following {
    /// Whether this one is followed.
    pub(super) fn has(&self, topic: &TopicName) -> bool {
        self.topics.contains_key(topic)
    }

    /// How many are.
    pub(super) fn count(&self) -> usize {
        self.topics.len()
    }

    /// Follows a topic on, or for the first time.
    pub(super) fn follow(&mut self, topic: TopicName, mut reader: Box<Reader>) {
        let name = topic.clone();
        let task = self.coming.spawn_local(async move {
            let heard = reader.next().await;
            (name, reader, heard)
        });
        self.topics.insert(topic, task);
    }

    /// This one came, and is not followed on.
    pub(super) fn end(&mut self, topic: &TopicName) {
        self.topics.remove(topic);
    }

    /// Follows a topic no longer, if it was: its place is free when this answers, and nothing of it comes any more.
    pub(super) async fn leave(&mut self, topic: &TopicName) -> bool {
        let Some(task) = self.topics.remove(topic) else { return false };
        let is_it = |joined: &Joined| joined.as_ref().map_or_else(JoinError::id, |(id, _)| *id) == task.id();
        if let Some(at) = self.waiting.iter().position(is_it) {
            self.waiting.remove(at);
            return true;
        }
        task.abort();
        while let Some(joined) = self.coming.join_next_with_id().await {
            if is_it(&joined) {
                break;
            }
            self.waiting.push_back(joined);
        }
        true
    }

    /// What comes next; none where nothing is followed. Nothing is lost where nobody waits for it any more.
    pub(super) async fn next(&mut self) -> Option<Result<Came, JoinError>> {
        let joined = match self.waiting.pop_front() {
            Some(joined) => joined,
            None => self.coming.join_next_with_id().await?,
        };
        Some(joined.map(|(_, came)| came))
    }
}
