//! `google.protobuf.FieldMask`: paths in lowerCamel, with commas between.

use prost_types::FieldMask;

use crate::{Read, Reader, Value, Writer};

impl Value for FieldMask {
    fn write(&self, out: &mut Writer) {
        let mut text = String::new();
        for path in &self.paths {
            if !text.is_empty() {
                text.push(',');
            }
            match camel(path) {
                Some(path) => text.push_str(&path),
                None => out.refuse(format!("the path {path:?} of a field mask has no form in JSON")),
            }
        }
        out.text(&text);
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        let token = input.token("a field mask")?;
        input.charge(token.text.len() * size_of::<String>())?;
        if !token.quoted {
            return Err(input.wrong(&token, "a field mask"));
        }
        if token.text.is_empty() {
            return Ok(Self::default());
        }
        let paths = token.text.split(',').map(snake).collect::<Option<_>>();
        paths
            .map(|paths| Self { paths })
            .ok_or_else(|| input.wrong(&token, "a field mask such as \"user.displayName,photo\""))
    }
}

/// `user.display_name` as `user.displayName`, where that leads back.
fn camel(path: &str) -> Option<String> {
    let mut out = String::with_capacity(path.len());
    let mut characters = path.chars();
    while let Some(character) = characters.next() {
        match character {
            '_' => out.push(characters.next().filter(char::is_ascii_lowercase)?.to_ascii_uppercase()),
            _ if character.is_ascii_uppercase() => return None,
            _ => out.push(character),
        }
    }
    Some(out)
}

fn snake(path: &str) -> Option<String> {
    let mut out = String::with_capacity(path.len() + 4);
    for character in path.chars() {
        match character {
            'A'..='Z' => out.extend(['_', character.to_ascii_lowercase()]),
            'a'..='z' | '0'..='9' | '.' => out.push(character),
            _ => return None,
        }
    }
    (!out.is_empty()).then_some(out)
}
