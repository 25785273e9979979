//! A gateway as a program, with the configuration of its page. What stands there of addresses is replaced, and nothing else.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use tokio::{net::TcpStream, process::Child};

use crate::{
    nemesis::postgres::{free_port, launched},
    tools::{self, eventually, shelter},
};

/// A gateway that runs. It is stopped when this is dropped.
pub struct Program {
    pub address: String,
    _child: Child,
    _dir: TempDir,
}

/// The configuration on the page: the block of that language.
fn block(page: &str, language: &str) -> String {
    block_of(&format!("gateways/{page}"), language)
}

fn block_of(page: &str, language: &str) -> String {
    tools::block(&format!("docs/how-to/{page}.md"), language)
}

/// Where things are, in a run of a test.
struct Place {
    dir: PathBuf,
    port: u16,
    meshkey: String,
    backend: String,
    /// A stored gate, in place of the one on the page.
    gate: Option<String>,
}

impl Place {
    /// The text with the addresses of this run. Each of them stands in it.
    fn put_into(&self, text: &str, addresses: &[&str]) -> String {
        let Self { dir, port, meshkey, backend, .. } = self;
        let all = [
            ("127.0.0.1:7700", meshkey.clone()),
            ("127.0.0.1:8080", backend.clone()),
            ("listen 8000", format!("listen 127.0.0.1:{port}")),
            ("bind :8000", format!("bind 127.0.0.1:{port}")),
            ("\n:8000 {", format!("\nhttp://:{port} {{")),
            ("/etc/haproxy", dir.display().to_string()),
        ];
        let mut text = format!("\n{text}");
        for (known, real) in all.iter().filter(|(known, _)| addresses.contains(known)) {
            assert!(text.contains(known), "{known} is not in {text}");
            text = text.replace(known, real);
        }
        text
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.dir.join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// The recipe for nginx, with the line that the page for stored gates has in place of one of it.
    fn with_gate(&self, recipe: String) -> String {
        let Some(gate) = &self.gate else { return recipe };
        let line = block_of("gateways", "nginx");
        let (before, id) = line.trim().trim_end_matches(';').rsplit_once('/').unwrap();
        assert!(id.parse::<meshkey::domain::GateId>().is_ok(), "{line}");
        let is_other = |known: &&str| known.trim().starts_with("proxy_pass http://127.0.0.1:7700/");
        assert_eq!(recipe.lines().filter(is_other).count(), 1, "{recipe}");
        let other = format!("{before}/{gate};");
        recipe.lines().map(|known| if is_other(&known) { &other } else { known }).collect::<Vec<_>>().join("\n")
    }

    fn nginx(&self) -> Vec<String> {
        let page = self.with_gate(block("nginx", "nginx"));
        let own = self.put_into(&page, &["127.0.0.1:7700", "127.0.0.1:8080", "listen 8000"]);
        let dir = self.dir.display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .flat_map(|what| [what, "_temp_path ", "temporary/", what, ";\n"].map(str::to_owned))
            .collect();
        let conf = format!(
            "daemon off;\nmaster_process off;\npid {dir}/pid;\nerror_log {dir}/log;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}{own}}}\n"
        );
        fs::create_dir(self.dir.join("temporary")).unwrap();
        fs::set_permissions(self.dir.join("temporary"), fs::Permissions::from_mode(0o777)).unwrap();
        ["-p", &dir.to_string(), "-e", &format!("{dir}/log"), "-c", &self.write("conf", &conf)]
            .map(str::to_owned)
            .into()
    }

    fn caddy(&self) -> Vec<String> {
        let own = self.put_into(&block("caddy", "caddyfile"), &["127.0.0.1:7700", "127.0.0.1:8080", "\n:8000 {"]);
        let conf = format!("{{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}}\n{own}");
        let conf = self.write("Caddyfile", &conf);
        ["run", "--adapter", "caddyfile", "--config", &conf].map(str::to_owned).into()
    }

    fn haproxy(&self) -> Vec<String> {
        self.write("meshkey.lua", &self.put_into(&block("haproxy", "lua"), &["127.0.0.1:7700"]));
        let own = self.put_into(&block("haproxy", "haproxy"), &["127.0.0.1:8080", "bind :8000"]);
        let load = self.put_into("lua-load /etc/haproxy/meshkey.lua", &["/etc/haproxy"]);
        let times = "timeout connect 10s\ntimeout client 60s\ntimeout server 60s\n";
        let conf = self.write("cfg", &format!("global\n{load}\ndefaults\nmode http\n{times}{own}"));
        ["-db", "-f", &conf].map(str::to_owned).into()
    }
}

impl Program {
    /// None where there is no such program, which is said.
    pub async fn start(name: &str, meshkey: &str, backend: &str) -> Option<Self> {
        Self::launch(name, meshkey, backend, None).await
    }

    /// The same with a stored gate.
    pub async fn start_at_gate(name: &str, meshkey: &str, backend: &str, gate: &str) -> Option<Self> {
        Self::launch(name, meshkey, backend, Some(gate.to_owned())).await
    }

    async fn launch(name: &str, meshkey: &str, backend: &str, gate: Option<String>) -> Option<Self> {
        let places = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];
        let Some(program) = places.iter().map(|dir| Path::new(dir).join(name)).find(|place| place.is_file()) else {
            let _ = writeln!(std::io::stderr(), "SKIPPED: a gateway in front, because {name} is not installed");
            return None;
        };
        let dir = shelter();
        // It may not run as we do.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let meshkey = meshkey.trim_start_matches("http://").to_owned();
        let place = Place { dir: dir.path().to_owned(), port: free_port(), meshkey, backend: backend.to_owned(), gate };
        let arguments = match name {
            "nginx" => place.nginx(),
            "caddy" => place.caddy(),
            _ => place.haproxy(),
        };
        let said = fs::File::create(dir.path().join("said")).unwrap();
        let mut command = launched(&program);
        command.args(arguments).env("HOME", dir.path()).kill_on_drop(true).stderr(said);
        let mut child = command.spawn().unwrap();
        let address = format!("127.0.0.1:{}", place.port);
        eventually(name, async || {
            if let Some(end) = child.try_wait().unwrap() {
                let said = ["said", "log"].map(|file| fs::read_to_string(dir.path().join(file)).unwrap_or_default());
                panic!("{name} ended with {end}: {}", said.concat());
            }
            TcpStream::connect(&address).await.ok()
        })
        .await;
        Some(Self { address, _child: child, _dir: dir })
    }
}
