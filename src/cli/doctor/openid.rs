//! The providers of OpenID Connect, where there are some: whether each says of itself what it takes. Nobody signs in.

use super::finding::{Finding, Report};
use crate::{app, config::Settings};

/// Looks at each. One that is out of reach keeps nobody out who signs in in another way.
pub(super) async fn look(settings: &Settings, report: &mut Report) {
    let providers = match app::providers(settings) {
        Ok(providers) => providers,
        Err(error) => return report.add(Finding::fail("openid", error.to_string())),
    };
    for provider in providers.all() {
        let (name, issuer) = (provider.name(), provider.issuer());
        report.add(match provider.test().await {
            Ok(()) => Finding::ok("openid", format!("{name} answers as {issuer}")),
            Err(why) => {
                let fix = format!(
                    "compare `openid.{name}.issuer` with what the provider calls itself, and see that it can be reached from here"
                );
                Finding::warn("openid", format!("{name} does not do: {why}")).fix(fix)
            }
        });
    }
}
