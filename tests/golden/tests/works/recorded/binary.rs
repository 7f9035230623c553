//! A small reader of strict Binary of its own: it shares nothing with the runtime that it checks.

/// A message cut into its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The type: 1 call, 2 reply, 3 exception, 4 oneway.
    pub(crate) kind: u8,
    /// The method's name.
    pub(crate) name: String,
    /// The sequence number.
    pub(crate) seq: [u8; 4],
    /// Fields and STOP.
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// Cuts a message.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        assert_eq!(bytes[..3], [0x80, 1, 0]);
        let length = u32::from_be_bytes(bytes[4..8].try_into().unwrap()) as usize;
        let (name, rest) = bytes[8..].split_at(length);
        Self {
            kind: bytes[3],
            name: String::from_utf8(name.to_vec()).unwrap(),
            seq: rest[..4].try_into().unwrap(),
            body: rest[4..].to_vec(),
        }
    }

    /// The message as bytes behind their length.
    pub(crate) fn frame(&self) -> Vec<u8> {
        let length = 12 + self.name.len() + self.body.len();
        let mut out = u32::try_from(length).unwrap().to_be_bytes().to_vec();
        out.extend([0x80, 1, 0, self.kind]);
        out.extend(u32::try_from(self.name.len()).unwrap().to_be_bytes());
        out.extend(self.name.as_bytes());
        out.extend(self.seq);
        out.extend(&self.body);
        out
    }
}
