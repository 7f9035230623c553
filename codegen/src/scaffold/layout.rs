//! Lines as rustfmt breaks them by default, for the files that a user owns: a fresh crate has
//! nothing to format, with names of up to 30 letters.

/// rustfmt's `max_width`.
const WIDTH: usize = 100;
/// rustfmt's `fn_call_width`: what stands between a call's brackets on one line.
const CALL: usize = 60;

/// `.add(Server::new(Handler::default()))` in a chain, with its indentation.
pub(super) fn mount(text: &str) -> String {
    // One more than elsewhere, as rustfmt counts it in a chain.
    if text.len() <= CALL + 1 {
        return format!("        .add({text})");
    }
    match text.split_once("::new(") {
        Some((server, handler)) => {
            let handler = handler.strip_suffix(')').unwrap_or(handler);
            let line = format!("            {handler},");
            let line = if line.len() > WIDTH { line.replace("(),", "(\n            ),") } else { line };
            format!("        .add({server}::new(\n{line}\n        ))")
        }
        None => format!("        .add({text})"),
    }
}

/// The order in which rustfmt wants names: constants behind types, `_` before all else.
pub(super) fn order(name: &str) -> (bool, String) {
    let constant = name.chars().all(|c| c.is_uppercase() || c == '_' || c.is_numeric());
    (constant, name.replace('_', " "))
}

/// Joins what prettyplease broke earlier than rustfmt does: signatures, imports, the bodies of stubs.
pub(super) fn fit(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let bare = line.trim_start();
        let opens = (bare.starts_with("async fn ") || bare.starts_with("Err(")) && bare.ends_with('(')
            || bare.starts_with("use ") && bare.ends_with('{');
        let indent = line.len() - bare.len();
        let end = |it: &&str| it.len() - it.trim_start().len() == indent && !it.trim().is_empty();
        let close = opens.then(|| lines[at + 1..].iter().position(end)).flatten().map(|it| at + 1 + it);
        match close {
            Some(close) => {
                out.push_str(&block(line, &lines[at + 1..close], lines[close]));
                at = close + 1;
            }
            None => {
                out.push_str(&single(line));
                at += 1;
            }
        }
        out.push('\n');
    }
    out
}

/// A block on one line where it fits, else as rustfmt breaks it.
fn block(open: &str, inner: &[&str], close: &str) -> String {
    let parts: Vec<&str> = inner.iter().map(|it| it.trim()).collect();
    if open.trim_start().starts_with("Err(") {
        let joined = format!("{open}{}{}", parts.concat(), close.trim_start());
        return single(&joined.replace(",)", ")"));
    }
    let items = parts.join(" ");
    let items = items.trim_end_matches(',');
    let joined = format!("{open}{items}{}", close.trim_start());
    let import = open.trim_start().starts_with("use ");
    // rustfmt keeps two places free for an import's end.
    if joined.len() <= if import { WIDTH - 2 } else { WIDTH } {
        return joined;
    }
    if import {
        return format!("{open}\n{}{close}", filled(items));
    }
    [&[open], inner, &[close]].concat().join("\n")
}

/// Names of an import, as many on a line as fit.
fn filled(items: &str) -> String {
    let mut out = String::new();
    let mut line = String::from("   ");
    for item in items.split(", ") {
        if line.len() + item.len() + 2 >= WIDTH && !line.trim().is_empty() {
            out.push_str(&line);
            out.push('\n');
            line = String::from("   ");
        }
        line.push(' ');
        line.push_str(item);
        line.push(',');
    }
    out + &line + "\n"
}

/// A stub's body; every other line as it is.
fn single(line: &str) -> String {
    let bare = line.trim_start();
    let Some(argument) = bare.strip_prefix("Err(").and_then(|it| it.strip_suffix(')')) else { return line.to_owned() };
    if argument.len() <= CALL || argument.ends_with(".into()") && line.len() <= WIDTH {
        return line.to_owned();
    }
    let pad = " ".repeat(line.len() - bare.len());
    let Some((function, text)) = argument.split_once('(') else { return line.to_owned() };
    match text.strip_suffix(").into()") {
        Some(text) => format!("{pad}let error =\n{pad}    {function}({text});\n{pad}Err(error.into())"),
        None => format!("{pad}Err({function}(\n{pad}    {},\n{pad}))", text.trim_end_matches(')')),
    }
}
