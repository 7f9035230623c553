//! Modules of a crate use only those that the table of `ARCHITECTURE.md` lets them use.

use std::path::{Component, Path};

use super::architecture::{crates, is_test, quoted, rows, text};
use super::sources;

/// A module of a crate, and the modules that it may use.
struct Room {
    name: String,
    uses: Vec<String>,
}

/// The tables that have a column of what a module uses, with the folder of their crate.
fn tables() -> Vec<(std::path::PathBuf, Vec<Room>)> {
    let text = text();
    let owned = |cell: &str| quoted(cell).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let mut tables = Vec::new();
    for (_, folder) in crates() {
        let rows = rows(&text, &format!("### `{}`", folder.display()));
        let with_uses = rows.iter().filter(|row| row.len() == 3);
        let rooms: Vec<_> = with_uses
            .flat_map(|row| owned(row[0]).into_iter().map(|name| Room { name, uses: owned(row[2]) }))
            .collect();
        if !rooms.is_empty() {
            tables.push((folder.join("src"), rooms));
        }
    }
    tables
}

/// What follows the root of the crate in each path of a file that is `depth` modules below it.
fn from_the_root(text: &str, depth: usize) -> Vec<String> {
    let product = text.split("\nmod tests {").next().unwrap_or_default();
    let code: Vec<_> = product.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let roots = ["crate::".to_owned(), "super::".repeat(depth)];
    let mut found = Vec::new();
    for root in roots {
        for (start, _) in code.match_indices(&root) {
            let before = code[..start].chars().next_back();
            if before.is_none_or(|before| !before.is_alphanumeric() && before != '_' && before != ':') {
                let name = code[start + root.len()..].split(|c: char| !c.is_alphanumeric() && c != '_').next();
                found.push(name.unwrap_or_default().to_owned());
            }
        }
    }
    found
}

/// How many modules a file is below the root of its crate.
fn depth(path: &Path) -> usize {
    let parts: Vec<_> = path.components().map(Component::as_os_str).collect();
    parts.len() - usize::from(path.file_name().is_some_and(|name| name == "mod.rs"))
}

#[test]
fn modules_use_what_their_table_says() {
    let mut seen = 0;
    for (folder, rooms) in tables() {
        for (path, text) in sources() {
            let Ok(inside) = path.strip_prefix(&folder) else { continue };
            let first = inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs");
            if is_test(&path) || first == "lib" {
                continue;
            }
            let room = rooms.iter().find(|room| room.name == first);
            let room = room.unwrap_or_else(|| panic!("{} is in no module of the table", path.display()));
            for used in from_the_root(&text, depth(inside)) {
                let allowed = used == room.name || room.uses.contains(&used);
                assert!(allowed, "{} must not use `{used}` of its crate", path.display());
                seen += usize::from(used != room.name);
            }
        }
    }
    assert!(seen > 15, "{seen}");
}

#[test]
fn modules_use_those_above_them() {
    for (folder, rooms) in tables() {
        for (place, room) in rooms.iter().enumerate() {
            for used in &room.uses {
                let above = rooms[..place].iter().any(|other| other.name == *used);
                assert!(above, "{}: `{used}` is not above `{}`", folder.display(), room.name);
            }
        }
    }
}

#[test]
fn a_use_is_found_in_any_spelling() {
    assert_eq!(from_the_root("use crate::codec::Type;\nlet x = crate::rpc::body();", 1), ["codec", "rpc"]);
    assert_eq!(from_the_root("use super::codec::Type;", 1), ["codec"]);
    assert_eq!(from_the_root("use super::super::codec::Type;", 2), ["codec"]);
    assert_eq!(from_the_root("use super::kind::Type;\nuse some_crate::x;", 2), [""; 0]);
    assert_eq!(from_the_root("use crate::{codec::Type, rpc};", 1), [""], "nobody groups below the root");
    assert_eq!(from_the_root("// crate::codec\nmod tests {\n}\nmod tests {\nuse crate::codec;", 1), [""; 0]);
    assert_eq!(["mod.rs", "a.rs", "a/mod.rs", "a/b.rs"].map(|path| depth(Path::new(path))), [0, 1, 1, 2]);
}
