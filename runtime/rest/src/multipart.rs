//! Forms in parts (`multipart/form-data`, RFC 7578), read from a whole body.

use crate::path::Malformed;
use kiteline_core::base64;

/// The most parts of a form.
const MOST: usize = 1024;

/// The fields of a form in their order. What has a file's name is of a field of bytes: its text is base64.
///
/// # Errors
///
/// For a body that is not in parts, or a text that is not UTF-8.
pub(crate) fn read(body: &[u8], boundary: &str) -> Result<Vec<(String, String)>, Malformed> {
    const WRONG: Malformed = Malformed("the form is not in parts as its content type says");
    if boundary.is_empty() || boundary.len() > 70 {
        return Err(WRONG);
    }
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let mut rest = body.strip_prefix(&delimiter[..]).ok_or(WRONG)?;
    let (mut fields, between) = (Vec::new(), [b"\r\n", &delimiter[..]].concat());
    while !rest.starts_with(b"--") {
        rest = rest.strip_prefix(b"\r\n").ok_or(WRONG)?;
        let end = find(rest, &between).ok_or(WRONG)?;
        let part = rest.get(..end).ok_or(WRONG)?;
        rest = rest.get(end + between.len()..).ok_or(WRONG)?;
        fields.extend(field(part).ok_or(WRONG)?);
        if fields.len() > MOST {
            return Err(Malformed("the form has too many parts"));
        }
    }
    Ok(fields)
}

/// One part: headers, an empty line, a value. Nothing for a part without a name.
fn field(part: &[u8]) -> Option<Option<(String, String)>> {
    let end = find(part, b"\r\n\r\n")?;
    let (headers, value) = (str::from_utf8(part.get(..end)?).ok()?, part.get(end + 4..)?);
    let disposition = headers.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let parameter = |wanted: &str| {
        let mut parameters = disposition.split(';').skip(1).filter_map(|pair| pair.trim().split_once('='));
        parameters.find_map(|(name, value)| (name == wanted).then(|| value.trim_matches('"')))
    };
    let Some(name) = parameter("name") else { return Some(None) };
    let text = match parameter("filename") {
        Some(_) => base64::encode(value),
        None => str::from_utf8(value).ok()?.to_owned(),
    };
    Some(Some((name.to_owned(), text)))
}

/// Where some bytes begin.
fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n2\r\n--x\r\n\
        content-type: text/plain\r\ncontent-disposition: form-data; name=\"f\"; filename=\"f.txt\"\r\n\r\nhi\r\n--x--\r\n";

    #[test]
    fn fields_and_files_come_in_order() {
        let fields = read(FORM.as_bytes(), "x").unwrap();
        assert_eq!(fields, [("a".to_owned(), "1\r\n2".to_owned()), ("f".to_owned(), base64::encode(b"hi"))]);
        assert_eq!(read(b"--x--", "x").unwrap(), []);
    }

    #[test]
    fn every_prefix_of_a_form_is_refused_and_none_panics() {
        for end in 0..FORM.len() - 4 {
            assert!(read(&FORM.as_bytes()[..end], "x").is_err(), "{end}");
        }
        assert!(read(FORM.as_bytes(), "").is_err());
        assert!(read(b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--x--", "x").is_err());
    }
}
