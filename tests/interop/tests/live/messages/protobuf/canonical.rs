//! Messages with the entries of maps, which have no order, in order.

use runtime::prost::encoding::decode_varint;

use super::schema::Schema;

/// A message that we wrote (fields by number, no unknown ones), the entries of its maps in order.
pub(crate) fn canonical(schema: &Schema, name: &str, message: &[u8]) -> Vec<u8> {
    let Some(fields) = schema.messages.get(name).map(|it| &it.field) else { return message.to_vec() };
    let (mut rest, mut chunks) = (message, Vec::new());
    while !rest.is_empty() {
        let start = rest;
        let tag = decode_varint(&mut rest).unwrap();
        let number = i32::try_from(tag >> 3).unwrap();
        let field = fields.iter().find(|it| it.number() == number).unwrap();
        let content = content(tag & 7, &mut rest);
        let head = &start[..start.len() - rest.len() - content.len()];
        let content = if tag & 7 == 2 { canonical(schema, field.type_name(), content) } else { content.to_vec() };
        // The length in the head is the same in any order.
        let chunk = [head, &content].concat();
        chunks.push((number, if schema.is_map(field) { chunk.clone() } else { Vec::new() }, chunk));
    }
    chunks.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    chunks.into_iter().flat_map(|(.., chunk)| chunk).collect()
}

/// The bytes of a value behind its tag, without the length of what has one.
fn content<'a>(wire: u64, rest: &mut &'a [u8]) -> &'a [u8] {
    let start = *rest;
    let length = match wire {
        0 => {
            decode_varint(rest).unwrap();
            start.len() - rest.len()
        }
        1 => 8,
        5 => 4,
        2 => {
            let length = usize::try_from(decode_varint(rest).unwrap()).unwrap();
            let (content, behind) = rest.split_at(length);
            *rest = behind;
            return content;
        }
        other => panic!("wire type {other}"),
    };
    let (content, behind) = start.split_at(length);
    *rest = behind;
    content
}
