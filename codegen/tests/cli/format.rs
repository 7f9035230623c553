//! The files that a user owns are as rustfmt would have them, for names of up to 30 letters.

use std::process::Command;

use super::sandbox::Sandbox;

/// A service whose names are so long.
fn idl(length: usize) -> String {
    let name = |first: char| format!("{first}{}", "x".repeat(length));
    let (request, service, method) = (name('R'), name('S'), name('m'));
    format!(
        "namespace rs api\nstruct {request} {{ 1: i32 a }}\nexception E{request} {{ 1: i32 a }}\nservice {service} {{\n    {request} {method}(1: {request} a, 2: i32 bc) throws (1: E{request} e)\n    void {method}2()\n    {request} {method}3(1: {request} a)\n}}\nservice Z {{ void f() }}\nservice A{length} {{ void f(1: string a, 2: string b, 3: string c, 4: string d, 5: string e, 6: string f) }}\n"
    )
}

#[test]
fn a_fresh_crate_is_formatted() {
    let mut wrong = Vec::new();
    for length in 1..=30 {
        let name = format!("{}.thrift", ["add", "zoo", "services-of-many"][length % 3]);
        let it = Sandbox::new(&[(&name, &idl(length))]);
        it.run(&[&name, "-o", "made"]).ends(0);
        // The library leads to the handlers.
        let tests = it.files("made").into_iter().find(|it| it.starts_with("tests/")).unwrap();
        for path in ["src/main.rs", "src/lib.rs", &tests] {
            let mut command = Command::new("rustfmt");
            let output =
                command.args(["--edition", "2024", "--check"]).arg(it.path("made").join(path)).output().unwrap();
            if !output.status.success() {
                let said = [output.stdout, output.stderr].concat();
                wrong.push(format!("{length} {path} {}\n", String::from_utf8_lossy(&said)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} files: {}", wrong.len(), wrong.iter().take(6).cloned().collect::<String>());
}
