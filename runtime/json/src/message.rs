//! Messages and values: what generated code says of a message, and how everything that a field can hold is read and
//! written.

use crate::{Fields, Object, Read, Reader, Writer};

/// A message, a struct or an exception, as generated code describes it: a table of names, one line per field to write
/// and one to read.
///
/// One loop reads all of them, and it is not made anew for each: the trait is object-safe.
pub trait Message {
    /// The names of the fields.
    fn fields(&self) -> &'static Fields;

    /// Hands the fields that are there over.
    fn write(&self, out: &mut Object<'_>);

    /// Reads the field of a place of the table.
    ///
    /// # Errors
    ///
    /// What [`Reader::value`] and its like give.
    fn read(&mut self, field: usize, input: &mut Reader<'_>) -> Read;
}

/// What a field can hold.
pub trait Value: Sized {
    /// Writes the value.
    fn write(&self, out: &mut Writer);

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// For JSON that is no such value, or where a limit is reached.
    fn read(input: &mut Reader<'_>) -> Read<Self>;

    /// Reads in place. JSON replaces what is there; a text that stands outside of it sets one field of a message, and adds to
    /// a list.
    ///
    /// # Errors
    ///
    /// As [`Value::read`].
    fn read_into(&mut self, input: &mut Reader<'_>) -> Read {
        *self = Self::read(input)?;
        Ok(())
    }

    /// The same where there may be none yet.
    ///
    /// # Errors
    ///
    /// As [`Value::read`].
    fn read_optional(place: &mut Option<Self>, input: &mut Reader<'_>) -> Read {
        match place {
            // A text adds to a list.
            Some(value) if !input.replaces() => value.read_into(input),
            _ => {
                *place = Some(Self::read(input)?);
                Ok(())
            }
        }
    }

    /// Reads one more element of a list.
    ///
    /// # Errors
    ///
    /// As [`Value::read`].
    fn read_element(list: &mut Vec<Self>, input: &mut Reader<'_>) -> Read {
        list.push(Self::read(input)?);
        Ok(())
    }

    /// Whether proto leaves the value out of a field without presence.
    fn is_default(&self) -> bool {
        false
    }

    /// Checks that the fields came that have to, of a message that was read out of several parts.
    ///
    /// # Errors
    ///
    /// For the first that did not.
    #[doc(hidden)]
    fn complete(&self, _seen: &crate::fields::Seen) -> Read {
        Ok(())
    }

    /// Writes the value as the name of a pair of a map.
    fn write_key(&self, out: &mut Writer) {
        out.key_of(|out| self.write(out));
    }
}

impl<T: Message + Default> Value for T {
    fn write(&self, out: &mut Writer) {
        out.message(self);
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        let mut value = T::default();
        input.message(&mut value)?;
        Ok(value)
    }

    fn read_into(&mut self, input: &mut Reader<'_>) -> Read {
        if input.replaces() {
            *self = T::default();
        }
        input.message(self)
    }

    fn read_optional(place: &mut Option<Self>, input: &mut Reader<'_>) -> Read {
        input.message(place.get_or_insert_default())
    }

    fn complete(&self, seen: &crate::fields::Seen) -> Read {
        crate::objects::required(self.fields(), seen, None)
    }

    /// In its place: a message is slow to move.
    fn read_element(list: &mut Vec<Self>, input: &mut Reader<'_>) -> Read {
        list.push(T::default());
        match list.last_mut() {
            Some(last) => input.message(last),
            None => Ok(()),
        }
    }
}
