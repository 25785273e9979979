//! The table.

/// What a row should reach.
#[derive(Clone, Copy)]
pub enum Target {
    /// At least this share of the floor.
    AtLeast(f64),
    /// At most this many times the floor.
    AtMost(f64),
    /// Less than this, whatever the floor is.
    Under(f64),
    /// It is told, and that is all.
    Told,
}

/// One line of the table.
pub struct Row {
    /// What was measured.
    pub name: String,
    /// In what.
    pub unit: &'static str,
    /// What was seen.
    pub ours: f64,
    /// What was seen of the floor.
    pub floor: Option<f64>,
    /// What should have been seen.
    pub target: Target,
}

/// All lines, and what there is to say about them.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        self.floor.filter(|floor| *floor > 0.0).map(|floor| self.ours / floor)
    }

    fn is_missed(&self) -> bool {
        match self.target {
            Target::AtLeast(least) => self.ratio().is_none_or(|ratio| ratio < least),
            Target::AtMost(most) => self.ratio().is_none_or(|ratio| ratio > most),
            Target::Under(limit) => self.ours >= limit,
            Target::Told => false,
        }
    }

    fn line(&self) -> String {
        let ratio = self.ratio().map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        let (target, kept) = match self.target {
            Target::AtLeast(least) => (format!(">= {least:.2}"), true),
            Target::AtMost(most) => (format!("<= {most:.2}"), true),
            Target::Under(limit) => (format!("< {}", number(limit)), true),
            Target::Told => (String::new(), false),
        };
        let verdict = if self.is_missed() {
            "missed"
        } else if kept {
            "kept"
        } else {
            ""
        };
        let floor = self.floor.map_or_else(String::new, number);
        let line = format!(
            "{:<52} {:>11} {:>11} {:<11} {ratio:>7} {target:>9} {verdict}",
            self.name,
            number(self.ours),
            floor,
            self.unit
        );
        line.trim_end().to_owned()
    }
}

impl Report {
    /// Adds a line, and shows it at once.
    pub fn row(&mut self, row: Row) {
        eprintln!("  {}", row.line());
        self.rows.push(row);
    }

    /// Adds something to say.
    pub fn note(&mut self, text: String) {
        eprintln!("  {text}");
        self.notes.push(text);
    }

    /// Whether a target was missed.
    pub fn is_missed(&self) -> bool {
        self.rows.iter().any(Row::is_missed)
    }

    /// Prints all of it.
    pub fn print(&self) {
        println!("{:<52} {:>11} {:>11} {:<11} {:>7} {:>9}", "what", "ours", "floor", "", "ratio", "target");
        self.rows.iter().for_each(|row| println!("{}", row.line()));
        println!();
        self.notes.iter().for_each(|note| println!("{note}"));
    }
}

/// Three digits at least, and none that say nothing.
fn number(value: f64) -> String {
    if value >= 100.0 {
        grouped(&format!("{value:.0}"))
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

fn grouped(digits: &str) -> String {
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}
