//! Both parsers' results in one written form: names, ids, types, requiredness, values, annotations.

use codegen::{front::thrift::Parsed, ir::draft as our};
use pilota_thrift_parser as their;

pub(crate) fn ours(file: &Parsed) -> String {
    let mut out = String::new();
    for it in &file.namespaces {
        out += &format!("namespace {} {}\n", it.scope.text, it.name.text);
    }
    for it in &file.includes {
        out += &format!("include {:?}\n", it.text);
    }
    for it in &file.items {
        out += &our_item(it);
    }
    out
}

fn our_item(item: &our::Item) -> String {
    let head = item.head();
    let (name, notes) = (&head.name.text, our_annotations(&head.annotations));
    match item {
        our::Item::Typedef(it) => format!("typedef {name} {}{notes}\n", our_type(&it.target)),
        our::Item::Const(it) => format!("const {name} {} {}{notes}\n", our_type(&it.ty), our_value(&it.value)),
        our::Item::Enum(it) => {
            let member = |it: &our::Member| {
                let notes = our_annotations(&it.head.annotations);
                format!(" {}={:?}{notes}", it.head.name.text, it.number.map(|it| it.0))
            };
            format!("enum {name}{}{notes}\n", it.members.iter().map(member).collect::<String>())
        }
        our::Item::Struct(it) => {
            let kind = format!("{:?}", it.kind).to_lowercase();
            format!("{kind} {name}{}{notes}\n", our_fields(&it.fields, false))
        }
        our::Item::Service(it) => {
            let base = it.extends.as_ref().map_or("", |it| &it.text);
            format!("service {name} <{base}>{}{notes}\n", it.methods.iter().map(our_method).collect::<String>())
        }
    }
}

fn our_method(it: &our::Method) -> String {
    let result = it.result.as_ref().map_or("void".to_owned(), our_type);
    let (arguments, throws) = (our_fields(&it.arguments, true), our_fields(&it.throws, false));
    let notes = our_annotations(&it.head.annotations);
    format!("\n  {} {result} {} ({arguments}) ({throws}){notes}", it.oneway.is_some(), it.head.name.text)
}

fn our_fields(fields: &[our::Field], arguments: bool) -> String {
    let field = |it: &our::Field| {
        let word = match it.requiredness {
            our::Requiredness::Default if !arguments => "default",
            our::Requiredness::Optional => "optional",
            // pilota calls arguments without a word required.
            _ => "required",
        };
        let default = it.default.as_ref().map(our_value);
        let (ty, notes) = (our_type(&it.ty), our_annotations(&it.head.annotations));
        format!(" {:?}:{word} {ty} {}={default:?}{notes}", it.id.map(|it| it.0), it.head.name.text)
    };
    fields.iter().map(field).collect()
}

fn our_type(ty: &our::Type) -> String {
    let kind = match &ty.kind {
        our::TypeKind::Base(base) => format!("{base:?}").to_lowercase(),
        our::TypeKind::Named(name) => format!("named {name}"),
        our::TypeKind::List(it) => format!("list<{}>", our_type(it)),
        our::TypeKind::Set(it) => format!("set<{}>", our_type(it)),
        our::TypeKind::Map(key, value) => format!("map<{},{}>", our_type(key), our_type(value)),
    };
    format!("{kind}{}", our_annotations(&ty.annotations))
}

fn our_value(it: &our::Literal) -> String {
    match &it.kind {
        our::LiteralKind::Int(it) => format!("{it}"),
        our::LiteralKind::Double(it) => format!("{it:?}d"),
        our::LiteralKind::String(it) => format!("{it:?}"),
        our::LiteralKind::Name(it) => format!("name {it}"),
        our::LiteralKind::List(all) => {
            format!("{:?}", all.iter().map(our_value).collect::<Vec<_>>())
        }
        our::LiteralKind::Map(all) => {
            let pairs = all.iter().map(|(key, value)| (our_value(key), our_value(value)));
            format!("map {:?}", pairs.collect::<Vec<_>>())
        }
    }
}

fn our_annotations(all: &[our::Annotation]) -> String {
    let one = |it: &our::Annotation| (it.key.text.clone(), it.value.as_ref().map(|it| it.text.clone()));
    written(all.iter().map(one).collect())
}

fn written(all: Vec<(String, Option<String>)>) -> String {
    if all.is_empty() { String::new() } else { format!(" {all:?}") }
}

pub(crate) fn theirs(file: &their::File) -> String {
    let mut out = String::new();
    for it in &file.items {
        if let their::Item::Namespace(it) = it {
            out += &format!("namespace {} {}\n", it.scope.0, path(&it.name));
        }
    }
    for it in &file.items {
        if let their::Item::Include(it) = it {
            out += &format!("include {:?}\n", it.path.0);
        }
    }
    for it in &file.items {
        out += &their_item(it);
    }
    out
}

