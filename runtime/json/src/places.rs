//! Reading fields into their places: what generated code calls.

use crate::reader::Source;
use crate::{EnumNames, Failure, Fields, Message, Object, Read, Reader, Value, enums, values};

impl Reader<'_> {
    /// Reads a field.
    ///
    /// # Errors
    ///
    /// For JSON that is no such value, or where a limit is reached.
    #[inline]
    pub fn value<T: Value>(&mut self, place: &mut T) -> Read {
        place.read_into(self)
    }

    /// Reads a field that may not be there.
    ///
    /// # Errors
    ///
    /// As [`Reader::value`].
    #[inline]
    pub fn optional<T: Value>(&mut self, place: &mut Option<T>) -> Read {
        T::read_optional(place, self)
    }

    /// Reads a field that may not be there and is kept elsewhere.
    ///
    /// # Errors
    ///
    /// As [`Reader::value`].
    pub fn boxed<T: Value>(&mut self, place: &mut Option<Box<T>>) -> Read {
        match place {
            Some(value) => value.read_into(self),
            None => {
                *place = Some(Box::new(T::read(self)?));
                Ok(())
            }
        }
    }

    /// Reads a member of a `oneof`.
    ///
    /// # Errors
    ///
    /// As [`Reader::value`]; and where the body has another member already.
    pub fn member<O, T: Value>(&mut self, place: &mut Option<O>, member: impl FnOnce(T) -> O) -> Read {
        self.alone(place)?;
        *place = Some(member(T::read(self)?));
        Ok(())
    }

    /// Reads a member of a `oneof` that is a message, into the one that is there.
    ///
    /// # Errors
    ///
    /// As [`Reader::member`].
    pub fn message_member<O>(
        &mut self,
        place: &mut Option<O>,
        new: impl FnOnce() -> O,
        inside: impl Fn(&mut O) -> Option<&mut dyn Message>,
    ) -> Read {
        let json = matches!(self.source, Source::Json);
        if !json && let Some(message) = place.as_mut().and_then(&inside) {
            return self.message(message);
        }
        self.alone(place)?;
        match inside(place.insert(new())) {
            Some(message) => self.message(message),
            None => Ok(()),
        }
    }

    fn alone<O>(&mut self, place: &Option<O>) -> Read {
        if place.is_some() {
            return Err(Failure::new("another member of the same oneof is there too", self.place()));
        }
        Ok(())
    }

    /// Reads a member of an enum.
    ///
    /// # Errors
    ///
    /// For what is neither a name of it nor a number. A name that it does not have leaves the field as it is where unknown
    /// fields are left out.
    pub fn number(&mut self, place: &mut i32, names: &'static EnumNames) -> Read {
        if let enums::Member::Number(number) = enums::read(self, names)? {
            *place = number;
        }
        Ok(())
    }

    /// Reads a member of an enum that may not be there.
    ///
    /// # Errors
    ///
    /// As [`Reader::number`].
    pub fn optional_number(&mut self, place: &mut Option<i32>, names: &'static EnumNames) -> Read {
        if let enums::Member::Number(number) = enums::read(self, names)? {
            *place = Some(number);
        }
        Ok(())
    }

    /// Reads a member of an enum that is a member of a `oneof`.
    ///
    /// # Errors
    ///
    /// As [`Reader::number`] and [`Reader::member`].
    pub fn number_member<O>(
        &mut self,
        place: &mut Option<O>,
        member: impl FnOnce(i32) -> O,
        names: &'static EnumNames,
    ) -> Read {
        self.alone(place)?;
        if let enums::Member::Number(number) = enums::read(self, names)? {
            *place = Some(member(number));
        }
        Ok(())
    }

    /// Reads a list of members of an enum.
    ///
    /// # Errors
    ///
    /// As [`Reader::number`].
    pub fn numbers(&mut self, list: &mut Vec<i32>, names: &'static EnumNames) -> Read {
        self.elements(&mut |input| {
            input.charge(2 * size_of::<i32>())?;
            if let enums::Member::Number(number) = enums::read(input, names)? {
                list.push(number);
            }
            Ok(())
        })
    }

    /// Reads a map whose values are members of an enum.
    ///
    /// # Errors
    ///
    /// As [`Reader::number`], and for a name that is there twice.
    pub fn number_map<K: Value, M: values::Map<K, i32>>(&mut self, map: &mut M, names: &'static EnumNames) -> Read {
        values::read_map(self, map, |input| match enums::read(input, names)? {
            enums::Member::Number(number) => Ok(Some(number)),
            enums::Member::Unknown => Ok(None),
        })
    }

    /// Refuses a field of a message that has no form in JSON here.
    ///
    /// # Errors
    ///
    /// Always.
    #[cold]
    pub fn unable(&mut self, message: &str) -> Read {
        Err(Failure::new(format!("`{message}` has no form in JSON here"), self.place()))
    }

    /// Reads an object whose fields have no message yet.
    ///
    /// # Errors
    ///
    /// What `read` gives, and as [`Reader::message`].
    pub fn fields(&mut self, fields: &'static Fields, read: &mut dyn FnMut(usize, &mut Reader<'_>) -> Read) -> Read {
        self.message(&mut Places { fields, read })
    }

    /// The error for a union without a member.
    #[cold]
    pub fn empty_union(&mut self, union: &str) -> Failure {
        Failure::new(format!("one member of `{union}` has to be there"), self.place())
    }
}

/// What is read in place of a message that there is not yet.
pub(crate) struct Places<'r> {
    pub(crate) fields: &'static Fields,
    pub(crate) read: &'r mut dyn FnMut(usize, &mut Reader<'_>) -> Read,
}

impl Message for Places<'_> {
    fn fields(&self) -> &'static Fields {
        self.fields
    }

    fn write(&self, _: &mut Object<'_>) {}

    fn read(&mut self, field: usize, input: &mut Reader<'_>) -> Read {
        (self.read)(field, input)
    }
}
