//! The descriptors with names of which prost makes those that the model decided.

use std::collections::{HashMap, HashSet};

use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto};

use super::stand_ins::{StandIns, is_made};
use super::{comments, groups};
use crate::ir::model::{Def, DefKind, Model, Proto};
use crate::resolve::names;

/// The descriptors that prost gets.
pub(super) struct Renamed {
    /// The user's files, with their modules' places in the model.
    pub(super) files: Vec<(usize, FileDescriptorProto)>,
    /// The well-known files, of which prost makes nothing: they say what is inside their types.
    pub(super) foreign: Vec<FileDescriptorProto>,
    /// The types of those, each with its Rust path.
    pub(super) known: Vec<(String, String)>,
    /// Fields that have to be boxed and that prost would not.
    pub(super) boxed: Vec<String>,
    pub(super) stand_ins: StandIns,
}

pub(super) fn rename(model: &Model, files: Vec<FileDescriptorProto>) -> Renamed {
    let mut stand_ins = StandIns::new(&model.descriptors);
    let modules: HashMap<&str, usize> = model.files.iter().map(|it| (it.import.as_str(), it.module.0)).collect();
    let (mut ours, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|it| modules.contains_key(it.name()));
    let foreign: Vec<_> = others.into_iter().filter(|it| super::is_well_known(it, model)).collect();
    let defs = model.defs.iter().filter_map(|def| match &def.kind {
        DefKind::Proto(proto) => Some((proto.full.as_str(), (def, proto))),
        _ => None,
    });
    let defs: HashMap<_, _> = defs.collect();
    ours.iter_mut().for_each(|file| keep_defined(file, &defs));
    let places: Vec<_> = ours.iter().map(|file| comments::places(file, &mut stand_ins)).collect();
    let mut renaming = Renaming { defs, stand_ins, types: HashMap::new(), members: HashMap::new() };
    let packages = renaming.packages(model);
    let mut files: Vec<(usize, FileDescriptorProto)> = Vec::new();
    for (mut file, places) in ours.into_iter().zip(places) {
        file.service.clear();
        file.extension.clear();
        let module = modules.get(file.name()).copied().unwrap_or_default();
        renaming.file(&mut file, &packages[module]);
        file.source_code_info = Some(places);
        files.push((module, file));
    }
    for message in files.iter_mut().flat_map(|(_, file)| &mut file.message_type) {
        renaming.references(message);
    }
    let boxed = groups::boxed(files.iter().map(|(_, file)| file));
    let known = foreign.iter().flat_map(known).collect();
    Renamed { files, foreign, known, boxed, stand_ins: renaming.stand_ins }
}

/// Leaves out what nobody uses of a file that the program brings along. The places of comments count what was there.
fn keep_defined(file: &mut FileDescriptorProto, defs: &HashMap<&str, (&Def, &Proto)>) {
    let package = file.package().to_owned();
    let dot = if package.is_empty() { "" } else { "." };
    let is_defined = |name: &str| defs.contains_key(format!("{dot}{package}.{name}").as_str());
    let count = file.message_type.len() + file.enum_type.len();
    file.message_type.retain(|it| is_defined(it.name()));
    file.enum_type.retain(|it| is_defined(it.name()));
    if file.message_type.len() + file.enum_type.len() < count {
        file.source_code_info = None;
    }
}

struct Renaming<'a> {
    defs: HashMap<&'a str, (&'a Def, &'a Proto)>,
    stand_ins: StandIns,
    /// The new full name of each message and enum, by the old one.
    types: HashMap<String, String>,
    /// For each enum by its old full name, the new name of the variant that each member stands for.
    members: HashMap<String, HashMap<String, String>>,
}

