//! Members of enums, by name and by number.

use crate::{EnumNames, Reader, Style, Writer};

/// The names of `google.protobuf.NullValue`, which is `null`.
pub const NULL: &EnumNames = &[("NULL_VALUE", 0)];

/// Writes a member: for proto by its name where it has one, for Thrift by its number.
pub(crate) fn write(number: i32, names: &EnumNames, out: &mut Writer) {
    if names == NULL {
        return out.null();
    }
    let name = names.iter().find(|(_, other)| *other == number && out.style() == Style::Proto);
    match name {
        Some((name, _)) => out.text(name),
        None => out.integer(number.into()),
    }
}

/// What was read for a member.
pub(crate) enum Member {
    Number(i32),
    /// A name that the enum does not have, where those are left out.
    Unknown,
}

/// Reads a member by its name or by any number.
pub(crate) fn read(input: &mut Reader<'_>, names: &EnumNames) -> crate::Read<Member> {
    if names == NULL && input.null() {
        return Ok(Member::Number(0));
    }
    let token = input.token("a member of the enum")?;
    if token.quoted {
        if let Some((_, number)) = names.iter().find(|(name, _)| *name == token.text) {
            return Ok(Member::Number(*number));
        }
        let number = crate::number::whole(&token.text).ok().and_then(|number| i32::try_from(number).ok());
        return match number {
            Some(number) => Ok(Member::Number(number)),
            None if input.skips_unknown() => Ok(Member::Unknown),
            None => Err(input.wrong(&token, "a member of the enum")),
        };
    }
    input.whole_of(&token, i32::MIN.into(), i32::MAX.into()).map(|number| Member::Number(number as i32))
}
