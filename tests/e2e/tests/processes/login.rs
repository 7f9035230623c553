//! The login example in a real etcd: its README as it stands, an instance that goes under a client's calls, and calls that are refused.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use e2e::{Etcd, PATIENCE, Process, free_address, program, wait_for, workspace};
use login::generated::pb::{Login, MeRequest, ProfileClient, UserClient};
use rcgen::KeyPair;
use runtime::layers::jwt::{Claims, Jwt};
use runtime::{Channel, Code, Error, Registry, prost, prost_types};
use tempfile::TempDir;

/// The secret of the example's `service.toml`, and who makes its tokens.
const SECRET: &str = "the secret of an example: not yours";
const ISSUER: &str = "svc.user.agent";

/// The example on a machine of its own: where its files say an address, there is a free one here.
struct Place {
    etcd: Etcd,
    /// An address of the files, and the one in its stead.
    addresses: Vec<(String, String)>,
    /// Holds its `service.toml`.
    folder: TempDir,
    /// What was started, in this order; those that were stopped are `None`.
    jobs: Vec<Option<Process>>,
}

impl Place {
    fn new() -> Option<Self> {
        let etcd = Etcd::start()?;
        let ports = [8881, 8882, 8883];
        let mut addresses: Vec<_> = ports.iter().map(|port| (format!("127.0.0.1:{port}"), free_address())).collect();
        addresses.push(("127.0.0.1:2379".to_owned(), etcd.address.clone()));
        let place = Self { etcd, addresses, folder: tempfile::tempdir().unwrap(), jobs: Vec::new() };
        std::fs::write(place.folder.path().join("service.toml"), place.file("service.toml")).unwrap();
        Some(place)
    }

    /// A file of the example, with the addresses of this place.
    fn file(&self, name: &str) -> String {
        let text = std::fs::read_to_string(workspace().join("examples/login").join(name)).unwrap();
        self.addresses.iter().fold(text, |text, (theirs, here)| text.replace(theirs, here))
    }

    fn address(&self, instance: usize) -> &str {
        &self.addresses[instance].1
    }

    fn command(&self, name: &str) -> Command {
        let mut command = program(name);
        command.current_dir(self.folder.path()).env("RUST_LOG", "info");
        command
    }

    fn serve(&mut self, instance: usize) {
        let mut command = self.command("login");
        let process = Process::start("login", command.args(["--listen", self.address(instance)]));
        process.line("registered in etcd");
        self.jobs.push(Some(process));
    }

    fn stop(&mut self, instance: usize) {
        self.jobs[instance].take().unwrap().stop();
    }

    /// Does what a line of the README says, and gives what it prints.
    fn run(&mut self, line: &str) -> Vec<String> {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["RUST_LOG=info", "cargo", "run", "--", "--listen", address, "&"] => {
                self.serve(self.addresses.iter().position(|(_, here)| here == address).unwrap());
            }
            ["kill", job] => self.stop(job.strip_prefix('%').unwrap().parse::<usize>().unwrap() - 1),
            ["etcdctl", "get", "--prefix", prefix] => return self.etcd.get(prefix).unwrap(),
            ["cargo", "run", "--bin", name] => {
                let output = self.command(name).output().unwrap();
                assert!(output.status.success(), "{output:?}");
                return String::from_utf8(output.stdout).unwrap().lines().map(without_token).collect();
            }
            _ => unreachable!("who runs `{line}`?"),
        }
        Vec::new()
    }

    /// What each instance that is running has logged of logins that succeeded.
    fn logins(&self) -> Vec<Vec<String>> {
        let logged = |process: &Process| {
            let mut lines = process.printed();
            lines.retain(|line| line.contains("call method=/pb.User/RpcUserLogin ") && line.contains(" code=Ok "));
            lines
        };
        self.jobs.iter().flatten().map(logged).collect()
    }
}

/// A line of the client, with `eyJ…` in place of a token.
fn without_token(line: &str) -> String {
    line.split(' ').map(|word| if word.starts_with("eyJ") { "eyJ…" } else { word }).collect::<Vec<_>>().join(" ")
}

/// The blocks of a language in a page, without their fences.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    page.split(&format!("```{language}\n")).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// The names in a line of the log, from `INFO` on.
fn names(line: &str) -> Vec<&str> {
    line[line.find("INFO").unwrap()..].split_whitespace().map(|word| word.split('=').next().unwrap()).collect()
}

#[test]
fn the_readme_is_true() {
    let Some(mut place) = Place::new() else { return };
    let page = place.file("README.md");
    let [three, two] = blocks(&page, "console")[..] else { panic!("two transcripts") };
    run(&mut place, three);
    let logins = wait_for("the log", || Some(place.logins()).filter(|all| all.iter().all(|lines| lines.len() == 2)));
    for line in logins.iter().flatten() {
        assert_eq!(names(line), names(blocks(&page, "text")[0]));
        assert!(!line.contains("123456") && !line.contains("eyJ"), "{line}");
    }
    run(&mut place, two);
}

/// Runs a transcript and compares what it shows. Which instance is the first to be called is nobody's promise.
fn run(place: &mut Place, transcript: &str) {
    for step in transcript.split("$ ").skip(1) {
        let mut lines = step.lines();
        let command = lines.next().unwrap();
        let (mut shown, mut printed): (Vec<_>, _) = (lines.collect(), place.run(command));
        shown.sort_unstable();
        printed.sort_unstable();
        assert_eq!(printed, shown, "{command}");
    }
}

