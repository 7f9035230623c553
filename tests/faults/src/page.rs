//! The page of the documentation: one section a table, each replaced on its own.

use crate::report::{Line, table};

/// A table and what stands above it.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    /// Its heading, without the `#`.
    pub title: &'a str,
    /// What it says before the table.
    pub text: &'a str,
    /// Its rows in their order.
    pub order: &'a [&'a str],
}

impl Section<'_> {
    /// The page with these lines in place of those of the same rows. Everything else on it stays.
    pub fn put(&self, page: &str, lines: &[Line]) -> String {
        let heading = format!("# {}\n", self.title);
        let (before, rest) = match page.find(&heading) {
            Some(place) => page.split_at(place),
            None => (page, ""),
        };
        let end = rest.get(1..).and_then(|rest| rest.find("\n# ")).map_or(rest.len(), |place| place + 2);
        let (old, after) = rest.split_at(end);
        let kept = old.lines().filter_map(read).filter(|old| lines.iter().all(|new| new.row != old.row));
        let mut all: Vec<Line> = kept.chain(lines.iter().cloned()).collect();
        all.sort_by_key(|line| self.order.iter().position(|row| *row == line.row));
        let gap = if before.is_empty() || before.ends_with("\n\n") { "" } else { "\n" };
        let end = if after.is_empty() { "" } else { "\n" };
        format!("{before}{gap}{heading}\n{}\n\n{}{end}{after}", self.text, table(&all))
    }
}

/// A line as the table shows it.
fn read(text: &str) -> Option<Line> {
    let cells: Vec<&str> = text.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
    let [row, what, required, measured, ok] = cells.as_slice() else { return None };
    (*ok == "yes" || *ok == "NO").then(|| Line::new(row, what, required, measured, *ok == "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(row: &str, measured: &str) -> Line {
        Line::new(row, "a fault", "a bound", measured, true)
    }

    #[test]
    fn sections_and_rows_are_replaced_on_their_own() {
        let one = Section { title: "One", text: "First.", order: &["1", "2"] };
        let two = Section { title: "Two", text: "Second.", order: &["R1"] };
        let page = one.put("", &[line("2", "old"), line("1", "kept")]);
        let page = two.put(&page, &[line("R1", "seen")]);
        let page = one.put(&page, &[line("2", "new"), line("2", "too")]);
        let head = "| row | fault | required | measured | ok |\n|---|---|---|---|---|\n";
        let row = |row: &str, measured: &str| format!("| {row} | a fault | a bound | {measured} | yes |\n");
        let rows = [row("1", "kept"), row("2", "new"), row("2", "too")].concat();
        let wanted = format!("# One\n\nFirst.\n\n{head}{rows}\n# Two\n\nSecond.\n\n{head}{}", row("R1", "seen"));
        assert_eq!(page, wanted);
        assert_eq!(two.put(&page, &[line("R1", "seen")]), wanted);
    }
}
