//! What is not the primary itself is refused at the start: a standby, and a pooler.

use std::{fs, io::Write as _, path::PathBuf, process::Output, time::Duration};

use tempfile::TempDir;
use tokio::{net::TcpStream, process::Child, time::timeout};

use super::{
    postgres::{DATABASE, Postgres, free_port, launched},
    replica::{meshkey, tell, url},
};
use crate::tools::{eventually, shelter};

/// Has the service start on the database of this port; it must end by itself.
async fn serve(port: u16) -> Output {
    serve_migrating(port, port).await
}

/// The same, where the schema is looked after through another port.
async fn serve_migrating(port: u16, migrating: u16) -> Output {
    let mut serve = meshkey(&["serve", "--listen", "127.0.0.1:0", "--log", "error"], &url(port, "refused"));
    serve.env("MESHKEY_MIGRATE_DATABASE_URL", url(migrating, "migrating"));
    timeout(Duration::from_secs(30), serve.output()).await.expect("a start that is refused").unwrap()
}

#[track_caller]
fn ensure_refused(output: &Output, code: i32, words: &str) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.stdout.is_empty() && told.contains(words), "{output:?}");
    assert_eq!(output.status.code(), Some(code), "{output:?}");
}

async fn init(postgres: &Postgres) {
    tell(&["init", "--org", "acme"], &url(postgres.port, "host")).await;
}

#[tokio::test]
async fn a_standby_is_refused() {
    let primary = Postgres::new().await;
    let standby = primary.standby(free_port(), primary.port).await;
    ensure_refused(&serve(standby.port).await, 1, "the database is a standby");
    // The same where there is an installation already.
    init(&primary).await;
    ensure_refused(&serve(standby.port).await, 1, "the database is a standby");
}

/// A pooler in front of the database, ended when this is dropped.
struct Bouncer {
    port: u16,
    _child: Child,
    _dir: TempDir,
}

impl Bouncer {
    /// None where there is none, which is said.
    async fn start(to: &Postgres, mode: &str, ignored: &str, query: &str) -> Option<Self> {
        let places = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"];
        let Some(program) = places.iter().map(PathBuf::from).find(|place| place.is_file()) else {
            let _ = writeln!(std::io::stderr(), "SKIPPED: a pooler in the path, because PgBouncer is not installed");
            return None;
        };
        let (dir, port) = (shelter(), free_port());
        let at = |name: &str| dir.path().join(name);
        fs::write(at("users"), "\"meshkey\" \"\"\n").unwrap();
        fs::write(
            at("ini"),
            format!(
                "[databases]\n{DATABASE} = host=127.0.0.1 port={}{query}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
                 listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = {mode}\n\
                 ignore_startup_parameters = {ignored}\n",
                to.port,
                at("users").display()
            ),
        )
        .unwrap();
        let child = launched(&program).arg("-q").arg(at("ini")).kill_on_drop(true).spawn().unwrap();
        eventually("a pooler", async || TcpStream::connect(("127.0.0.1", port)).await.ok()).await;
        Some(Self { port, _child: child, _dir: dir })
    }
}

#[tokio::test]
async fn a_pooler_in_the_path_is_refused() {
    let primary = Postgres::new().await;
    init(&primary).await;
    for (mode, ignored, query, code, words) in [
        // As it comes: it does not know how a role is asked for.
        ("transaction", "extra_float_digits", "", 8, "unsupported startup parameter: options"),
        // Told to overlook that, it makes us the login, which owns everything.
        ("transaction", "options", "", 1, "would work as the database role 'meshkey'"),
        ("session", "options", "", 1, "would work as the database role 'meshkey'"),
        // With a role of its own, it swallows what is to be heard or forgets what was prepared, whichever comes first, or the role.
        (
            "transaction",
            "options",
            " connect_query='SET ROLE meshkey_operator'",
            1,
            "a connection pooler between here and the database",
        ),
        (
            "session",
            "options",
            " connect_query='SET ROLE meshkey_operator'",
            1,
            "would work as the database role 'meshkey'",
        ),
    ] {
        let Some(bouncer) = Bouncer::start(&primary, mode, ignored, query).await else { return };
        ensure_refused(&serve_migrating(bouncer.port, primary.port).await, code, words);
    }
}