impl Renaming<'_> {
    /// The package of which prost makes the path of each module. Modules share stand-ins where they
    /// share a part: that is how prost finds the way from one to another.
    fn packages(&mut self, model: &Model) -> Vec<String> {
        let mut parts: HashMap<&str, String> = HashMap::new();
        for part in model.modules.iter().flat_map(|it| &it.path) {
            let bare = part.trim_start_matches("r#");
            let fits = is_made(&names::proto_field(bare), part);
            parts.entry(part).or_insert_with(|| if fits { bare.to_owned() } else { self.stand_ins.name(part, "") });
        }
        let package =
            |path: &Vec<String>| path.iter().map(|it| parts[it.as_str()].as_str()).collect::<Vec<_>>().join(".");
        model.modules.iter().map(|it| package(&it.path)).collect()
    }

    fn file(&mut self, file: &mut FileDescriptorProto, package: &str) {
        let dotted = |name: &str| if name.is_empty() { String::new() } else { format!(".{name}") };
        let (old, new) = (dotted(file.package()), dotted(package));
        for message in &mut file.message_type {
            self.message(message, &old, &new);
        }
        for each in &mut file.enum_type {
            self.enumeration(each, &old, &new);
        }
        file.package = Some(package.to_owned());
    }

    fn message(&mut self, message: &mut DescriptorProto, old: &str, new: &str) {
        let before = format!("{old}.{}", message.name());
        message.extension.clear();
        // An entry of a map is not a message of its own.
        if let Some((def, proto)) = self.defs.get(before.as_str()) {
            let ty = last(&def.head.rust);
            let inner = proto.inner.as_deref().map(last);
            let own = message.name();
            let fits = is_made(&names::proto_type(own), ty)
                && inner.is_none_or(|inner| is_made(&names::proto_field(own), inner));
            if !fits {
                message.name = Some(capitalized(&self.stand_ins.name(inner.unwrap_or_default(), ty)));
            }
            self.fields(message, &before);
        }
        let after = format!("{new}.{}", message.name());
        for nested in &mut message.nested_type {
            self.message(nested, &before, &after);
        }
        for each in &mut message.enum_type {
            self.enumeration(each, &before, &after);
        }
        self.oneofs(message, &before);
        self.types.insert(before, after);
    }

    fn fields(&mut self, message: &mut DescriptorProto, before: &str) {
        let maps = message.nested_type.iter().filter(|it| is_enum_map(it));
        let maps: HashSet<String> = maps.map(|it| format!("{before}.{}", it.name())).collect();
        for field in &mut message.field {
            let own = field.name();
            let member = field.oneof_index.is_some() && !field.proto3_optional();
            let of_enums = maps.contains(field.type_name());
            let decided = match (member, of_enums) {
                (true, _) => names::proto_type(own),
                (_, true) => names::proto_enum_map(own),
                _ => names::proto_field(own),
            };
            let by_prost = if member { names::proto_type(own) } else { names::proto_field(own) };
            if !is_made(&by_prost, &decided) {
                field.name = Some(self.stand_ins.name(&decided, &decided));
            }
        }
    }

    /// After what is nested, whose names a `oneof` must not have.
    fn oneofs(&mut self, message: &mut DescriptorProto, before: &str) {
        let prefix = format!("{before}.");
        let old: Vec<&str> =
            self.defs.keys().filter_map(|it| it.strip_prefix(&prefix)).filter(|it| !it.contains('.')).collect();
        let nested = message.nested_type.iter().map(DescriptorProto::name);
        let nested: Vec<String> =
            nested.chain(message.enum_type.iter().map(EnumDescriptorProto::name)).map(str::to_owned).collect();
        for oneof in &mut message.oneof_decl {
            let own = oneof.name();
            let field = names::proto_field(own);
            let ty = names::proto_oneof(own, old.iter().copied());
            let by_prost = names::proto_oneof(own, nested.iter().map(String::as_str));
            if !is_made(&field, &field) || !is_made(&by_prost, &ty) {
                oneof.name = Some(self.stand_ins.name(&field, &ty));
            }
        }
    }

    fn enumeration(&mut self, each: &mut EnumDescriptorProto, old: &str, new: &str) {
        let before = format!("{old}.{}", each.name());
        let owner = each.name().to_owned();
        if !is_made(&names::proto_type(&owner), &names::proto_type(&owner)) {
            each.name = Some(capitalized(&self.stand_ins.name("", &names::proto_type(&owner))));
        }
        let mut first: HashMap<i32, String> = HashMap::new();
        let mut members = HashMap::new();
        for value in &mut each.value {
            let own = value.name().to_owned();
            let decided = names::proto_variant(&owner, &own);
            if !is_made(&decided, &decided) {
                value.name = Some(self.stand_ins.name(&own, &decided));
            }
            // prost makes one variant of members with one number.
            let variant = first.entry(value.number()).or_insert_with(|| value.name().to_owned());
            members.insert(own, variant.clone());
        }
        self.types.insert(before.clone(), format!("{new}.{}", each.name()));
        self.members.insert(before, members);
    }

    /// The types of all fields, and defaults that are members of enums.
    fn references(&self, message: &mut DescriptorProto) {
        for field in &mut message.field {
            let Some(old) = &field.type_name else { continue };
            if let Some(default) = field.default_value.as_mut().filter(|_| field.r#type == Some(Type::Enum.into()))
                && let Some(member) = self.members.get(old).and_then(|members| members.get(default))
            {
                default.clone_from(member);
            }
            if let Some(new) = self.types.get(old) {
                field.type_name = Some(new.clone());
            }
        }
        for nested in &mut message.nested_type {
            self.references(nested);
        }
    }
}

/// The last part of a path in Rust.
fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

fn capitalized(word: &str) -> String {
    let mut word = word.to_owned();
    word.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
    word
}

/// Whether a nested message is the entry of a map whose values are enums.
fn is_enum_map(message: &DescriptorProto) -> bool {
    let map = message.options.as_ref().is_some_and(|it| it.map_entry());
    map && message.field.get(1).is_some_and(|value| value.r#type() == Type::Enum)
}

/// The types of a well-known file as prost has them already.
fn known(file: &FileDescriptorProto) -> Vec<(String, String)> {
    let inside = file.package().strip_prefix("google.protobuf").unwrap_or_default();
    let module: String = inside.split('.').filter(|it| !it.is_empty()).map(|it| format!("{it}::")).collect();
    let messages = file.message_type.iter().map(DescriptorProto::name);
    let types = messages.chain(file.enum_type.iter().map(EnumDescriptorProto::name));
    let path = |name: &str| match PLAIN.iter().find(|(plain, _)| inside.is_empty() && *plain == name) {
        Some((_, rust)) => (*rust).to_owned(),
        None => format!("::runtime::prost_types::{module}{}", names::proto_type(name)),
    };
    types.map(|it| (format!(".{}.{it}", file.package()), path(it))).collect()
}

/// Well-known messages for which prost has a type of Rust.
const PLAIN: &[(&str, &str)] = &[
    ("BoolValue", "bool"),
    ("BytesValue", "::std::vec::Vec<u8>"),
    ("DoubleValue", "f64"),
    ("Empty", "()"),
    ("FloatValue", "f32"),
    ("Int32Value", "i32"),
    ("Int64Value", "i64"),
    ("StringValue", "::std::string::String"),
    ("UInt32Value", "u32"),
    ("UInt64Value", "u64"),
];
