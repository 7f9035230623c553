//! A crate's `Cargo.toml` as it is on disk, parsed once a run: what it says of the crate, and what an
//! earlier run recorded in `[package.metadata.kiteline]`.

use std::collections::BTreeMap;

use toml_edit::{DocumentMut, Item, TomlError};

/// A manifest that is there.
#[derive(Clone, Debug)]
pub struct Manifest(DocumentMut);

impl Manifest {
    /// Reads a manifest's text.
    ///
    /// # Errors
    ///
    /// A text that is not TOML.
    pub fn parse(text: &str) -> Result<Self, TomlError> {
        text.parse().map(Self)
    }

    /// The document, to be edited.
    pub(super) fn document(&self) -> DocumentMut {
        self.0.clone()
    }

    /// The package's name.
    pub fn name(&self) -> Option<&str> {
        self.0.get("package")?.get("name")?.as_str()
    }

    /// Whether it depends on `runtime`.
    pub fn depends(&self) -> bool {
        self.0.get("dependencies").is_some_and(|it| it.get("runtime").is_some())
    }

    /// Whether it is of a workspace and of no package.
    pub fn is_workspace_alone(&self) -> bool {
        self.0.contains_key("workspace") && !self.0.contains_key("package")
    }

    /// A list of its workspace, such as the members; `None` without a workspace.
    pub fn workspace(&self, key: &str) -> Option<Vec<&str>> {
        let list = self.0.get("workspace")?.get(key).and_then(Item::as_array);
        Some(list.into_iter().flatten().filter_map(|it| it.as_str()).collect())
    }

    /// The text with one more member of its workspace, every other byte as it was; `None` where the members are
    /// no list.
    pub fn with_member(&self, member: &str) -> Option<String> {
        let mut document = self.0.clone();
        let members = document["workspace"]["members"].or_insert(toml_edit::value(toml_edit::Array::new()));
        members.as_array_mut()?.push(member);
        Some(document.to_string())
    }

    fn own(&self) -> Option<&Item> {
        self.0.get("package")?.get("metadata")?.get("kiteline")
    }

    /// The values of an option in our own table.
    pub fn values(&self, key: &str) -> Vec<String> {
        match self.own().and_then(|it| it.get(key)) {
            None => Vec::new(),
            Some(item) if item.is_array() => self.strings(key),
            Some(item) => vec![item.as_str().map_or_else(|| item.to_string().trim().to_owned(), str::to_owned)],
        }
    }

    /// A list of our own table.
    pub fn strings(&self, key: &str) -> Vec<String> {
        let list = self.own().and_then(|it| it.get(key)?.as_array());
        list.into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)).collect()
    }

    /// The hash of each copied IDL as it came, by its path in the crate.
    pub fn hashes(&self) -> BTreeMap<String, u64> {
        let hashes = self.own().and_then(|it| it.get("hashes")?.as_table_like());
        let hash = |(path, hash): (&str, &Item)| Some((path.to_owned(), u64::from_str_radix(hash.as_str()?, 16).ok()?));
        hashes.into_iter().flat_map(|it| it.iter()).filter_map(hash).collect()
    }
}
