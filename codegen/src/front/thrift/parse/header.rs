//! Parses the top of a file and what leads to everything else: `include`, `namespace`, and the choice among
//! definitions.

use super::{Kind, Parse, Parser, recover::DEFINITIONS, say};
use crate::{
    diag::distance,
    front::thrift::Parsed,
    ir::draft::{Item, Name, Namespace, StructKind},
};

/// The old words for the namespace of one language.
const OLD_NAMESPACES: [(&str, &str); 12] = [
    ("cpp_namespace", "cpp"),
    ("php_namespace", "php"),
    ("py_module", "py"),
    ("perl_package", "perl"),
    ("ruby_namespace", "rb"),
    ("java_package", "java"),
    ("cocoa_package", "cocoa"),
    ("csharp_namespace", "csharp"),
    ("delphi_namespace", "delphi"),
    ("smalltalk_category", "smalltalk"),
    ("smalltalk_prefix", "smalltalk"),
    ("xsd_namespace", "xsd"),
];

impl Parser<'_, '_> {
    /// One definition or header line, with a separator behind it if there is one.
    pub(super) fn item(&mut self, parsed: &mut Parsed) -> Parse<()> {
        match self.word() {
            "include" => {
                self.bump();
                let path = self.include_path()?;
                parsed.includes.push(path);
            }
            "cpp_include" => {
                self.bump();
                self.include_path()?;
            }
            "namespace" => parsed.namespaces.push(self.namespace()?),
            _ => match self.old_scope() {
                Some(scope) => parsed.namespaces.push(self.old_namespace(scope)?),
                None => parsed.items.push(self.definition()?),
            },
        }
        self.separator();
        Ok(())
    }

    /// Texts may hold several lines; a path that does is one whose closing quote was forgotten.
    fn include_path(&mut self) -> Parse<Name> {
        let (line, start) = (self.slice().lines().next().unwrap_or_default(), self.token.start);
        if self.token.kind == Kind::Text && self.fault.is_none() && line.len() < self.slice().len() {
            self.seek(start + line.len());
            let span = self.since(start);
            return self.fail(say::open_text(line.get(..1).unwrap_or_default(), span));
        }
        self.quoted("the path in quotes")
    }

    fn definition(&mut self) -> Parse<Item> {
        let docs = self.docs();
        match self.word() {
            "typedef" => self.typedef(docs).map(Item::Typedef),
            "const" => self.constant(docs).map(Item::Const),
            "enum" => self.enumeration(docs).map(Item::Enum),
            "senum" => self.string_enumeration(docs).map(Item::Enum),
            "struct" => self.structure(docs, StructKind::Struct).map(Item::Struct),
            "union" => self.structure(docs, StructKind::Union).map(Item::Struct),
            "exception" => self.structure(docs, StructKind::Exception).map(Item::Struct),
            "service" => self.service(docs).map(Item::Service),
            _ => self.no_definition(),
        }
    }

    fn no_definition<T>(&mut self) -> Parse<T> {
        if self.fault.is_some() {
            return self.expected("a definition");
        }
        let word = self.word();
        // A word may be as long as the file.
        let mut alike = DEFINITIONS.into_iter().filter(|it| it.len().abs_diff(word.len()) < 3);
        let near = alike.find(|it| (1..3).contains(&distance(word, it)));
        let diagnostic = say::no_definition(&self.describe(), near, self.here());
        self.fail(diagnostic)
    }

    fn namespace(&mut self) -> Parse<Namespace> {
        self.bump();
        let scope = if self.at(b'*') {
            let span = self.here();
            self.bump();
            Name { text: "*".to_owned(), span }
        } else {
            self.key("a language or `*`")?
        };
        self.namespace_of(scope)
    }

    fn old_scope(&self) -> Option<&'static str> {
        let word = self.word();
        OLD_NAMESPACES.iter().find(|(old, _)| *old == word).map(|(_, scope)| *scope)
    }

    fn old_namespace(&mut self, scope: &str) -> Parse<Namespace> {
        let span = self.here();
        self.bump();
        self.namespace_of(Name { text: scope.to_owned(), span })
    }

    fn namespace_of(&mut self, scope: Name) -> Parse<Namespace> {
        let name = match self.token.kind {
            Kind::Text => self.quoted("a name")?,
            _ => self.path("a name")?,
        };
        self.annotations()?;
        Ok(Namespace { scope, name })
    }
}
