//! Imports and includes by roots: found, copied by their paths, and found again in the crate.

use super::sandbox::{Run, Sandbox};

const SHOP: &str = "syntax = \"proto3\";\npackage acme.shop;\nimport \"acme/common/money.proto\";\nmessage Cart { acme.common.Money total = 1; }\nservice Shop { rpc Buy(Cart) returns (Cart); }\n";
const MONEY: &str = "syntax = \"proto3\";\npackage acme.common;\nmessage Money { int64 units = 1; }\n";
const SVC: &str = "include \"../base/base.thrift\"\nnamespace rs svc\nservice Svc { base.Base get() }\n";
const BASE: &str = "namespace rs base\nstruct Base { 1: string log_id }\n";

/// Regenerates from everywhere with nothing but the crate: nothing changes.
#[track_caller]
fn stands_alone(it: &Sandbox, made: &str) {
    let before = it.bytes(made);
    std::fs::rename(it.path(made), it.path("moved")).unwrap();
    let alone = Sandbox(tempfile::tempdir().unwrap());
    std::fs::create_dir(alone.path("x")).unwrap();
    for (path, bytes) in &before {
        let to = alone.path("crate").join(path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, bytes).unwrap();
    }
    let absolute = alone.path("crate");
    let absolute = absolute.to_str().unwrap();
    let clean = |run: Run| run.ends(0);
    for check in [&["--check"][..], &[]] {
        clean(alone.run(&[&["-o", "crate"], check].concat()));
        clean(alone.run(&[&["-o", absolute], check].concat()));
        clean(alone.run_in("x", &[&["-o", "../crate"], check].concat()));
        clean(alone.run_in("crate", check));
    }
    assert!(before == alone.bytes("crate"));
    std::fs::rename(it.path("moved"), it.path(made)).unwrap();
}

#[test]
fn proto_imports_by_a_root_keep_their_paths() {
    let it = Sandbox::new(&[("proto/acme/shop.proto", SHOP), ("proto/acme/common/money.proto", MONEY)]);
    it.run(&["proto/acme/shop.proto"]).ends(3).says("it is below `proto`: add that directory with `-I proto`");
    it.run(&["-I", "proto", "proto/acme/shop.proto"]).ends(0);
    let idls: Vec<_> = it.files("shop").into_iter().filter(|it| it.starts_with("idl/")).collect();
    assert_eq!(idls, ["idl/acme/common/money.proto", "idl/acme/shop.proto"]);
    let manifest = it.read("shop/Cargo.toml");
    assert!(manifest.contains("idl = [\"idl/acme/shop.proto\"]\ninclude = [\"idl\"]\n"), "{manifest}");
    stands_alone(&it, "shop");
    // Without the root, the one that is recorded; and the same bytes either way.
    let before = it.bytes("shop");
    it.run(&["proto/acme/shop.proto"]).ends(0);
    assert!(before == it.bytes("shop"));
    it.run(&["-I", "proto", "proto/acme/shop.proto", "--check"]).ends(0);
    it.write("proto/acme/shop.proto", &SHOP.replace("Buy", "Sell"));
    it.run(&["proto/acme/shop.proto"]).ends(0);
    assert!(it.read("shop/idl/acme/shop.proto").contains("Sell"));
    it.run(&["-I", "proto", "proto/acme/shop.proto", "--check"]).ends(0);
}

#[test]
fn thrift_includes_beside_the_named_file_need_no_root() {
    let it = Sandbox::new(&[("idl/svc/svc.thrift", SVC), ("idl/base/base.thrift", BASE)]);
    it.run(&["idl/svc/svc.thrift"]).ends(0);
    let idls: Vec<_> = it.files("svc").into_iter().filter(|it| it.starts_with("idl/")).collect();
    assert_eq!(idls, ["idl/base/base.thrift", "idl/svc/svc.thrift"]);
    stands_alone(&it, "svc");
    let before = it.bytes("svc");
    let absolute = it.path("idl/svc/svc.thrift");
    let folder = it.path("idl/base").canonicalize().unwrap();
    let (absolute, folder) = (absolute.to_str().unwrap(), folder.to_str().unwrap());
    it.run(&[absolute, "-o", "svc"]).ends(3).says("error[SR0002]").says(&format!("add this one with `-I {folder}`"));
    it.run(&[absolute, "-o", "svc", "-I", folder]).ends(0);
    it.run_in("idl/svc", &["svc.thrift", "-o", "../../svc"]).ends(3).says("add this one with `-I ../base`");
    it.run_in("idl/svc", &["svc.thrift", "-o", "../../svc", "-I", "../base"]).ends(0);
    it.run(&[absolute, it.path("idl/base/base.thrift").to_str().unwrap(), "-o", "both"]).ends(0);
    assert!(before == it.bytes("svc"));
}

#[test]
fn thrift_includes_by_a_root_keep_their_paths() {
    let svc = SVC.replace("../base/base.thrift", "common/base.thrift");
    let it = Sandbox::new(&[("a/svc/svc.thrift", &svc), ("b/deep/common/base.thrift", BASE)]);
    it.run(&["-I", "b/deep", "-I", ".", "a/svc/svc.thrift"]).ends(0);
    let idls: Vec<_> = it.files("svc").into_iter().filter(|it| it.starts_with("idl/")).collect();
    assert_eq!(idls, ["idl/a/svc/svc.thrift", "idl/b/deep/common/base.thrift"]);
    assert!(it.read("svc/Cargo.toml").contains("include = [\"idl/b/deep\"]\n"));
    stands_alone(&it, "svc");
    it.run(&["a/svc/svc.thrift", "--check"]).ends(0);
}
