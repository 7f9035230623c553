//! Flags in front of a subcommand: they belong to it, as those behind it do.

use super::{ADD, sandbox::Sandbox};

/// What the subcommand does with the flags behind it, and in front of it.
#[test]
fn flags_may_stand_in_front_of_a_subcommand() {
    let front: [&[&str]; 7] = [
        &["-q"],
        &["--quiet"],
        &["-v"],
        &["--verbose"],
        &["--color", "never"],
        &["--color=never", "-q"],
        &["-o", "made", "-I", "generate", "-qInowhere", "--json", "on"],
    ];
    for flags in front {
        for subcommand in ["gateway", "generate"] {
            let made = |before: &[&str], behind: &[&str]| {
                let it = Sandbox::new(&[("add.thrift", ADD), ("generate/a", ""), ("nowhere/a", "")]);
                it.run(&[before, &[subcommand], behind, &["add.thrift"]].concat()).ends(0);
                (it.files("made").len(), it.bytes("made"))
            };
            // `generate` asks for a folder.
            let flags = if flags.contains(&"-o") { flags.to_vec() } else { [flags, &["-o", "made"]].concat() };
            let (few, before) = made(&flags, &[]);
            let (count, behind) = made(&[], &flags);
            assert!(count > 1 && few == count && before == behind, "{flags:?} {subcommand}");
        }
    }
}

#[test]
fn every_subcommand_takes_the_flags_about_its_output() {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    for flags in [&["-q"][..], &["-v"], &["--color", "never"]] {
        it.run(&[flags, &["openapi", "nothing.thrift"]].concat()).ends(3).says("nothing.thrift");
        let run = it.run(&[flags, &["registry", "--listen", "nowhere"]].concat());
        assert!(!run.said.contains("cannot read") && !run.said.contains("unexpected"), "{flags:?}: {}", run.said);
    }
}

#[test]
fn a_flag_that_the_subcommand_does_not_have_is_refused_by_it() {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["--prune", "registry"]).ends(2).says("unexpected argument '--prune' found").says("kiteline registry");
    it.run(&["-o", "made", "openapi", "add.thrift"]).ends(2).says("unexpected argument '-o' found");
}

/// What is no subcommand where it stands.
#[test]
fn a_value_or_a_file_that_is_called_like_a_subcommand_stays_what_it_is() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("gateway/base.thrift", "")]);
    it.run(&["-o", "gateway", "add.thrift"]).ends(0);
    assert!(it.path("gateway/src/main.rs").exists() && !it.path("gateway/src/clients.rs").exists());
    it.run(&["-I", "gateway", "-o", "made", "add.thrift"]).ends(0);
    assert!(!it.path("made/src/clients.rs").exists());
    it.run(&["-q", "--", "gateway"]).ends(3).says("gateway");
}