#[test]
fn an_instance_that_is_stopped_costs_no_call() {
    let Some(mut place) = Place::new() else { return };
    (0..3).for_each(|instance| place.serve(instance));
    let client = Process::start("login-client", place.command("login-client").arg("1000000"));
    in_turn(&client, &[place.address(0), place.address(1), place.address(2)]);
    place.stop(1);
    in_turn(&client, &[place.address(0), place.address(2)]);
    let lines = client.printed();
    assert!(lines.iter().all(|line| line.contains(": eyJ")), "{lines:?}");
}

/// Waits until six calls in a row are spread evenly over these instances.
fn in_turn(client: &Process, instances: &[&str]) {
    let wanted: BTreeMap<_, _> = instances.iter().map(|it| (format!("{it}: eyJ…"), 6 / instances.len())).collect();
    let from = client.printed().len();
    wait_for("calls in turn", || {
        let lines = client.printed();
        let mut count = BTreeMap::new();
        for line in lines[from..].last_chunk::<6>()? {
            *count.entry(without_token(line)).or_default() += 1;
        }
        (count == wanted).then_some(())
    });
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "prost")]
struct RetryInfo {
    #[prost(message, tag = "1")]
    retry_delay: Option<prost_types::Duration>,
}

impl prost::Name for RetryInfo {
    const NAME: &'static str = "RetryInfo";
    const PACKAGE: &'static str = "google.rpc";
}

#[tokio::test]
async fn a_login_that_comes_too_early_is_told_when_to_come() {
    let Some(mut place) = Place::new() else { return };
    place.serve(0);
    let registry = Registry::open(&format!("{}?layout=go-kit", place.etcd.url())).unwrap();
    let user = UserClient::new(Channel::builder("svc.user.agent").registry(&registry).build().unwrap());
    let begun = Instant::now();
    // Two calls within 100 ms, as soon as the machine has the time for it.
    let refused = async {
        for logins in 0.. {
            let login = Login { account: "aoho".to_owned(), password: "123456".to_owned() };
            if let Err(error) = user.rpc_user_login(login).await {
                return (logins, error);
            }
        }
        unreachable!("each of them was let in")
    };
    let (logins, error) = tokio::time::timeout(PATIENCE, refused).await.unwrap();
    assert!(logins <= 1 + begun.elapsed().as_millis() / 100, "{logins} logins in {:?}", begun.elapsed());
    assert_eq!((error.code(), error.reason()), (Code::ResourceExhausted, "RATELIMIT"));
    let delay = error.detail::<RetryInfo>().unwrap().retry_delay.unwrap();
    assert_eq!(delay.seconds, 0);
    assert!((1..=100_000_000).contains(&delay.nanos), "{delay:?}");
}

/// Tokens that are no good, with what is said of each.
fn bad_tokens(good: &str) -> Result<Vec<(String, &'static str)>, Error> {
    let claims = Claims::new("aoho", Duration::from_secs(60));
    let mut expired = claims.clone();
    expired.exp = 1_000_000_000;
    let own = Jwt::hs256(SECRET)?.issuer(ISSUER);
    let es256 = Jwt::es256(KeyPair::generate().unwrap().serialize_pem())?.issuer(ISSUER);
    let body = good.split('.').nth(1).unwrap();
    Ok(vec![
        (own.sign(&expired)?, "the token has expired"),
        (
            Jwt::hs256("another secret of at least 32 characters")?.issuer(ISSUER).sign(&claims)?,
            "the token is signed with another key, or was changed",
        ),
        (es256.sign(&claims)?, "the token is signed by an algorithm that is not taken here"),
        // {"alg":"none","typ":"JWT"}
        (
            format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}."),
            "the token is signed by an algorithm that is not taken here",
        ),
        (Jwt::hs256(SECRET)?.issuer("somebody").sign(&claims)?, "the token is of another issuer"),
        ("eyJ".to_owned(), "the token is malformed"),
    ])
}

#[tokio::test]
async fn tokens_that_are_no_good_are_refused() {
    let Some(mut place) = Place::new() else { return };
    place.serve(0);
    let registry = Registry::open(&format!("{}?layout=go-kit", place.etcd.url())).unwrap();
    let profile = ProfileClient::new(Channel::builder("svc.user.profile").registry(&registry).build().unwrap());
    let me = |token: &str| profile.me(MeRequest {}).metadata("authorization", format!("Bearer {token}"));

    let printed = place.command("login-client").arg("1").output().unwrap().stdout;
    let printed = String::from_utf8(printed).unwrap();
    let good = printed.split_whitespace().find(|word| word.starts_with("eyJ")).unwrap();
    assert_eq!(me(good).await.unwrap().account, "aoho");
    let missing = profile.me(MeRequest {}).await.unwrap_err();
    assert_eq!(
        (missing.code(), missing.message()),
        (Code::Unauthenticated, "the call has no token: send `authorization: Bearer …`")
    );
    for (token, why) in bad_tokens(good).unwrap() {
        let error = me(&token).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::Unauthenticated, why), "{token}");
    }
}
