//! etcd's own tool works with the embedded registry.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

/// Whether the machine has it; under CI it must.
fn installed() -> bool {
    let found = Command::new("etcdctl").arg("version").output().is_ok();
    if !found {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "etcdctl is not installed");
        eprintln!("skipped: etcdctl is not installed");
    }
    found
}

fn command(address: SocketAddr, args: &[&str]) -> Command {
    let mut command = Command::new("etcdctl");
    command.env("ETCDCTL_API", "3").args(["--endpoints", &address.to_string()]).args(args);
    command
}

async fn run(address: SocketAddr, args: &[&str], input: Option<&'static str>) -> String {
    let mut command = command(address, args);
    let args = format!("{args:?}");
    let output = tokio::task::spawn_blocking(move || {
        let Some(input) = input else { return command.output() };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes())?;
        child.wait_with_output()
    });
    let output = output.await.unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{args}: {}", text(&output.stderr));
    text(&output.stdout)
}

#[tokio::test]
async fn etcdctl_reads_and_writes() {
    if !installed() {
        return;
    }
    let dev = super::embedded().await;
    let at = dev.address();
    assert_eq!(run(at, &["put", "a", "1"], None).await, "OK\n");
    assert_eq!(run(at, &["put", "--prev-kv", "a", "2"], None).await, "OK\na\n1\n");
    assert_eq!(run(at, &["get", "a"], None).await, "a\n2\n");
    assert_eq!(run(at, &["get", "--rev", "2", "a"], None).await, "a\n1\n");
    assert_eq!(run(at, &["get", "--prefix", "--keys-only", ""], None).await, "a\n\n");
    let txn = run(at, &["txn"], Some("value(\"a\") = \"2\"\n\nput b 3\nget a\n\nput b 4\n\n")).await;
    assert_eq!(txn, "SUCCESS\n\nOK\n\na\n2\n");
    assert_eq!(run(at, &["del", "b"], None).await, "1\n");
    assert_eq!(run(at, &["compact", "5"], None).await, "compacted revision 5\n");
    let grant = run(at, &["lease", "grant", "100"], None).await;
    let lease = grant.split_whitespace().nth(1).unwrap().to_owned();
    run(at, &["put", "--lease", &lease, "c", "5"], None).await;
    let left = run(at, &["lease", "timetolive", "--keys", &lease], None).await;
    assert!(left.contains("granted with TTL(100s)") && left.contains("[c]"), "{left}");
    assert!(run(at, &["lease", "list"], None).await.contains(&lease));
    assert!(run(at, &["lease", "keep-alive", "--once", &lease], None).await.contains("keepalived with TTL(100)"));
    run(at, &["lease", "revoke", &lease], None).await;
    assert_eq!(run(at, &["get", "c"], None).await, "");
    let members = run(at, &["member", "list"], None).await;
    assert!(members.contains("started, development") && members.contains(&at.to_string()), "{members}");
    assert!(run(at, &["endpoint", "status"], None).await.contains("true"));
    run(at, &["endpoint", "health"], None).await;
}

#[tokio::test]
async fn etcdctl_watches() {
    if !installed() {
        return;
    }
    let dev = super::embedded().await;
    let mut client = super::client(&dev).await;
    let old = client.put("a/1", "old", None).await.unwrap().header().unwrap().revision();
    let args = ["watch", "--prefix", "--rev", &old.to_string(), "a/"];
    let mut child = command(dev.address(), &args).stdout(Stdio::piped()).spawn().unwrap();
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    let output = child.stdout.take().unwrap();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let mut three = async || {
        let mut three = Vec::new();
        while three.len() < 3 {
            let line = tokio::time::timeout(crate::etcd::tests::LONG, lines.recv());
            three.push(line.await.unwrap().unwrap());
        }
        three
    };
    assert_eq!(three().await, ["PUT", "a/1", "old"]);
    client.put("b", "", None).await.unwrap();
    client.delete("a/1", None).await.unwrap();
    assert_eq!(three().await, ["DELETE", "a/1", ""]);
    child.kill().unwrap();
    child.wait().unwrap();
}
