//! Options of the generated text: one table for the flags (`cli::args`), what a crate records in
//! `[package.metadata.kiteline]` (`cli::place`, `scaffold::cargo`) and the annotations of an IDL (`Options::with`).

use std::path::PathBuf;

use crate::ir::draft::Annotation;

pub use crate::ir::choices::{Ids, Json, Maps, Sides, Strings};

/// Every option of generation.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folders in which includes and imports are looked for, beside the including file's own.
    pub include: Vec<PathBuf>,
    /// Warnings stop generation.
    pub deny_warnings: bool,
    /// Which sides of a service are generated.
    pub sides: Sides,
    /// How omitted field ids are counted.
    pub ids: Ids,
    /// Which collections hold maps and sets.
    pub maps: Maps,
    /// The Rust type of strings.
    pub strings: Strings,
    /// Whether Thrift types implement serde's traits.
    pub serde: bool,
    /// Which types implement the traits of JSON.
    pub json: Json,
    /// Whether servers hold the OpenAPI document of the IDL, and show it.
    pub openapi: bool,
    /// Whether methods of Thrift that stream are left out, in place of an error.
    pub skip_streaming: bool,
    /// Derive macros of Thrift types beside those of the standard traits, as paths.
    pub derive: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        let (include, derive) = (Vec::new(), Vec::new());
        let (sides, ids, maps) = (Sides::Both, Ids::default(), Maps::default());
        let (deny_warnings, skip_streaming, serde, openapi) = (false, false, false, false);
        let (strings, json) = (Strings::default(), Json::default());
        Self { include, deny_warnings, sides, ids, maps, strings, serde, json, openapi, skip_streaming, derive }
    }
}

/// The kind of value that an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// One of these words; the first is the default.
    Word(&'static [&'static str]),
    /// Nothing: it is on or off.
    Switch,
    /// The path of an item, any number of times.
    Paths,
}

/// The items that can carry an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A struct, union or exception.
    Struct,
    /// An enum.
    Enum,
    /// A field or its type, a typedef's target.
    Field,
    /// A service or a method.
    Service,
}

/// One option of the generated text.
#[derive(Debug)]
pub struct Spec {
    /// The flag `--name`, the key in the manifest, and, for what types are like, the annotation
    /// `rust.name`.
    pub name: &'static str,
    /// The kind of value that it takes.
    pub takes: Takes,
    /// The items for which an annotation `rust.name` can say it, each with what is in it.
    pub on: &'static [On],
    /// A line for `--help`.
    pub help: &'static str,
    set: fn(&mut Options, &str) -> bool,
    get: fn(&Options) -> Vec<String>,
}

impl Spec {
    /// Sets the option, or adds to it.
    ///
    /// # Errors
    ///
    /// What it takes instead.
    pub fn set(&self, options: &mut Options, value: &str) -> Result<(), String> {
        if (self.set)(options, value) { Ok(()) } else { Err(self.wanted()) }
    }

    /// The values that differ from the default: one value, several for [`Takes::Paths`], else none.
    pub fn get(&self, options: &Options) -> Vec<String> {
        let default = (self.get)(&Options::default());
        Some((self.get)(options)).filter(|it| *it != default).unwrap_or_default()
    }

    fn wanted(&self) -> String {
        match self.takes {
            Takes::Word(words) => format!("it is one of `{}`", words.join("`, `")),
            Takes::Switch => "it is `true` or `false`".to_owned(),
            Takes::Paths => "it is the path of a derive macro, such as `Hash` or `::my_crate::Visit`".to_owned(),
        }
    }
}

/// The annotation that says of a method of Thrift whether it may be called twice; `idempotent` without `rust.` says it too.
pub(crate) const IDEMPOTENT: &str = "rust.idempotent";

/// The option that an annotation's key names: `rust.maps`.
pub fn annotated(key: &str) -> Option<&'static Spec> {
    let name = key.strip_prefix("rust.")?;
    TABLE.iter().find(|it| it.name == name && !it.on.is_empty())
}

impl Options {
    /// The options of one item: these, where its annotations say nothing else. Paths are added,
    /// an empty text drops those from here. What an annotation says wrong is a finding of `check`.
    pub(crate) fn with(&self, annotations: &[Annotation], on: On) -> Self {
        let mut own = self.clone();
        for annotation in annotations {
            let Some(spec) = annotated(&annotation.key.text).filter(|it| it.on.contains(&on)) else { continue };
            let _ = spec.set(&mut own, annotation.value.as_ref().map_or("true", |it| &it.text));
        }
        own
    }
}

