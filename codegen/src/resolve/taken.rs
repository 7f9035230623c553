//! Rust names that are used in each module, with who used them first.

use std::collections::HashMap;

use super::scope::Symbol;
use super::{messages, names};
use crate::diag::{Diagnostics, catalogue::names as text};
use crate::ir::draft::{File, Item, Name};
use crate::ir::model::{Def, DefKind, Model, ModuleId, Proto, Service};

#[derive(Default)]
pub(super) struct Taken {
    types: HashMap<(ModuleId, String), Name>,
    values: HashMap<(ModuleId, String), Name>,
}

impl Taken {
    pub(super) fn add(&mut self, item: &Item, file: &File, symbol: Symbol, model: &Model, found: &mut Diagnostics) {
        let name = &item.head().name;
        match symbol {
            Symbol::Const(id) => {
                let constant = &model.consts[id];
                take(&mut self.values, constant.module, constant.head.rust.clone(), name, found);
            }
            Symbol::Def(id) => self.def(item, file, model.def(id), found),
            Symbol::Service(id) => {
                let Service { head, client, server, info, module, .. } = model.service(id);
                take(&mut self.values, *module, info.clone(), name, found);
                for rust in [&head.rust, client, server] {
                    take(&mut self.types, *module, rust.clone(), name, found);
                }
            }
        }
    }

    /// A type, and what prost puts into the module of a message.
    fn def(&mut self, item: &Item, file: &File, def: &Def, found: &mut Diagnostics) {
        let (name, rust) = (&item.head().name, &def.head.rust);
        // An enum is a tuple struct: its name is a function too.
        if matches!(def.kind, DefKind::Enum(_)) {
            take(&mut self.values, def.module, rust.clone(), name, found);
        }
        take(&mut self.types, def.module, rust.clone(), name, found);
        let (Item::Struct(message), DefKind::Proto(Proto { inner: Some(inner), .. })) = (item, &def.kind) else {
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
