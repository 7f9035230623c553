//! Choices of the user about the generated text that reach more than one stage.

/// The sides of a service that are emitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sides {
    /// Server and client.
    #[default]
    Both,
    /// Clients only.
    Client,
    /// Servers only.
    Server,
}

impl Sides {
    /// Whether servers are among them.
    pub fn server(self) -> bool {
        self != Self::Client
    }

    /// Whether clients are.
    pub fn client(self) -> bool {
        self != Self::Server
    }
}

/// How omitted field ids are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ids {
    /// The one before it plus 1, from 1.
    #[default]
    Kitex,
    /// Down from -1, as Apache's compiler does.
    Apache,
}

/// Which collections hold Thrift's maps and sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Maps {
    /// `HashMap` and `HashSet`; `BTreeMap` and `BTreeSet` where a key holds a double.
    #[default]
    Hash,
    /// `BTreeMap` and `BTreeSet`: in order, the same bytes each time.
    BTree,
}

/// The Rust type of Thrift's `string`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strings {
    /// `String`: other bytes than UTF-8 are refused.
    #[default]
    Text,
    /// `Bytes`, as for `binary`: for peers that put any bytes there.
    Bytes,
}

/// Which types implement the traits of JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Json {
    /// Those of proto.
    #[default]
    Auto,
    /// All.
    On,
    /// None.
    Off,
}
