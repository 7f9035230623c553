//! The numbers of fields and members, those that an IDL leaves out included.

use super::choices::Ids;
use super::draft::{Field, Member};

/// The id of each field: as written, else counted: the one before it plus 1, from 1, as Kitex
/// does, or down from -1 whatever is written between, as Apache's compiler does
/// (`y_field_val` in `thrifty.yy`).
pub fn fields(fields: &[Field], how: Ids) -> Vec<i64> {
    let (mut last, mut down) = (0i64, 0i64);
    let counted = |field: &Field| match (field.id, how) {
        (Some((id, _)), _) => {
            last = id;
            id
        }
        (None, Ids::Kitex) => {
            last = last.saturating_add(1);
            last
        }
        (None, Ids::Apache) => {
            down -= 1;
            down
        }
    };
    fields.iter().map(counted).collect()
}

/// The number of each member: as written, else the one before it plus 1, from 0.
pub fn members(members: &[Member]) -> Vec<i64> {
    let mut next = 0i64;
    members
        .iter()
        .map(|member| {
            let number = member.number.map_or(next, |(number, _)| number);
            next = number.saturating_add(1);
            number
        })
        .collect()
}
