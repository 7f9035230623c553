//! Files whose content is used until they change to something that can be used, too.

use std::fs::{self, Metadata};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use kiteline_core::error::Error;
use kiteline_core::lock::lock;

use crate::settings::Pem;

/// A file that changed so shortly before it was read may have changed again since, unseen: clocks of file systems are
/// coarse.
const SETTLED: Duration = Duration::from_secs(2);

/// What is made of settings and what their files hold.
pub(crate) trait Material {
    /// What is made.
    type Made: Clone;

    /// The files, each with the name of its setting.
    fn files(&self) -> Vec<(&'static str, &Pem)>;

    /// Makes it of the contents, in the order of [`Material::files`].
    fn make(&self, contents: &[Vec<u8>]) -> Result<Self::Made, Error>;
}

/// What can be seen of a file without reading it.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        let (modified, length) = (metadata.modified().ok(), metadata.len());
        Some(Self { modified, length, inode: inode(&metadata) })
    }

    fn is_settled(&self, now: SystemTime) -> bool {
        self.modified.is_some_and(|at| now.duration_since(at).is_ok_and(|age| age > SETTLED))
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

/// The material of now.
#[derive(Debug)]
pub(crate) struct Files<M: Material> {
    settings: M,
    state: Mutex<State<M::Made>>,
}

#[derive(Debug)]
struct State<T> {
    made: T,
    stamps: Vec<Option<Stamp>>,
    /// Whether equal stamps mean equal files.
    settled: bool,
    /// What was last made something of, or tried.
    contents: Vec<Vec<u8>>,
    /// What was last logged.
    said: Option<String>,
}

impl<M: Material> Files<M> {
    /// Reads the files and makes the first material.
    ///
    /// # Errors
    ///
    /// With the setting and the file.
    pub(crate) fn open(settings: M) -> Result<Self, Error> {
        let (stamps, settled) = stamps(&settings);
        let contents = read(&settings)?;
        let made = settings.make(&contents)?;
        let state = State { made, stamps, settled, contents, said: None };
        Ok(Self { settings, state: Mutex::new(state) })
    }

    /// The material of the files as they are now; while they cannot be used (half written, gone), that of before.
    pub(crate) fn now(&self) -> M::Made {
        let mut state = lock(&self.state);
        let (stamps, settled) = stamps(&self.settings);
        if state.settled && state.stamps == stamps {
            return state.made.clone();
        }
        (state.stamps, state.settled) = (stamps, settled);
        let made = match read(&self.settings) {
            Ok(contents) if contents == state.contents => return state.made.clone(),
            Ok(contents) => {
                let made = self.settings.make(&contents);
                state.contents = contents;
                made
            }
            // Whatever they hold next, it is something else.
            Err(error) => {
                state.contents.clear();
                Err(error)
            }
        };
        state.take(made);
        state.made.clone()
    }
}

impl<T> State<T> {
    fn take(&mut self, made: Result<T, Error>) {
        match made {
            Ok(made) => {
                (self.made, self.said) = (made, None);
                tracing::info!(target: "runtime::tls::files", "the TLS files have changed and are used");
            }
            Err(error) => {
                let text = error.message().to_owned();
                if self.said.as_ref() != Some(&text) {
                    tracing::warn!(target: "runtime::tls::files", %error, "the TLS files of before are used");
                    self.said = Some(text);
                }
            }
        }
    }
}

fn stamps(settings: &impl Material) -> (Vec<Option<Stamp>>, bool) {
    let now = SystemTime::now();
    let stamp = |(_, pem): (_, &Pem)| match pem {
        Pem::File(path) => Some(Stamp::of(path)),
        Pem::Text(_) => None,
    };
    let stamps: Vec<_> = settings.files().into_iter().filter_map(stamp).collect();
    let settled = stamps.iter().all(|stamp| stamp.as_ref().is_none_or(|stamp| stamp.is_settled(now)));
    (stamps, settled)
}

fn read(settings: &impl Material) -> Result<Vec<Vec<u8>>, Error> {
    let read = |(setting, pem): (&'static str, &Pem)| match pem {
        Pem::File(path) => fs::read(path).map_err(|error| unusable(setting, pem, error)),
        Pem::Text(text) => Ok(text.to_vec()),
    };
    settings.files().into_iter().map(read).collect()
}

/// The error of a setting whose file cannot be used.
pub(crate) fn unusable(setting: &str, pem: &Pem, why: impl ToString) -> Error {
    Error::invalid(format!("{setting}: {pem}: {}", why.to_string()))
}
