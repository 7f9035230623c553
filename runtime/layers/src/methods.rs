//! Sets of methods, and what a layer keeps per method.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use kiteline_core::service::Method;

/// Methods by their paths: `/package.Service/Method`, or `/package.Service/*` for all of a service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Methods(Vec<Box<str>>);

impl Methods {
    pub(crate) fn add<P: AsRef<str>>(&mut self, paths: impl IntoIterator<Item = P>) {
        self.0.extend(paths.into_iter().map(|path| Box::from(path.as_ref())));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has(&self, method: &Method) -> bool {
        self.0.iter().any(|path| match path.strip_suffix('*') {
            Some(service) if service.ends_with('/') => method.path.starts_with(service),
            _ => **path == *method.path,
        })
    }
}

/// A value per method, made when the method is called first: the program's own methods bound its size.
#[derive(Debug)]
pub(crate) struct PerMethod<T>(RwLock<HashMap<&'static str, Arc<T>>>);

impl<T> Default for PerMethod<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T> PerMethod<T> {
    pub(crate) fn of(&self, method: &'static Method, make: impl FnOnce() -> T) -> Arc<T> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(method.path).map(Arc::clone);
        known.unwrap_or_else(|| {
            let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(method.path).or_insert_with(|| Arc::new(make())))
        })
    }
}

#[cfg(test)]
mod tests {
    use kiteline_core::service::Idl;

    use super::*;

    #[test]
    fn methods_are_named_by_path_or_with_all_of_their_service() {
        static LOGIN: Method = Method::new(Idl::Proto, "/a.v1.Users/Login", 0);
        static OTHER: Method = Method::new(Idl::Proto, "/a.v1.UsersAdmin/Login", 0);
        for (path, wanted) in [
            ("/a.v1.Users/Login", [true, false]),
            ("/a.v1.Users/*", [true, false]),
            ("/*", [true, true]),
            ("*", [false, false]),
            ("/a.v1.Users*", [false, false]),
            ("/a.v1.Users/Log", [false, false]),
            ("", [false, false]),
        ] {
            let mut methods = Methods::default();
            methods.add([path]);
            assert_eq!([&LOGIN, &OTHER].map(|method| methods.has(method)), wanted, "{path}");
        }
    }
}