/// Every option of the generated text.
pub const TABLE: &[Spec] = &[
    Spec {
        name: "sides",
        takes: Takes::Word(&["both", "client", "server"]),
        on: &[],
        help: "Which sides of a service are generated",
        set: |it, word| word_of(&[Sides::Both, Sides::Client, Sides::Server], sides, word, &mut it.sides),
        get: |it| vec![sides(it.sides).to_owned()],
    },
    Spec {
        name: "ids",
        takes: Takes::Word(&["kitex", "apache"]),
        on: &[On::Struct, On::Service],
        help: "How field ids that an IDL leaves out are counted: up from 1, or down from -1",
        set: |it, word| word_of(&[Ids::Kitex, Ids::Apache], ids, word, &mut it.ids),
        get: |it| vec![ids(it.ids).to_owned()],
    },
    Spec {
        name: "maps",
        takes: Takes::Word(&["hash", "btree"]),
        on: &[On::Struct, On::Field, On::Service],
        help: "Which collections hold Thrift's maps and sets",
        set: |it, word| word_of(&[Maps::Hash, Maps::BTree], maps, word, &mut it.maps),
        get: |it| vec![maps(it.maps).to_owned()],
    },
    Spec {
        name: "strings",
        takes: Takes::Word(&["text", "bytes"]),
        on: &[On::Struct, On::Field, On::Service],
        help: "What holds Thrift's strings: String, or Bytes for peers that do not write UTF-8",
        set: |it, word| word_of(&[Strings::Text, Strings::Bytes], strings, word, &mut it.strings),
        get: |it| vec![strings(it.strings).to_owned()],
    },
    Spec {
        name: "skip-streaming",
        takes: Takes::Switch,
        on: &[],
        help: "Leave out the methods of Thrift that stream, in place of an error",
        set: |it, word| word_of(&[true, false], |on| if on { "true" } else { "false" }, word, &mut it.skip_streaming),
        get: |it| vec![it.skip_streaming.to_string()],
    },
    Spec {
        name: "serde",
        takes: Takes::Switch,
        on: &[On::Struct, On::Enum],
        help: "Implement serde's Serialize and Deserialize for Thrift types",
        set: |it, word| word_of(&[true, false], |on| if on { "true" } else { "false" }, word, &mut it.serde),
        get: |it| vec![it.serde.to_string()],
    },
    Spec {
        name: "json",
        takes: Takes::Word(&["auto", "on", "off"]),
        on: &[],
        help: "Which types are read and written as JSON: those of proto (auto), all, or none",
        set: |it, word| word_of(&[Json::Auto, Json::On, Json::Off], json, word, &mut it.json),
        get: |it| vec![json(it.json).to_owned()],
    },
    Spec {
        name: "openapi",
        takes: Takes::Switch,
        on: &[],
        help: "Give servers the OpenAPI document of the IDL, to be shown at /openapi.json",
        set: |it, word| word_of(&[true, false], |on| if on { "true" } else { "false" }, word, &mut it.openapi),
        get: |it| vec![it.openapi.to_string()],
    },
    Spec {
        name: "derive",
        takes: Takes::Paths,
        on: &[On::Struct, On::Enum],
        help: "Derive this too for Thrift types",
        set: |it, paths| {
            let new = paths.split(',').map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
            let new: Vec<String> = new.collect();
            let sound = new.iter().all(|it| syn::parse_str::<syn::Path>(it).is_ok());
            match new.as_slice() {
                [] => it.derive.clear(),
                _ if sound => it.derive.extend(new),
                _ => {}
            }
            sound
        },
        get: |it| it.derive.clone(),
    },
];

fn sides(it: Sides) -> &'static str {
    match it {
        Sides::Both => "both",
        Sides::Client => "client",
        Sides::Server => "server",
    }
}

fn ids(it: Ids) -> &'static str {
    match it {
        Ids::Kitex => "kitex",
        Ids::Apache => "apache",
    }
}

fn maps(it: Maps) -> &'static str {
    match it {
        Maps::Hash => "hash",
        Maps::BTree => "btree",
    }
}

fn strings(it: Strings) -> &'static str {
    match it {
        Strings::Text => "text",
        Strings::Bytes => "bytes",
    }
}

fn json(it: Json) -> &'static str {
    match it {
        Json::Auto => "auto",
        Json::On => "on",
        Json::Off => "off",
    }
}

fn word_of<T: Copy>(all: &[T], name: fn(T) -> &'static str, word: &str, place: &mut T) -> bool {
    let value = all.iter().find(|it| name(**it) == word);
    if let Some(value) = value {
        *place = *value;
    }
    value.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_takes_what_it_gives() {
        for spec in TABLE {
            let words = match spec.takes {
                Takes::Word(words) => words,
                Takes::Switch => &["false", "true"],
                Takes::Paths => &["Hash", "::a::B"],
            };
            for word in words {
                let mut options = Options::default();
                spec.set(&mut options, word).unwrap();
                let mut again = Options::default();
                spec.get(&options).iter().for_each(|it| spec.set(&mut again, it).unwrap());
                assert_eq!(spec.get(&again), spec.get(&options), "{} {word}", spec.name);
            }
            assert_eq!(spec.get(&Options::default()), [""; 0], "{}", spec.name);
            assert!(spec.set(&mut Options::default(), "no such - thing").is_err(), "{}", spec.name);
        }
    }
}
