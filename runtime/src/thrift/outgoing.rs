//! A message on its way out, wrapped in any way.

use bytes::{BufMut, Bytes, BytesMut};

use super::frame::{FrameError, MAX_FRAME};
use super::message::Header;
use super::messages::Wire;
use super::ttheader::TtHeader;

/// One message on its way out.
#[derive(Clone, Debug)]
pub struct Outgoing<'a> {
    /// How it is wrapped.
    pub wire: Wire,
    /// Its own header.
    pub header: Header<'a>,
    /// The TTHeader, where the wire has one.
    pub info: &'a TtHeader<'a>,
    /// Its body.
    pub body: &'a Bytes,
}

impl Outgoing<'_> {
    /// Writes everything in front of the body, which goes behind it.
    ///
    /// # Errors
    ///
    /// [`FrameError::TooLong`] over `limit` or [`MAX_FRAME`], [`FrameError::TtHeader`] for pairs
    /// that fit no header; nothing was written then.
    pub fn write_head(&self, limit: usize, out: &mut BytesMut) -> Result<(), FrameError> {
        let message = self.header.size().saturating_add(self.body.len());
        let inner = if self.wire.is_framed() { 4 } else { 0 };
        let outer = if self.wire.has_header() { self.info.fits()? } else { 0 };
        let whole = message.saturating_add(inner + outer);
        let limit = limit.min(MAX_FRAME);
        let fits = |length: usize| u32::try_from(length).ok().filter(|_| length <= limit);
        let too_long = || FrameError::TooLong { length: whole, limit };
        let (message, whole) = fits(message).zip(fits(whole)).ok_or_else(too_long)?;
        out.reserve(4 + inner + outer + self.header.size());
        if self.wire.has_header() {
            out.put_u32(whole);
            self.info.write(out);
        }
        if self.wire.is_framed() {
            out.put_u32(message);
        }
        self.header.write(out);
        Ok(())
    }
}
