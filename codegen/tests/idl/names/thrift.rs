//! Kinds of name of Thrift, and the IDL files that are made of them and of words.

use std::collections::BTreeSet;

use codegen::resolve::names;

use super::One;
use super::words::WORDS;

/// Words of Thrift that cannot be used as a type.
fn refused(kind: &str, word: &str) -> bool {
    match kind {
        "struct" | "enum" | "union" | "typedef" => word == "const",
        "exception" => matches!(word, "i32" | "bool"),
        _ => false,
    }
}

const KINDS: &[&str] = &[
    "struct",
    "enum",
    "union",
    "exception",
    "service",
    "method",
    "argument",
    "field",
    "member",
    "arm",
    "const",
    "typedef",
    "namespace",
    "thrown",
];

/// Every word in every place.
pub(crate) fn each() -> impl Iterator<Item = One> {
    let pairs = KINDS.iter().flat_map(|kind| WORDS.iter().map(move |word| (*kind, *word)));
    pairs.map(|(kind, word)| One {
        kind,
        word,
        file: "one.thrift".to_owned(),
        text: body(kind, &[word.to_owned()]),
        refused: refused(kind, word),
    })
}

/// The Rust name that decides which words can stand together.
fn key(kind: &str, word: &str) -> String {
    match kind {
        "struct" | "enum" | "union" | "exception" | "service" | "typedef" => names::type_name(word).to_lowercase(),
        "member" | "const" => names::constant_name(word),
        "arm" | "thrown" => names::variant_name(word),
        _ => names::snake_name(word),
    }
}

/// Everything, in as few files as the clashes allow: a name and a text each.
pub(crate) fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for kind in KINDS {
        let words: Vec<&str> = WORDS.iter().copied().filter(|it| !refused(kind, it)).collect();
        if *kind == "namespace" {
            let inner = words.iter().enumerate().map(|(at, word)| {
                let text = body(kind, &[(*word).to_owned()]).replace("ZInner", &format!("ZInner{at}"));
                (format!("namespaces/n{at}.thrift"), text)
            });
            files.extend(inner);
            continue;
        }
        let mut left: Vec<&str> = words;
        let mut round = 0;
        while !left.is_empty() {
            let mut taken = BTreeSet::new();
            let (now, later): (Vec<&str>, Vec<&str>) = left.into_iter().partition(|word| taken.insert(key(kind, word)));
            let now: Vec<String> = now.into_iter().map(str::to_owned).collect();
            // One server serves them all: its services have names of their own.
            let body = body(kind, &now).replace("service Z", &format!("service Z{}{round}", files.len()));
            let text = format!("namespace rs matrix.{kind}{round}\n{body}");
            files.push((format!("{kind}{round}.thrift"), text));
            left = later;
            round += 1;
        }
    }
    files
}

