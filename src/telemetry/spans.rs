//! Spans for a collector: one for each request, sent by OTLP over HTTP in batches. A collector that is slow or away costs
//! its spans, and nothing else: what does not fit into the queue is dropped.

use std::time::Duration;

/// The trace and the span that a span belongs to, as its request says.
#[derive(Debug, Clone, Copy)]
pub struct Remote {
    /// The trace.
    pub trace: u128,
    /// The span above.
    pub span: u64,
    /// Whether whoever began the trace keeps it. If not, neither do we.
    pub is_sampled: bool,
}

/// A request that was answered at this moment.
#[derive(Debug)]
pub struct Span<'a> {
    /// What it is called.
    pub name: String,
    /// In the course of what.
    pub parent: Option<Remote>,
    /// How long it took.
    pub took: Duration,
    /// Whether it is a failure of ours.
    pub has_failed: bool,
    /// Texts that are told of it.
    pub texts: &'a [(&'static str, String)],
    /// Numbers that are told of it.
    pub numbers: &'a [(&'static str, i64)],
}

#[cfg(feature = "otel")]
pub use otlp::Spans;
#[cfg(not(feature = "otel"))]
pub use without::Spans;

#[cfg(feature = "otel")]
mod otlp;

/// Why no spans are sent.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The exporter cannot be made.
    #[error("spans cannot be sent: {0}")]
    Exporter(String),
    /// This binary has none.
    #[error("spans cannot be sent: this meshkey was built without the feature `otel`")]
    NotBuilt,
}

#[cfg(not(feature = "otel"))]
mod without {
    use super::{Error, Span};

    /// There is none.
    pub enum Spans {}

    impl Spans {
        /// Refuses.
        pub fn open(_endpoint: &str, _ratio: f64, _instance: &str) -> Result<Self, Error> {
            Err(Error::NotBuilt)
        }

        /// Nobody can ask.
        pub fn record(&self, _span: &Span<'_>) {
            match *self {}
        }

        /// Nobody can ask.
        pub async fn close(&self) {
            match *self {}
        }
    }
}
