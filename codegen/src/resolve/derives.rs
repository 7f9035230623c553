//! Whether what is to be derived holds for every field: rustc would only say so of generated code.

use std::collections::BTreeSet;

use crate::diag::{Diagnostics, catalogue::derives as say};
use crate::ir::choices::Maps;
use crate::ir::model::{Base, Def, DefId, DefKind, Field, Model, Ty};

/// The standard derives that a field can be in the way of; those of others are the user's to know.
const KNOWN: &[&str] = &["Eq", "Hash", "PartialOrd", "Ord", "Copy"];

/// Looks at every type that derives more than the standard traits.
pub(super) fn check(model: &Model, found: &mut Diagnostics) {
    for def in &model.defs {
        let fields: &[Field] = match &def.kind {
            DefKind::Struct(it) => &it.fields,
            DefKind::Union(fields) => fields,
            _ => continue,
        };
        let asked: BTreeSet<&str> = def.derive.iter().filter_map(|it| known(it)).collect();
        for name in asked {
            let lacking = needs(name).iter().filter(|it| !has(def, it)).copied().collect::<Vec<_>>();
            if !lacking.is_empty() {
                found.push(say::derive_needs(&def.head, name, &lacking));
            }
            for field in fields {
                if let Some(why) = obstacle(model, name, &field.ty) {
                    found.push(say::derive_cannot_hold(&def.head, name, &field.head, &why));
                }
            }
        }
    }
}

/// The standard trait that a path names.
pub(crate) fn known(path: &str) -> Option<&'static str> {
    let bare = path.trim_start_matches("::");
    let name = match bare.rsplit_once("::") {
        Some((outer, name)) if ["std", "core"].contains(&outer.split("::").next().unwrap_or_default()) => name,
        Some(_) => return None,
        None => bare,
    };
    KNOWN.iter().find(|it| **it == name).copied()
}

/// What a derive of the standard library asks of the type itself, beside `Clone` and `PartialEq`.
fn needs(name: &str) -> &'static [&'static str] {
    match name {
        "Ord" => &["Eq", "PartialOrd"],
        _ => &[],
    }
}

fn has(def: &Def, name: &str) -> bool {
    let of_key = def.key && name != "Copy";
    of_key || def.derive.iter().any(|it| known(it) == Some(name))
}

/// Why a type does not have a trait.
fn obstacle(model: &Model, name: &str, ty: &Ty) -> Option<String> {
    let no = |what: &str| Some(format!("{what} has no `{name}`"));
    match ty {
        Ty::Base(Base::Double) if !["PartialOrd", "Copy"].contains(&name) => no("a double"),
        Ty::Base(Base::String) if name == "Copy" => no("a text"),
        Ty::Base(Base::Binary) if name == "Copy" => no("a binary"),
        Ty::Base(_) => None,
        Ty::WellKnown(_) => no("a message of Google's"),
        Ty::List(_) | Ty::Set(..) | Ty::Map(..) if name == "Copy" => no("a container"),
        Ty::List(item) => obstacle(model, name, item),
        Ty::Set(maps, item) => {
            let ordered = *maps == Maps::BTree || holds_double(model, item, &mut BTreeSet::new());
            if ordered || name == "Eq" { None } else { no("a `HashSet`") }
        }
        Ty::Map(maps, key, value) => {
            let ordered = *maps == Maps::BTree || holds_double(model, key, &mut BTreeSet::new());
            if ordered || name == "Eq" { obstacle(model, name, value) } else { no("a `HashMap`") }
        }
        Ty::Def(id) => {
            let def = model.def(*id);
            match &def.kind {
                DefKind::Typedef(target) => obstacle(model, name, target),
                DefKind::Enum(_) => None,
                _ if has(def, name) => None,
                _ => no(&format!("`{}`", def.head.name)),
            }
        }
    }
}

/// Whether a double is in a value of the type.
fn holds_double(model: &Model, ty: &Ty, seen: &mut BTreeSet<DefId>) -> bool {
    match ty {
        Ty::Base(base) => *base == Base::Double,
        Ty::WellKnown(_) => false,
        Ty::List(item) | Ty::Set(_, item) => holds_double(model, item, seen),
        Ty::Map(_, key, value) => holds_double(model, key, seen) || holds_double(model, value, seen),
        Ty::Def(id) if !seen.insert(*id) => false,
        Ty::Def(id) => match &model.def(*id).kind {
            DefKind::Typedef(target) => holds_double(model, target, seen),
            DefKind::Struct(it) => it.fields.iter().any(|it| holds_double(model, &it.ty, seen)),
            DefKind::Union(fields) => fields.iter().any(|it| holds_double(model, &it.ty, seen)),
            DefKind::Enum(_) | DefKind::Proto(_) => false,
        },
    }
}
