//! Templates and what they are read as.

use super::super::hertz;
use super::*;

/// A path in a form that is easy to read: `v1 * **`, the ending behind a colon, variables with their segments.
fn shown(path: Result<Path, Refusal>) -> String {
    let path = match path {
        Ok(path) => path,
        Err(Refusal { at, why: Why::Form(why) }) => return format!("{}..{}: {why}", at.start, at.end),
        Err(Refusal { at, why: Why::BehindRest }) => return format!("{}..{}: behind", at.start, at.end),
    };
    let segments = path.segments.iter().map(|it| match it {
        Segment::Literal(text) => format!("'{text}'"),
        Segment::Any => "*".to_owned(),
        Segment::Rest => "**".to_owned(),
    });
    let variables = path.variables.iter().map(|it| format!("{}={}..{}", it.field, it.segments.start, it.segments.end));
    let ending = Some(path.ending.as_str()).filter(|it| !it.is_empty()).map(|it| format!(":{it}"));
    segments.chain(ending).chain(variables).collect::<Vec<_>>().join(" ")
}

#[test]
fn templates_of_google_are_read() {
    for (text, expected) in [
        ("/", ""),
        ("/v1/books", "'v1' 'books'"),
        ("/v1/{name=shelves/*/books/*}", "'v1' 'shelves' * 'books' * name=1..5"),
        ("/v1/{name=**}:read", "'v1' ** :read name=1..2"),
        ("/v1/{book.name=a/*/**}", "'v1' 'a' * ** book.name=1..4"),
        ("/v1/{a}/{b}:x", "'v1' * * :x a=1..2 b=2..3"),
        ("/v1/a:b/c:d", "'v1' 'a:b' 'c' :d"),
        ("/v1/c:d:e", "'v1' 'c:d' :e"),
        ("/v1/%7Ea%2fb/ä", "'v1' '~a/b' 'ä'"),
        ("/*/**", "* **"),
        ("/{x=v1}", "'v1' x=0..1"),
    ] {
        assert_eq!(shown(template(text)), expected, "{text}");
    }
}

#[test]
fn what_is_no_template_is_refused_at_its_place() {
    for (text, expected) in [
        ("", "0..0: a path begins with `/`"),
        ("v1/a", "0..1: a path begins with `/`"),
        ("/v1//a", "3..4: a segment is empty"),
        ("/v1/", "3..4: a segment is empty"),
        ("//", "0..1: a segment is empty"),
        ("/v1/a:", "5..6: a verb follows behind `:`"),
        (":a", "0..1: a path begins with `/`"),
        ("/:a", "0..1: a segment is empty"),
        ("/v1/{a", "4..5: `{` is not closed"),
        ("/v1/{a={b}}", "7..8: variables do not nest"),
        ("/v1/{}", "4..6: a variable is the name of a field, or of a field in a field"),
        ("/v1/{a.}", "4..8: a variable is the name of a field, or of a field in a field"),
        ("/v1/{a=}", "6..7: a segment is empty"),
        ("/v1/{a=x//y}", "8..9: a segment is empty"),
        ("/v1/{a}b", "7..8: a variable ends its segment"),
        ("/v1/b{a}", "5..6: a variable is whole segments: `/{name}/`"),
        ("/v1/a}", "5..6: a variable is whole segments: `/{name}/`"),
        ("/v1/**/a", "4..6: behind"),
        ("/v1/{a=**}/{b}", "7..9: behind"),
        ("/v1/{a=**/x}", "7..9: behind"),
        ("/v1/a*", "5..6: `*` is a whole segment"),
        ("/v1/***", "4..5: `*` is a whole segment"),
        ("/v1?x=1", "3..4: this ends a path"),
        ("/v1/a b", "5..6: a blank is written `%20`, what cannot be seen alike"),
        ("/v1/%2", "4..5: two hexadecimal digits follow behind `%`"),
        ("/v1/%+1", "4..5: two hexadecimal digits follow behind `%`"),
        ("/v1/%ff", "4..7: this is not UTF-8 when it is decoded"),
    ] {
        assert_eq!(shown(template(text)), expected, "{text}");
    }
}

#[test]
fn paths_of_hertz_are_read_or_refused() {
    for (text, expected) in [
        ("/", ""),
        ("/users/:id", "'users' * id=1..2"),
        ("/users/:id/", "'users' * '' id=1..2"),
        ("/files/*path", "'files' ** path=1..2"),
        ("/a/:b/:c", "'a' * * b=1..2 c=2..3"),
        ("student/:id", "'student' * id=1..2"),
        (":id", "* id=0..1"),
        ("", "0..0: a path begins with `/`"),
        ("/a//b", "2..3: a segment is empty"),
        ("/a/:", "3..4: a parameter is a name behind `:` or `*`, and a whole segment"),
        ("/a/:b:c", "3..7: a parameter is a name behind `:` or `*`, and a whole segment"),
        ("/a/b:c", "4..5: a parameter is a whole segment: `/:name/`"),
        ("/a/*b/c", "3..5: behind"),
        ("/a/b*", "4..5: `*` is a whole segment"),
        ("/a/{b}", "3..4: a variable is whole segments: `/{name}/`"),
    ] {
        assert_eq!(shown(hertz::path(text)), expected, "{text}");
    }
}

/// Every text of up to five of these.
fn texts() -> Vec<String> {
    let letters = ["/", "{", "}", "*", ":", "=", "a", ".", "%", "2", "ä"];
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..5 {
        last = last.iter().flat_map(|text| letters.iter().map(move |letter| format!("{text}{letter}"))).collect();
        all.extend(last.iter().cloned());
    }
    all
}

#[test]
fn any_text_is_a_path_or_is_refused_at_a_place_in_it() {
    for parse in [template, hertz::path] {
        let mut count = 0;
        for text in texts() {
            match parse(&text) {
                Ok(path) => {
                    count += 1;
                    let rest = path.segments.iter().position(|it| *it == Segment::Rest);
                    assert!(rest.is_none_or(|at| at + 1 == path.segments.len()), "{text}");
                    let fits = |it: &Bound| !it.segments.is_empty() && it.segments.end <= path.segments.len();
                    assert!(path.variables.iter().all(|it| fits(it) && text[it.at.clone()] == it.field), "{text}");
                }
                Err(Refusal { at, .. }) => assert!(text.get(at.clone()).is_some(), "{text}: {at:?}"),
            }
        }
        assert!(count > 1000, "{count}");
    }
}
