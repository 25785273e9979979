//! The rules of the house, read off its source: which floor leans on which, how long things are, and that no link in the
//! docs leads nowhere.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The floors from the ground up. A room leans on its own floor and those below it.
const FLOORS: [(&str, u8); 9] = [
    ("domain", 0),
    ("db", 1),
    ("service", 2),
    ("guard", 3),
    ("http", 3),
    ("dashboard", 3),
    ("cli", 4),
    ("app", 4),
    ("main.rs", 5),
];
/// What holds settings and the log: it leans on no floor, and only the composition root, the back door and the binary lean
/// on it.
const CELLAR: [&str; 2] = ["config", "telemetry"];
/// What the ground must not know: it is pure, and the time is told to it.
const NEVER_IN_DOMAIN: [&str; 8] =
    ["tokio", "actix", "deadpool", "reqwest", "now_utc", "now_local", "SystemTime", "Instant::now"];
/// Longer than this no file may be. `STYLE` is what we want: a median of 100 lines, 250 at most.
const LONGEST_FILE: usize = 350;

/// A file of the source, with what stands before its tests.
struct Source {
    path: String,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a directory with this ending, by path from the root.
fn files(below: &str, ending: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(below), ending, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(!found.is_empty(), "nothing in {below}");
    found
}

fn collect(dir: &Path, ending: &str, found: &mut Vec<Source>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, ending, found);
        } else if path.to_str().is_some_and(|path| path.ends_with(ending)) {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            found.push(Source { path, text });
        }
    }
}

/// The source without its tests, and each file's room: `domain`, `db`, … or the file itself where it stands outside.
fn rooms() -> Vec<(String, Source)> {
    let is_test = |path: &str| path.contains("/tests") || path.ends_with("/laws.rs");
    let sources = files("src", ".rs").into_iter().filter(|source| !is_test(&source.path));
    let room = |path: &str| path["src/".len()..].split('/').next().unwrap().to_owned();
    let untested = |text: &str| text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
    sources.map(|Source { path, text }| (room(&path), Source { text: untested(&text), path })).collect()
}

/// What a file names of this crate: the word behind each `crate::`, and those in the braces of a `crate::{…}`.
fn named(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = lines.join("\n");
    let uses = code.split("crate::").skip(1).flat_map(|rest| match rest.strip_prefix('{') {
        Some(group) => first_words(group),
        None => vec![word(rest)],
    });
    uses.collect()
}

