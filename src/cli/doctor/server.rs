//! The running service, and the way to it.

use super::finding::{Finding, Report};
use crate::{
    cli::probe::{Answer, Base},
    config::Settings,
};

/// Looks at it.
pub(super) async fn look(settings: &Settings, named: Option<&Base>, report: &mut Report) {
    let listening = if settings.listen.port() == 0 { None } else { Base::of(settings.listen) };
    let nowhere = || Finding::warn("server", "the settings leave the port to the system").fix("name it with --url");
    report.add(match named.cloned().or(listening) {
        Some(base) => server(&base).await,
        None => nowhere(),
    });
    report.add(url(settings, named));
}

async fn server(base: &Base) -> Finding {
    match base.ask("/livez").await {
        Answer::Good => {}
        Answer::Nobody(why) => {
            let told = format!("{base} does not answer: {why}");
            return Finding::warn("server", told).fix("start it with `meshkey serve`, or name another with --url");
        }
        Answer::Bad(why) | Answer::Stranger(why) => {
            let told = format!("{base} is no Meshkey: {why}");
            return Finding::fail("server", told)
                .fix("name the right one with --url, or serve elsewhere with --listen");
        }
    }
    match base.ask("/readyz").await {
        Answer::Good => Finding::ok("server", format!("{base} lives and is ready")),
        Answer::Bad(why) | Answer::Nobody(why) | Answer::Stranger(why) => {
            Finding::fail("server", format!("{base} lives and is not ready: {why}")).fix("its log says why")
        }
    }
}

/// Whether a key could be read on its way.
fn url(settings: &Settings, named: Option<&Base>) -> Finding {
    let fix = "put a proxy with TLS in front of it, and let it listen on 127.0.0.1 or a network that you trust";
    match named {
        Some(base) if base.is_open() => {
            Finding::warn("url", format!("{base}: plain HTTP to another host, keys can be read on the way")).fix(fix)
        }
        None if !settings.listen.ip().is_loopback() => {
            Finding::warn("url", format!("it listens on {} and speaks plain HTTP", settings.listen)).fix(fix)
        }
        Some(base) => Finding::ok("url", base.to_string()),
        None => Finding::ok("url", format!("http://{}, on this host alone", settings.listen)),
    }
}
