//! Edit distance of two words, for the "did you mean" of a finding.

/// Levenshtein's distance: how many letters must be put in, taken out or changed.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// The nearest of some words, where one is near enough to be meant; letters of either case are the same.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = word.to_lowercase();
    let allowed = wanted.chars().count() / 3 + 1;
    let far = known.into_iter().map(|it| (distance(&wanted, &it.to_lowercase()), it));
    far.filter(|(far, _)| *far <= allowed).min().map(|(_, it)| it)
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances() {
        assert_eq!(distance("strcut", "struct"), 2);
        assert_eq!(distance("sruct", "struct"), 1);
        assert_eq!(distance("enum", "enum"), 0);
        assert_eq!(distance("x", "service"), 7);
        assert_eq!(distance("Füge", "Fuge"), 1);
    }
}
