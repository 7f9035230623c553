//! Line breaks of the files that a user owns, as rustfmt's defaults have them: a fresh crate passes
//! `cargo fmt --check`, however long the IDL's names are.

use std::cmp::Ordering;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// rustfmt's `max_width`.
const WIDTH: usize = 100;
/// rustfmt's `fn_call_width` and `chain_width`: what stands between a call's brackets on one line.
const CALL: usize = 60;
/// From this width on, `) -> Type` below its parameters has its `{` on a line of its own.
const RESULT: usize = 95;
/// From this width on, the type is broken instead.
const RESULT_ALONE: usize = 103;

/// `.add(Server::new(Handler::default()))` in a chain, with its indentation; `make` is `default` and its arguments.
pub(super) fn mount(server: &str, handler: &str, (make, arguments): (&str, &str)) -> String {
    let flat = format!("{server}::new({handler}::{make}({arguments}))");
    // One more than elsewhere, as rustfmt counts it in a chain.
    if flat.len() <= CALL + 1 {
        return format!("        .add({flat})");
    }
    let handler_at = |indent: usize| {
        let flat = indent + handler.len() + "::(),".len() + make.len() + arguments.len() <= WIDTH;
        let end = if flat { format!("({arguments})") } else { broken(arguments, indent) };
        format!("{}{handler}::{make}{end}", pad(indent))
    };
    if server.len() + "::new(".len() <= CALL {
        return format!("        .add({server}::new(\n{},\n        ))", handler_at(12));
    }
    if handler.len() + "::()".len() + make.len() + arguments.len() <= CALL && 12 + flat.len() < WIDTH {
        return format!("        .add(\n            {flat},\n        )");
    }
    format!("        .add(\n            {server}::new(\n{},\n            ),\n        )", handler_at(16))
}

/// Arguments of a call, below it.
fn broken(arguments: &str, indent: usize) -> String {
    if arguments.is_empty() {
        return format!("(\n{})", pad(indent));
    }
    format!("(\n{}{arguments},\n{})", pad(indent + 4), pad(indent))
}

/// The order in which rustfmt wants the names of an import: `_` before all else, numbers by their
/// value.
pub(super) fn order(one: &str, other: &str) -> Ordering {
    chunks(one).cmp(chunks(other)).then_with(|| one.cmp(other))
}

/// A part of a name; their order is that of the variants.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Chunk<'a> {
    Underscore,
    /// How many digits without zeros in front, and these.
    Number(usize, &'a str),
    Text(&'a str),
}

fn chunks(name: &str) -> impl Iterator<Item = Chunk<'_>> {
    let mut rest = name.trim_start_matches("r#");
    let kind = |c: char| (c == '_', c.is_ascii_digit());
    std::iter::from_fn(move || {
        let first = kind(rest.chars().next()?);
        let end = rest.find(|c| kind(c) != first).unwrap_or(rest.len());
        let (text, after) = rest.split_at(if first.0 { 1 } else { end });
        rest = after;
        let digits = text.trim_start_matches('0');
        Some(match first {
            (true, _) => Chunk::Underscore,
            (_, true) => Chunk::Number(digits.len(), digits),
            _ => Chunk::Text(text),
        })
    })
}

/// The order in which rustfmt wants imports, each a path and the names that it brings:
/// part by part, several names in braces behind all else.
pub(super) fn order_of_imports(one: &(String, Vec<String>), other: &(String, Vec<String>)) -> Ordering {
    let parts = |(path, names): &(String, Vec<String>)| -> Vec<Option<String>> {
        let last = (names.len() == 1).then(|| names[0].clone());
        path.split("::").map(|it| Some(it.to_owned())).chain([last]).collect()
    };
    let (one, other) = (parts(one), parts(other));
    let differ = one.iter().zip(&other).map(|(one, other)| match (one, other) {
        (Some(one), Some(other)) => order(one, other),
        _ => one.is_none().cmp(&other.is_none()),
    });
    differ.into_iter().find(|it| it.is_ne()).unwrap_or(one.len().cmp(&other.len()))
}

/// `use path::{names};`, with as many names on a line as fit.
pub(super) fn import(path: &str, names: &[String]) -> String {
    if let [name] = names {
        return format!("use {path}::{name};\n");
    }
    let all = names.join(", ");
    let joined = format!("use {path}::{{{all}}};");
    // rustfmt keeps two places free for an import's end.
    if joined.len() <= WIDTH - 2 {
        return joined + "\n";
    }
    let mut lines = vec![String::from("   ")];
    for (at, name) in names.iter().enumerate() {
        let line = lines.last().map_or(0, String::len);
        // The comma at the end is not counted as long as there is one line.
        let last = at + 1 == names.len() && lines.len() == 1;
        if line + name.len() + 2 > WIDTH - usize::from(!last) && line > 3 {
            lines.push(String::from("   "));
        }
        if let Some(line) = lines.last_mut() {
            *line = format!("{line} {name},");
        }
    }
    format!("use {path}::{{\n{}\n}};\n", lines.join("\n"))
}

