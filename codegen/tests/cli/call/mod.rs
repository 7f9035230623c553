//! `kiteline call` and `kiteline services`: what is said, printed and answered.

#[cfg(feature = "net")]
mod faults;
#[cfg(feature = "net")]
mod go;
#[cfg(feature = "net")]
mod names;
#[cfg(feature = "net")]
mod older;
#[cfg(feature = "net")]
mod page;
#[cfg(feature = "net")]
mod programs;
#[cfg(feature = "net")]
mod proto;
#[cfg(feature = "net")]
mod rest;
#[cfg(feature = "net")]
mod servers;
#[cfg(feature = "net")]
mod services;
#[cfg(feature = "net")]
mod site;
#[cfg(feature = "net")]
mod systems;
#[cfg(feature = "net")]
mod thrift;
#[cfg(feature = "net")]
mod tls;
#[cfg(feature = "net")]
mod wrong;

#[cfg(not(feature = "net"))]
#[test]
fn without_the_network_one_line_says_how_to_get_it() {
    let it = super::sandbox::Sandbox::new(&[]);
    for command in ["call", "services"] {
        let run = it.run(&[command]).ends(2);
        let said = "this kiteline has no network: `cargo install --path codegen --features net` makes one with";
        assert_eq!(run.said, format!("error: {said} `{command}`\n"));
    }
}

/// What a call gave.
#[cfg(feature = "net")]
#[derive(Debug, PartialEq)]
struct Called {
    code: i32,
    out: String,
    said: String,
}

/// A folder in which calls are made.
#[cfg(feature = "net")]
struct Caller {
    folder: super::sandbox::Sandbox,
    address: String,
}

#[cfg(feature = "net")]
impl Caller {
    fn new(address: &str, files: &[(&str, &str)]) -> Self {
        Self { folder: super::sandbox::Sandbox::new(files), address: address.to_owned() }
    }

    /// Calls with these words, and the address of the server.
    fn call(&self, words: &[&str]) -> Called {
        self.fed(words, "")
    }

    /// The same with something on standard input.
    fn fed(&self, words: &[&str], input: &str) -> Called {
        let words = [&["call", "--addr", &self.address], words].concat();
        run(self.folder.command(".", &words), input)
    }
}

#[cfg(feature = "net")]
fn run(mut command: std::process::Command, input: &str) -> Called {
    use std::io::Write as _;
    use std::process::Stdio;

    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.env_remove("KITELINE_REGISTRY").spawn().unwrap();
    // It may end before it has read all of it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let [out, said] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    assert!(!said.contains("panicked"), "{said}");
    Called { code: output.status.code().unwrap_or(-1), out, said }
}

#[cfg(feature = "net")]
impl Called {
    /// It succeeded, with this on standard output and nothing beside it.
    #[track_caller]
    fn gives(&self, out: &str) {
        assert_eq!((self.code, self.said.as_str()), (0, ""), "{self:?}");
        assert_eq!(self.out, out);
    }

    /// It failed with this, exactly.
    #[track_caller]
    fn fails(&self, code: i32, said: &str) {
        assert_eq!((self.code, self.said.as_str(), self.out.as_str()), (code, said, ""));
    }
}
