//! A client of server-sent events (WHATWG HTML 9.2.6) that wants every line to be right.

use std::time::Duration;

use serde_json::Value;

use crate::client::Client;

/// However slow the machine is.
const DEADLINE: Duration = Duration::from_mins(1);

/// What was heard.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: String,
    pub id: Option<i64>,
    pub data: Value,
}

/// Listens.
pub struct Listener {
    response: reqwest::Response,
    text: String,
    /// Behind which message.
    pub opened: i64,
    /// The lines that are no events: that it is quiet.
    pub comments: usize,
}

impl Listener {
    /// Opens a stream, and hears that it is open.
    pub async fn open(by: &Client, path: &str) -> Self {
        Self::of(by.raw("GET", path).open().await).await
    }

    /// The same, behind a message.
    pub async fn behind(by: &Client, path: &str, last: i64) -> Self {
        Self::of(by.raw("GET", path).header("Last-Event-ID", &last.to_string()).open().await).await
    }

    async fn of(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200, "{:?}", response.text().await);
        for (name, value) in [
            ("content-type", "text/event-stream"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-accel-buffering", "no"),
        ] {
            assert_eq!(response.headers()[name], value);
        }
        let mut listener = Self { response, text: String::new(), opened: -1, comments: 0 };
        let open = listener.next().await.unwrap();
        assert_eq!(open.name, "open");
        listener.opened = open.id.unwrap();
        listener
    }

    /// The next event; none where the stream is over.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            if block.starts_with(':') {
                self.comments += 1;
                continue;
            }
            return Some(read(&block));
        }
    }

    /// Waits until it is said that it is quiet.
    pub async fn quiet(&mut self) {
        let block = self.block().await.unwrap();
        assert_eq!(block, ":", "something was said");
    }

    /// The next messages, which come next, and nothing between them.
    pub async fn messages(&mut self, count: usize) -> Vec<Value> {
        let mut all = Vec::new();
        while all.len() < count {
            let event = self.next().await.unwrap();
            assert_eq!((event.name.as_str(), event.id), ("message", event.data["seq"].as_i64()), "{event:?}");
            all.push(event.data);
        }
        all
    }

    /// The code with which the stream ends, which nothing follows.
    pub async fn end(&mut self) -> String {
        let event = self.next().await.unwrap();
        assert_eq!(event.name, "end", "{event:?}");
        assert_eq!(self.next().await, None);
        event.data["code"].as_str().unwrap().to_owned()
    }

    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk = tokio::time::timeout(DEADLINE, self.response.chunk()).await.expect("nothing was heard");
            let Some(chunk) = chunk.unwrap() else {
                assert_eq!(self.text, "", "the stream ended within an event");
                return None;
            };
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

fn read(block: &str) -> Event {
    let mut event = Event { name: String::new(), id: None, data: Value::Null };
    for line in block.lines() {
        match line.split_once(": ").unwrap_or_else(|| panic!("no field: {line:?}")) {
            ("event", name) => name.clone_into(&mut event.name),
            ("id", id) => event.id = Some(id.parse().unwrap()),
            ("data", data) => event.data = serde_json::from_str(data).unwrap(),
            ("retry", wait) => assert_eq!(wait, "2000"),
            _ => panic!("what is {line:?}?"),
        }
    }
    event
}
