//! What commands over HTTP print: the API's own objects, or a table for people. What others wrote is shown without its
//! control characters: a label must not steer a terminal.

use serde_json::{Value, value::RawValue};
use unicode_width::UnicodeWidthStr as _;

use super::{
    super::{Failure, show::line},
    answer::Answer,
    connection::Client,
    flags::Form,
};
use crate::domain::suggest;

/// The member at this path (`owner.mesh`) as text; a text is itself, nothing is empty, all else is JSON.
pub(super) fn text(value: &Value, path: &str) -> String {
    shown(at(value, path).unwrap_or(&Value::Null))
}

fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, name| value.get(name))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => clean(text),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        // JSON escapes the controls of ASCII, and no others.
        other => clean(&other.to_string()),
    }
}

/// Without what would steer a terminal.
fn clean(text: &str) -> String {
    text.chars().map(|it| if it.is_control() && it != '\n' { '\u{FFFD}' } else { it }).collect()
}

/// Rows under a head, in columns. Nothing is ever cut short.
pub(super) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty one.
    pub(super) fn new(head: &[&'static str]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    /// Appends a row.
    pub(super) fn row(&mut self, row: Vec<String>) {
        self.rows.push(row.into_iter().map(|cell| cell.replace('\n', " ")).collect());
    }

    /// The lines.
    pub(super) fn lines(&self) -> Vec<String> {
        let head: Vec<String> = self.head.iter().map(|&title| title.to_owned()).collect();
        let all: Vec<&Vec<String>> = std::iter::once(&head).filter(|head| !head.is_empty()).chain(&self.rows).collect();
        let columns = all.iter().map(|row| row.len()).max().unwrap_or(0);
        let widest = |column: usize| all.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
        let widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
        all.iter().map(|row| aligned(row, &widths)).collect()
    }
}

fn aligned(row: &[String], widths: &[usize]) -> String {
    let mut out = String::new();
    for (cell, width) in row.iter().zip(widths) {
        out.push_str(cell);
        out.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
    }
    out.trim_end().to_owned()
}

/// Names and what they stand for, one a line.
pub(super) fn facts(pairs: &[(&'static str, String)]) -> Vec<String> {
    let mut table = Table::new(&[]);
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        table.row(vec![(*name).to_owned(), value.clone()]);
    }
    table.lines()
}

impl Client {
    /// Prints one object: as it came, its one value, or for people.
    pub(super) fn show(
        &self,
        answer: &Answer,
        field: &str,
        in_words: impl FnOnce(&Value) -> Vec<String>,
    ) -> Result<(), Failure> {
        self.show_text(&answer.text, &answer.value()?, field, in_words)
    }

    /// The same of an object that did not come alone.
    pub(super) fn show_text(
        &self,
        text: &str,
        value: &Value,
        field: &str,
        in_words: impl FnOnce(&Value) -> Vec<String>,
    ) -> Result<(), Failure> {
        match self.flags.form() {
            Form::Json | Form::Jsonl => line(text.trim_end()),
            Form::Value => self.value(value, field),
            Form::Table => in_words(value).iter().try_for_each(|words| line(words)),
        }
    }

    /// Prints many objects.
    pub(super) fn list(
        &self,
        items: &[Box<RawValue>],
        field: &str,
        in_words: impl FnOnce(&[Value]) -> Vec<String>,
    ) -> Result<(), Failure> {
        let raw: Vec<&str> = items.iter().map(|item| item.get()).collect();
        let values = || raw.iter().map(|text| serde_json::from_str(text)).collect::<Result<Vec<Value>, _>>();
        let values = || values().map_err(|error| Failure::Other(error.to_string()));
        match self.flags.form() {
            Form::Json => line(&format!("{{\"items\":[{}]}}", raw.join(","))),
            Form::Jsonl => raw.iter().try_for_each(|text| line(text)),
            Form::Value => values()?.iter().try_for_each(|value| self.value(value, field)),
            Form::Table => in_words(&values()?).iter().try_for_each(|words| line(words)),
        }
    }

    /// One value alone: what `--field` names, or else `field`.
    fn value(&self, value: &Value, field: &str) -> Result<(), Failure> {
        let field = self.flags.field.as_deref().unwrap_or(field);
        let found = at(value, field).ok_or_else(|| {
            let known = value.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
            Failure::Usage(format!("the answer has no '{field}'{}", suggest::hint(field, known)))
        })?;
        // A text as it is, so that it can be piped on.
        line(
            found
                .as_str()
                .map_or_else(|| if found.is_null() { String::new() } else { found.to_string() }, str::to_owned)
                .as_str(),
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_stands_in_them() {
        let mut table = Table::new(&["NAME", "CAN"]);
        table.row(vec!["ключ 鍵".to_owned(), "send".to_owned()]);
        table.row(vec!["a much longer name".to_owned(), String::new()]);
        assert_eq!(table.lines(), ["NAME                CAN", "ключ 鍵             send", "a much longer name"]);
    }

    #[test]
    fn a_label_cannot_steer_a_terminal() {
        assert_eq!(text(&json!({ "label": "a\u{1b}[2Jb\u{7f}" }), "label"), "a\u{FFFD}[2Jb\u{FFFD}");
        assert_eq!(text(&json!({ "a": { "b": ["x", "y"] } }), "a.b"), "x, y");
        assert_eq!(text(&json!({ "a": { "b\u{9b}": "c\u{9b}2J" } }), "a"), "{\"b\u{FFFD}\":\"c\u{FFFD}2J\"}");
        assert_eq!(text(&json!({}), "a.b"), "");
    }
}
