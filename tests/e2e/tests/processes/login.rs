//! The login example in a real etcd: its README as it stands, an instance that goes under a client's calls, and calls that are refused.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use e2e::{PATIENCE, Process, wait_for};
use login::generated::pb::{Login, MeRequest, ProfileClient, UserClient};
use rcgen::KeyPair;
use runtime::layers::jwt::{Claims, Jwt};
use runtime::{Channel, Code, Error, Registry, prost, prost_types};

use crate::transcript::{Place, blocks};

/// The secret of the example's `service.toml`, and who makes its tokens.
const SECRET: &str = "the secret of an example: not yours";
const ISSUER: &str = "svc.user.agent";

/// The example on a machine of its own, with three ports.
fn place() -> Option<Place> {
    Place::new("login", &[8881, 8882, 8883])
}

/// What each instance that is running has logged of logins that succeeded.
fn logins(place: &Place) -> Vec<Vec<String>> {
    let logged = |process: &Process| {
        let mut lines = process.printed();
        lines.retain(|line| line.contains("call method=/pb.User/RpcUserLogin ") && line.contains(" code=Ok "));
        lines
    };
    place.running().map(logged).collect()
}

/// A line of the client, with `eyJ…` in place of a token.
fn without_token(line: &str) -> String {
    line.split(' ').map(|word| if word.starts_with("eyJ") { "eyJ…" } else { word }).collect::<Vec<_>>().join(" ")
}

/// The names in a line of the log, from `INFO` on.
fn names(line: &str) -> Vec<&str> {
    line[line.find("INFO").unwrap()..].split_whitespace().map(|word| word.split('=').next().unwrap()).collect()
}

#[test]
fn the_readme_is_true() {
    let Some(mut place) = place() else { return };
    let page = place.file("README.md");
    let [three, two] = blocks(&page, "console")[..] else { panic!("two transcripts") };
    run(&mut place, three);
    let logged = wait_for("the log", || Some(logins(&place)).filter(|all| all.iter().all(|lines| lines.len() == 2)));
    for line in logged.iter().flatten() {
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
        let printed = place.run(command);
        let (mut shown, mut printed): (Vec<_>, Vec<_>) =
            (lines.collect(), printed.lines().map(without_token).collect());
        shown.sort_unstable();
        printed.sort_unstable();
        assert_eq!(printed, shown, "{command}");
    }
}

#[test]
fn an_instance_that_is_stopped_costs_no_call() {
    let Some(mut place) = place() else { return };
    (0..3).for_each(|instance| place.serve_on(instance));
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
    let Some(mut place) = place() else { return };
    place.serve_on(0);
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
    let Some(mut place) = place() else { return };
    place.serve_on(0);
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