/// A struct without fields.
pub(super) fn empty_struct(name: &str) -> String {
    let flat = format!("pub struct {name} {{}}");
    // Behind a longer name the braces would be broken.
    if flat.len() <= WIDTH - 2 { flat } else { format!("pub struct {name};") }
}

/// `impl Trait for Type {`, its items and its end.
pub(super) fn block(name: &str, ty: &str, items: &str) -> String {
    let flat = format!("impl {name} for {ty}");
    let end = if items.is_empty() { "" } else { "\n" };
    if flat.len() + " {".len() <= WIDTH {
        return format!("{flat} {{{end}{items}}}\n");
    }
    format!("impl {name}\n    for {ty}\n{{\n{items}}}\n")
}

/// A function in an `impl`, up to its body.
pub(super) fn signature(name: &str, parameters: &[(String, Type)], result: &Type) -> String {
    let all: String = parameters.iter().map(|(name, ty)| format!(", {name}: {}", ty.flat())).collect();
    let flat = format!("    async fn {name}(&self{all}) -> {} {{\n", result.flat());
    if flat.len() <= WIDTH + 1 {
        return flat;
    }
    let mut out = format!("    async fn {name}(\n        &self,\n");
    for (name, ty) in parameters {
        out.push_str(&format!("        {name}: {},\n", ty.lines(8, 8 + name.len() + ": ".len(), ",".len())));
    }
    let flat = format!("    ) -> {}", result.flat());
    out.push_str(&match flat.len() {
        0..RESULT => format!("{flat} {{\n"),
        RESULT..RESULT_ALONE => format!("{flat}\n    {{\n"),
        _ => {
            let lines = result.lines(4, WIDTH, 0);
            let wide = lines.lines().any(|line| line.len() > WIDTH && !line.trim_start().starts_with("impl "));
            format!("    ) -> {lines}{}{{\n", if wide { "" } else { " " })
        }
    });
    out
}

/// The body of a stub: an error of `error` that names the method, made `into` the method's own.
pub(super) fn stub(error: &str, method: &str, into: bool) -> String {
    let (function, text) = (format!("{error}::unimplemented"), format!("\"{method}\""));
    let call = format!("{function}({text})");
    if !into {
        if call.len() <= CALL {
            return format!("        Err({call})\n");
        }
        return format!("        Err({function}{})\n", broken(&text, 8));
    }
    let short = format!("        Err({call}.into())\n");
    if short.len() <= WIDTH + 1 {
        return short;
    }
    let value = if "        let error = ;".len() + call.len() <= WIDTH {
        format!(" {call}")
    } else if 12 + call.len() + ";".len() <= WIDTH {
        format!("\n            {call}")
    } else {
        format!(" {function}{}", broken(&text, 8))
    };
    format!("        let error ={value};\n        Err(error.into())\n")
}

/// The same of a method that gives a stream, whose path `streaming` is.
pub(super) fn stream_stub(streaming: &str, method: &str) -> String {
    let text = format!("\"{method}\"");
    let flat = format!("        {streaming}::unimplemented({text})");
    let line =
        if flat.len() <= WIDTH { flat } else { format!("        {streaming}::unimplemented{}", broken(&text, 8)) };
    line + "\n"
}

/// The body of a method that hands its call on: `self.clients.add`, the call of it, the context. Of a stream of requests,
/// `stream` is the function that hands them on.
pub(super) fn forward(client: &str, (name, arguments): (&str, &[&str]), stream: Option<&str>) -> String {
    let flat = format!("self.clients.{client}.{name}({}).with(cx)", arguments.join(", "));
    let chain = |indent: usize, end: &[&str]| {
        let call = called(name, arguments, indent + 4);
        let lines = [client, &call, "with(cx)"].into_iter().chain(end.iter().copied());
        let lines: String = lines.map(|it| format!("\n{}.{it}", pad(indent + 4))).collect();
        format!("{}self.clients{lines}\n", pad(indent))
    };
    let Some((function, requests)) = stream.zip(arguments.first()) else {
        let short = flat.len() + ".await".len() <= CALL;
        return if short { format!("        {flat}.await\n") } else { chain(8, &["await"]) };
    };
    let inline = format!("{requests}, |{requests}| {flat}");
    if inline.len() <= CALL && flat.len() <= CALL {
        let line = format!("        {function}({inline})");
        let below = line.len() + ".await".len() > WIDTH;
        return format!("{line}{}.await\n", if below { "\n            " } else { "" });
    }
    let inner = if flat.len() <= CALL { format!("            {flat}\n") } else { chain(12, &[]) };
    format!("        {function}({requests}, |{requests}| {{\n{inner}        }})\n        .await\n")
}

