//! Names of services in the registry: `[names]`, else the IDL's.

use std::collections::BTreeMap;

use crate::error::{Code, Error};
use crate::service::ServiceInfo;
use kiteline_core::words::nearest;

/// The names of the services, in their order.
///
/// # Errors
///
/// [`Code::InvalidArgument`] for a key of `[names]` that is none of the services, or several of them.
pub(super) fn names(given: &BTreeMap<String, String>, services: &[&'static ServiceInfo]) -> Result<Vec<String>, Error> {
    let mut names: Vec<String> = services.iter().map(|info| info.registry_name.to_owned()).collect();
    // The full ones last: they are meant where both are there.
    let (full, bare): (Vec<_>, Vec<_>) = given.iter().partition(|(key, _)| services.iter().any(|it| full(it) == **key));
    for (key, name) in bare {
        let mut meant = services.iter().zip(&mut names).filter(|(info, _)| info.name == key);
        match (meant.next(), meant.next()) {
            (Some((_, place)), None) => place.clone_from(name),
            (Some(_), Some(_)) => return Err(several(key, services)),
            (None, _) => return Err(unknown(key, services)),
        }
    }
    for (key, name) in full {
        let meant = services.iter().zip(&mut names).filter(|(info, _)| self::full(info) == *key);
        meant.for_each(|(_, place)| place.clone_from(name));
    }
    Ok(names)
}

/// `a.v1.Greeter`; `Greeter` for Thrift, which has no package on the wire.
fn full(info: &ServiceInfo) -> String {
    if info.package.is_empty() { info.name.to_owned() } else { format!("{}.{}", info.package, info.name) }
}

fn unknown(key: &str, services: &[&'static ServiceInfo]) -> Error {
    let full: Vec<String> = services.iter().map(|info| full(info)).collect();
    let known: Vec<&str> = services.iter().map(|info| info.name).chain(full.iter().map(String::as_str)).collect();
    let hint = nearest(key, &known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let text = format!("[names]: no service here is called `{key}`{hint} (there are {})", full.join(", "));
    Error::new(Code::InvalidArgument, text)
}

fn several(key: &str, services: &[&'static ServiceInfo]) -> Error {
    let meant: Vec<String> =
        services.iter().filter(|info| info.name == key).map(|info| format!("\"{}\"", full(info))).collect();
    Error::new(
        Code::InvalidArgument,
        format!("[names]: `{key}` can be {}: write the one that you mean", meant.join(" or ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Idl;

    const fn info(package: &'static str, name: &'static str, registry_name: &'static str, idl: Idl) -> ServiceInfo {
        ServiceInfo { name, package, registry_name, idl, methods: &[] }
    }

    static V1: ServiceInfo = info("a.v1", "Greeter", "a.v1.greeter", Idl::Proto);
    static V2: ServiceInfo = info("a.v2", "Greeter", "a.v2.greeter", Idl::Proto);
    static OLD: ServiceInfo = info("", "Greeter", "api.greeter", Idl::Thrift);
    static ADD: ServiceInfo = info("", "AddService", "add", Idl::Thrift);

    fn named(given: &[(&str, &str)], services: &[&'static ServiceInfo]) -> Result<Vec<String>, String> {
        let given = given.iter().map(|(key, name)| ((*key).to_owned(), (*name).to_owned())).collect();
        names(&given, services).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn full_names_and_names_that_are_enough_are_taken() {
        let all = [&V1, &V2, &ADD];
        assert_eq!(named(&[], &all).unwrap(), ["a.v1.greeter", "a.v2.greeter", "add"]);
        let given = [("a.v2.Greeter", "hello"), ("AddService", "sums")];
        assert_eq!(named(&given, &all).unwrap(), ["a.v1.greeter", "hello", "sums"]);
        assert_eq!(named(&[("Greeter", "hello")], &[&V1, &ADD]).unwrap(), ["hello", "add"]);
        // A Thrift service's name is its full name.
        assert_eq!(named(&[("Greeter", "old"), ("a.v1.Greeter", "new")], &[&OLD, &V1]).unwrap(), ["old", "new"]);
    }

    #[test]
    fn names_of_nobody_and_of_several_are_errors() {
        let error = named(&[("AdService", "x")], &[&V1, &ADD]).unwrap_err();
        assert!(
            error.contains("`AdService`; did you mean `AddService`? (there are a.v1.Greeter, AddService)"),
            "{error}"
        );
        let error = named(&[("a.v1.Greter", "x")], &[&V1, &ADD]).unwrap_err();
        assert!(error.contains("did you mean `a.v1.Greeter`?"), "{error}");
        let error = named(&[("Greeter", "x")], &[&V1, &V2]).unwrap_err();
        assert!(error.contains(r#"`Greeter` can be "a.v1.Greeter" or "a.v2.Greeter""#), "{error}");
    }
}
