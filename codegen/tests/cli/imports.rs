//! Crates of proto files that import what everybody imports.

use super::sandbox::Sandbox;

const MAIL: &str = "syntax = \"proto3\";\npackage mail;\nimport \"google/api/annotations.proto\";\n\
    import \"google/type/money.proto\";\nmessage Mail { google.type.Money price = 1; }\n\
    service Post { rpc Send(Mail) returns (Mail) { option (google.api.http) = { get: \"/v1/mails\" }; } }\n";

#[test]
fn what_the_program_brings_along_is_not_copied() {
    let it = Sandbox::new(&[("mail.proto", MAIL)]);
    it.run(&["mail.proto"]).ends(0);
    let idls = |it: &Sandbox| it.files("mail").into_iter().filter(|it| it.ends_with(".proto")).collect::<Vec<_>>();
    assert_eq!(idls(&it), ["idl/mail.proto"]);
    assert!(it.read("mail/src/generated/google/type.rs").contains("from google/type/money.proto."));
    for args in [&[][..], &["--check"]] {
        let again = it.run_in("mail", args).ends(0);
        assert!(again.words("create").is_empty() && again.words("update").is_empty(), "{}", again.said);
    }
    it.run(&["mail.proto"]).ends(0);
    assert_eq!(idls(&it), ["idl/mail.proto"]);
}

#[test]
fn another_file_joins_them() {
    let it = Sandbox::new(&[("mail.proto", MAIL), ("far/more.proto", &MAIL.replace("mail;", "more;"))]);
    it.run(&["mail.proto"]).ends(0);
    it.run(&["far/more.proto", "-o", "mail"]).ends(0);
    let files: Vec<_> = it.files("mail").into_iter().filter(|it| it.ends_with(".proto")).collect();
    assert_eq!(files, ["idl/mail.proto", "idl/more.proto"]);
    it.run_in("mail", &["--check"]).ends(0);
}

#[test]
fn code_alone_is_made_of_them_too() {
    let it = Sandbox::new(&[("mail.proto", MAIL)]);
    it.run(&["generate", "mail.proto", "-o", "out"]).ends(0);
    assert!(it.read("out/src/generated/google/type.rs").contains("pub struct Money"));
    it.run(&["generate", "mail.proto", "-o", "out", "--check"]).ends(0);
}
