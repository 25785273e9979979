//! The page of the command line and the command line itself: every verb and every flag of either is one of the other.
//!
//! A part of the page is about the verb that its heading names, and about the verbs below it that have no part of their
//! own. A part that says `flags of …` takes the flags of that part as well. All other parts are about all verbs.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Command, CommandFactory as _};
use regex::Regex;

use super::page::read;

const PAGE: &str = "docs/reference/cli.md";

/// A verb, by its whole name, such as `key issue`, and its long flags.
type Verbs = BTreeMap<String, BTreeSet<String>>;

/// What stands below a heading, up to the next.
struct Part {
    heading: String,
    text: String,
}

fn verbs() -> Verbs {
    let mut command = meshkey::cli::Arguments::command();
    command.build();
    let mut found = Verbs::new();
    collect(&command, "", &mut found);
    found
}

fn collect(command: &Command, name: &str, found: &mut Verbs) {
    let flags = command.get_arguments().filter(|flag| !flag.is_hide_set()).filter_map(|flag| flag.get_long());
    let own = flags.filter(|flag| *flag != "help").map(|flag| format!("--{flag}")).collect();
    let below: Vec<_> =
        command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help").collect();
    for verb in &below {
        collect(verb, format!("{name} {}", verb.get_name()).trim(), found);
    }
    if below.is_empty() {
        found.insert(name.to_owned(), own);
    }
}

fn parts() -> Vec<Part> {
    let page = read(PAGE);
    let sections = page.split("\n#").map(|section| section.split_once('\n').unwrap_or((section, "")));
    let part = |(heading, text): (&str, &str)| Part {
        heading: heading.trim_start_matches('#').replace('`', "").trim().to_owned(),
        text: text.to_owned(),
    };
    sections.map(part).collect()
}

fn flags(text: &str) -> BTreeSet<String> {
    let flag = Regex::new(r"(?:^|[\s`\[(|])(--[a-z][a-z0-9-]*)").unwrap();
    flag.captures_iter(text).map(|found| found[1].to_owned()).filter(|flag| flag != "--help").collect()
}

/// The flags of a part, and of those whose flags it takes: `flags of the client`, `flags of serve`.
fn told(part: &Part, parts: &[Part]) -> BTreeSet<String> {
    let words = part.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_taken = |other: &&Part| {
        let name = other.heading.to_lowercase();
        other.heading != part.heading && words.contains(&format!("flags of {}", name.trim_start_matches("flags of ")))
    };
    let taken = parts.iter().filter(is_taken).flat_map(|other| told(other, parts));
    flags(&part.text).into_iter().chain(taken).collect()
}

/// The part that is about a verb.
fn part_of<'a>(verb: &str, parts: &'a [Part]) -> &'a Part {
    let mut name = verb;
    loop {
        if let Some(part) = parts.iter().find(|part| part.heading == name) {
            return part;
        }
        name = name.rsplit_once(' ').unwrap_or_else(|| panic!("the page says nothing of `{verb}`")).0;
    }
}

#[test]
fn every_verb_and_every_flag_stands_in_the_page() {
    let parts = parts();
    for (verb, held) in verbs() {
        let part = part_of(&verb, &parts);
        let last = verb.rsplit(' ').next().unwrap();
        assert!(part.heading.ends_with(last) || part.text.contains(&format!("`{last}`")), "{verb} is not described");
        let told = told(part, &parts);
        let untold: Vec<_> = held.difference(&told).collect();
        assert_eq!(untold, Vec::<&String>::new(), "of `{verb}`");
    }
}

#[test]
fn no_verb_and_no_flag_stands_in_the_page_that_does_not_exist() {
    let (verbs, parts) = (verbs(), parts());
    let mut all: BTreeSet<String> = verbs.values().flatten().cloned().collect();
    all.insert("--version".to_owned());
    for part in &parts {
        let below = |verb: &String| *verb == part.heading || verb.starts_with(&format!("{} ", part.heading));
        let own: BTreeSet<String> =
            verbs.iter().filter(|(verb, _)| below(verb)).flat_map(|(_, flags)| flags).cloned().collect();
        let is_about_one = verbs.keys().any(below);
        let wrong: Vec<String> =
            flags(&part.text).difference(if is_about_one { &own } else { &all }).cloned().collect();
        assert_eq!(wrong, Vec::<String>::new(), "below '{}'", part.heading);
    }
    let known = |words: &[&str]| verbs.keys().any(|verb| verb.split(' ').take(words.len()).eq(words.iter().copied()));
    let typed = Regex::new(r"(?m)(?:^|`|\$ |\| |&& )meshkey ([a-z]+(?:-[a-z]+)*)(?: ([a-z]+(?:-[a-z]+)*))?").unwrap();
    let nouns: BTreeSet<&str> = verbs.keys().filter_map(|verb| verb.split_once(' ')).map(|(noun, _)| noun).collect();
    for found in typed.captures_iter(&read(PAGE)) {
        let (first, second) = (found.get(1).unwrap().as_str(), found.get(2).map(|second| second.as_str()));
        let words: Vec<&str> = [Some(first), second.filter(|_| nouns.contains(first))].into_iter().flatten().collect();
        let is_printed = first == "ready"; // by the service, on a line of its own
        assert!(known(&words) || is_printed, "there is no `meshkey {}`", words.join(" "));
    }
}