/// A call in a chain, with a line for each argument where they do not fit on one.
fn called(name: &str, arguments: &[&str], indent: usize) -> String {
    let all = arguments.join(", ");
    let flat = format!("{name}({all})");
    if all.len() <= CALL && indent + 1 + flat.len() <= WIDTH {
        return flat;
    }
    let lines: String = arguments.iter().map(|it| format!("{}{it},\n", pad(indent + 4))).collect();
    format!("{name}(\n{lines}{})", pad(indent))
}

/// `struct Name` or `impl Name` with the brace behind it.
pub(super) fn opened(head: &str) -> String {
    if head.len() + " {".len() <= WIDTH { format!("{head} {{") } else { format!("{head}\n{{") }
}

/// `name: Type,` of a struct.
pub(super) fn assigned(indent: usize, name: &str, ty: &str) -> String {
    let flat = format!("{}{name}: {ty},\n", pad(indent));
    if flat.len() <= WIDTH + 1 { flat } else { format!("{}{name}:\n{}{ty},\n", pad(indent), pad(indent + 4)) }
}

/// The attribute of a function with such lines, where one is so long that rustfmt would break it.
pub(super) fn kept(lines: &str) -> &'static str {
    if lines.lines().all(|line| line.len() <= WIDTH) { "" } else { "    #[rustfmt::skip] // the names are long\n" }
}

fn pad(indent: usize) -> String {
    " ".repeat(indent)
}

/// A type as lines are broken in it: between its arguments.
pub(super) struct Type {
    name: String,
    arguments: Vec<Self>,
    /// What stands behind it: `+ Send`, `+ 'static`.
    bounds: &'static [&'static str],
}

impl Type {
    /// A type or a path, of their tokens; without the `::` in front that only generated code needs.
    pub(super) fn of(tokens: &TokenStream) -> Self {
        let Ok(syn::Type::Path(it)) = syn::parse2(tokens.clone()) else {
            return Self { name: tokens.to_string().replace(' ', ""), arguments: Vec::new(), bounds: &[] };
        };
        let names: Vec<String> = it.path.segments.iter().map(|it| it.ident.to_string()).collect();
        let arguments = match it.path.segments.last().map(|it| &it.arguments) {
            Some(syn::PathArguments::AngleBracketed(it)) => {
                it.args.iter().map(|it| Self::of(&it.to_token_stream())).collect()
            }
            _ => Vec::new(),
        };
        Self { name: names.join("::"), arguments, bounds: &[] }
    }

    /// `impl Stream<Item = …> + Send + 'static`; `stream` is the trait's path.
    pub(super) fn stream(stream: &str, mut item: Self) -> Self {
        item.name.insert_str(0, "Item = ");
        Self { name: format!("impl {stream}"), arguments: vec![item], bounds: &["+ Send", "+ 'static"] }
    }

    /// The type around it: `Result<…, Error>`.
    pub(super) fn within(name: &str, arguments: Vec<Self>) -> Self {
        Self { name: name.to_owned(), arguments, bounds: &[] }
    }

    pub(super) fn flat(&self) -> String {
        let bounds: String = self.bounds.iter().map(|it| format!(" {it}")).collect();
        self.bare() + &bounds
    }

    /// On one line, without bounds.
    fn bare(&self) -> String {
        if self.arguments.is_empty() {
            return self.name.clone();
        }
        let arguments: Vec<String> = self.arguments.iter().map(Self::flat).collect();
        format!("{}<{}>", self.name, arguments.join(", "))
    }

    /// On one line where that fits behind `before` letters and in front of `after` ones, else with
    /// a line for each argument.
    fn lines(&self, indent: usize, before: usize, after: usize) -> String {
        let flat = self.flat();
        // Of what has bounds, rustfmt counts neither the comma nor the word in front.
        let (after, width) = if self.bounds.is_empty() { (after, WIDTH) } else { (0, WIDTH + "impl".len()) };
        if self.arguments.is_empty() || before + flat.len() + after <= width {
            return flat;
        }
        let bounds = self.bounds.join(&format!("\n{}", pad(indent)));
        let bare = self.bare();
        if !self.bounds.is_empty() && before + bare.len() <= width {
            return format!("{bare}\n{}{bounds}", pad(indent));
        }
        let below = indent + 4;
        let arguments: String =
            self.arguments.iter().map(|it| format!("{}{},\n", pad(below), it.lines(below, below, 1))).collect();
        let bounds = if bounds.is_empty() { bounds } else { format!(" {bounds}") };
        format!("{}<\n{arguments}{}>{bounds}", self.name, pad(indent))
    }
}
