//! A provider that others wrote, as it is: `tests/openid`, in a process of its own. Where it cannot be had it is said.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::libraries::of_npm;

pub const CLIENT: &str = "meshkey";
const SECRET: &str = "what the provider has given to the service";

/// A provider, which ends with this.
pub struct Provider {
    child: Child,
    pub issuer: String,
    port: u64,
    told: Value,
}

fn packages() -> Option<PathBuf> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openid");
    let packages = of_npm("oidc-provider-9.13.3", &sources);
    let must = env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(packages.is_some() || !must, "CI must sign in by a provider");
    packages
}

impl Provider {
    /// One on this host, called so, that sends people back to the service at `url`. It is none of those that keep what they say of
    /// somebody out of their word, unless that is wished.
    pub fn start(host: &str, url: &str, more: &Value) -> Option<Self> {
        let back = ["one", "two"].map(|name| format!("{url}/sign-in/openid/{name}/callback"));
        let client = |id: &str| json!({ "client_id": id, "client_secret": SECRET, "redirect_uris": back });
        let public = json!({
            "client_id": "public", "token_endpoint_auth_method": "none", "redirect_uris": back,
        });
        let mut told = json!({
            "packages": packages()?, "port": 0, "host": host, "in_word": true,
            "clients": [client(CLIENT), client("another"), public],
        });
        told.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Some(Self::spawn(told))
    }

    fn spawn(told: Value) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openid/provider.mjs");
        let mut node = Command::new("node");
        let mut child =
            node.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(told.to_string().as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let (issuer, port) = (said["issuer"].as_str().unwrap().to_owned(), said["port"].as_u64().unwrap());
        Self { child, issuer, port, told }
    }

    /// It is out of reach from now on.
    pub fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// It is there again, at the same place and with other keys.
    pub fn start_again(&mut self) {
        self.stop();
        self.told["port"] = self.port.into();
        *self = Self::spawn(self.told.clone());
    }

    /// The settings of the service that name it so.
    pub fn settings(&self, name: &str) -> Vec<(String, String)> {
        let of =
            |field: &str, value: &str| (format!("MESHKEY_OPENID_{}_{field}", name.to_uppercase()), value.to_owned());
        vec![
            of("ISSUER", &self.issuer),
            of("CLIENT_ID", CLIENT),
            of("CLIENT_SECRET", SECRET),
            of("TITLE", &format!("The {name}")),
        ]
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