fn word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first word of each member of a group, up to its closing brace.
fn first_words(group: &str) -> Vec<String> {
    let (mut words, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => {
                words.push(word(&group[start..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                words.push(word(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn floor(room: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(name, _)| name.trim_end_matches(".rs") == room.trim_end_matches(".rs"))
        .map(|(_, floor)| *floor)
}

#[test]
fn a_room_leans_on_floors_below_it_and_never_on_one_above() {
    for (room, source) in rooms() {
        for other in named(&source.text) {
            let Some(theirs) = floor(&other) else { continue };
            let own = floor(&room).unwrap_or(0);
            let is_cellar = CELLAR.contains(&room.trim_end_matches(".rs"));
            assert!(!is_cellar && theirs <= own, "{} leans on {other}, which is above it", source.path);
        }
    }
}

#[test]
fn only_what_puts_the_house_together_knows_the_settings() {
    let may = ["app", "app.rs", "cli", "main.rs", "lib.rs", "config", "telemetry", "telemetry.rs"];
    for (room, source) in rooms().into_iter().filter(|(room, _)| !may.contains(&room.as_str())) {
        let leans = named(&source.text).into_iter().find(|other| CELLAR.contains(&other.as_str()));
        assert_eq!(leans, None, "{} ({room}) knows the settings or the log", source.path);
    }
}

#[test]
fn the_groups_of_a_use_are_read() {
    let text = "use crate::{\n    db::{\n        keys::{self, Dated},\n    },\n    domain::{Owner, id},\n    telemetry,\n};\n// crate::http\nlet x = crate::service::y;";
    assert_eq!(named(text), ["db", "domain", "telemetry", "service"]);
}

#[test]
fn the_ground_is_pure() {
    for (_, source) in rooms().into_iter().filter(|(room, _)| room == "domain") {
        let known = NEVER_IN_DOMAIN.into_iter().find(|name| source.text.contains(name));
        assert_eq!(known, None, "{}", source.path);
    }
}

#[test]
fn only_the_first_floor_speaks_sql() {
    let starts = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "BEGIN", "COMMIT", "set_config("];
    for (_, source) in rooms().into_iter().filter(|(room, _)| room != "db") {
        let is_sql = |text: &str| starts.iter().any(|start| text.trim_start().starts_with(start));
        let strings = source.text.split('"').skip(1).step_by(2);
        assert_eq!(strings.into_iter().find(|text| is_sql(text)), None, "{}", source.path);
    }
}

#[test]
fn no_file_is_too_long() {
    let mut lengths: Vec<_> =
        files("src", ".rs").iter().map(|source| (source.text.lines().count(), source.path.clone())).collect();
    lengths.sort();
    println!(
        "files: {}, median {} lines, longest {:?}",
        lengths.len(),
        lengths[lengths.len() / 2].0,
        lengths.last().unwrap()
    );
    let long: Vec<_> = lengths.into_iter().filter(|(lines, _)| *lines > LONGEST_FILE).collect();
    assert_eq!(long, []);
}

/// Lines of each function outside tests, from its `fn` to the brace that stands as deep as it. Only told: a long `match` or
/// a long list of columns is no reason to fail.
#[test]
fn the_length_of_functions_is_told() {
    let mut lengths = Vec::new();
    for (_, source) in rooms() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (start, _) in lines.iter().enumerate().filter(|(_, line)| is_function(line)) {
            let Some(length) = length(&lines[start..]) else { continue };
            lengths.push((length, format!("{}:{}", source.path, start + 1)));
        }
    }
    lengths.sort();
    let at = |part: usize| lengths[lengths.len() * part / 100].0;
    println!("functions: {}, median {} lines, nine in ten {}, longest:", lengths.len(), at(50), at(90));
    lengths.iter().rev().take(5).for_each(|(length, place)| println!("  {length} {place}"));
    assert!(lengths.len() > 100, "functions are no longer found");
}

/// How long the function that begins here is; none where it has no body.
fn length(lines: &[&str]) -> Option<usize> {
    let head = lines.iter().position(|line| line.ends_with(['{', '}', ';']))?;
    if lines[head].ends_with('}') {
        return Some(head + 1);
    }
    let indent = lines[0].len() - lines[0].trim_start().len();
    let end = format!("{}}}", " ".repeat(indent));
    let is_open = lines[head].ends_with('{');
    is_open.then(|| lines.iter().position(|line| *line == end)).flatten().map(|end| end + 1)
}

fn is_function(line: &str) -> bool {
    let code = line.trim_start();
    let is_named = ["fn ", "pub fn ", "async fn ", "pub async fn ", "const fn ", "pub const fn "];
    let is_inner = ["pub(super) fn ", "pub(super) async fn ", "pub(crate) fn ", "pub(super) const fn "];
    is_named.iter().chain(&is_inner).any(|start| code.starts_with(start))
}

#[test]
fn no_link_leads_nowhere() {
    let pages =
        files("docs", ".md").into_iter().map(|page| page.path).chain(["README.md", "CHANGELOG.md"].map(str::to_owned));
    for page in pages {
        let text = fs::read_to_string(root().join(&page)).unwrap();
        for link in links(&text).filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let (file, _) = link.split_once('#').unwrap_or((link, ""));
            let target = root().join(&page).parent().unwrap().join(file);
            assert!(target.exists(), "{page} links to {link}, which is not there");
        }
    }
}

/// The targets of `[text](target)`.
fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

#[test]
fn every_decision_has_a_number_of_its_own_and_says_what_follows() {
    let decisions = files("docs/adr", ".md");
    for (number, decision) in (1..).zip(&decisions) {
        let name = decision.path.rsplit('/').next().unwrap();
        assert!(name.starts_with(&format!("{number:04}-")), "{name} is not number {number}");
        for part in ["## Context", "## Decision", "## Consequences"] {
            assert!(decision.text.contains(part), "{name} has no {part}");
        }
    }
}

/// A statement that is not in the list is tried by no test of statements.
#[test]
fn every_module_of_statements_is_in_the_list() {
    let files = files("src/db", "rs");
    let has_some = |file: &&Source| file.text.lines().any(|line| line == "queries! {");
    assert_eq!(files.iter().filter(has_some).count(), meshkey::db::QUERIES.len());
}
