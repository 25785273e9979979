//! The floor of what is asked over HTTP: a bare handler that parses the same body and answers as many bytes.

mod streams;

use actix_web::{
    App, HttpResponse, HttpServer,
    http::header::ContentType,
    web::{self, Bytes, Data, Form, Json},
};
use serde::Deserialize;
use std::{net::TcpListener, process::Command};

use super::{Outcome, args::Args, guarded, process::Process};

/// A route that anybody may ask, and that asks nobody.
pub const OPEN: &str = "/livez";
/// Where many questions are asked at once.
pub const BATCH: &str = "/v1/verify/batch";
/// Where a client of OAuth asks.
pub const INTROSPECT: &str = "/v1/introspect";
/// Where a gateway asks.
pub const GATE: &str = "/v1/forward-auth/skipper/mesh/bench/main/read/deploys";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    key: String,
    capability: String,
    topic: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Questions {
    items: Vec<Question>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "RFC 7662 calls it so")]
struct Token {
    token: String,
    capability: Option<String>,
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
    let answer =
        if bytes == 0 { Bytes::new() } else { Bytes::from(format!("\"{}\"", "x".repeat(bytes.saturating_sub(2)))) };
    let topics = Data::new(streams::Topics::default());
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("bare, ready on http://{}", listener.local_addr()?);
    let server = HttpServer::new(move || {
        let verify = web::resource("/v1/verify").route(web::post().to(verify));
        let guarded = web::resource(guarded::PATH).route(web::get().to(answered));
        let open = web::resource(OPEN).route(web::get().to(answered));
        let batch = web::resource(BATCH).route(web::post().to(verify_all));
        let introspect = web::resource(INTROSPECT).route(web::post().to(introspect));
        let gate = web::resource(GATE).route(web::get().to(answered));
        let app = App::new().app_data(Data::new(answer.clone())).app_data(topics.clone());
        let app = app.configure(streams::configure).service(verify).service(guarded).service(open);
        app.service(batch).service(introspect).service(gate)
    });
    // Who listened may have gone without a word: nobody is waited for.
    let server = server.workers(usize::from(args.workers)).shutdown_timeout(0).listen(listener)?;
    Ok(actix_web::rt::System::new().block_on(server.run())?)
}

async fn verify(answer: Data<Bytes>, asked: Json<Question>) -> HttpResponse {
    let Question { key, capability, topic } = asked.into_inner();
    std::hint::black_box((key, capability, topic));
    answered(answer).await
}

async fn verify_all(answer: Data<Bytes>, asked: Json<Questions>) -> HttpResponse {
    for Question { key, capability, topic } in asked.into_inner().items {
        std::hint::black_box((key, capability, topic));
    }
    answered(answer).await
}

async fn introspect(answer: Data<Bytes>, asked: Form<Token>) -> HttpResponse {
    let Token { token, capability, topic } = asked.into_inner();
    std::hint::black_box((token, capability, topic));
    answered(answer).await
}

async fn answered(answer: Data<Bytes>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(answer.as_ref().clone())
}
