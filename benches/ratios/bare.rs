//! The floor of what is asked over HTTP: a bare handler that parses the same body and answers as many bytes.

use actix_web::{
    App, HttpResponse, HttpServer,
    http::header::ContentType,
    web::{self, Bytes, Data, Json},
};
use serde::Deserialize;
use std::{net::TcpListener, process::Command};

use super::{Outcome, args::Args, guarded, process::Process};

/// A route that anybody may ask, and that asks nobody.
pub const OPEN: &str = "/livez";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    key: String,
    capability: String,
    topic: Option<String>,
}

/// A bare server in a process of its own, whose answers are so long.
pub fn start(args: &Args, bytes: usize) -> Outcome<Process> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(format!("--serve-bare={bytes}")).arg(format!("--workers={}", args.workers));
    Process::start(command)
}

/// What that process does.
pub fn serve(args: &Args, bytes: usize) -> Outcome<()> {
    let answer = Bytes::from(format!("\"{}\"", "x".repeat(bytes.saturating_sub(2))));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("bare, ready on http://{}", listener.local_addr()?);
    let server = HttpServer::new(move || {
        let verify = web::resource("/v1/verify").route(web::post().to(verify));
        let guarded = web::resource(guarded::PATH).route(web::get().to(answered));
        let open = web::resource(OPEN).route(web::get().to(answered));
        App::new().app_data(Data::new(answer.clone())).service(verify).service(guarded).service(open)
    });
    let server = server.workers(usize::from(args.workers)).listen(listener)?;
    Ok(actix_web::rt::System::new().block_on(server.run())?)
}

async fn verify(answer: Data<Bytes>, asked: Json<Question>) -> HttpResponse {
    let Question { key, capability, topic } = asked.into_inner();
    std::hint::black_box((key, capability, topic));
    answered(answer).await
}

async fn answered(answer: Data<Bytes>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(answer.as_ref().clone())
}
