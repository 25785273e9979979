//! Prove exports and archives: from their lines alone, with no server and no database.

use std::io::{self, BufRead, Read as _};

use crate::domain::audit::{Event, MalformedEvent, Report, Start, Walk};

/// No event comes near this; what is longer is none.
const LONGEST_LINE: u64 = 1024 * 1024;

/// Where a chain breaks: which of the files, counted from 0, and which line of it, counted from 1.
pub type Place = (usize, u64);

/// What files have shown, and where the line is at which the chain breaks, if it is a line.
#[derive(Debug)]
pub struct Checked {
    /// What the walk has shown.
    pub report: Report,
    /// Where it breaks.
    pub place: Option<Place>,
}

/// Follows one chain through files of lines, the oldest first.
pub fn verify(files: impl IntoIterator<Item = impl BufRead>) -> io::Result<Checked> {
    let mut walk = Walk::new(Start::AsFound);
    let mut place = None;
    for (number, file) in files.into_iter().enumerate() {
        let line = follow(&mut walk, file)?;
        place = place.or(line.map(|line| (number, line)));
    }
    Ok(Checked { report: walk.report(None), place })
}

/// Follows the chain through one more file; tells the line at which it breaks there.
pub(super) fn follow(walk: &mut Walk, mut file: impl BufRead) -> io::Result<Option<u64>> {
    let (mut line, mut count, mut place) = (Vec::new(), 0, None);
    while next(&mut file, &mut line)? {
        count += 1;
        let was_whole = walk.broken().is_none();
        step(walk, &line);
        if was_whole && walk.broken().is_some() {
            place = Some(count);
        }
    }
    Ok(place)
}

/// Reads one line, or as much of it as it may have.
fn next(file: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    Ok(file.by_ref().take(LONGEST_LINE).read_until(b'\n', line)? > 0)
}

fn step(walk: &mut Walk, line: &[u8]) {
    let Some(text) = line.strip_suffix(b"\n") else {
        return walk.stumble("it ends in the midst of the line");
    };
    match Event::from_line(text.strip_suffix(b"\r").unwrap_or(text)) {
        Ok(event) => walk.step(&event, &event.canonical()),
        Err(malformed @ (MalformedEvent::Unreadable(_) | MalformedEvent::Rewritten)) => {
            walk.stumble(malformed.to_string());
        }
    }
}
