//! The page about `kiteline call`: its transcript is run, line by line.

use std::path::PathBuf;
use std::process::Command;

use super::programs::{Server, workspace};
use super::services::Process;

/// One command of the page, and what is printed.
#[derive(Debug)]
struct Step {
    command: String,
    output: String,
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            line if inside => match line.strip_prefix("$ ") {
                Some(command) => steps.push(Step { command: command.to_owned(), output: String::new() }),
                None => {
                    let last = steps.last_mut().unwrap();
                    last.output.push_str(line);
                    last.output.push('\n');
                }
            },
            _ => {}
        }
    }
    steps
}

/// The text with the addresses of the page, and without what is of the moment: widths, seconds, times.
fn plain(text: &str, addresses: &[(&str, &str)]) -> String {
    let text = addresses.iter().fold(text.to_owned(), |text, (own, shown)| text.replace(own, shown));
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_time =
            |at: usize| words[at].parse::<f64>().is_ok() && matches!(words.get(at + 1), Some(&"s") | Some(&"ms"));
        let words = words.iter().enumerate().map(|(at, word)| if is_time(at) { "N" } else { word });
        words.collect::<Vec<_>>().join(" ")
    };
    text.lines().map(line).filter(|it| !it.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_page_shows_what_happens() {
    let page = std::fs::read_to_string(workspace().join("docs/call.md")).unwrap();
    let etcd = Process::registry();
    let url = format!("etcd://{}", etcd.1);
    let add = Server::start("add", &url);
    let naming = Server::start("naming", &format!("{url}?layout=kratos"));
    let own = [
        (etcd.1.as_str(), "127.0.0.1:2379"),
        (add.address.as_str(), "127.0.0.1:8888"),
        (naming.address.as_str(), "127.0.0.1:9000"),
    ];
    let program = PathBuf::from(env!("CARGO_BIN_EXE_kiteline"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut folder = workspace();
    let steps = steps(&page);
    assert!(steps.len() > 10, "{steps:?}");
    for Step { command, output } in steps {
        if let Some(to) = command.strip_prefix("cd ") {
            folder.push(to);
            continue;
        }
        // The page's addresses are those of people.
        let run = own.iter().fold(command.clone(), |run, (own, shown)| run.replace(shown, own));
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{run} 2>&1")]).current_dir(&folder);
        let out = shell.env("PATH", &path).env("KITELINE_REGISTRY", &url).output().unwrap();
        let out = String::from_utf8(out.stdout).unwrap();
        assert_eq!(plain(&out, &own), plain(&output, &[]), "{command}");
    }
}