fn body(kind: &str, words: &[String]) -> String {
    let each = |text: &dyn Fn(usize, &str) -> String| -> String {
        words.iter().enumerate().map(|(at, word)| text(at + 1, word)).collect()
    };
    let holder = || {
        let fields = each(&|at, word| format!("    {at}: optional {word} f{at}, {}: list<{word}> l{at}\n", at + 1000));
        let methods = each(&|at, word| format!("    {word} m{at}(1: {word} a, 2: map<string, {word}> b)\n"));
        format!("struct ZHolder {{\n{fields}}}\nservice ZUser {{\n{methods}}}\n")
    };
    match kind {
        "struct" => {
            each(&|_, it| format!("struct {it} {{ 1: i32 a, 2: optional {it} b, 3: required string c }}\n")) + &holder()
        }
        "enum" => each(&|_, it| format!("enum {it} {{ A, B = 5 }}\n")) + &holder(),
        "union" => each(&|_, it| format!("union {it} {{ 1: i32 a, 2: string b }}\n")) + &holder(),
        "typedef" => each(&|_, it| format!("typedef map<string, i64> {it}\n")) + &holder(),
        "exception" => {
            let methods =
                each(&|at, it| format!("    i32 m{at}() throws (1: {it} e)\n    void v{at}() throws (1: {it} e)\n"));
            each(&|_, it| format!("exception {it} {{ 1: string why }}\n"))
                + &format!("service ZThrower {{\n{methods}}}\n")
        }
        "service" => {
            let one = |at: usize, it: &str| {
                format!(
                    "service {it} {{ i32 f(1: i32 a, 2: string b), void g{at}() throws (1: ZGone e), oneway void h() }}\nservice Z{at} extends {it} {{ void z() }}\n"
                )
            };
            format!("exception ZGone {{ 1: string why }}\n{}", each(&one))
        }
        "method" => {
            let plain = each(&|_, it| format!("    i32 {it}(1: string a)\n"));
            let thrown = each(&|_, it| format!("    string {it}() throws (1: ZGone e)\n"));
            format!(
                "exception ZGone {{ 1: string why }}\nservice ZPlain {{\n{plain}}}\nservice ZThrown {{\n{thrown}}}\n"
            )
        }
        "argument" => {
            let one = each(&|at, it| {
                format!(
                    "    void one{at}(1: string {it})\n    i32 two{at}(1: ZS {it}, 2: i32 zz) throws (1: ZGone e)\n"
                )
            });
            let many: String = words
                .chunks(6)
                .enumerate()
                .map(|(at, words)| {
                    let all: Vec<String> =
                        words.iter().enumerate().map(|(id, it)| format!("{}: i64 {it}", id + 1)).collect();
                    format!("    string many{at}({})\n", all.join(", "))
                })
                .collect();
            format!(
                "struct ZS {{ 1: i32 a }}\nexception ZGone {{ 1: string why }}\nservice ZArguments {{\n{one}{many}}}\n"
            )
        }
        "field" => {
            let plain = each(&|at, it| format!("    {at}: i32 {it}\n"));
            let optional = each(&|at, it| format!("    {at}: optional string {it}\n"));
            let required = each(&|at, it| format!("    {at}: required ZPlain {it}\n"));
            let preset = each(&|at, it| format!("    {at}: optional string {it} = \"x\"\n"));
            format!(
                "struct ZPlain {{\n{plain}}}\nstruct ZOptional {{\n{optional}}}\nstruct ZRequired {{\n{required}}}\nexception ZPreset {{\n{preset}}}\nconst set<ZPlain> ZSET = [{{}}]\nconst map<ZOptional, i32> ZMAP = {{}}\n"
            )
        }
        "member" => {
            let members = each(&|at, it| format!("    {it} = {at}\n"));
            let fields = each(&|at, it| format!("    {at}: ZE f{at} = ZE.{it}\n"));
            format!("enum ZE {{\n{members}}}\nstruct ZDefaults {{\n{fields}}}\n")
        }
        "arm" => {
            let arms = each(&|at, it| format!("    {at}: string {it}\n"));
            let nested = each(&|at, it| format!("    {at}: ZU {it}\n"));
            format!("union ZU {{\n{arms}}}\nunion ZN {{\n{nested}}}\nstruct ZH {{ 1: set<ZU> all }}\n")
        }
        "const" => {
            let consts = each(&|at, it| format!("const i32 {it} = {at}\n"));
            let fields = each(&|at, it| format!("    {at}: i32 f{at} = {it}\n"));
            format!(
                "{consts}struct ZC {{\n{fields}}}\nunion ZU {{ 1: i32 value }}\nservice ZS {{ i32 f(1: i32 input) }}\n"
            )
        }
        "thrown" => {
            let methods = each(&|at, it| format!("    string m{at}() throws (1: ZGone {it})\n"));
            let both = words.chunks(4).enumerate().map(|(at, words)| {
                let all: Vec<String> =
                    words.iter().enumerate().map(|(id, it)| format!("{}: ZGone {it}", id + 1)).collect();
                format!("    void b{at}() throws ({})\n", all.join(", "))
            });
            format!(
                "exception ZGone {{ 1: string why }}\nservice ZThrows {{\n{methods}{}}}\n",
                both.collect::<String>()
            )
        }
        _ => each(&|_, it| format!("namespace rs outer.{it}.{it}\nstruct ZInner {{ 1: i32 a, 2: bool b }}\n")),
    }
}
