//! The files that a user owns are as rustfmt would have them, whatever the IDL's names and types are.

use std::process::Command;

use super::random::Random;
use super::sandbox::Sandbox;

/// How many crates are made.
const CRATES: u64 = 40;

/// A name of this many letters behind `first`; numbers and `_` decide the order of imports.
fn name(random: &mut Random, first: &str, length: usize, parts: &[&str]) -> String {
    let mut out = first.to_owned();
    while out.len() < length {
        out.push_str(random.pick::<&str>(parts));
    }
    out
}

fn upper(random: &mut Random, first: &str) -> String {
    let length = length(random);
    name(random, first, length, &["a", "b", "xyz", "A", "B", "1", "02", "_c"])
}

fn lower(random: &mut Random, first: &str) -> String {
    let length = length(random);
    name(random, first, length, &["a", "b", "xyz", "c", "1", "_d"])
}

/// Short, usual or long.
fn length(random: &mut Random) -> usize {
    let most = *random.pick(&[8, 20, 40, 80, 110]);
    1 + random.below(most)
}

fn thrift_type(random: &mut Random, types: &[String]) -> String {
    let one = random.pick(types).clone();
    match random.below(8) {
        0 => format!("list<{}>", thrift_type(random, types)),
        1 => format!("set<{one}>"),
        2 | 3 => format!("map<{one}, {}>", thrift_type(random, types)),
        4 => "string".to_owned(),
        _ => one,
    }
}

fn thrift_method(random: &mut Random, at: usize, types: &[String], exceptions: &[String]) -> String {
    let arguments = (0..random.below(7))
        .map(|at| format!("{}: {} {}", at + 1, thrift_type(random, types), lower(random, &format!("a{at}z"))));
    let arguments = arguments.collect::<Vec<_>>().join(", ");
    let result = if random.one_in(3) { "void".to_owned() } else { thrift_type(random, types) };
    let thrown = if random.one_in(2) { format!(" throws (1: {} e)", random.pick(exceptions)) } else { String::new() };
    let docs = *random.pick(&["", "", "/** One line. */ ", "/**\n * Two lines:\n *\n * - of a list\n */ "]);
    format!("    {docs}{result} {}({arguments}){thrown}\n", lower(random, &format!("m{at}z")))
}

/// Some types and services, a service may extend the one before; a method is one of the texts.
fn thrift(random: &mut Random, service: &str) -> Vec<String> {
    let types: Vec<String> = (0..4).map(|at| upper(random, &format!("T{}", at * 5))).collect();
    let exceptions: Vec<String> = (0..2).map(|at| upper(random, &format!("X{at}z"))).collect();
    let mut out = vec![format!("namespace rs {}.{}\n", lower(random, "n"), lower(random, "o"))];
    out.extend(types.iter().map(|it| format!("struct {it} {{ 1: i32 a }}\n")));
    out.extend(exceptions.iter().map(|it| format!("exception {it} {{ 1: i32 a }}\n")));
    let mut base = String::new();
    for at in 0..1 + random.below(3) {
        let name = format!("{}{}", upper(random, &format!("{service}{at}z")), random.pick(&["", "Service"]));
        out.push(format!("service {name}{base} {{\n"));
        out.extend((0..random.below(6)).map(|it| thrift_method(random, at * 10 + it, &types, &exceptions)));
        out.push("}\n".to_owned());
        base = if random.one_in(2) { format!(" extends {name}") } else { String::new() };
    }
    out
}

fn proto(random: &mut Random) -> String {
    let types: Vec<String> = (0..4).map(|at| upper(random, &format!("T{}", at * 5))).collect();
    let mut out = format!("syntax = \"proto3\";\npackage {}.{};\n", lower(random, "n"), lower(random, "o"));
    out.extend(types.iter().map(|it| format!("message {it} {{ int32 a = 1; }}\n")));
    for at in 0..1 + random.below(3) {
        out.push_str(&format!("service {} {{\n", upper(random, &format!("S{at}z"))));
        for at in 0..random.below(6) {
            let (name, taken) = (upper(random, &format!("M{at}z")), random.pick(&types).clone());
            let [requests, answers] = [(); 2].map(|()| *random.pick(&["", "", "stream "]));
            out.push_str(&format!("    rpc {name}({requests}{taken}) returns ({answers}{});\n", random.pick(&types)));
        }
        out.push_str("}\n");
    }
    out
}

/// What rustfmt would change in a crate; `None` where it is not installed.
fn changes(it: &Sandbox) -> Option<String> {
    let files = it.files("made").into_iter().filter(|it| it.starts_with("tests/"));
    let files = files.chain(["src/lib.rs".to_owned(), "src/main.rs".to_owned()]);
    let mut command = Command::new("rustfmt");
    command.args(["--edition", "2024", "--check"]).current_dir(it.path("made"));
    let output = command.args(files.filter(|file| it.path("made").join(file).exists())).output().ok()?;
    let said = [output.stdout, output.stderr].concat();
    Some(if output.status.success() { String::new() } else { String::from_utf8_lossy(&said).into_owned() })
}

#[test]
fn a_fresh_crate_is_formatted() {
    for seed in 0..CRATES {
        let mut random = Random::new(seed);
        let (idl, ending) = if random.one_in(3) {
            (proto(&mut random), "proto")
        } else {
            (thrift(&mut random, "S").concat(), "thrift")
        };
        let file = format!("{}.{ending}", lower(&mut random, ["a", "s", "z"][seed as usize % 3]));
        let it = Sandbox::new(&[(&file, &idl)]);
        let sides = if random.one_in(6) { "client" } else { "both" };
        it.run(&[&file, "-o", "made", "--sides", sides]).ends(0);
        let Some(changed) = changes(&it) else {
            eprintln!("skipped: this test needs `rustfmt` on the PATH (rustup component add rustfmt)");
            return;
        };
        assert!(changed.is_empty(), "{seed}: {changed}");
        if seed % 2 == 0 {
            let it = Sandbox::new(&[(&file, &idl)]);
            it.run(&["gateway", &file, "-o", "made"]).ends(0);
            let changed = changes(&it).unwrap_or_default();
            assert!(changed.is_empty(), "{seed}, a gateway: {changed}");
        }
    }
}

#[test]
fn what_is_inserted_is_formatted() {
    for seed in 100..100 + CRATES / 2 {
        let mut random = Random::new(seed);
        let (one, first): (_, Vec<String>) = if random.one_in(3) {
            ("one.proto", proto(&mut random).split_inclusive('\n').map(str::to_owned).collect())
        } else {
            ("one.thrift", thrift(&mut random, "S"))
        };
        let second = thrift(&mut random, "Q").concat();
        let start: String = first.iter().filter(|it| !it.starts_with("    ") || random.one_in(2)).cloned().collect();
        let it = Sandbox::new(&[(one, &start), ("two.thrift", &second)]);
        it.run(&[one, "-o", "made"]).ends(0);
        it.write(one, &first.concat());
        it.run(&[one, "two.thrift", "-o", "made", "--add-missing"]).ends(0);
        let Some(changes) = changes(&it) else { return };
        assert!(changes.is_empty(), "{seed}: {changes}");
    }
}
