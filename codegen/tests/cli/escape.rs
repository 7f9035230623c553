//! Names and links that lead out of the crate: refused, or harmless, and nothing written outside.

use std::fs;

use super::{ADD, sandbox::Sandbox};

/// Runs in a folder inside of the sandbox; whatever happens, everything stays in `in/out`.
#[track_caller]
fn contained(file: &str, text: &str) -> super::sandbox::Run {
    let it = Sandbox::new(&[("outside.txt", "mine"), ("in/keep.txt", "mine")]);
    if fs::create_dir_all(it.path("in").join(file).parent().unwrap()).is_err()
        || fs::write(it.path("in").join(file), text).is_err()
    {
        return super::sandbox::Run { code: 2, said: "no such file name here".to_owned() };
    }
    let run = it.run_in("in", &["-o", "out", "--", file]);
    assert!([0, 1, 2, 3].contains(&run.code), "{file}: {}", run.said);
    let idl = format!("in/{file}");
    for path in it.files(".") {
        let known = path == "outside.txt" || path == "in/keep.txt" || path == idl;
        assert!(known || path.starts_with("in/out/"), "{path} was written for {file} {text:?}\n{}", run.said);
    }
    assert!(
        !it.files("in/out").iter().any(|it| it.contains("..") && !it.starts_with("idl/")),
        "{:?}",
        it.files("in/out")
    );
    if run.code == 0 {
        it.run_in("in", &["-o", "out", "--check", "--", file]).ends(0);
    }
    run
}

#[test]
fn namespaces_stay_inside() {
    let names = [
        "a/../../b",
        "..",
        ".",
        "...",
        "../x",
        "/etc/x",
        "a..b",
        ".a",
        "a.",
        "a.../b",
        "a\\b",
        "C:\\x",
        "a\0b",
        "~",
        "$HOME",
        "a b",
        "`id`",
        "con",
        "nul.aux",
        "mod",
        "a.mod",
        "lib",
        "main",
        "self",
        "super.super.x",
        "crate",
        "Self.self",
        "-a",
        "--force",
        "a-b",
        "\u{202e}x",
        "é",
        "%2e%2e",
        "a%00b",
        "generated",
        "handler",
        "src.generated",
        "_",
        "_._",
    ];
    for name in names {
        for text in [
            format!("namespace rs {name}\nstruct S {{ 1: i32 a }}\nservice A {{ void f() }}\n"),
            format!("namespace rs \"{name}\"\nstruct S {{ 1: i32 a }}\n"),
        ] {
            contained("x.thrift", &text);
        }
    }
}

#[test]
fn file_names_stay_inside() {
    let names = [
        "..thrift",
        "...thrift",
        "CON.thrift",
        "-x.thrift",
        "a b.thrift",
        "`id`.thrift",
        "a\"b.thrift",
        "a\\b.thrift",
        "a\nb.thrift",
        "é.thrift",
        "mod.thrift",
        "lib.thrift",
        "self.thrift",
        "a.b.thrift",
        ".hidden.thrift",
        "1.thrift",
        "$x.thrift",
        "a'b.thrift",
        "{{x}}.thrift",
        "x.THRIFT",
        "]].thrift",
        "*.thrift",
        "a|b.thrift",
    ];
    for name in names {
        contained(name, "struct S { 1: i32 a }\nservice A { void f() }\n");
    }
}

#[test]
fn service_names_stay_inside() {
    for name in [
        "mod",
        "lib",
        "main",
        "Mod",
        "Self",
        "self",
        "generated",
        "handler",
        "_",
        "ModService",
        "Service",
        "con",
        "Nul",
    ] {
        let run = contained("x.thrift", &format!("service {name} {{ void f() }}\n"));
        assert_eq!(run.code, 0, "{name}: {}", run.said);
    }
}

#[test]
fn proto_packages_stay_inside() {
    for package in ["a.b", "mod", "a.mod", "con", "self", "std", "super.x", "_", "google.protobuf", "a.grpc", "i32"] {
        let text = format!(
            "syntax = \"proto3\";\npackage {package};\nmessage M {{ int32 a = 1; }}\nservice S {{ rpc F(M) returns (M); }}\n"
        );
        contained("x.proto", &text);
    }
}

#[test]
fn includes_stay_inside() {
    let it = Sandbox::new(&[("secret.thrift", "struct Secret { 1: i32 a }\n"), ("in/ok.thrift", "")]);
    let absolute = it.path("secret.thrift");
    for path in [
        "../secret.thrift",
        absolute.to_str().unwrap(),
        "./../secret.thrift",
        "x/../../secret.thrift",
        "link.thrift",
        "folder/secret.thrift",
    ] {
        #[cfg(unix)]
        {
            let _ = std::os::unix::fs::symlink(it.path("secret.thrift"), it.path("in/link.thrift"));
            let _ = std::os::unix::fs::symlink(it.path("."), it.path("in/folder"));
        }
        it.write("in/x.thrift", &format!("include \"{path}\"\nstruct S {{ 1: i32 a }}\n"));
        it.run_in("in", &["x.thrift"]).ends(3).says("error[SR00").says("x.thrift:1");
        assert!(!it.path("in/x").exists());
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_links() {
    for link in [
        "src",
        "src/generated",
        "idl",
        "src/handler",
        "Cargo.toml",
        "src/main.rs",
        "src/generated/api.rs",
        "idl/add.thrift",
        "tests",
    ] {
        let it = Sandbox::new(&[("add.thrift", ADD), ("elsewhere/keep", "mine")]);
        let place = it.path("add").join(link);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let target = if link.contains('.') { "elsewhere/file" } else { "elsewhere" };
        std::os::unix::fs::symlink(it.path(target), &place).unwrap();
        for args in
            [&["add.thrift"][..], &["add.thrift", "--force"], &["add.thrift", "--force", "--prune", "--add-missing"]]
        {
            it.run(args).ends(1).says("symbolic link");
            assert_eq!(it.files("elsewhere"), ["keep"], "{link}");
            assert_eq!(it.files("add"), [link], "{link}: nothing half made");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_the_crate_itself_is_the_users_choice() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("real/keep", "mine")]);
    std::os::unix::fs::symlink(it.path("real"), it.path("add")).unwrap();
    it.run(&["add.thrift"]).ends(0);
    assert!(it.path("real/src/main.rs").exists());
}
