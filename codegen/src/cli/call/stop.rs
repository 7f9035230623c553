//! The end of a command before its work: an exit code, and what is said.

use crate::cli::exit::{FINDINGS, USAGE};
use crate::cli::report::Report;

/// Why a command ends.
pub(super) struct Stop {
    code: u8,
    text: String,
    /// Whether the text is a finding as it is to be shown.
    shown: bool,
}

impl Stop {
    /// The call failed, or what it needs is not there.
    pub(super) fn failed(text: String) -> Self {
        Self { code: FINDINGS, text, shown: false }
    }

    /// Findings, as text.
    pub(super) fn findings(text: String) -> Self {
        Self { code: USAGE, text, shown: true }
    }

    /// With something said in front of the reason, where the command cannot be understood.
    pub(super) fn behind(self, before: &str) -> Self {
        let text = if self.code == USAGE { format!("{before}; {}", self.text) } else { self.text };
        Self { text, ..self }
    }

    /// Says it; gives the exit code.
    pub(super) fn say(&self, report: &Report) -> u8 {
        if self.shown {
            report.text(&self.text);
        } else {
            report.error(&self.text);
        }
        self.code
    }
}

/// A command that cannot be understood.
impl From<String> for Stop {
    fn from(text: String) -> Self {
        Self { code: USAGE, text, shown: false }
    }
}
