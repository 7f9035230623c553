//! Golden texts of findings: `ui/<case>.thrift` or `.proto` beside `<case>.stderr`.
//!
//! `UPDATE=1 cargo test -p codegen --test ui` writes the `.stderr` files. A directory
//! `ui/<case>.d` holds files that a case includes and is on its include path. A first line
//! `// kiteline: --name=value …` sets options of the table.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use codegen::{
    Builder, Error,
    options::{Options, TABLE},
};

/// Everything that the tool would say about a file.
fn diagnose(path: &Path) -> String {
    let inner = path.with_extension("d");
    let include = if inner.is_dir() { vec![inner] } else { Vec::new() };
    let mut options = Options { include, ..Options::default() };
    let text = fs::read(path).unwrap();
    let first = text.split(|it| *it == b'\n').next().unwrap_or_default();
    let flags = std::str::from_utf8(first).ok().and_then(|it| it.strip_prefix("// kiteline: ")).unwrap_or_default();
    for flag in flags.split_whitespace() {
        let (name, value) = flag.trim_start_matches("--").split_once('=').unwrap();
        TABLE.iter().find(|it| it.name == name).unwrap().set(&mut options, value).unwrap();
    }
    let builder = Builder::new().idl(path).options(options);
    match builder.load(false) {
        Ok(loaded) => loaded.render(false),
        Err(Error::Findings(_, text)) => text,
        Err(Error::Io(text)) => format!("{text}\n"),
    }
}

/// The cases, in order. Paths are short because tests run in the package's directory.
fn cases() -> Vec<PathBuf> {
    let all = fs::read_dir("tests/ui").unwrap().map(|it| it.unwrap().path());
    let mut all: Vec<_> = all.filter(|it| it.is_file() && it.extension().is_some_and(|it| it != "stderr")).collect();
    all.sort();
    all
}

#[test]
fn every_case_says_what_its_golden_says() {
    let update = env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let (golden, is) = (case.with_extension("stderr"), diagnose(&case));
        if update {
            fs::write(golden, is).unwrap();
        } else if fs::read_to_string(golden).unwrap_or_default() != is {
            wrong.push(format!("== {}\n{is}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Findings that need more than a file to show; each has a test of its own in `front.rs`, `proto.rs` or `hostile.rs`.
const WITHOUT_GOLDEN: [&str; 11] = [
    "SR0002", // a link or `..` that leads outside
    "SR0004", // a file of more than 16 MiB
    "SR0005", // thousands of files
    "SR0006", // a golden would have to be binary
    "SR0007", // the harness takes any file whose ending is known
    "SR0009", // more than 64 MiB
    "TH0150", // two files
    "TH0010", // a hundred errors
    "TH0015", // a million tokens
    "PB0006", // a proto file of more than 8 MiB
    "PB0004", // needs two include directories
];

#[test]
fn every_code_has_a_golden() {
    let goldens: String = cases().iter().map(|it| fs::read_to_string(it.with_extension("stderr")).unwrap()).collect();
    let texts = fs::read_dir("src/diag/catalogue").unwrap().map(|it| fs::read_to_string(it.unwrap().path()).unwrap());
    let mut missing = Vec::new();
    for text in texts {
        for code in text.split('"').filter(|it| is_code(it)) {
            if !goldens.contains(&format!("[{code}]")) && !WITHOUT_GOLDEN.contains(&code) {
                missing.push(code.to_owned());
            }
        }
    }
    assert!(missing.is_empty(), "no golden shows {missing:?}");
}

#[test]
fn every_code_has_an_explanation() {
    let texts = fs::read_dir("src/diag/catalogue").unwrap().map(|it| fs::read_to_string(it.unwrap().path()).unwrap());
    let texts: Vec<String> = texts.collect();
    let codes: Vec<&str> = texts.iter().flat_map(|it| it.split('"')).filter(|it| is_code(it)).collect();
    let lacking: Vec<_> = codes.iter().filter(|it| codegen::diag::explain(it).is_none()).collect();
    assert!(lacking.is_empty(), "src/diag/explain.txt says nothing of {lacking:?}");
    let known = fs::read_to_string("src/diag/explain.txt").unwrap();
    let known = known.split("\n\n").filter_map(|it| it.trim().split_once(' '));
    let gone: Vec<&str> = known.map(|it| it.0).filter(|it| !codes.contains(it)).collect();
    assert!(gone.is_empty(), "src/diag/explain.txt explains what nobody says: {gone:?}");
}

fn is_code(text: &str) -> bool {
    let (letters, digits) = text.split_at_checked(2).unwrap_or_default();
    letters.bytes().all(|it| it.is_ascii_uppercase())
        && digits.len() == 4
        && digits.bytes().all(|it| it.is_ascii_digit())
}

#[test]
fn three_mistakes_are_three_findings() {
    let said = diagnose(Path::new("tests/ui/three-errors.thrift"));
    let codes: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("error[")).map(|it| &it[..6]).collect();
    assert_eq!(codes, ["TH0104", "TH0102", "TH0107"]);
    assert_eq!(said.matches("\n\n").count(), 3, "{said}");
}
