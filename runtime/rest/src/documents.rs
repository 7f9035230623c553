//! OpenAPI documents of several IDLs, as one.

use bytes::Bytes;
use serde_json::{Map, Value};

use kiteline_core::error::{Code, Error};

/// One document of those of several IDLs; `None` of none.
///
/// # Errors
///
/// [`Code::FailedPrecondition`] where two of them mean different things by one path or by one name of a schema.
pub fn join_documents(documents: &[&'static str]) -> Result<Option<Bytes>, Error> {
    let mut different: Vec<&'static str> = Vec::new();
    for document in documents.iter().filter(|document| !document.is_empty()) {
        if !different.contains(document) {
            different.push(document);
        }
    }
    match different.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(Bytes::from_static(one.as_bytes()))),
        several => {
            let mut all = Value::Object(Map::new());
            for document in several {
                let document = serde_json::from_str(document)
                    .map_err(|error| Error::new(Code::FailedPrecondition, format!("an OpenAPI document: {error}")))?;
                join(&mut all, document, "")?;
            }
            Ok(Some(all.to_string().into()))
        }
    }
}

/// Puts one value into another: objects and lists get what they do not have, titles stand beside each other.
fn join(all: &mut Value, one: Value, place: &str) -> Result<(), Error> {
    match (all, one) {
        (Value::Object(all), Value::Object(one)) => {
            for (name, value) in one {
                match all.get_mut(&name) {
                    Some(own) => join(own, value, &format!("{place}/{name}"))?,
                    None => drop(all.insert(name, value)),
                }
            }
        }
        (Value::Array(all), Value::Array(one)) if place == "/tags" => all.extend(one),
        (Value::String(all), Value::String(one)) if place == "/info/title" => {
            all.push_str(", ");
            all.push_str(&one);
        }
        (all, one) if *all == one => {}
        _ => {
            let text = format!("the OpenAPI documents of two IDLs mean different things by {place}");
            return Err(Error::new(Code::FailedPrecondition, text));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = r#"{"openapi":"3.1.0","info":{"title":"A","version":"1.0.0"},"tags":[{"name":"A"}],"paths":{"/a":{"get":{}}},"components":{"schemas":{"M":{"type":"object"}}}}"#;
    const B: &str = r#"{"openapi":"3.1.0","info":{"title":"B","version":"1.0.0"},"tags":[{"name":"B"}],"paths":{"/a":{"post":{}}},"components":{"schemas":{"M":{"type":"object"}}}}"#;
    const C: &str = r#"{"components":{"schemas":{"M":{"type":"string"}}}}"#;

    #[test]
    fn one_document_stays_as_it_is() {
        assert_eq!(join_documents(&["", ""]).unwrap(), None);
        assert_eq!(join_documents(&["", A, "", A]).unwrap().unwrap(), A);
    }

    #[test]
    fn several_have_the_paths_and_schemas_of_all() {
        let all: Value = serde_json::from_slice(&join_documents(&[A, B]).unwrap().unwrap()).unwrap();
        assert_eq!((&all["info"]["title"], &all["openapi"]), (&"A, B".into(), &"3.1.0".into()));
        assert_eq!(all["tags"].as_array().unwrap().len(), 2);
        assert!(all["paths"]["/a"]["get"].is_object() && all["paths"]["/a"]["post"].is_object());
        let error = join_documents(&[A, C]).unwrap_err();
        assert_eq!(
            error.message(),
            "the OpenAPI documents of two IDLs mean different things by /components/schemas/M/type"
        );
    }
}
