//! The list of mistakes that must not be possible here, `docs/flaws.md`, and the tests that bear their numbers: each in
//! both directions.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A line of the list.
struct Flaw {
    id: String,
    file: String,
    test: String,
}

/// The lines `| id | mistake | file: test |` of the list.
fn list() -> Vec<Flaw> {
    let text = fs::read_to_string(Path::new(ROOT).join("docs/flaws.md")).unwrap();
    let rows = text.lines().map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    let flaw = |cells: Vec<&str>| {
        let [id, mistake, place] = cells[..] else { return None };
        let (file, name) = place.trim_matches('`').split_once(": ")?;
        assert!(!mistake.is_empty(), "{id} says nothing");
        Some(Flaw { id: id.to_owned(), file: file.to_owned(), test: name.to_owned() })
    };
    rows.filter_map(flaw).collect()
}

/// The ids in a text: a capital letter, a hyphen and a number, as a word of its own.
fn ids(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    let is_id = |word: &&str| {
        let (kind, number) = word.split_at_checked(2).unwrap_or_default();
        let kind = kind.as_bytes();
        kind.len() == 2
            && kind[0].is_ascii_uppercase()
            && kind[1] == b'-'
            && !number.is_empty()
            && number.bytes().all(|digit| digit.is_ascii_digit())
    };
    words.filter(is_id).map(str::to_owned).collect()
}

/// The text of a test, with what is said above it.
fn test<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let at = text.find(&format!("fn {name}("))?;
    let start = text[..at].rfind("\n\n").unwrap_or(0);
    let indent = text[..at].rsplit('\n').next()?.len() - text[..at].rsplit('\n').next()?.trim_start().len();
    let end = text[at..].find(&format!("\n{}}}\n", " ".repeat(indent)))?;
    Some(&text[start..at + end])
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// What of a file is tests: all of it, or what follows the mark of the module of tests.
fn tests_in(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let is_all =
        !path.starts_with(Path::new(ROOT).join("src")) || path.components().any(|part| part.as_os_str() == "tests");
    let tests = if is_all { Some(text.as_str()) } else { text.find("#[cfg(test)]\nmod tests {").map(|at| &text[at..]) };
    tests.unwrap_or_default().to_owned()
}

#[test]
fn each_flaw_of_the_list_is_named_by_the_test_that_it_names() {
    let mut seen = BTreeMap::new();
    for Flaw { id, file, test: name } in list() {
        assert_eq!(ids(&id), BTreeSet::from([id.clone()]));
        let text =
            fs::read_to_string(Path::new(ROOT).join(&file)).unwrap_or_else(|fault| panic!("{id}: {file}: {fault}"));
        let body = test(&text, &name).unwrap_or_else(|| panic!("{id}: no test {name} in {file}"));
        assert!(ids(body).contains(&id), "{name} in {file} does not name {id}");
        assert!(body.contains("test]") || text.contains("proptest!"), "{name} in {file} is no test");
        assert!(seen.insert(id.clone(), name).is_none(), "{id} is there twice");
    }
    assert!(seen.len() > 50, "the list cannot be read");
}

#[test]
fn each_flaw_that_a_test_names_is_in_the_list() {
    let known: BTreeSet<String> = list().into_iter().map(|flaw| flaw.id).collect();
    let mut files = Vec::new();
    for dir in ["src", "tests/it"] {
        sources(&Path::new(ROOT).join(dir), &mut files);
    }
    let mut missing = BTreeMap::new();
    for path in files {
        for id in ids(&tests_in(&path)).difference(&known) {
            missing.insert(id.clone(), path.display().to_string());
        }
    }
    assert_eq!(missing, BTreeMap::new());
}
