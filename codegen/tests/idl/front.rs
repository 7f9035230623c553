//! Loading: includes, limits, refusals, and what the front end makes of whole files.

use std::{fs, os::unix::fs::symlink, path::Path, time::Instant};

use crate::sandbox::{dir, load, said};
use codegen::{
    Builder,
    diag::render,
    emit::Sides,
    ir::draft::{Item, Language},
    options::Options,
    source::{Error, MAX_FILE_BYTES, MAX_FILES},
};

#[test]
fn includes_are_followed_once_and_shown_as_typed() {
    let dir = dir(&[
        ("idl/a.thrift", "include \"sub/b.thrift\"\ninclude 'common.thrift'\nstruct A {}"),
        ("idl/sub/b.thrift", "include \"../sub/./c.thrift\"\nstruct B {}"),
        ("idl/sub/c.thrift", "include \"common.thrift\" struct C {}"),
        ("shared/common.thrift", "\u{feff}struct Common {}"),
    ]);
    let (result, sources) = load(dir.path(), &["idl/a.thrift"], &["shared"]);
    let (draft, found) = result.unwrap();
    assert!(found.is_empty());
    let shown: Vec<_> = draft.files.iter().map(|it| sources.path(it.id)).collect();
    let base = dir.path().display();
    let expected = ["idl/a.thrift", "idl/sub/b.thrift", "shared/common.thrift", "idl/sub/c.thrift"];
    assert_eq!(shown, expected.map(|it| format!("{base}/{it}")));
    let edges: Vec<Vec<_>> = draft.files.iter().map(|it| it.includes.iter().map(|it| it.file).collect()).collect();
    assert_eq!(edges, [vec![1, 2], vec![3], vec![], vec![2]]);
    assert_eq!(draft.files.iter().filter(|it| it.root).count(), 1);
    assert_eq!(draft.files[2].stem, "common");
}

#[test]
fn roots_of_both_languages_and_included_roots() {
    let dir = dir(&[
        ("a.thrift", "include \"b.thrift\" struct A {}"),
        ("b.thrift", "struct B {}"),
        ("c.proto", "syntax = \"proto3\"; package c; message C {}"),
    ]);
    let (result, _) = load(dir.path(), &["a.thrift", "c.proto", "b.thrift"], &[]);
    let (draft, _) = result.unwrap();
    let all: Vec<_> = draft.files.iter().map(|it| (it.stem.as_str(), it.language, it.root)).collect();
    assert_eq!(all, [("a", Language::Thrift, true), ("c", Language::Proto, true), ("b", Language::Thrift, true)]);
    assert!(!draft.descriptors.is_empty());
}

#[test]
fn kitchen_sink_loads() {
    let (result, _) = load(Path::new("../tests/vectors/kitex"), &["kitchen_sink.thrift"], &[]);
    let (draft, found) = result.unwrap();
    assert!(found.is_empty());
    assert_eq!(draft.files.len(), 2);
    let Some(Item::Service(sink)) = draft.files[0].items.last() else { panic!() };
    assert_eq!(sink.extends.as_ref().unwrap().text, "sink_base.BaseService");
    assert_eq!(draft.files[0].items[7].head().docs, "");
    let Item::Enum(color) = &draft.files[0].items[9] else { panic!() };
    assert_eq!((color.members[0].head.docs.as_str(), color.members.len()), ("0", 4));
}

#[test]
fn what_cannot_be_read_is_no_finding() {
    let dir = dir(&[("a.thrift", "")]);
    fs::create_dir(dir.path().join("d.thrift")).unwrap();
    for (root, dirs, what) in [
        ("none.thrift", [].as_slice(), "cannot read `DIR/none.thrift`: no such file"),
        ("d.thrift", &[], "cannot read `DIR/d.thrift`: it is a directory"),
        ("no/a.thrift", &[], "cannot read `DIR/no/a.thrift`: no such file"),
        ("a.thrift", &["nodir"], "cannot read `DIR/nodir`: no such directory"),
        ("a.thrift", &["a.thrift"], "cannot read `DIR/a.thrift`: it is not a directory"),
    ] {
        assert!(matches!(load(dir.path(), &[root], dirs).0, Err(Error::Io { .. })), "{root}");
        assert_eq!(said(dir.path(), &[root], dirs), what);
    }
}

#[test]
fn nothing_outside_is_read() {
    let dir = dir(&[
        ("in/up.thrift", "include \"../secret.thrift\""),
        ("in/link.thrift", "include \"linked.thrift\""),
        ("in/dir.thrift", "include \"out/secret.thrift\""),
        ("in/abs.thrift", "include \"/etc/hostname\""),
        ("in/inner.thrift", "include \"sub/../up2.thrift\""),
        ("in/up2.thrift", ""),
        ("in/sub/x.thrift", ""),
        ("secret.thrift", "password"),
    ]);
    symlink(dir.path().join("secret.thrift"), dir.path().join("in/linked.thrift")).unwrap();
    symlink(dir.path(), dir.path().join("in/out")).unwrap();
    for case in ["up", "link", "dir"] {
        let said = said(dir.path(), &[&format!("in/{case}.thrift")], &[]);
        assert!(said.starts_with("error[SR0002]"), "{said}");
        assert!(!said.contains("password"));
    }
    let absolute = said(dir.path(), &["in/abs.thrift"], &[]);
    assert!(absolute.contains("SR0002") || absolute.contains("SR0001"), "{absolute}");
    assert_eq!(said(dir.path(), &["in/inner.thrift"], &[]), "");
    assert!(said(dir.path(), &["in/up.thrift"], &["."]).contains("TH0002"));
}

