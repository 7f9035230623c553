//! Walking bytes without making values: skipping, and finding the field path of an error.

use bytes::Bytes;

use super::decoder::Decoder;
use super::error::{DecodeError, Fault, Step};
use super::kind::Type;
use crate::limits::DecodeLimits;

/// Skips one value.
pub(super) fn skip(input: &mut Decoder<'_>, kind: Type) -> Result<(), DecodeError> {
    if let Some(size) = kind.fixed_size() {
        return input.slice(size).map(drop);
    }
    match kind {
        Type::String => {
            let length = input.length()?;
            input.slice(length).map(drop)
        }
        Type::Struct => input.structure(|input| {
            while let Some(field) = input.field()? {
                skip(input, field.kind)?;
            }
            Ok(())
        }),
        Type::Map => {
            let [key, value] = input.take()?;
            skip_elements(input, &[key, value])
        }
        Type::List | Type::Set => {
            let [kind] = input.take()?;
            skip_elements(input, &[kind])
        }
        other => Err(input.fail(Fault::Type(other as u8))),
    }
}

/// Skips a count and that many rounds of values of the given types.
fn skip_elements(input: &mut Decoder<'_>, kinds: &[u8]) -> Result<(), DecodeError> {
    let count = input.length()?;
    input.structure(|input| {
        if count == 0 {
            return Ok(());
        }
        let [first, rest @ ..] = kinds else { return Ok(()) };
        let first = element(input, *first)?;
        let second = rest.first().map(|kind| element(input, *kind)).transpose()?;
        let least = first.min_size() + second.map_or(0, Type::min_size);
        input.bounded(count, least)?;
        for _ in 0..count {
            skip(input, first)?;
            if let Some(second) = second {
                skip(input, second)?;
            }
        }
        Ok(())
    })
}

fn element(input: &Decoder<'_>, byte: u8) -> Result<Type, DecodeError> {
    match Type::from_byte(byte) {
        Some(kind) if kind != Type::Stop => Ok(kind),
        _ => Err(input.fail(Fault::Type(byte))),
    }
}

/// Adds the field path to an error by reading the body once more up to its offset: the path
/// costs nothing while messages are whole. `root` is `None` for a bare list of fields.
#[cold]
pub(super) fn locate(body: &Bytes, limits: DecodeLimits, root: Option<Type>, error: DecodeError) -> DecodeError {
    let mut walk = Walk { input: Decoder::new(body, limits), target: error.offset(), path: Vec::new() };
    let found = match root {
        Some(kind) => walk.value(kind),
        None => walk.fields(),
    };
    let path = if found.is_err() { walk.path } else { Vec::new() };
    error.with_path(path)
}

/// The walk has reached the place that it looks for; the path stands.
struct Found;

struct Walk<'a> {
    input: Decoder<'a>,
    target: usize,
    path: Vec<Step>,
}

impl Walk<'_> {
    fn check(&self) -> Result<(), Found> {
        if self.input.offset() > self.target { Err(Found) } else { Ok(()) }
    }

    /// One step down. When the place is inside, the path keeps the step.
    fn step(&mut self, step: Step, kind: Type) -> Result<(), Found> {
        self.path.push(step);
        self.value(kind)?;
        self.path.pop();
        Ok(())
    }

    fn value(&mut self, kind: Type) -> Result<(), Found> {
        match kind {
            Type::Struct => self.nested(Self::fields),
            Type::List | Type::Set => self.nested(Self::elements),
            Type::Map => self.nested(Self::entries),
            scalar => skip(&mut self.input, scalar).map_err(|_| Found),
        }?;
        self.check()
    }

    fn nested(&mut self, parts: fn(&mut Self) -> Result<(), Found>) -> Result<(), Found> {
        // The decoder's own level counter bounds this recursion: enter, then leave by hand.
        self.input.enter().map_err(|_| Found)?;
        parts(self)?;
        self.input.leave();
        Ok(())
    }

    fn fields(&mut self) -> Result<(), Found> {
        while self.input.offset() < self.target {
            match self.input.field() {
                Ok(Some(field)) => self.step(Step::Field(field.id), field.kind)?,
                Ok(None) => return Ok(()),
                Err(_) => return Err(Found),
            }
        }
        Err(Found)
    }

    fn elements(&mut self) -> Result<(), Found> {
        let [kind] = self.input.take().map_err(|_| Found)?;
        let count = self.input.length().map_err(|_| Found)?;
        for place in 0..count {
            self.check()?;
            let kind = element(&self.input, kind).map_err(|_| Found)?;
            self.step(Step::Element(place), kind)?;
        }
        Ok(())
    }

    fn entries(&mut self) -> Result<(), Found> {
        let [key, value] = self.input.take().map_err(|_| Found)?;
        let count = self.input.length().map_err(|_| Found)?;
        for place in 0..count {
            self.check()?;
            let key = element(&self.input, key).map_err(|_| Found)?;
            let value = element(&self.input, value).map_err(|_| Found)?;
            self.step(Step::Key(place), key)?;
            self.step(Step::Entry(place), value)?;
        }
        Ok(())
    }
}
