//! The book: every page is in it, it can be built, and every link of it leads somewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

use mdbook_driver::{MDBook, book::BookItem};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// Every file below a directory with this ending, by its path in there.
fn files(below: &Path, ending: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![below.to_owned()];
    while let Some(dir) = open.pop() {
        for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                found.insert(path.strip_prefix(below).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

#[test]
fn every_page_is_in_the_book() {
    let book = MDBook::load(docs()).unwrap();
    let chapters = book.iter().filter_map(|item| match item {
        BookItem::Chapter(chapter) => chapter.source_path.as_ref().map(|path| path.to_str().unwrap().to_owned()),
        _ => None,
    });
    let mut pages = files(&docs(), "md");
    pages.remove("SUMMARY.md");
    assert_eq!(chapters.collect::<BTreeSet<_>>(), pages, "docs/SUMMARY.md has not the pages that are there");
}

#[test]
fn the_book_is_built_and_every_link_of_it_leads_somewhere() {
    let place = tempfile::TempDir::new().unwrap();
    let mut book = MDBook::load(docs()).unwrap();
    book.config.build.build_dir = place.path().to_owned();
    book.build().unwrap();
    let page = |name: String| {
        let text = fs::read_to_string(place.path().join(&name)).unwrap();
        (name, text)
    };
    let names = files(place.path(), "html").into_iter().filter(|name| name != "404.html"); // it is served at any path
    let pages: BTreeMap<_, _> = names.map(page).collect();
    assert!(pages.len() > 30, "{:?}", pages.keys());
    let followed = pages.iter().map(|(name, text)| follow(place.path(), &pages, name, text)).sum::<usize>();
    assert!(followed > 1000, "links are no longer found: {followed}");
}

/// Panics at a link that leads nowhere; gives how many there are. Where other hosts are named, nothing is asked.
fn follow(place: &Path, pages: &BTreeMap<String, String>, name: &str, text: &str) -> usize {
    let links: Vec<&str> = [" href=\"", " src=\""].iter().flat_map(|of| attributes(text, of)).collect();
    for link in links.iter().filter(|link| !link.contains("://") && !link.starts_with("data:")) {
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = if file.is_empty() { name.to_owned() } else { beside(name, file) };
        assert!(place.join(&target).is_file(), "{name} links to {link}, which is not there");
        let Some(page) = pages.get(&target).filter(|_| !anchor.is_empty()) else { continue };
        let is_there = attributes(page, " id=\"").any(|id| id == anchor);
        assert!(is_there, "{name} links to {link}, and there is no such part of that page");
    }
    links.len()
}

/// The value of each attribute that begins so.
fn attributes<'a>(text: &'a str, beginning: &str) -> impl Iterator<Item = &'a str> {
    text.split(beginning).skip(1).filter_map(|rest| rest.split('"').next())
}

/// The path to which a relative link leads.
fn beside(page: &str, link: &str) -> String {
    let mut path = Path::new(page).parent().unwrap().to_owned();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => assert!(path.pop(), "{page} links out of the book: {link}"),
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    path.to_str().unwrap().to_owned()
}
