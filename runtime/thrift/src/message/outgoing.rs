//! Writes a message in any wrapping.

use bytes::{Bytes, BytesMut};

use super::frame::{FrameError, MAX_FRAME};
use super::header::Header;
use super::message_reader::Wire;
use crate::ttheader::{self, Info, Room, TtHeader};

/// One message on its way out.
#[derive(Clone, Debug)]
pub struct Outgoing<'a, I = TtHeader<'a>> {
    /// The wrapping.
    pub wire: Wire,
    /// Its own header.
    pub header: Header<'a>,
    /// The TTHeader, where the wire has one.
    pub info: &'a I,
    /// Its body.
    pub body: &'a Bytes,
}

impl<I: Info> Outgoing<'_, I> {
    /// Writes everything in front of the body, which goes behind it.
    ///
    /// # Errors
    ///
    /// [`FrameError::TooLong`] over `limit` or [`MAX_FRAME`], [`FrameError::TtHeader`] for pairs
    /// that fit no header; nothing was written then.
    pub fn write_head(&self, limit: usize, out: &mut BytesMut) -> Result<(), FrameError> {
        let message = self.header.size().saturating_add(self.body.len());
        let inner = if self.wire.is_framed() { 4 } else { 0 };
        let measured = if self.wire.has_header() { Some(ttheader::measure(self.info)?) } else { None };
        let outer = measured.as_ref().map_or(0, |measured| measured.size());
        let whole = message.saturating_add(inner + outer);
        let limit = limit.min(MAX_FRAME);
        let fits = |length: usize| u32::try_from(length).ok().filter(|_| length <= limit);
        let too_long = || FrameError::TooLong { length: whole, limit };
        let (message, whole) = fits(message).zip(fits(whole)).ok_or_else(too_long)?;
        let front = outer + inner + if measured.is_some() { 4 } else { 0 };
        out.reserve(front + self.header.size());
        let mut room = Room::behind(out, front);
        if let Some(measured) = &measured {
            room.put(whole.to_be_bytes());
            ttheader::put(self.info, measured, &mut room);
        }
        if self.wire.is_framed() {
            room.put(message.to_be_bytes());
        }
        self.header.write(out);
        Ok(())
    }
}
