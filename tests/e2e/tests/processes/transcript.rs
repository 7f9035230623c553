//! The transcript in an example's README, done as it stands: what each line of a `console` block prints is what the page says.

use std::process::Command;

use e2e::{Etcd, Process, free_address, program, workspace};
use tempfile::TempDir;

/// An example on a machine of its own: where its files say an address, there is a free one here.
pub(crate) struct Place {
    pub(crate) etcd: Etcd,
    example: &'static str,
    /// An address of the files, and the one in its stead.
    addresses: Vec<(String, String)>,
    /// Holds its `service.toml`.
    folder: TempDir,
    /// What was started, in this order; those that were stopped are `None`.
    jobs: Vec<Option<Process>>,
}

impl Place {
    /// An etcd and these ports for an example. `None` where the machine has no etcd.
    pub(crate) fn new(example: &'static str, ports: &[u16]) -> Option<Self> {
        let etcd = Etcd::start()?;
        let mut addresses: Vec<_> = ports.iter().map(|port| (format!("127.0.0.1:{port}"), free_address())).collect();
        addresses.push(("127.0.0.1:2379".to_owned(), etcd.address.clone()));
        let place = Self { etcd, example, addresses, folder: tempfile::tempdir().unwrap(), jobs: Vec::new() };
        std::fs::write(place.folder.path().join("service.toml"), place.file("service.toml")).unwrap();
        Some(place)
    }

    /// The address in place of one of the files, by its place among the ports.
    pub(crate) fn address(&self, port: usize) -> &str {
        &self.addresses[port].1
    }

    /// Changes its `service.toml`.
    pub(crate) fn set(&self, from: &str, to: &str) {
        let file = self.folder.path().join("service.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(file, text.replace(from, to)).unwrap();
    }

    /// A file of the example, with the addresses of this place.
    pub(crate) fn file(&self, name: &str) -> String {
        let text = std::fs::read_to_string(workspace().join("examples").join(self.example).join(name)).unwrap();
        self.addresses.iter().fold(text, |text, (theirs, here)| text.replace(theirs, here))
    }

    /// Does every line of the page's transcripts.
    pub(crate) fn run_the_page(&mut self) {
        let page = self.file("README.md");
        let blocks = blocks(&page, "console");
        assert!(!blocks.is_empty(), "no transcript");
        for step in blocks.concat().split("$ ").skip(1) {
            let (line, wanted) = step.split_once('\n').unwrap();
            assert_eq!(masked(&self.run(line)), masked(wanted), "{line}");
        }
    }

    /// A program that finds the example's settings.
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = program(name);
        command.current_dir(self.folder.path());
        command
    }

    /// The server of the example, until it is registered.
    pub(crate) fn serve(&mut self) {
        self.start(self.command(self.example));
    }

    /// The same on one of the ports, with its log.
    pub(crate) fn serve_on(&mut self, port: usize) {
        let mut command = self.command(self.example);
        command.env("RUST_LOG", "info").args(["--listen", self.address(port)]);
        self.start(command);
    }

    fn start(&mut self, mut command: Command) {
        let process = Process::start(self.example, &mut command);
        process.line("registered in etcd");
        self.jobs.push(Some(process));
    }

    /// Ends a server that was started.
    pub(crate) fn stop(&mut self, job: usize) {
        self.jobs[job].take().unwrap().stop();
    }

    /// The servers that run.
    pub(crate) fn running(&self) -> impl Iterator<Item = &Process> {
        self.jobs.iter().flatten()
    }

    /// What a server that was started has printed.
    pub(crate) fn printed(&self, job: usize) -> Vec<String> {
        self.jobs[job].as_ref().unwrap().printed()
    }

    /// Does what a line says, and gives what it prints.
    pub(crate) fn run(&mut self, line: &str) -> String {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["cargo", "run", "&"] => self.serve(),
            ["RUST_LOG=info", "cargo", "run", "--", "--listen", address, "&"] => {
                self.serve_on(self.addresses.iter().position(|(_, here)| here == address).unwrap());
            }
            ["kill", job] => self.stop(job.strip_prefix('%').unwrap().parse::<usize>().unwrap() - 1),
            ["etcdctl", "get", "--prefix", prefix] => {
                return self.etcd.get(prefix).unwrap().iter().map(|line| format!("{line}\n")).collect();
            }
            ["cargo", "run", "--bin", name] => return output(&mut self.command(name)),
            ["curl", ..] => {
                let text = output(Command::new("sh").args(["-c", line]));
                return if text.ends_with('\n') { text } else { text + "\n" };
            }
            _ => unreachable!("who runs `{line}`?"),
        }
        String::new()
    }
}

/// What a program prints until its end, which has to be a good one.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The blocks of a language in a page, without their fences.
pub(crate) fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    page.split(&format!("```{language}\n")).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// A text without the digits of its UUIDs.
fn masked(text: &str) -> String {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let mut out = text.to_owned();
    for (at, _) in text.match_indices(|it: char| it.is_ascii_hexdigit()) {
        let Some(parts) = text.get(at..at + 36).map(|it| it.split('-').collect::<Vec<_>>()) else { continue };
        let digits = parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if digits && parts.iter().map(|part| part.len()).eq(LENGTHS) {
            out.replace_range(at..at + 36, "........-....-....-....-............");
        }
    }
    out
}
