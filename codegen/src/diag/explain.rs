//! Texts of `--explain CODE`: the meaning of each code, a small example, the mend. The texts stand in `explain.txt`,
//! one paragraph per code.

/// One paragraph per code, each beginning with it.
const TEXTS: &str = include_str!("explain.txt");

/// The codes and their texts, in the file's order.
fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    TEXTS.split("\n\n").filter_map(|text| text.trim().split_once(' '))
}

/// The meaning of a code; small letters will do.
pub fn explain(code: &str) -> Option<&'static str> {
    texts().find(|(known, _)| known.eq_ignore_ascii_case(code)).map(|(_, text)| text)
}

/// The code with the nearest number that begins with the same two letters.
pub fn nearest(code: &str) -> Option<&'static str> {
    let split = |code: &str| -> Option<(String, u32)> {
        let (letters, digits) = code.split_at_checked(2)?;
        Some((letters.to_ascii_uppercase(), digits.parse().ok()?))
    };
    let (letters, number) = split(code)?;
    let known = texts().filter_map(|(known, _)| split(known).filter(|it| it.0 == letters).map(|it| (known, it.1)));
    known.min_by_key(|(_, it)| it.abs_diff(number)).map(|(known, _)| known)
}
