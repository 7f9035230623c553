//! Comments to documentation: markers and common indentation go, the words stay.

use super::lex::{Comment, Style};

/// The documentation among the comments before an item: a `/** */`, else the run of line comments
/// that ends right above it.
pub(super) fn leading(text: &str, comments: &[Comment], item: usize) -> String {
    let Some(last) = comments.last() else {
        return String::new();
    };
    match last.style {
        Style::Doc if !trails(text, last) => block(slice(text, last)),
        Style::Line => lines(text, run_above(text, comments, item)),
        _ => String::new(),
    }
}

/// The documentation behind an item on its line: `// …`, `# …` or `/**< … */`.
pub(super) fn trailing(text: &str, comments: &[Comment]) -> String {
    match comments.first() {
        Some(it) if it.first => String::new(),
        Some(it) if it.style == Style::Line => lines(text, std::slice::from_ref(it)),
        Some(it) if it.style == Style::Doc && trails(text, it) => {
            let all = block(slice(text, it));
            all.trim_start_matches('<').trim_start().to_owned()
        }
        _ => String::new(),
    }
}

fn slice<'a>(text: &'a str, comment: &Comment) -> &'a str {
    text.get(comment.start..comment.end).unwrap_or_default()
}

fn trails(text: &str, comment: &Comment) -> bool {
    slice(text, comment).starts_with("/**<")
}

/// The line comments at the end of the list, each on a line of its own with no line between them.
fn run_above<'a>(text: &str, comments: &'a [Comment], item: usize) -> &'a [Comment] {
    let (mut next, mut from) = (item, comments.len());
    for (at, comment) in comments.iter().enumerate().rev() {
        let gap = text.get(comment.end..next).unwrap_or_default();
        let near = gap.bytes().filter(|it| *it == b'\n').count() == 1;
        if comment.style != Style::Line || !comment.first || !near {
            break;
        }
        (next, from) = (comment.start, at);
    }
    comments.get(from..).unwrap_or_default()
}

fn lines(text: &str, comments: &[Comment]) -> String {
    let bare = comments.iter().map(|it| slice(text, it).trim_start_matches(['/', '#']));
    dedent(&bare.map(str::trim_end).collect::<Vec<_>>())
}

fn block(comment: &str) -> String {
    let inner = comment.strip_prefix("/**").unwrap_or(comment);
    let inner = inner.strip_suffix("*/").unwrap_or(inner);
    let mut all = inner.lines();
    let first = all.next().unwrap_or_default().trim();
    let rest: Vec<_> = all.map(|line| starless(line).trim_end()).collect();
    let rest = dedent(&rest);
    [first, &rest].into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join("\n")
}

/// A line without the star that decorates it; a star without a blank behind it may be emphasis.
fn starless(line: &str) -> &str {
    let bare = line.trim_start();
    match bare.strip_prefix('*') {
        Some(rest) if rest.is_empty() || rest.starts_with([' ', '\t']) => rest,
        _ => line,
    }
}

/// Common indentation and empty lines at both ends removed.
pub(in crate::front) fn dedent(lines: &[&str]) -> String {
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let full = lines.iter().filter(|it| !it.trim().is_empty());
    let common = full.map(indent).min().unwrap_or(0);
    let cut: Vec<_> = lines.iter().map(|it| it.get(common..).unwrap_or_default()).collect();
    cut.join("\n").trim_matches('\n').trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{super::lex::Lexer, *};

    fn before(text: &str) -> String {
        let mut lexer = Lexer::new(text, 0);
        let token = lexer.next();
        leading(text, &lexer.comments, token.start)
    }

    #[test]
    fn blocks_lose_stars_and_indentation() {
        assert_eq!(before("/** one */ x"), "one");
        assert_eq!(before("/**\n  * one\r\n  *   two\n  *\n  * three\n  */\nx"), "one\n  two\n\nthree");
        assert_eq!(before("/** one\n    two\n      three */ x"), "one\ntwo\n  three");
        assert_eq!(before("/* no */ x"), "");
        assert_eq!(before("/**\n - *a*\n *b* c\n */ x"), "- *a*\n*b* c");
    }

    #[test]
    fn lines_count_only_right_above() {
        assert_eq!(before("// far\n\n// a\n//   b\n# c\nx"), "a\n  b\nc");
        assert_eq!(before("// far\n\nx"), "");
        assert_eq!(before("/// a\nx"), "a");
    }

    #[test]
    fn trailing_is_on_the_same_line() {
        let text = "a // tail\n b /**< tail two */ c\n// next\n d";
        let mut lexer = Lexer::new(text, 0);
        lexer.next();
        let mut tails = Vec::new();
        for _ in 0..3 {
            lexer.next();
            tails.push(trailing(text, &lexer.comments));
        }
        assert_eq!(tails, ["tail", "tail two", ""]);
    }
}
