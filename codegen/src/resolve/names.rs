//! Rust names: decided here once. Case follows Rust's habits, keywords become raw identifiers,
//! and for proto the rules are prost's own.

/// Strict and reserved keywords of edition 2024; all but the last few can be raw.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Keywords that have no raw form.
const NEVER_RAW: &[&str] = &["self", "Self", "super", "crate"];

/// The identifier where a name has nothing but `_`.
pub const NOTHING: &str = "__";

/// A name as an identifier: raw for a keyword, with a closing `_` where there is no raw form,
/// and with a leading `_` before a digit.
pub fn ident(name: &str) -> String {
    if name.is_empty() || name == "_" {
        NOTHING.to_owned()
    } else if NEVER_RAW.contains(&name) {
        format!("{name}_")
    } else if KEYWORDS.contains(&name) {
        format!("r#{name}")
    } else if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name.to_owned()
    }
}

/// The name of a struct, enum, union, exception, typedef or service. A name that is camel case
/// already stays as it is.
pub fn type_name(name: &str) -> String {
    let camel = name.starts_with(|c: char| c.is_ascii_uppercase())
        && !name.contains('_')
        && (name.len() < 3 || name.contains(|c: char| c.is_ascii_lowercase()));
    ident(&if camel { name.to_owned() } else { upper_camel(name) })
}

/// The name of a field, argument, method or module.
pub fn snake_name(name: &str) -> String {
    ident(&snake(name))
}

/// The name of a constant or an enum's member.
pub fn constant_name(name: &str) -> String {
    ident(&snake(name).to_uppercase())
}

/// The name of a union's arm.
pub fn variant_name(name: &str) -> String {
    ident(&upper_camel(name))
}

/// A type's name with a word behind it: `AddClient`, and `SelfClient` for `Self_`.
pub fn joined(rust: &str, word: &str) -> String {
    let bare = rust.trim_start_matches("r#");
    let short = bare.trim_end_matches('_');
    format!("{}{word}", if short.is_empty() { bare } else { short })
}

/// A method's name on a client, which has methods of its own; the standard library gives it
/// some that would be called instead.
pub fn client_method(rust: &str) -> String {
    match rust {
        "new" | "channel" | "clone" | "into" | "try_into" => format!("{rust}_"),
        _ => rust.to_owned(),
    }
}

/// The name under which a service is registered: no `Service` suffix, lower case.
pub fn registry_name(service: &str) -> String {
    let short = match service.strip_suffix("Service") {
        Some("") | None => service,
        Some(short) => short,
    };
    short.to_lowercase()
}

/// The name of a proto message, enum or `oneof`, as prost makes it.
pub fn proto_type(name: &str) -> String {
    ident(&upper_camel(name))
}

/// The name of a proto field or of a message's module, as prost makes it.
pub fn proto_field(name: &str) -> String {
    match snake(name).as_str() {
        // It has a raw form, which prost does not use.
        "extern" => "extern_".to_owned(),
        name => ident(name),
    }
}

/// The name of a proto field that is a map of enums: the methods that prost derives for it have its
/// name within theirs, where nothing can be raw.
pub fn proto_enum_map(name: &str) -> String {
    let name = proto_field(name);
    name.strip_prefix("r#").map_or(name.clone(), |raw| format!("{raw}_"))
}

/// The variant of a member of a proto enum, as prost makes it: without the enum's name before it.
pub fn proto_variant(owner: &str, member: &str) -> String {
    let (owner, member) = (proto_type(owner), upper_camel(member));
    let short = member.strip_prefix(&owner).filter(|it| it.starts_with(char::is_uppercase));
    ident(short.unwrap_or(&member))
}

/// The type of a proto `oneof`, as prost makes it: with a word behind it where a message or enum beside
/// it has the name.
pub fn proto_oneof<'a>(name: &str, mut beside: impl Iterator<Item = &'a str>) -> String {
    let name = proto_type(name);
    if beside.any(|it| proto_type(it) == name) { format!("{name}OneOf") } else { name }
}

/// `fooBar`, `FooBar`, `foo-bar`, `FOOBar` as `foo_bar`.
pub fn snake(name: &str) -> String {
    words(name).join("_")
}

/// `foo_bar` as `FooBar`.
pub fn upper_camel(name: &str) -> String {
    words(name).iter().map(|word| capitalized(word)).collect()
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The words of a name in lower case; a word starts at an underscore, at an upper-case letter
/// after a lower-case one, and at the last upper-case letter of a run that a lower-case one follows.
/// Digits belong to the word before them. These are the rules of `heck`, which prost uses.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in name.split(|c: char| !c.is_alphanumeric()) {
        let chars: Vec<char> = part.chars().collect();
        let mut word = String::new();
        for (at, &c) in chars.iter().enumerate() {
            let after_lower = at > 0 && last_case(&chars[..at]) == Some(Case::Lower);
            let ends_run = at > 0
                && last_case(&chars[..at]) == Some(Case::Upper)
                && chars.get(at + 1).is_some_and(|next| next.is_lowercase());
            if c.is_uppercase() && (after_lower || ends_run) && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            word.extend(c.to_lowercase());
        }
        if !word.is_empty() {
            words.push(word);
        }
    }
    words
}

#[derive(PartialEq, Eq)]
enum Case {
    Lower,
    Upper,
}

/// The case of the last letter that has one: digits do not end a word.
fn last_case(chars: &[char]) -> Option<Case> {
    chars.iter().rev().find_map(|c| {
        if c.is_lowercase() {
            Some(Case::Lower)
        } else if c.is_uppercase() {
            Some(Case::Upper)
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_follow_rust() {
        assert_eq!(snake("userId"), "user_id");
        assert_eq!(snake("HTTPServer"), "http_server");
        assert_eq!(snake("RpcUserLogin"), "rpc_user_login");
        assert_eq!(snake("i8value"), "i8value");
        assert_eq!(upper_camel("add_request"), "AddRequest");
        assert_eq!(type_name("HTTPServer"), "HTTPServer");
        assert_eq!(type_name("URL"), "Url");
        assert_eq!(constant_name("MidLevel"), "MID_LEVEL");
    }

    #[test]
    fn keywords_stay_usable() {
        assert_eq!(snake_name("type"), "r#type");
        assert_eq!(snake_name("self"), "self_");
        assert_eq!(snake_name("_"), "__");
        assert_eq!(type_name("Self"), "Self_");
        assert_eq!(snake_name("gen"), "r#gen");
    }

    #[test]
    fn registry_names_are_short() {
        assert_eq!(registry_name("AddService"), "add");
        assert_eq!(registry_name("Greeter"), "greeter");
        assert_eq!(registry_name("Service"), "service");
        assert_eq!(registry_name("UserInfoService"), "userinfo");
    }
}
