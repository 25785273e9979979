//! Reading a backup: all of it is looked at before any of it is used.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom},
    path::Path,
};

use sha2::{Digest as _, Sha256};

use super::{FIRST, FORMAT, LAST, LAST_LENGTH, LONGEST_HEAD, Manifest, hex};
use crate::cli::Failure;

/// A backup that is whole.
pub(in crate::cli) struct Reader {
    manifest: Manifest,
    dump: io::Take<File>,
}

impl Reader {
    /// Opens it. Refuses what is no backup, what a newer version has made, and what was cut off or altered.
    pub(in crate::cli) fn open(from: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| failed(from, &error);
        let mut file = File::open(from).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let head = Head::read(&mut file).map_err(failed)?;
        let refuse = |why: &str| Failure::Unfit(format!("{} {why}", from.display()));
        match head.format {
            None => return Err(refuse("is no backup of Meshkey")),
            Some(FORMAT) => {}
            Some(newer) => {
                let why = format!("is a backup of form {newer}, and this version reads form {FORMAT}: use a newer one");
                return Err(refuse(&why));
            }
        }
        let body = length.checked_sub(LAST_LENGTH).ok_or_else(|| refuse(CUT))?;
        let (sum, last) = sums(&mut file, body).map_err(failed)?;
        let said = last.strip_prefix(LAST).and_then(|sum| sum.strip_suffix('\n')).ok_or_else(|| refuse(CUT))?;
        if said != sum {
            return Err(refuse("was altered or damaged: its SHA-256 is not the one that it ends with"));
        }
        let manifest = head.manifest.ok_or_else(|| refuse("does not say what it is of"))?;
        file.seek(SeekFrom::Start(head.length)).map_err(failed)?;
        Ok(Self { manifest, dump: file.take(body.saturating_sub(head.length)) })
    }

    /// What it says of itself.
    pub(in crate::cli) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What `pg_dump` has written.
    pub(in crate::cli) fn dump(&mut self) -> impl Read + '_ {
        &mut self.dump
    }
}

const CUT: &str = "was cut off: it has a beginning and no end";

fn failed(from: &Path, error: &io::Error) -> Failure {
    let told = format!("cannot read {}: {error}", from.display());
    if error.kind() == io::ErrorKind::NotFound { Failure::NotFound(told) } else { Failure::Other(told) }
}

/// The first two lines.
struct Head {
    format: Option<u32>,
    manifest: Option<Manifest>,
    length: u64,
}

impl Head {
    fn read(file: &mut File) -> io::Result<Self> {
        let mut lines = BufReader::new(file.take(LONGEST_HEAD as u64));
        let (mut first, mut second) = (Vec::new(), Vec::new());
        lines.read_until(b'\n', &mut first)?;
        lines.read_until(b'\n', &mut second)?;
        let format = std::str::from_utf8(&first).ok().and_then(|line| line.strip_prefix(FIRST)?.trim().parse().ok());
        let manifest = serde_json::from_slice(&second).ok();
        Ok(Self { format, manifest, length: (first.len() + second.len()) as u64 })
    }
}

/// The sum of the first `body` bytes, and what follows them.
fn sums(file: &mut File, body: u64) -> io::Result<(String, String)> {
    file.rewind()?;
    let (mut sum, mut piece, mut rest) = (Sha256::new(), vec![0; 64 * 1024], body);
    while rest > 0 {
        let wanted = piece.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
        file.read_exact(&mut piece[..wanted])?;
        sum.update(&piece[..wanted]);
        rest -= wanted as u64;
    }
    let mut last = Vec::new();
    file.take(LAST_LENGTH).read_to_end(&mut last)?;
    Ok((hex(&sum.finalize()), String::from_utf8_lossy(&last).into_owned()))
}
