//! The development registry as a process.

use super::sandbox::Sandbox;

#[cfg(not(feature = "net"))]
#[test]
fn without_the_network_one_line_says_how_to_get_it() {
    let it = Sandbox::new(&[]);
    let run = it.run(&["registry"]).ends(2).says("cargo install --path codegen --features net");
    assert_eq!(run.said.lines().count(), 1, "{}", run.said);
    it.run(&["registry", "add.thrift"]).ends(2);
}

#[cfg(feature = "net")]
mod net {
    use std::io::{BufRead, BufReader};
    use std::net::TcpStream;
    use std::process::{Child, ChildStderr, Command, Stdio};

    use super::Sandbox;

    /// Starts it and waits until it listens; gives all that it said and the address.
    fn start(it: &Sandbox, listen: &str) -> (Child, BufReader<ChildStderr>, String, String) {
        let mut command = it.command(".", &["registry", "--listen", listen]);
        let mut child = command.stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("listening") {
            assert_ne!(lines.read_line(&mut said).unwrap(), 0, "{said}");
        }
        let last = said.lines().last().unwrap().trim().strip_prefix("listening ").unwrap();
        let address = last.split(": ").next().unwrap().to_owned();
        (child, lines, said, address)
    }

    #[test]
    fn it_serves_until_it_is_told_to_stop() {
        let it = Sandbox::new(&[]);
        for signal in ["-INT", "-TERM"] {
            let (mut child, _lines, said, address) = start(&it, "127.0.0.1:0");
            assert!(said.contains("not durable") && !said.contains("other machines"), "{said}");
            TcpStream::connect(&address).unwrap();
            it.run(&["registry", "--listen", &address]).ends(3).says(&address);
            assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
            assert_eq!(child.wait().unwrap().code(), Some(0));
            assert!(TcpStream::connect(&address).is_err());
        }
    }

    #[test]
    fn others_may_come_in_only_when_that_was_said() {
        let it = Sandbox::new(&[]);
        let (mut child, _lines, said, address) = start(&it, "0.0.0.0:0");
        assert!(said.contains("open to other machines"), "{said}");
        assert!(address.starts_with("0.0.0.0:"));
        child.kill().unwrap();
        child.wait().unwrap();
        it.run(&["registry", "--listen", "nowhere"]).ends(3).says("nowhere");
    }
}
