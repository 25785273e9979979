//! A small service of somebody else's: an issue tracker, guarded by Meshkey in its own process.
//!
//! Its org has declared `issue_view` and `upload`. Run it with `MESHKEY_GUARD_DATABASE_URL`,
//! `MESHKEY_GUARD_ORG`, `MESHKEY_GUARD_MESH` and `LISTEN`; it says where it listens.

use std::{env, error::Error};

use actix_web::{App, HttpRequest, HttpServer, get, put, web::Data};
use meshkey::{
    Guard, Requirement,
    guard::{
        Settings,
        actix::{Holder, Need},
    },
};

struct ViewIssues;

impl Need for ViewIssues {
    fn of(_: &HttpRequest) -> Requirement {
        Requirement::may("issue_view")
    }
}

/// Files are uploaded to a project, which is a topic.
struct Upload;

impl Need for Upload {
    fn of(request: &HttpRequest) -> Requirement {
        Requirement::may("upload").on(request.match_info().query("project"))
    }
}

#[get("/issues")]
async fn issues(key: Holder<ViewIssues>) -> String {
    format!("issues for {}\n", key.label())
}

#[put("/projects/{project}/file")]
async fn upload(key: Holder<Upload>, body: String) -> String {
    format!("{} bytes from {}\n", body.len(), key.label())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let guard = Guard::connect(Settings::from_environment()?).await?;
    let guarded = guard.clone();
    let app = move || App::new().app_data(Data::new(guarded.clone())).service(issues).service(upload);
    let server = HttpServer::new(app).workers(2).bind(env::var("LISTEN")?)?;
    println!("listening on {}", server.addrs()[0]);
    server.run().await?;
    guard.stop().await;
    Ok(())
}
