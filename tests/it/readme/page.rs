//! A page of Markdown, as far as it is typed and printed.

use std::{fs, path::Path};

/// What is to be typed, and what it prints.
pub(super) struct Step {
    /// The line of the page on which it stands.
    pub(super) line: usize,
    pub(super) command: String,
    /// The language and the text of what it prints; none where it prints nothing.
    pub(super) answer: Option<(String, String)>,
}

/// A block between fences.
pub(super) struct Block {
    line: usize,
    pub(super) language: String,
    pub(super) text: String,
}

/// A page, by its path from the root.
pub(super) fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

/// Every block that is to be typed, with the block behind it if that is what it prints.
pub(super) fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_open = false;
    for Block { line, language, text } in blocks(page) {
        let is_answer = ["text", "json"].contains(&language.as_str());
        if language == "sh" {
            steps.push(Step { line, command: text, answer: None });
        } else if let (true, true, Some(step)) = (is_answer, is_open, steps.last_mut()) {
            step.answer = Some((language.clone(), text));
        }
        is_open = language == "sh";
    }
    steps
}

pub(super) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(language) = line.strip_prefix("```") else { continue };
        let inside = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```");
        let text = inside.flat_map(|line| [line, "\n"]).collect();
        blocks.push(Block { line: number + 1, language: language.to_owned(), text });
    }
    blocks
}
