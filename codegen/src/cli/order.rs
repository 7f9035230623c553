//! The order of arguments: flags in front of a subcommand are moved behind it. clap has one command in front
//! of which flags stand, the one that takes IDL files, and would read the subcommand as one of these.

use std::ffi::OsString;

use clap::Command;

/// The arguments with the name of the subcommand in front, if a subcommand stands behind flags.
pub(super) fn subcommand_first(command: &Command, mut args: Vec<OsString>) -> Vec<OsString> {
    let mut index = 1;
    while let Some(word) = args.get(index).and_then(|it| it.to_str()) {
        if !word.starts_with('-') || matches!(word, "-" | "--") {
            if command.find_subcommand(word).is_some() {
                args[1..=index].rotate_right(1);
            }
            break;
        }
        index += 1 + usize::from(has_value_behind(command, word));
    }
    args
}

/// Whether the value of a flag is the next word: `-o DIR`, and not `-oDIR`, `--out=DIR` or `-q`.
fn has_value_behind(command: &Command, word: &str) -> bool {
    let takes =
        |arg: Option<&clap::Arg>| arg.is_some_and(|it| it.get_action().takes_values() && !it.is_require_equals_set());
    if let Some(name) = word.strip_prefix("--") {
        return takes(command.get_arguments().find(|it| it.get_long() == Some(name)));
    }
    let short = |letter: char| command.get_arguments().find(|it| it.get_short() == Some(letter));
    let mut letters = word.chars().skip(1);
    // Behind the first letter that takes a value the word holds this value.
    letters.by_ref().any(|letter| takes(short(letter))) && letters.next().is_none()
}
