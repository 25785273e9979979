//! The exporter of the OpenTelemetry project, with an HTTP client of ours.

use std::{
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::{Duration, SystemTime},
};

use opentelemetry::{
    Context, KeyValue,
    trace::{
        Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
        Tracer as _, TracerProvider as _,
    },
};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider},
};
use tokio::runtime::Handle;
use tracing::{info, warn};

use super::{Error, Remote, Span};

/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often what has come together is sent.
const INTERVAL: Duration = Duration::from_secs(5);
/// How many spans wait at most.
const MOST_WAITING: usize = 8192;

/// Where spans go.
pub struct Spans {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Spans {
    /// Sends to this collector, in the name of this instance, and of the traces that begin here this part. Nothing is sent yet,
    /// and nobody needs to be there.
    pub fn open(endpoint: &str, ratio: f64, instance: &str) -> Result<Self, Error> {
        let failed = |error: &dyn std::error::Error| Error::Exporter(error.to_string());
        let http = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).no_proxy();
        let http = http.build().map_err(|error| failed(&error))?;
        let collector = Collector { http, runtime: Handle::current(), is_away: AtomicBool::new(false) };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{endpoint}/v1/traces"))
            .with_timeout(PATIENCE)
            .build()
            .map_err(|error| failed(&error))?;
        let batches = BatchConfigBuilder::default().with_max_queue_size(MOST_WAITING).with_scheduled_delay(INTERVAL);
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches.build()).build();
        let resource = Resource::builder_empty().with_attributes([
            KeyValue::new("service.name", "meshkey"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", instance.to_owned()),
        ]);
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio))))
            .with_resource(resource.build())
            .with_span_processor(processor)
            .build();
        let tracer = provider.tracer("meshkey");
        Ok(Self { provider, tracer })
    }

    /// Keeps a span, to be sent. Waits for nobody.
    pub fn record(&self, span: &Span<'_>) {
        let now = SystemTime::now();
        let texts = span.texts.iter().map(|(name, text)| KeyValue::new(*name, text.clone()));
        let numbers = span.numbers.iter().map(|(name, number)| KeyValue::new(*name, *number));
        let builder = self
            .tracer
            .span_builder(span.name.clone())
            .with_kind(SpanKind::Server)
            .with_start_time(now - span.took)
            .with_attributes(texts.chain(numbers).collect::<Vec<_>>());
        let parent =
            span.parent.map_or_else(Context::new, |remote| Context::new().with_remote_span_context(remote.into()));
        let mut own = self.tracer.build_with_context(builder, &parent);
        if span.has_failed {
            own.set_status(Status::error(""));
        }
        own.end_with_timestamp(now);
    }

    /// Sends what waits, if it is taken in time, and stops.
    pub async fn close(&self) {
        let provider = self.provider.clone();
        let closing = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(PATIENCE));
        if !matches!(closing.await, Ok(Ok(()))) {
            warn!("the last spans could not be sent");
        }
    }
}

impl From<Remote> for SpanContext {
    fn from(remote: Remote) -> Self {
        let flags = if remote.is_sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
        let (trace, span) = (TraceId::from(remote.trace), SpanId::from(remote.span));
        Self::new(trace, span, flags, true, TraceState::default())
    }
}

/// Whoever takes the spans.
#[derive(Debug)]
struct Collector {
    http: reqwest::Client,
    /// Where our requests run: the exporter asks from a thread of its own.
    runtime: Handle,
    /// Whether the last batch was not taken, so that the log says it once.
    is_away: AtomicBool,
}

impl Collector {
    fn note(&self, fault: Option<&str>) {
        let was_away = self.is_away.swap(fault.is_some(), Relaxed);
        match (fault, was_away) {
            (Some(fault), false) => warn!(fault, "spans are lost: the collector does not take them"),
            (None, true) => info!("the collector takes spans again"),
            _ => {}
        }
    }
}

async fn send(http: reqwest::Client, request: Request<Bytes>) -> Result<Response<Bytes>, reqwest::Error> {
    let answer = http.execute(request.try_into()?).await?.error_for_status()?;
    let mut told = Response::new(Bytes::new());
    *told.status_mut() = answer.status();
    *told.body_mut() = answer.bytes().await?;
    Ok(told)
}

impl HttpClient for Collector {
    fn send_bytes<'own, 'sent>(
        &'own self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'sent>>
    where
        'own: 'sent,
        Self: 'sent,
    {
        let sending = self.runtime.spawn(send(self.http.clone(), request));
        Box::pin(async move {
            match sending.await? {
                Ok(told) => {
                    self.note(None);
                    Ok(told)
                }
                Err(error) => {
                    // The address may hold what is nobody else's business.
                    let error = error.without_url();
                    self.note(Some(&error.to_string()));
                    Err(error.into())
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn nobody_waits_for_a_collector_that_says_nothing_and_what_is_too_much_is_dropped() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let spans = Spans::open(&format!("http://{}", silent.local_addr().unwrap()), 1.0, "one").unwrap();
        for number in 0..4 * i64::try_from(MOST_WAITING).unwrap() {
            spans.record(&Span {
                name: "GET /livez".to_owned(),
                parent: None,
                took: Duration::from_millis(1),
                has_failed: false,
                texts: &[("http.request.method", "GET".to_owned())],
                numbers: &[("number", number)],
            });
        }
        spans.close().await;
    }
}
