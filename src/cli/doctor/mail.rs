//! The mail server, where there is one. Nothing is sent.

use super::finding::{Finding, Report};
use crate::{app, config::Settings};

/// Looks at it.
pub(super) async fn look(settings: &Settings, report: &mut Report) {
    let fix = "compare `smtp_url` with what the mail server wants, and see that it can be reached from here";
    let tested = match app::mail(settings) {
        Ok(mail) => mail.test().await,
        Err(error) => Some(Err(error.to_string())),
    };
    report.add(match tested {
        None => Finding::ok("mail", "no mail server is set up: who invites passes the link on"),
        Some(Ok(())) => Finding::ok("mail", "the mail server answers"),
        Some(Err(why)) => Finding::fail("mail", format!("the mail server does not do: {why}")).fix(fix),
    });
}
