//! What the service manager is told, as `sd_notify` tells it: a datagram to the socket that `NOTIFY_SOCKET` names. Where
//! there is none, nobody is told.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::net::{SocketAddr, UnixDatagram},
};

use tracing::warn;

/// A service manager that waits to be told.
pub(super) struct Manager(Option<OsString>);

impl Manager {
    /// The one that started us, if it wants to know.
    pub(super) fn of_this_process() -> Self {
        Self(std::env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty()))
    }

    /// From now on requests are answered, and can be decided.
    pub(super) fn is_ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}\n"));
    }

    /// No new requests are taken.
    pub(super) fn is_stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=finishing the requests under way\n");
    }

    /// Whether it could be told changes nothing for those who are served.
    fn tell(&self, state: &str) {
        let Some(socket) = &self.0 else { return };
        if let Err(error) = send(socket, state) {
            warn!(%error, "the service manager could not be told; NOTIFY_SOCKET names its socket");
        }
    }
}

fn send(socket: &OsStr, state: &str) -> io::Result<()> {
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address(socket)?).map(drop)
}

/// A path, or a name without one: `@…`.
fn address(socket: &OsStr) -> io::Result<SocketAddr> {
    match socket.as_encoded_bytes().strip_prefix(b"@") {
        Some(name) => nameless(name),
        None => SocketAddr::from_pathname(socket),
    }
}

#[cfg(target_os = "linux")]
fn nameless(name: &[u8]) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt as _;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn nameless(_: &[u8]) -> io::Result<SocketAddr> {
    Err(io::ErrorKind::Unsupported.into())
}
