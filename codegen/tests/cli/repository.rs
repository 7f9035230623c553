//! From which repository and commit the program was built, as git's files say it.

#[path = "../../build/repository.rs"]
mod files;

use super::sandbox::Sandbox;

const COMMIT: &str = "58c25451b9415aec50474d57ae273750a686cc6a";

/// What a clone with this origin says.
fn clone(url: &str) -> Option<String> {
    let config = format!("[core]\n\tbare = false\n[remote \"origin\"]\n\turl = {url}\n[branch \"main\"]\n\tx = y\n");
    let it = Sandbox::new(&[
        (".git/HEAD", "ref: refs/heads/main\n"),
        (".git/packed-refs", &format!("# pack-refs\n{COMMIT} refs/heads/main\n")),
        (".git/config", &config),
    ]);
    let git = files::folder(it.0.path()).unwrap();
    files::repository(&git, "").map(|(url, commit)| {
        assert_eq!(commit, COMMIT);
        url
    })
}

#[test]
fn a_clone_tells_a_url_that_others_reach() {
    assert_eq!(clone("https://example.org/a/b.git").as_deref(), Some("https://example.org/a/b.git"));
    assert_eq!(clone("https://ada:secret@example.org/b").as_deref(), Some("https://example.org/b"));
    assert_eq!(clone("ssh://git@example.org/b").as_deref(), Some("ssh://git@example.org/b"));
    assert_eq!(clone("git@example.org:a/b.git").as_deref(), Some("ssh://git@example.org/a/b.git"));
    for place in ["/srv/git/b", "../b", "file:///srv/git/b", "C:\\b"] {
        assert_eq!(clone(place), None, "{place}");
    }
}

#[test]
fn a_checkout_of_cargo_tells_the_url_that_was_given() {
    let heads = [
        (format!("{COMMIT}\t\tfile:///srv/b"), "file:///srv/b"),
        (format!("{COMMIT}\t\thttps://example.org/b"), "https://example.org/b"),
        (format!("{COMMIT}\t\t'HEAD' of https://u:p@example.org/b.git\n"), "https://example.org/b.git"),
        (
            format!("{COMMIT}\t\tbranch 'main' of ssh://git@example.org/b\n{COMMIT}\tnot-for-merge\tx"),
            "ssh://git@example.org/b",
        ),
    ];
    for (head, url) in heads {
        let it = Sandbox::new(&[("git/db/b-1/FETCH_HEAD", &head)]);
        let config = format!("[remote \"origin\"]\n\turl = file://{}\n", it.path("git/db/b-1").display());
        it.write("git/checkouts/b-1/58c2545/.git/config", &config);
        it.write("git/checkouts/b-1/58c2545/.git/HEAD", "ref: refs/heads/master\n");
        it.write("git/checkouts/b-1/58c2545/.git/refs/heads/master", COMMIT);
        let git = files::folder(&it.path("git/checkouts/b-1/58c2545")).unwrap();
        assert_eq!(files::repository(&git, ""), Some((url.to_owned(), COMMIT.to_owned())));
        assert_eq!(files::repository(&git, "https://named").unwrap().0, "https://named");
    }
}
