//! Which file holds which symbol, by the descriptors of a server's services.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use kiteline_core::service::{Idl, Service, ServiceInfo};
use prost::Message;
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};

/// Files by name, and the name of the file of each symbol.
pub(super) struct Index {
    services: BTreeSet<String>,
    files: BTreeMap<String, File>,
    symbols: BTreeMap<String, String>,
    /// By the extended type and the number.
    extensions: BTreeMap<(String, i32), String>,
    /// Messages, extended or not.
    types: BTreeSet<String>,
}

/// A `FileDescriptorSet` whose files are as they were written: options of all kinds are kept.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Encoded {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(super) file: Vec<Bytes>,
}

struct File {
    encoded: Bytes,
    imports: Vec<String>,
}

impl Index {
    /// Of these services, and of others by their names alone.
    pub(super) fn new(services: &[Arc<dyn Service>], others: impl Iterator<Item = &'static ServiceInfo>) -> Self {
        let protos = || services.iter().filter(|service| service.info().idl == Idl::Proto);
        let mut index = Self {
            services: protos().map(|service| service.info()).chain(others).map(full_name).collect(),
            files: BTreeMap::new(),
            symbols: BTreeMap::new(),
            extensions: BTreeMap::new(),
            types: BTreeSet::new(),
        };
        for service in protos() {
            // What a service of the program's own says may be anything: what does not decode is as good as none.
            let set = Encoded::decode(Bytes::from_static(service.descriptors())).unwrap_or_default();
            for encoded in set.file {
                let file = FileDescriptorProto::decode(encoded.clone());
                file.into_iter().for_each(|file| index.add(&file, encoded.clone()));
            }
        }
        index
    }

    fn add(&mut self, file: &FileDescriptorProto, encoded: Bytes) {
        let name = file.name().to_owned();
        if self.files.contains_key(&name) {
            return;
        }
        let scope = file.package();
        for message in &file.message_type {
            self.add_message(&name, scope, message);
        }
        let enums = file.enum_type.iter().map(|one| (one.name(), one.value.iter().map(|value| value.name())));
        for (one, values) in enums {
            self.add_symbol(&name, scope, one);
            values.for_each(|value| self.add_symbol(&name, scope, value));
        }
        for service in &file.service {
            self.add_symbol(&name, scope, service.name());
            let service_scope = join(scope, service.name());
            service.method.iter().for_each(|method| self.add_symbol(&name, &service_scope, method.name()));
        }
        file.extension.iter().for_each(|extension| self.add_extension(&name, scope, extension));
        self.files.insert(name, File { encoded, imports: file.dependency.clone() });
    }

    fn add_message(&mut self, file: &str, scope: &str, message: &DescriptorProto) {
        self.add_symbol(file, scope, message.name());
        let inside = join(scope, message.name());
        self.types.insert(inside.clone());
        let fields = message.field.iter().map(|field| field.name());
        let oneofs = message.oneof_decl.iter().map(|oneof| oneof.name());
        fields.chain(oneofs).for_each(|name| self.add_symbol(file, &inside, name));
        for one in &message.enum_type {
            self.add_symbol(file, &inside, one.name());
            one.value.iter().for_each(|value| self.add_symbol(file, &inside, value.name()));
        }
        message.extension.iter().for_each(|extension| self.add_extension(file, &inside, extension));
        // As deep as the generator took it, whose own bound is far below any stack.
        message.nested_type.iter().for_each(|nested| self.add_message(file, &inside, nested));
    }

    fn add_symbol(&mut self, file: &str, scope: &str, name: &str) {
        self.symbols.entry(join(scope, name)).or_insert_with(|| file.to_owned());
    }

    fn add_extension(&mut self, file: &str, scope: &str, extension: &FieldDescriptorProto) {
        self.add_symbol(file, scope, extension.name());
        let of = extension.extendee().trim_start_matches('.').to_owned();
        self.extensions.insert((of, extension.number()), file.to_owned());
    }

    /// Full names of the services.
    pub(super) fn services(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(String::as_str)
    }

    /// A file and those that it imports, as far as they are here; the file itself first.
    pub(super) fn file(&self, name: &str) -> Option<Vec<Bytes>> {
        self.files.get(name)?;
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        let mut next = vec![name];
        while let Some(name) = next.pop() {
            let Some(file) = self.files.get(name).filter(|_| seen.insert(name)) else { continue };
            found.push(file.encoded.clone());
            next.extend(file.imports.iter().map(String::as_str));
        }
        Some(found)
    }

    /// The file that declares a symbol.
    pub(super) fn file_of(&self, symbol: &str) -> Option<Vec<Bytes>> {
        self.file(self.symbols.get(symbol.trim_start_matches('.'))?)
    }

    /// The file that declares an extension.
    pub(super) fn file_of_extension(&self, of: &str, number: i32) -> Option<Vec<Bytes>> {
        self.file(self.extensions.get(&(of.trim_start_matches('.').to_owned(), number))?)
    }

    /// The numbers of a type's extensions; `None` for a type that is not here.
    pub(super) fn extensions(&self, of: &str) -> Option<Vec<i32>> {
        let of = of.trim_start_matches('.');
        let from = (of.to_owned(), i32::MIN);
        let numbers: Vec<i32> = self
            .extensions
            .range(from..)
            .take_while(|((name, _), _)| name == of)
            .map(|((_, number), _)| *number)
            .collect();
        (self.types.contains(of) || !numbers.is_empty()).then_some(numbers)
    }
}

/// `package.Service`.
fn full_name(info: &'static ServiceInfo) -> String {
    join(info.package, info.name)
}

fn join(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}
