//! The pages that show how to do one thing. Each has a house of its own, with org `acme`, mesh `main` and the topics
//! `deploys` and `secrets`, and a shell as the tutorial leaves it: `MESHKEY_URL` names the service, and
//! `MESHKEY_TOKEN_FILE` the file with the admin key.

use std::{fs, os::unix::fs::PermissionsExt as _};

use super::{
    clean,
    page::{read, steps},
    type_in,
};
use crate::{house::House, tools::database_url};

/// Does what the page says.
async fn follow(page: &str) {
    let steps = steps(&read(&format!("docs/{page}")));
    assert!(!steps.is_empty(), "nothing to do");
    let house = House::new().await;
    let admin = house.admin();
    // The account that a PostgreSQL runs as has to pass.
    let home = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
    fs::write(home.path().join("admin.key"), format!("{}\n", admin.secret())).unwrap();
    let mut bash = clean("bash", home.path());
    bash.env("MESHKEY_URL", admin.base()).env("MESHKEY_TOKEN_FILE", "admin.key");
    // For what is typed on the host of the service.
    bash.env("MESHKEY_DATABASE_URL", database_url(&house).await).env("MESHKEY_ALLOW_FSYNC_OFF", "true");
    type_in(&steps.iter().collect::<Vec<_>>(), bash, str::to_owned, String::new);
}

#[tokio::test]
async fn rotating_without_a_gap_is_done_as_said() {
    follow("how-to/rotate.md").await;
}

#[tokio::test]
async fn a_leaked_key_is_stopped_as_said() {
    follow("how-to/leaked-key.md").await;
}

#[tokio::test]
async fn a_ci_job_is_set_up_as_said() {
    follow("how-to/ci.md").await;
}

#[tokio::test]
async fn who_leaves_is_locked_out_as_said() {
    follow("how-to/leaver.md").await;
}

#[tokio::test]
async fn a_service_is_protected_as_said() {
    follow("how-to/protect-a-service.md").await;
}

#[tokio::test]
async fn a_gateway_asks_as_said() {
    follow("how-to/oauth.md").await;
}

#[tokio::test]
async fn uses_are_looked_at_as_said() {
    follow("how-to/usage.md").await;
}

#[tokio::test]
async fn a_topic_is_followed_as_said() {
    follow("how-to/follow.md").await;
}

#[tokio::test]
async fn a_socket_is_opened_as_said() {
    follow("how-to/sockets.md").await;
}

#[tokio::test]
async fn an_upgrade_is_checked_as_said() {
    follow("how-to/upgrade.md").await;
}

#[tokio::test]
async fn the_command_line_does_what_its_page_says() {
    follow("reference/cli.md").await;
}
