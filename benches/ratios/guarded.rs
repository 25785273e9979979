//! A server of one's own routes behind Meshkey's guard, as whoever uses the library has one: a route that asks nothing of
//! the database itself, so that what is measured is the guard.

use std::process::Command;

use actix_web::{
    HttpResponse,
    http::header::ContentType,
    web::{self, ServiceConfig},
};
use meshkey::{
    app,
    config::{ServeFlags, Settings},
    http::{Caller, Input, guard::AnyKey},
    telemetry,
};

use super::{Outcome, process::Process};

/// The route.
pub const PATH: &str = "/bench/guarded";
/// What it answers.
pub const ANSWER: &str = r#"{"status":"ok"}"#;

/// Such a server in a process of its own; `command` is how Meshkey itself would be started.
pub fn start(command: &Command) -> Outcome<Process> {
    let mut own = Command::new(std::env::current_exe()?);
    let environment = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    own.arg("--serve=guarded").env_clear().envs(environment);
    Process::start(own)
}

/// What that process does.
pub fn serve() -> Outcome<()> {
    let settings = Settings::load(&ServeFlags::default(), std::env::vars_os())?;
    telemetry::init(&settings.log, true)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = app::start_with(&settings, routes).await?;
        println!("guarded, ready on http://{}", server.address());
        let mut stop = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        stop.recv().await;
        server.stop().await;
        Ok(())
    })
}

fn routes(service: &mut ServiceConfig) {
    service.service(web::resource(PATH).route(web::get().to(guarded)));
}

async fn guarded(_caller: Caller<AnyKey, Input>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(ANSWER)
}
