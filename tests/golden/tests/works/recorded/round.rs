//! Random values of every generated type: what was read is written, and read as the same.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;

use codegen::ir::model::{DefId, DefKind, Ty};
use codegen::{Builder, Loaded};
use golden::generated::{names, shapes, shapes::base};
use runtime::thrift::{Value, from_bytes, to_bytes};

use super::canonical::canonical;
use super::random::Random;
use super::xorshift::Xorshift;

/// Values a type.
const ROUNDS: usize = 300;

fn load() -> Loaded {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("idl");
    let builder = Builder::new().idl(folder.join("shapes.thrift")).idl(folder.join("names.thrift"));
    builder.load(false).unwrap()
}

/// Runs one type through; gives its place in the model.
fn round<T: Value + Debug + PartialEq>(loaded: &Loaded, module: &[&str], name: &str) -> usize {
    let model = &loaded.model;
    let fits = |def: &codegen::ir::model::Def| def.head.rust == name && model.modules[def.module.0].path == module;
    let at = model.defs.iter().position(fits).unwrap_or_else(|| panic!("no type {name}"));
    let mut random = Random { model, numbers: Xorshift::new(at as u64 + 1) };
    for _ in 0..ROUNDS {
        let mut bytes = Vec::new();
        random.value(&Ty::Def(DefId(at)), 0, &mut bytes);
        let value: T = from_bytes(bytes.into(), Default::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        // Fails when a value writes another number of bytes than it announced.
        let written = to_bytes(&value).unwrap_or_else(|error| panic!("{name}: {error}"));
        let again: T = from_bytes(written.clone(), Default::default()).unwrap();
        let rewritten = to_bytes(&again).unwrap();
        if T::TYPE as u8 == 12 {
            assert_eq!(canonical(&written), canonical(&rewritten), "{name}: {value:?}");
        }
        // NaN equals nothing; its bytes were compared.
        assert!(value == again || format!("{value:?}").contains("NaN"), "{name}: {value:?}, {again:?}");
    }
    at
}

macro_rules! rounds {
    ($loaded:expr, $path:ident, $module:expr; $($name:ident)*) => {
        [$(round::<$path::$name>($loaded, &$module, stringify!($name))),*]
    };
}

#[test]
fn every_type_reads_what_it_writes() {
    let loaded = load();
    let mut seen = BTreeSet::new();
    seen.extend(rounds!(&loaded, shapes, ["shapes"]; Empty Grade Nothing Scalars Defaults Keys Spot WithDouble Hard
        Node Left Right Chain Link Needs Needing Far References Pick Tree Fork Void Picks Deep Missing Denied Ids));
    seen.extend(rounds!(&loaded, base, ["shapes", "base"]; Spot Mode Refused));
    seen.extend(rounds!(&loaded, names, ["names"]; Type Option String Vec Box Result Some Default H SnakeCaseStruct
        Url Future Send Clash));
    let typed = |at: &usize| !matches!(loaded.model.defs[*at].kind, DefKind::Typedef(_));
    let all: BTreeSet<usize> = (0..loaded.model.defs.len()).filter(typed).collect();
    assert_eq!(seen, all, "a type of the IDL is not in the list");
}
