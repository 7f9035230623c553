//! Rust names that are used in each module, with who used them first.

use std::collections::HashMap;

use super::declare::{Declared, DeclaredService, DeclaredType};
use super::scope::Symbol;
use super::{messages, names};
use crate::diag::{Diagnostics, catalogue::names as text};
use crate::ir::draft::{File, Item, Name};
use crate::ir::model::{ModuleId, Proto};

#[derive(Default)]
pub(super) struct Taken {
    types: HashMap<(ModuleId, String), Name>,
    values: HashMap<(ModuleId, String), Name>,
}

impl Taken {
    pub(super) fn add(
        &mut self,
        item: &Item,
        file: &File,
        symbol: Symbol,
        declared: &Declared,
        found: &mut Diagnostics,
    ) {
        let name = &item.head().name;
        match symbol {
            Symbol::Const(id) => {
                let constant = &declared.consts[id];
                take(&mut self.values, constant.module, constant.head.rust.clone(), name, found);
            }
            Symbol::Def(id) => self.def(item, file, &declared.types[id.0], found),
            Symbol::Service(id) => {
                let DeclaredService { head, client, server, info, module, .. } = &declared.services[id.0];
                take(&mut self.values, *module, info.clone(), name, found);
                for rust in [&head.rust, client, server] {
                    take(&mut self.types, *module, rust.clone(), name, found);
                }
            }
        }
    }

    /// A type, and what prost puts into the module of a message.
    fn def(&mut self, item: &Item, file: &File, def: &DeclaredType, found: &mut Diagnostics) {
        let (name, rust) = (&item.head().name, &def.head.rust);
        // An enum is a tuple struct: its name is a function too.
        if matches!(item, Item::Enum(it) if !it.strings && def.proto.is_none()) {
            take(&mut self.values, def.module, rust.clone(), name, found);
        }
        take(&mut self.types, def.module, rust.clone(), name, found);
        let (Item::Struct(message), Some(Proto { inner: Some(inner), .. })) = (item, &def.proto) else {
            return;
        };
        take(&mut self.types, def.module, inner.clone(), name, found);
        for oneof in &message.oneofs {
            let rust = names::proto_oneof(&oneof.text, messages::nested(file, message));
            take(&mut self.types, def.module, format!("{inner}::{rust}"), oneof, found);
        }
    }
}

fn take(
    taken: &mut HashMap<(ModuleId, String), Name>,
    module: ModuleId,
    rust: String,
    name: &Name,
    found: &mut Diagnostics,
) {
    match taken.get(&(module, rust.clone())) {
        // Twice in one file is a finding of `check`.
        Some(first) if first.text == name.text && first.span.file == name.span.file => {}
        Some(first) => found.push(text::rust_clash(name, first, &rust)),
        None => {
            taken.insert((module, rust), name.clone());
        }
    }
}