#[test]
fn texts_that_are_no_texts() {
    let dir = dir(&[("a.thrift", "include \"b.thrift\""), ("c.txt", "")]);
    fs::write(dir.path().join("b.thrift"), b"struct S {} // \xff").unwrap();
    let root = said(dir.path(), &["b.thrift"], &[]);
    assert!(
        root.starts_with("error[SR0006]: `DIR/b.thrift` is not UTF-8: the first bad byte is at offset 15"),
        "{root}"
    );
    let included = said(dir.path(), &["a.thrift"], &[]);
    assert!(included.contains("SR0006") && included.contains("a.thrift:1:9"), "{included}");
    let other = said(dir.path(), &["c.txt", "a.thrift"], &[]);
    assert!(other.contains("SR0007") && other.contains("`.thrift` or `.proto`"), "{other}");
}

#[test]
fn big_files_and_many_files_are_refused_soon() {
    let start = Instant::now();
    let dir = dir(&[("a.thrift", "include \"big.thrift\"")]);
    let big = fs::File::create(dir.path().join("big.thrift")).unwrap();
    fs::write(dir.path().join("big.proto"), "// \n".repeat(3 << 20)).unwrap();
    assert!(said(dir.path(), &["big.proto"], &[]).contains("PB0006"));
    big.set_len(50 << 20).unwrap();
    assert!(said(dir.path(), &["a.thrift"], &[]).contains("SR0004"));
    assert!(said(dir.path(), &["big.thrift"], &[]).contains("SR0004"));
    big.set_len(MAX_FILE_BYTES - 1).unwrap();
    for name in ["b1", "b2", "b3", "b4", "b5"] {
        fs::copy(dir.path().join("big.thrift"), dir.path().join(format!("{name}.thrift"))).unwrap();
    }
    let roots = ["b1.thrift", "b2.thrift", "b3.thrift", "b4.thrift", "b5.thrift"];
    assert!(said(dir.path(), &roots, &[]).contains("SR0009"));
    for at in 0..=MAX_FILES {
        let next = if at < MAX_FILES { format!("include \"c{}.thrift\"", at + 1) } else { String::new() };
        fs::write(dir.path().join(format!("c{at}.thrift")), next).unwrap();
    }
    assert!(said(dir.path(), &["c0.thrift"], &[]).contains("SR0005"));
    assert_eq!(said(dir.path(), &["c1.thrift"], &[]), "");
    fs::write(dir.path().join("c4096.thrift"), "include \"c1.thrift\"").unwrap();
    let circle = said(dir.path(), &["c1.thrift"], &[]);
    assert!(circle.contains("SR0003") && circle.len() < 5000, "{}", circle.len());
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

#[test]
fn a_hundred_errors_end_a_file() {
    let text: String = (0..200).map(|it| format!("  {it}: i32\n")).collect();
    let dir = dir(&[("a.thrift", &format!("struct S {{\n{text}}}\n"))]);
    let said = said(dir.path(), &["a.thrift"], &[]);
    assert_eq!(said.matches("error[TH0001]").count(), 100);
    assert_eq!(said.matches("error[TH0010]").count(), 1);
    fs::write(dir.path().join("b.thrift"), "typedef i32 A\n".repeat(400_000)).unwrap();
    let (result, sources) = load(dir.path(), &["b.thrift"], &[]);
    let Err(Error::Diagnostics(found)) = result else { panic!() };
    assert_eq!(render(&found, &sources, false).matches("error[TH0015]").count(), 1);
}

#[test]
fn one_thrift_service_name_in_two_served_files_is_an_error() {
    let dir = dir(&[
        ("a.thrift", "namespace rs a\nservice Greeter { void A() }\n"),
        ("b.thrift", "namespace rs b\nservice Greeter { void A() void B() }\n"),
    ]);
    let paths: Vec<_> = ["a.thrift", "b.thrift"].iter().map(|it| dir.path().join(it)).collect();
    let load = |sides| {
        let options = Options { sides, ..Options::default() };
        let builder = paths.iter().fold(Builder::new(), |builder, path| builder.idl(path)).options(options);
        builder.load(false).map(|loaded| loaded.render(false))
    };
    let Err(codegen::Error::Findings(_, text)) = load(Sides::Both) else { panic!("accepted") };
    assert!(
        text.contains("error[TH0150]: two services of this program are named `Greeter` and share a method"),
        "{text}"
    );
    assert!(text.contains("b.thrift:2:9") && text.contains("named again here"), "{text}");
    // A client says by its channel whom it calls.
    assert!(load(Sides::Client).is_ok());
}
