//! The log: lines on standard error, JSON unless told otherwise. Whatever the filter asks for, other people's crates are
//! heard at `info` at most, because below that they write out headers and the parameters of queries.
//!
//! Beside it, where somebody wants them, [`spans`].

pub mod spans;

use std::io::{self, IsTerminal as _};

use tracing::{Metadata, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{ParseError, filter_fn},
    fmt::{self, MakeWriter},
    layer::SubscriberExt as _,
    util::{SubscriberInitExt as _, TryInitError},
};

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// A directive that the filter's grammar does not know.
    #[error("the log filter cannot be read: {0}")]
    Filter(#[from] ParseError),
    /// A directive of one word that is no level. It would be taken for a crate, and silence all others.
    #[error("`{0}` is no level: use off, error, warn, info, debug or trace, and for a crate {0}=debug")]
    Level(String),
    /// Something in this process has a log already.
    #[error("the log is already set up: {0}")]
    Twice(#[from] TryInitError),
}

/// Sets up the log of this process, once.
pub fn init(filter: &str, json: bool) -> Result<(), TelemetryError> {
    Ok(subscriber(filter, json, io::stderr)?.try_init()?)
}

/// Whether [`init`] would take this filter.
pub fn ensure_filter(filter: &str) -> Result<(), TelemetryError> {
    parse(filter).map(drop)
}

/// The same log, to be written elsewhere.
pub fn subscriber<W>(filter: &str, json: bool, writer: W) -> Result<impl Subscriber + Send + Sync, TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let wanted = parse(filter)?;
    let cap = filter_fn(|metadata: &Metadata<'_>| *metadata.level() <= cap(metadata.target()));
    Ok(Registry::default().with(lines(json, writer)).with(wanted).with(cap))
}

fn lines<W>(json: bool, writer: W) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer);
    if json {
        lines.json().flatten_event(true).with_span_list(false).boxed()
    } else {
        lines.with_ansi(io::stderr().is_terminal()).boxed()
    }
}

fn parse(filter: &str) -> Result<EnvFilter, TelemetryError> {
    let word = filter.split(',').map(str::trim).find(|directive| is_stray(directive));
    match word {
        Some(word) => Err(TelemetryError::Level(word.to_owned())),
        None => Ok(EnvFilter::builder().with_regex(false).parse(filter)?),
    }
}

/// Whether a directive is one word that is no level.
fn is_stray(directive: &str) -> bool {
    !directive.is_empty() && !directive.contains(['=', '[']) && directive.parse::<LevelFilter>().is_err()
}

/// The most that is heard of a crate.
fn cap(target: &str) -> LevelFilter {
    match target.split("::").next() {
        Some("meshkey") => LevelFilter::TRACE,
        // At info they write about migrations, notices and threads, with paths of the machine that built them.
        Some("refinery" | "refinery_core" | "tokio_postgres" | "actix_server") => LevelFilter::WARN,
        _ => LevelFilter::INFO,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::Value;
    use tracing::subscriber::with_default;

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged under a filter while `speak` runs.
    fn heard(filter: &str, json: bool, speak: impl Fn()) -> String {
        let page = Page::default();
        let writer = page.clone();
        let subscriber = subscriber(filter, json, move || writer.clone()).unwrap();
        with_default(subscriber, speak);
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn no_filter_makes_a_foreign_crate_talk_below_info() {
        let lifts =
            ["trace", "tokio_postgres=trace", "tokio_postgres::query=debug,trace", "[inner]=trace", "[{key}]=trace"];
        for filter in lifts {
            let text = heard(filter, true, || {
                let _inner = tracing::error_span!(target: "meshkey", "inner", key = 1).entered();
                tracing::debug!(target: "tokio_postgres::query", "parameters");
                tracing::trace!(target: "hyper::proto", "headers");
                tracing::debug!(target: "a_crate_of_tomorrow", "anything");
                tracing::info!(target: "refinery_core::traits", "path");
            });
            assert_eq!(text, "", "{filter}");
        }
    }

    #[test]
    fn our_own_crate_is_heard_as_asked() {
        let speak = || {
            tracing::debug!(target: "meshkey::http", "asked");
            tracing::debug!(target: "meshkeyish", "not ours");
        };
        assert_eq!(heard("info,meshkey=debug,meshkeyish=debug", true, speak).lines().count(), 1);
        assert_eq!(heard("info", true, speak), "");
    }

    #[test]
    fn a_line_is_one_flat_json_object() {
        let text = heard("info", true, || tracing::info!(target: "meshkey", key = "key_1", "revoked\n{}", "twice"));
        let line: Value = serde_json::from_str(text.trim_end_matches('\n')).unwrap();
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["key"], "key_1");
        assert_eq!(line["message"], "revoked\ntwice");
        assert_eq!(text.lines().count(), 1);
    }

    #[test]
    fn lines_for_people_hold_no_json() {
        let text = heard("info", false, || tracing::info!(target: "meshkey", key = "key_1", "revoked"));
        assert!(text.contains("INFO meshkey: revoked key=\"key_1\""), "{text}");
    }

    #[test]
    fn a_bad_filter_is_refused() {
        assert!(matches!(ensure_filter("inof"), Err(TelemetryError::Level(word)) if word == "inof"));
        assert!(matches!(ensure_filter("meshkey=loud"), Err(TelemetryError::Filter(_))));
        for good in ["info", "off", "warn,meshkey::http=debug", "info,[request{id=1}]=trace", ""] {
            assert!(ensure_filter(good).is_ok(), "{good}");
        }
    }
}
