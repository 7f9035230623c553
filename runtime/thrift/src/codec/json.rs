//! JSON of the types of values that are neither Rust's own nor generated.

use kiteline_json::{Read, Reader, Value, Writer};

use super::value::{Double, Uuid};

impl Value for Double {
    fn write(&self, out: &mut Writer) {
        out.double(self.0);
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        <f64 as Value>::read(input).map(Self)
    }
}

/// Its text.
impl Value for Uuid {
    fn write(&self, out: &mut Writer) {
        out.text(&self.to_string());
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        input.parsed("a UUID of 8-4-4-4-12 hexadecimal digits")
    }
}
