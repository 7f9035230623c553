//! Reading lists, objects and messages, with the one loop over the fields of any message.

use std::borrow::Cow;

use crate::failure::Step;
use crate::fields::Seen;
use crate::reader::{Source, shown};
use crate::{Failure, Fields, Message, Read, Reader};

impl<'a> Reader<'a> {
    /// The elements of a list; the text of a field outside of the body is one.
    ///
    /// # Errors
    ///
    /// What `each` gives, and for what is no list.
    pub(crate) fn elements(&mut self, each: &mut dyn FnMut(&mut Self) -> Read) -> Read {
        match self.source {
            Source::Json => {}
            Source::Text(path) if !path.is_empty() => {
                return Err(Failure::new(format!("it is a list, and has no field `{path}`"), None));
            }
            _ => {
                self.listed = true;
                return each(self);
            }
        }
        self.expect(b'[', "a list")?;
        self.deeper()?;
        let mut place = 0;
        if !self.eat(b']') {
            loop {
                each(self).map_err(|failure| failure.inside(Step::Element(place)))?;
                place += 1;
                if self.eat(b']') {
                    break;
                }
                self.expect(b',', "a comma or the end of the list")?;
            }
        }
        self.depth += 1;
        Ok(())
    }

    /// The pairs of an object. `each` reads the value.
    ///
    /// # Errors
    ///
    /// What `each` gives, and for what is no object.
    pub(crate) fn entries(&mut self, each: &mut dyn FnMut(&mut Self, Cow<'a, str>) -> Read) -> Read {
        self.expect(b'{', "an object")?;
        self.deeper()?;
        if !self.eat(b'}') {
            loop {
                self.expect(b'"', "a name")?;
                let key = self.quoted()?;
                self.expect(b':', "a colon")?;
                each(self, key)?;
                if self.eat(b'}') {
                    break;
                }
                self.expect(b',', "a comma or the end of the object")?;
            }
        }
        self.depth += 1;
        Ok(())
    }

    /// A message: an object; or, outside of the body, one of its fields.
    ///
    /// # Errors
    ///
    /// For JSON that is no such message, or where a limit is reached.
    pub fn message(&mut self, message: &mut dyn Message) -> Read {
        match self.source {
            Source::Json => self.object(message, false),
            _ => self.descend(message),
        }
    }

    /// The one loop that reads messages. `any` where the name of its type stands between its fields.
    pub(crate) fn object(&mut self, message: &mut dyn Message, any: bool) -> Read {
        let (fields, types) = (message.fields(), self.types);
        let partial = self.partial.take();
        self.types = fields.types.or(types);
        self.charge(size_of_val(message))?;
        self.expect(b'{', "an object")?;
        self.deeper()?;
        let mut seen = Seen::default();
        if !self.eat(b'}') {
            let mut next = 0;
            loop {
                match self.name(fields, next, any)? {
                    Some(place) => {
                        next = place + 1;
                        self.one(message, fields, place, &mut seen)?;
                    }
                    None => self.skip().map_err(Failure::bare)?,
                }
                if self.eat(b'}') {
                    break;
                }
                self.expect(b',', "a comma or the end of the object")?;
            }
        }
        self.depth += 1;
        self.types = types;
        if partial.is_some() {
            self.partial = Some(seen);
            return Ok(());
        }
        required(fields, &seen, Some(self.at))
    }

    #[inline]
    fn one(&mut self, message: &mut dyn Message, fields: &'static Fields, place: usize, seen: &mut Seen) -> Read {
        if !seen.insert(place) {
            let offset = self.place();
            return Err(Failure::new("the field is there twice", offset).inside(Step::Field(fields.name(place))));
        }
        if self.peek() == Some(b'n') && !fields.takes_null(place) && self.null() {
            // A required field that is null is not there.
            if fields.required.contains(&place) {
                return Err(self.missing(fields.name(place)));
            }
            return Ok(());
        }
        message.read(place, self).map_err(|failure| failure.inside(Step::Field(fields.name(place))))
    }

    /// The next name with its colon: the place of its field, or `None` for what is to be left out. Most writers keep the
    /// order of the IDL, so that one name is tried first.
    #[inline]
    fn name(&mut self, fields: &'static Fields, next: usize, any: bool) -> Read<Option<usize>> {
        self.expect(b'"', "a name")?;
        let (start, rest) = (self.at, self.bytes());
        let guess = fields.name(next).as_bytes();
        if fields.plain && !guess.is_empty() && rest.starts_with(guess) && rest.get(guess.len()) == Some(&b'"') {
            self.at += guess.len() + 1;
            self.expect(b':', "a colon")?;
            return Ok(Some(next));
        }
        let name = self.quoted()?;
        self.expect(b':', "a colon")?;
        let place = fields.place(&name);
        if place.is_none() && self.refuse_unknown && !(any && name == "@type") {
            return Err(Failure::new(format!("there is no field {}", shown(&name, true)), Some(start - 1)));
        }
        Ok(place)
    }

    /// The field of a message for which a text stands outside of the body.
    fn descend(&mut self, message: &mut dyn Message) -> Read {
        let path = match self.source {
            Source::Text(path) | Source::Raw(path, ..) | Source::Field(path) => path,
            Source::Json | Source::Key => "",
        };
        if path.is_empty() {
            return match self.source {
                Source::Raw(_, bytes, content_type) => self.body_of(message, bytes, content_type),
                _ => self.with(self.text, Source::Json, |inner| inner.whole_message(message)),
            };
        }
        let (name, rest) = first_of(path);
        let fields = message.fields();
        let Some(place) = fields.place(name) else {
            // A parameter of a query is nobody's.
            if matches!(self.source, Source::Text(_)) && !self.refuse_unknown {
                return Ok(());
            }
            return Err(Failure::new(format!("there is no field {}", shown(name, true)), None));
        };
        self.source = match self.source {
            Source::Raw(_, bytes, content_type) => Source::Raw(rest, bytes, content_type),
            Source::Field(_) if rest.is_empty() => Source::Json,
            Source::Field(_) => Source::Field(rest),
            _ => Source::Text(rest),
        };
        if let Some(seen) = &mut self.partial {
            seen.insert(place);
        }
        let partial = self.partial.take();
        if !fields.takes_null(place) && self.null() {
            self.partial = partial;
            return Ok(());
        }
        let read = message.read(place, self).map_err(|failure| failure.inside(Step::Field(fields.name(place))));
        self.partial = partial;
        read
    }

    /// The bytes of a `google.api.HttpBody`, and their content type.
    fn body_of(&mut self, message: &mut dyn Message, bytes: &'a [u8], content_type: &'a str) -> Read {
        self.source = Source::Raw("data", bytes, content_type);
        self.descend(message)?;
        match message.fields().place("content_type") {
            Some(place) => self.with(content_type, Source::Text(""), |inner| message.read(place, inner)),
            None => Ok(()),
        }
    }

    /// A message that a text holds as JSON.
    fn whole_message(&mut self, message: &mut dyn Message) -> Read {
        self.object(message, false)?;
        self.end()
    }

    /// Leaves a value out.
    ///
    /// # Errors
    ///
    /// For what is not JSON, or nested too deep.
    pub fn skip(&mut self) -> Read {
        match self.peek() {
            Some(b'{') => self.entries(&mut |input, _| input.skip()),
            Some(b'[') => self.elements(&mut |input| input.skip()),
            _ => self.token("a value").map(drop),
        }
    }
}

/// Checks that the fields came that have to.
pub(crate) fn required(fields: &Fields, seen: &Seen, at: Option<usize>) -> Read {
    match fields.required.iter().find(|place| !seen.contains(**place)) {
        Some(place) => Err(Failure::new("the field is missing", at).inside(Step::Field(fields.name(*place)))),
        None => Ok(()),
    }
}

/// The first name of a path, and the rest: `a` and `b.c` of `a.b.c`, `a` and `[k].b` of `a[k].b`.
fn first_of(path: &str) -> (&str, &str) {
    match path.find(['.', '[']) {
        Some(end) if path[end..].starts_with('[') => path.split_at(end),
        Some(end) => (&path[..end], &path[end + 1..]),
        None => (path, ""),
    }
}
