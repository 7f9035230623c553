//! Email addresses, as HTML's `<input type="email">` defines them.

use crate::host::label;

/// An email address: `local@domain`, without quotes and comments (WHATWG HTML, "valid e-mail address").
pub fn email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    !local.is_empty() && local.bytes().all(fits) && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_html() {
        for good in ["a@b", "a.b+c@d-e.f", "!#$%&'*+/=?^_`{|}~-@x.1", "..@x"] {
            assert!(email(good), "{good}");
        }
        let long = format!("a@{}", "x".repeat(64));
        for bad in ["", "a", "@b", "a@", "a@b.", "a@-b", "a@b-", "a b@c", "a@b@c", "é@x", "a@é", &long, "a@b\n"] {
            assert!(!email(bad), "{bad}");
        }
    }
}
