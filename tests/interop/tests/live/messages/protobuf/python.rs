//! The Python program that reads messages with Google's library, started once for all of them.

use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What Python says of a message.
pub(crate) struct Said {
    /// What is wrong, else empty.
    pub(crate) wrong: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) json: Vec<u8>,
}

/// The program, which ends when nothing more is to come.
pub(crate) struct Python {
    child: Child,
    input: Option<BufWriter<ChildStdin>>,
    output: BufReader<ChildStdout>,
}

impl Python {
    /// `None` where the library is missing, said in one line; under `CI` that is a failure.
    pub(crate) fn with_protobuf(descriptors: &[u8]) -> Option<Self> {
        let Some(interpreter) = interop::interpreter("google.protobuf") else {
            assert!(std::env::var_os("CI").is_none(), "python3-protobuf is missing");
            eprintln!("skipped: this test needs Debian's `python3-protobuf`");
            return None;
        };
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/messages.py");
        let mut command = Command::new(interpreter);
        // Nothing is written beside the sources.
        command.arg("-B").arg(program).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take().map(BufWriter::new);
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut python = Self { child, input, output };
        python.say(&[descriptors]);
        Some(python)
    }

    /// Says a message's type, the message, how we write it in bytes and in JSON, and how JSON is wanted.
    pub(crate) fn ask(&mut self, parts: [&[u8]; 5]) -> Said {
        self.say(&parts);
        let [wrong, bytes, json] = [(); 3].map(|()| self.hear());
        Said { wrong: String::from_utf8(wrong).unwrap(), bytes, json }
    }

    fn say(&mut self, parts: &[&[u8]]) {
        let input = self.input.as_mut().unwrap();
        for part in parts {
            input.write_all(&u32::try_from(part.len()).unwrap().to_be_bytes()).unwrap();
            input.write_all(part).unwrap();
        }
        input.flush().unwrap();
    }

    fn hear(&mut self) -> Vec<u8> {
        let mut length = [0; 4];
        self.output.read_exact(&mut length).unwrap();
        let mut part = vec![0; u32::from_be_bytes(length) as usize];
        self.output.read_exact(&mut part).unwrap();
        part
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        self.input = None;
        // What it could not do, it has said.
        drop(self.child.wait());
    }
}
