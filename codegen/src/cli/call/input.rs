//! The request as it is given: JSON on the command line, a file, standard input.

use std::io::Read as _;

use tokio::sync::mpsc;

/// Lines that wait to be sent.
const WAITING: usize = 16;

/// Where requests are from.
pub(super) enum Input {
    /// A text, and how errors call it.
    Text(String, String),
    /// Standard input.
    Lines,
}

impl Input {
    /// What a word means: JSON, `@FILE`, `-`.
    ///
    /// # Errors
    ///
    /// For a file that cannot be read.
    pub(super) fn of(word: Option<&str>) -> Result<Self, String> {
        Ok(match word {
            None => Self::Text("{}".to_owned(), "request".to_owned()),
            Some("-") => Self::Lines,
            Some(word) => match word.strip_prefix('@') {
                Some(path) => {
                    let text =
                        std::fs::read_to_string(path).map_err(|error| format!("cannot read `{path}`: {error}"))?;
                    Self::Text(text, path.to_owned())
                }
                None => Self::Text(word.to_owned(), "request".to_owned()),
            },
        })
    }

    /// All of it.
    ///
    /// # Errors
    ///
    /// For standard input that cannot be read.
    pub(super) fn whole(self) -> Result<(String, String), String> {
        match self {
            Self::Text(text, name) => Ok((text, name)),
            Self::Lines => {
                let mut text = String::new();
                let read = std::io::stdin().read_to_string(&mut text);
                read.map_err(|error| format!("cannot read standard input: {error}"))?;
                Ok((text, "standard input".to_owned()))
            }
        }
    }

    /// Texts as they come, each with its name: lines of standard input, else all of it.
    pub(super) fn texts(self) -> mpsc::Receiver<(String, String)> {
        let (sender, receiver) = mpsc::channel(WAITING);
        match self {
            Self::Text(text, name) => drop(sender.try_send((text, name))),
            // A thread of its own, for which nobody waits: a line may never come.
            Self::Lines => drop(std::thread::spawn(move || {
                for (number, line) in std::io::stdin().lines().enumerate() {
                    let Ok(line) = line else { return };
                    if sender.blocking_send((line, format!("standard input, line {}", number + 1))).is_err() {
                        return;
                    }
                }
            })),
        }
        receiver
    }
}