fn path(path: &their::Path) -> String {
    path.segments.iter().map(|it| it.to_string()).collect::<Vec<_>>().join(".")
}

fn their_item(item: &their::Item) -> String {
    match item {
        their::Item::Include(_) | their::Item::CppInclude(_) | their::Item::Namespace(_) => String::new(),
        their::Item::Typedef(it) => {
            let notes = their_annotations(None, &it.annotations);
            format!("typedef {} {}{notes}\n", &*it.alias, their_type(&it.r#type))
        }
        their::Item::Constant(it) => {
            let notes = their_annotations(None, &it.annotations);
            format!("const {} {} {}{notes}\n", &*it.name, their_type(&it.r#type), their_value(&it.value))
        }
        their::Item::Enum(it) => {
            let member = |it: &their::EnumValue| {
                let notes = their_annotations(None, &it.annotations);
                format!(" {}={:?}{notes}", &*it.name, it.value.map(|it| it.0))
            };
            let members: String = it.values.iter().map(member).collect();
            format!("enum {}{members}{}\n", &*it.name, their_annotations(None, &it.annotations))
        }
        their::Item::Struct(it) => their_struct("struct", it),
        their::Item::Union(it) => their_struct("union", it),
        their::Item::Exception(it) => their_struct("exception", it),
        their::Item::Service(it) => {
            let base = it.extends.as_ref().map(path).unwrap_or_default();
            let methods: String = it.functions.iter().map(their_method).collect();
            format!("service {} <{base}>{methods}{}\n", &*it.name, their_annotations(None, &it.annotations))
        }
    }
}

fn their_struct(kind: &str, it: &their::StructLike) -> String {
    let notes = their_annotations(None, &it.annotations);
    format!("{kind} {}{}{notes}\n", &*it.name, their_fields(&it.fields))
}

fn their_method(it: &their::Function) -> String {
    // Annotations of `void` have no place in ours.
    let result = match &it.result_type.0 {
        their::Ty::Void => "void".to_owned(),
        _ => their_type(&it.result_type),
    };
    let (arguments, throws) = (their_fields(&it.arguments), their_fields(&it.throws));
    let notes = their_annotations(None, &it.annotations);
    format!("\n  {} {result} {} ({arguments}) ({throws}){notes}", it.oneway, &*it.name)
}

fn their_fields(fields: &[their::Field]) -> String {
    let field = |it: &their::Field| {
        let word = match it.attribute {
            their::Attribute::Default => "default",
            their::Attribute::Optional => "optional",
            their::Attribute::Required => "required",
        };
        let default = it.default.as_ref().map(their_value);
        let (ty, notes) = (their_type(&it.ty), their_annotations(None, &it.annotations));
        format!(" Some({}):{word} {ty} {}={default:?}{notes}", it.id, &*it.name)
    };
    fields.iter().map(field).collect()
}

fn their_type(ty: &their::Type) -> String {
    use their::Ty;
    let (kind, cpp) = match &ty.0 {
        Ty::Byte | Ty::I8 => ("i8".to_owned(), &None),
        Ty::Path(it) => (format!("named {}", path(it)), &None),
        Ty::List { value, cpp_type } => (format!("list<{}>", their_type(value)), cpp_type),
        Ty::Set { value, cpp_type } => (format!("set<{}>", their_type(value)), cpp_type),
        Ty::Map { key, value, cpp_type } => (format!("map<{},{}>", their_type(key), their_type(value)), cpp_type),
        base => (format!("{base:?}").to_lowercase(), &None),
    };
    format!("{kind}{}", their_annotations(cpp.as_ref(), &ty.1))
}

fn their_value(it: &their::ConstValue) -> String {
    use their::ConstValue;
    match it {
        ConstValue::Bool(it) => format!("name {it}"),
        ConstValue::Path(it) => format!("name {}", path(it)),
        ConstValue::String(it) => format!("{:?}", it.0),
        ConstValue::Int(it) => format!("{}", it.0),
        ConstValue::Double(it) => format!("{:?}d", it.0.parse::<f64>().unwrap()),
        ConstValue::List(all) => format!("{:?}", all.iter().map(their_value).collect::<Vec<_>>()),
        ConstValue::Map(all) => {
            let pairs = all.iter().map(|(key, value)| (their_value(key), their_value(value)));
            format!("map {:?}", pairs.collect::<Vec<_>>())
        }
    }
}

fn their_annotations(cpp: Option<&their::CppType>, all: &their::Annotations) -> String {
    let cpp = cpp.map(|it| ("cpp_type".to_owned(), Some(it.0.0.clone())));
    let rest = all.iter().map(|it| (it.key.clone(), Some(it.value.0.clone())));
    written(cpp.into_iter().chain(rest).collect())
}
