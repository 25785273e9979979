//! The same small service on axum: the layer stands before the routes that demand something.
//!
//! Run it with `MESHKEY_GUARD_DATABASE_URL`, `MESHKEY_GUARD_ORG`,
//! `MESHKEY_GUARD_MESH` and `LISTEN`; it says where it listens.

use std::{env, error::Error, net::SocketAddr};

use axum::{
    Extension, Router,
    extract::ConnectInfo,
    http::request::Parts,
    routing::{get, put},
};
use meshkey::{
    Guard, Requirement,
    guard::{Holder, Settings, tower::GuardLayer},
};
use tokio::signal::unix::{SignalKind, signal};

fn view_issues(head: &Parts) -> Requirement {
    from_peer(Requirement::may("issue_view"), head)
}

/// Files are uploaded to a project, which is a topic: the segment behind `/projects`.
fn upload(head: &Parts) -> Requirement {
    from_peer(Requirement::may("upload").on(head.uri.path().split('/').nth(2).unwrap_or_default()), head)
}

fn from_peer(wanted: Requirement, head: &Parts) -> Requirement {
    match head.extensions.get::<ConnectInfo<SocketAddr>>() {
        Some(ConnectInfo(peer)) => wanted.from_address(peer.ip()),
        None => wanted,
    }
}

async fn issues(Extension(key): Extension<Holder>) -> String {
    format!("issues for {}\n", key.label())
}

async fn file(Extension(key): Extension<Holder>, body: String) -> String {
    format!("{} bytes from {}\n", body.len(), key.label())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let guard = Guard::connect(Settings::from_environment()?).await?;
    let app = Router::new()
        .route("/issues", get(issues).layer(GuardLayer::new(guard.clone(), view_issues)))
        .route("/projects/{project}/file", put(file).layer(GuardLayer::new(guard.clone(), upload)));
    let listener = tokio::net::TcpListener::bind(env::var("LISTEN")?).await?;
    println!("listening on {}", listener.local_addr()?);
    let mut end = signal(SignalKind::terminate())?;
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).with_graceful_shutdown(async move { _ = end.recv().await }).await?;
    guard.stop().await;
    Ok(())
}
