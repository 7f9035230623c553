//! Places of the entry types of map fields, which stand in no text: a map field `a1` brings a message `A1Entry`.

use prost_types::{DescriptorProto, FileDescriptorProto};

use super::{lower::is_map_entry, place::Places};
use crate::source::Span;

/// The entry type in an error's message.
pub(super) enum Entry {
    /// Two fields have entry types of the same name: the place of the later field.
    Clash(Span),
    /// A part of such an entry type, which the other error of the same fields covers.
    Part,
}

/// The entry type whose full name an error's message quotes, if it does.
pub(super) fn quoted(message: &str, descriptor: &FileDescriptorProto, places: &Places<'_>) -> Option<Entry> {
    let name = message.split('\'').nth(1)?;
    let name = match descriptor.package() {
        "" => name,
        package => name.strip_prefix(package)?.strip_prefix('.')?,
    };
    let mut parts = name.split('.');
    let mut path = Vec::new();
    let (mut messages, mut tag) = (&descriptor.message_type, 4);
    let mut outer: Option<&DescriptorProto> = None;
    loop {
        let part = parts.next()?;
        let index = messages.iter().position(|it| it.name() == part)?;
        if is_map_entry(&messages[index]) {
            let field = last_with_entry(outer?, part)?;
            path.extend([2, i32::try_from(field).ok()?]);
            let clash = parts.next().is_none();
            return Some(if clash { Entry::Clash(places.name(&path, "").span) } else { Entry::Part });
        }
        path.extend([tag, i32::try_from(index).ok()?]);
        outer = Some(&messages[index]);
        (messages, tag) = (&messages[index].nested_type, 3);
    }
}

fn last_with_entry(message: &DescriptorProto, entry: &str) -> Option<usize> {
    message.field.iter().rposition(|it| it.type_name().rsplit('.').next() == Some(entry))
}
