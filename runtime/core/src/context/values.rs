//! Values that layers leave in a context for handlers, one of each type.

use std::any::Any;
use std::sync::Arc;

use super::Context;

impl Context {
    /// Leaves a value for who gets the context after this, in place of one of its type: a layer says so who the caller is,
    /// and the handler reads it. Calls that a handler makes do not inherit it.
    ///
    /// ```
    /// struct User(u64);
    ///
    /// let cx = kiteline_core::Context::new().with_value(User(7));
    /// assert_eq!(cx.value::<User>().map(|user| user.0), Some(7));
    /// ```
    #[must_use]
    pub fn with_value<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.set_value(value);
        self
    }

    /// As [`Context::with_value`], in place.
    pub fn set_value<T: Send + Sync + 'static>(&mut self, value: T) {
        let values = &mut self.rare().values;
        values.retain(|other| !(**other).is::<T>());
        values.push(Arc::new(value));
    }

    /// The value of a type that was left here.
    pub fn value<T: Any>(&self) -> Option<&T> {
        self.rare.as_ref()?.values.iter().find_map(|value| (**value).downcast_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_value_of_each_type() {
        let cx = Context::new().with_value(1_u8).with_value("text").with_value(2_u8);
        assert_eq!((cx.value::<u8>(), cx.value::<&str>(), cx.value::<u16>()), (Some(&2), Some(&"text"), None));
        let clone = cx.clone().with_value(3_u8);
        assert_eq!((cx.value::<u8>(), clone.value::<u8>()), (Some(&2), Some(&3)));
        let mut own = Context::new();
        own.join(&cx);
        assert_eq!(own.value::<u8>(), None);
    }
}
