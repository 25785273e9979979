//! The browser of who sits before the terminal, where there is one. Nothing depends on it: the address stands in the terminal.

use std::{
    env,
    io::{self, IsTerminal as _},
    process::{Command, Stdio},
};

use reqwest::Url;

/// What opens an address.
const PROGRAM: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// Whether somebody sits there who could see it.
fn is_there() -> bool {
    let has_display =
        ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some_and(|it| !it.is_empty()));
    let is_remote = ["SSH_CONNECTION", "SSH_TTY"].iter().any(|name| env::var_os(name).is_some());
    io::stdin().is_terminal() && io::stderr().is_terminal() && !is_remote && (cfg!(target_os = "macos") || has_display)
}

/// Opens it, if that can be done. The program that does it is told no key.
pub(super) fn open(address: &str) -> bool {
    let is_web = address.parse::<Url>().is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
    if !is_web || !is_there() {
        return false;
    }
    let mut program = Command::new(PROGRAM);
    program.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MESHKEY_")) {
        program.env_remove(name);
    }
    program.spawn().is_ok()
}
