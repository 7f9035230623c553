//! A flag, else what the crate records, else the default: always, for every option.

use codegen::options::{TABLE, Takes};

use super::{ADD, sandbox::Sandbox};

#[test]
fn every_option_is_taken_back_by_its_flag() {
    for spec in TABLE {
        let (name, flag) = (spec.name, format!("--{}", spec.name));
        let (on, off): (Vec<String>, Vec<String>) = match spec.takes {
            Takes::Word(words) => (vec![flag.clone(), words[1].into()], vec![flag, words[0].into()]),
            Takes::Switch => (vec![flag.clone()], vec![format!("{flag}=false")]),
            Takes::Paths => (vec![flag.clone(), "PartialOrd".into()], vec![flag, String::new()]),
        };
        let it = Sandbox::new(&[("add.thrift", ADD)]);
        let run = |args: &[String]| {
            let args: Vec<&str> = ["add.thrift"].into_iter().chain(args.iter().map(String::as_str)).collect();
            it.run(&args).ends(0)
        };
        run(&[]);
        let (plain, generated) = (it.read("add/Cargo.toml"), it.bytes("add/src/generated"));
        run(&on);
        let recorded = it.read("add/Cargo.toml");
        assert!(recorded.contains(&format!("\n{name} = ")), "{name}: {recorded}");
        run(&[]);
        assert_eq!(recorded, it.read("add/Cargo.toml"), "{name}: the record holds where no flag is");
        run(&off);
        let after = it.read("add/Cargo.toml");
        // What a feature brought may stay: the user's own code may use it by now.
        assert_eq!(plain, after.replace(", \"serde\"", "").replace(", \"json\"", ""), "{name}");
        assert!(generated == it.bytes("add/src/generated"), "{name}");
    }
}

#[test]
fn a_client_becomes_a_server_and_back() {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["add.thrift", "--client-only"]).ends(0);
    let run = it.run(&["add.thrift", "--sides", "both"]).ends(0);
    assert!(run.words("create").contains(&"add/src/main.rs".to_owned()), "{}", run.said);
    run.says("add/src/lib.rs lacks").says("pub mod handler;");
    assert!(it.read("add/Cargo.toml").contains("tokio = "));
    it.run(&["add.thrift", "--add-missing"]).ends(0);
    assert!(it.read("add/src/lib.rs").contains("pub mod handler;"));
    it.run(&["add.thrift", "--client-only"]).ends(0).says("add/src/main.rs uses the server that is no longer made");
    assert!(it.path("add/src/main.rs").exists(), "it is the user's");
}

#[test]
fn the_source_of_the_runtime_follows_its_flag() {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["add.thrift", "--runtime", "path:../rt"]).ends(0);
    let before = it.read("add/Cargo.toml");
    assert!(before.contains("runtime = { path = \"../rt\", features = [\"thrift\", \"etcd\", \"dev\"] }"), "{before}");
    it.run(&["add.thrift"]).ends(0);
    assert_eq!(before, it.read("add/Cargo.toml"));
    it.run(&["add.thrift", "--runtime", "git:https://example.org/kite#abc"]).ends(0);
    let runtime = |text: &str| {
        let manifest: toml_edit::DocumentMut = text.parse().unwrap();
        let runtime = manifest["dependencies"]["runtime"].as_inline_table().unwrap().clone();
        ["path", "git", "rev"].map(|key| runtime.get(key).and_then(|it| it.as_str().map(str::to_owned)))
    };
    let text = it.read("add/Cargo.toml");
    assert_eq!(runtime(&text), [None, Some("https://example.org/kite".into()), Some("abc".into())], "{text}");
    it.run(&["add.thrift", "--runtime", "git:https://example.org/kite"]).ends(0);
    let text = it.read("add/Cargo.toml");
    assert_eq!(runtime(&text), [None, Some("https://example.org/kite".into()), None], "{text}");
}

#[test]
fn a_crate_of_its_own_becomes_a_member() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("Cargo.toml", "[workspace]\nmembers = []\n")]);
    it.run(&["add.thrift"]).ends(0);
    assert!(it.read("add/Cargo.toml").contains("\n[workspace]\n"));
    it.run(&["add.thrift", "--member"]).ends(0);
    let manifest = it.read("add/Cargo.toml");
    assert!(!manifest.contains("[workspace]") && !manifest.contains("stands alone"), "{manifest}");
    assert!(it.read("Cargo.toml").contains("\"add\""));
}
