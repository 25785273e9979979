//! Each connection is an open file, and a process may have so many.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tracing::warn;

/// More than anybody needs. Where there is no limit at all, some systems refuse to set none.
const MOST: u64 = 1 << 20;

/// Takes as many as this process may take by itself: the limit that it begins with, often 1024, is for programs that would not
/// expect more.
pub(super) fn take(streams: usize) {
    let taken = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        let wanted = soft.max(hard.min(MOST));
        setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).map(|()| wanted)
    });
    match taken {
        Ok(files) if files < streams as u64 => {
            warn!(
                files,
                streams, "this process may have fewer files open than streams: raise its limit, or lower the setting"
            );
        }
        Ok(_) => {}
        Err(error) => warn!(%error, "how many files this process may have open could not be raised"),
    }
}
