//! Comments as rustdoc's own reader of Markdown sees them.

#[allow(dead_code, reason = "others need more of it")]
#[path = "../../../../tests/random/mod.rs"]
mod random;

use pulldown_cmark::{BrokenLink, CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};
use random::Random;

use super::markdown;

/// What is wrong with a text: code that would be run, HTML, inside to items, addresses that are no inside.
fn wrong(text: &str) -> Vec<String> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_SMART_PUNCTUATION;
    // As in rustdoc, anything in brackets may be the name of an item.
    let item = |_: BrokenLink<'_>| Some((CowStr::Borrowed("item"), CowStr::Borrowed("")));
    let (mut wrong, mut inside) = (Vec::new(), 0);
    let mut seen = String::new();
    for event in Parser::new_with_broken_link_callback(text, options, Some(item)) {
        match &event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if &**info == "text" => inside += 1,
            Event::End(TagEnd::CodeBlock) => inside -= 1,
            Event::Start(Tag::Link { link_type: LinkType::Inline | LinkType::Autolink, dest_url, .. })
                if dest_url.starts_with("http") =>
            {
                inside += 1;
            }
            Event::Start(Tag::Link { link_type: LinkType::Email, .. }) => inside += 1,
            Event::End(TagEnd::Link) => inside -= 1,
            Event::Start(Tag::CodeBlock(_) | Tag::Link { .. } | Tag::Image { .. } | Tag::FootnoteDefinition(_))
            | Event::Html(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_) => wrong.push(format!("{event:?}")),
            Event::Text(text) if inside == 0 => seen.push_str(text),
            _ => seen.push('\n'),
        }
    }
    let addresses = ["http://", "https://"].into_iter().flat_map(|it| seen.split(it).skip(1));
    let bare = addresses.filter(|it| it.starts_with(|c: char| c.is_ascii_alphanumeric()));
    wrong.extend(bare.map(|it| format!("an address that is no link: {it}")));
    wrong
}

#[test]
fn the_reader_sees_what_is_wrong() {
    for text in
        ["    code", "```\ncode", "[a]", "[a][b]", "<b>", "http://a.example", "a [^1]\n\n[^1]: b", "- a\n\n      code"]
    {
        assert!(!wrong(text).is_empty(), "{text}");
    }
    assert!(wrong("`<b>` and <http://a.example>\n```text\n<b>\n```").is_empty());
}

#[track_caller]
fn is(comment: &str, want: &str) {
    let is = markdown(comment).join("\n");
    assert_eq!(is, want);
    assert_eq!(wrong(&is), [""; 0], "{is}");
}

#[test]
fn prose_stays_as_it_is() {
    for text in [
        "Sums two numbers (a -> b), e.g. 1 < 2 && x >= y; 50% of *all* `Vec<T>` & ``a ` b``.",
        "# Heading\n\n- one\n  two\n- three\n  - four\n\n1. five\n\n   six",
        "See [the guide](https://example.com/a_b?c=d#e), or <https://example.com>.",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "a \\[b\\] \\<c> \\` d \\ e",
    ] {
        is(text, text);
    }
}

#[test]
fn code_is_text() {
    is("Sums.\n\n    total = a + b\n\n      and\nEnd.", "Sums.\n\n```text\ntotal = a + b\n\n  and\n```\nEnd.");
    is("  a\n    b", "a\n  b");
    is("```go\nfunc [T]()\n  ```\nx", "```text\nfunc [T]()\n```\nx");
    is("```\nopen <b>", "```text\nopen <b>\n```");
    is("~~~ sh\n```\n~~~", "````text\n```\n````");
    is("Like:\n      ```\n      a\n      ```", "Like:\n   ```text\n   a\n   ```");
    is("- a\n\n      code\n\n  b", "- a\n\n  ```text\n  code\n  ```\n\n  b");
    is("- a\n\n    more of a", "- a\n\n   more of a");
    is("-      x", "- x");
    is("a\n2. ```\n   b", "a\n2\\.\n```text\n   b\n```");
    is("a\n\n\tb", "a\n\n```text\nb\n```");
}

#[test]
fn brackets_are_brackets() {
    is("[HttpRule][google.api.HttpRule] [a] [b]: c", "\\[HttpRule]\\[google.api.HttpRule] \\[a] \\[b]: c");
    is("a <html> Vec<T> </b> <!-- x", "a \\<html> Vec\\<T> \\</b> \\<!-- x");
    is("> said", "\\> said");
    is(
        "see http://example.com/a(b). Or (https://x.example/?q=1)",
        "see <http://example.com/a(b)>. Or (<https://x.example/?q=1>)",
    );
    is("`open <b>\nclosed` <i>", "\\`open \\<b>\nclosed\\` \\<i>");
    is("a\\http://b.example", "a\\\\<http://b.example>");
    is("![x](http://a.example)", "!\\[x](<http://a.example>)");
}

#[test]
fn nothing_hides() {
    is("a\u{202e}b\u{7}c\rd", "aU+202Ebc\nd");
}

/// Parts that mean something to a reader of Markdown, alone or together.
const PARTS: &[&str] = &[
    "\n",
    "\n",
    "\n",
    "\n\n",
    " ",
    "  ",
    "    ",
    "        ",
    "\t",
    "a",
    "word",
    "B",
    "`",
    "``",
    "```",
    "````",
    "```rust\n",
    "~~~",
    "~~~\n",
    "<",
    ">",
    "<b>",
    "</b>",
    "<!--",
    "-->",
    "<?",
    "<![CDATA[",
    "Vec<T>",
    "[",
    "]",
    "[a]",
    "[a][b]",
    "[a](b)",
    "[a](http://b.example)",
    "[a]: b",
    "(",
    ")",
    "![",
    "[^1]",
    "[^1]: ",
    "[ ] ",
    "http://",
    "https://",
    "http://a.example",
    "https://b.example/c?d=e#f",
    "<http://a.example>",
    "www.a.example",
    "a@b.example",
    "|",
    "|-|-|",
    "---",
    "===",
    "- ",
    "* ",
    "+ ",
    "1. ",
    "2) ",
    "10. ",
    "#",
    "# ",
    "> ",
    ">",
    "\\",
    "\\\\",
    "*",
    "**",
    "_",
    "~~",
    "&lt;",
    "&#60;",
    "\"",
    "'",
    ":",
    "!",
    "\u{a0}",
    "\u{2028}",
    "\u{202e}",
    "\r",
    "é",
    "fn main() {}",
    "$x$",
    "{",
    "}",
    "^",
];

#[test]
fn no_comment_is_wrong() {
    let seeds = std::env::var("FUZZ").ok().and_then(|it| it.parse().ok()).unwrap_or(1) * 20_000;
    for seed in 0..seeds {
        let mut random = Random::new(seed);
        let parts = 1 + random.below(24);
        let comment: String = (0..parts).map(|_| *random.pick(PARTS)).collect();
        let text = markdown(&comment).join("\n");
        assert_eq!(wrong(&text), [""; 0], "seed {seed}: {comment:?} is\n{text}");
    }
}
