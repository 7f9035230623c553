//! Patterns of RE2, as both IDLs have them, in the syntax of the crate `regex`: the classes of Perl are ASCII there, and a
//! bracket inside of a class is a character.

/// The same pattern in the syntax of `regex`.
///
/// # Errors
///
/// Why it is not a pattern.
pub fn translate(pattern: &str) -> Result<String, String> {
    let text = rewrite(pattern);
    match regex::Regex::new(&text) {
        Ok(_) => Ok(text),
        Err(regex::Error::Syntax(_)) => {
            // The reason is its last line; those before show the pattern.
            let error =
                regex::Regex::new(pattern).err().map_or_else(|| "cannot be read".to_owned(), |it| it.to_string());
            let last = error.lines().last().unwrap_or_default();
            Err(last.trim_start_matches("error: ").to_owned())
        }
        Err(_) => Err("it is too large".to_owned()),
    }
}

fn rewrite(pattern: &str) -> String {
    let (mut out, mut class) = (String::new(), false);
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('Q') if !class => quoted(&mut chars, &mut out),
                Some(escaped) => out.push_str(&escape(escaped, class)),
                None => out.push('\\'),
            },
            '[' if !class => {
                class = true;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                // A bracket at the very start does not close the class.
                if chars.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
            }
            '[' if chars.peek() == Some(&':') => {
                out.push('[');
                for c in chars.by_ref() {
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            '[' | '&' | '~' if class => out.extend(['\\', c]),
            ']' => {
                class = false;
                out.push(']');
            }
            _ => out.push(c),
        }
    }
    out
}

/// The text up to `\E`, or to the end.
fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    while let Some(c) = chars.next() {
        if c == '\\' && chars.next_if_eq(&'E').is_some() {
            return;
        }
        out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }
}

fn escape(c: char, class: bool) -> String {
    let (set, not) = match c.to_ascii_lowercase() {
        'd' => ("0-9", c == 'D'),
        'w' => ("0-9A-Za-z_", c == 'W'),
        's' => ("\\t\\n\\f\\r ", c == 'S'),
        'b' if !class => return format!("(?-u:\\{c})"),
        _ => return format!("\\{c}"),
    };
    match (class, not) {
        (true, false) => set.to_owned(),
        (_, true) => format!("[^{set}]"),
        (false, false) => format!("[{set}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_ascii() {
        assert_eq!(translate(r"^\w+\d$").unwrap(), "^[0-9A-Za-z_]+[0-9]$");
        assert_eq!(translate(r"[\w-][^\S]").unwrap(), r"[0-9A-Za-z_-][^[^\t\n\f\r ]]");
        assert_eq!(translate(r"[[a&&]]").unwrap(), r"[\[a\&\&]]");
        assert_eq!(translate(r"[]a][^]][[:alpha:]]").unwrap(), r"[\]a][^\]][[:alpha:]]");
        assert_eq!(translate(r"\Qa.b\E+").unwrap(), r"a\.b+");
    }

    #[test]
    fn what_re2_does_not_have_is_refused() {
        assert_eq!(translate("(a").unwrap_err(), "unclosed group");
        assert!(translate(r"(?=a)").is_err() && translate(r"(a)\1").is_err());
        assert_eq!(translate("((a{1000}){1000}){1000}").unwrap_err(), "it is too large");
    }
}
