//! A server of somebody else's that guards its own route with the library: nothing of ours but the guard is in its way.

use std::{net::TcpListener, process::Command};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    http::header::ContentType,
    web::{self, Data},
};
use meshkey::{
    Guard, Requirement,
    guard::{
        Settings,
        actix::{Holder, Need},
    },
};

use super::{Outcome, args::Args, guarded, process::Process};

struct Reads;

impl Need for Reads {
    fn of(_: &HttpRequest) -> Requirement {
        Requirement::may("read").on("deploys")
    }
}

/// Such a server in a process of its own; `command` is how Meshkey itself would be started.
pub fn start(command: &Command, args: &Args) -> Outcome<Process> {
    let mut own = Command::new(std::env::current_exe()?);
    let url = command.get_envs().find(|(name, _)| *name == "MESHKEY_DATABASE_URL").and_then(|(_, value)| value);
    own.arg("--serve=library").arg(format!("--workers={}", args.workers)).env_clear();
    own.env("MESHKEY_GUARD_DATABASE_URL", url.unwrap_or_default()).env("MESHKEY_GUARD_ORG", "bench");
    Process::start(own)
}

/// What that process does.
pub fn serve(args: &Args) -> Outcome<()> {
    actix_web::rt::System::new().block_on(async {
        let guard = Guard::connect(Settings::from_environment()?).await?;
        let guarded = guard.clone();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        println!("library, ready on http://{}", listener.local_addr()?);
        let route = || web::resource(guarded::PATH).route(web::get().to(answer));
        let server = HttpServer::new(move || App::new().app_data(Data::new(guarded.clone())).service(route()));
        server.workers(usize::from(args.workers)).listen(listener)?.run().await?;
        guard.stop().await;
        Ok(())
    })
}

async fn answer(_key: Holder<Reads>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(guarded::ANSWER)
}
