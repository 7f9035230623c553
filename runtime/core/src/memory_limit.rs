//! The memory limit of this process: its cgroup's, else the machine's memory. It only reads.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// Where nothing can be read, as outside of Linux.
const UNKNOWN: usize = 4 << 30;

/// Bytes that this process may take, read once.
pub fn available() -> usize {
    static BYTES: OnceLock<usize> = OnceLock::new();
    *BYTES.get_or_init(|| read(Path::new("/")))
}

/// Whether memory counts only once it is written: neither does the kernel count what is reserved
/// (`vm.overcommit_memory`), nor does this process have a limit of addresses. Read once.
pub fn is_lent_freely() -> bool {
    static FREELY: OnceLock<bool> = OnceLock::new();
    *FREELY.get_or_init(|| lends(Path::new("/")))
}

/// As [`is_lent_freely`] below another root.
fn lends(root: &Path) -> bool {
    let strict = fs::read_to_string(root.join("proc/sys/vm/overcommit_memory"));
    let limits = fs::read_to_string(root.join("proc/self/limits")).unwrap_or_default();
    let addresses = limits.lines().find_map(|line| line.strip_prefix("Max address space"));
    let unlimited = addresses.is_some_and(|line| line.trim_start().starts_with("unlimited"));
    unlimited && strict.is_ok_and(|mode| mode.trim() != "2")
}

/// As [`available`] below another root.
fn read(root: &Path) -> usize {
    let machine = fs::read_to_string(root.join("proc/meminfo")).ok().and_then(|text| total(&text));
    let cgroups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let limits = cgroups.lines().filter_map(|line| limit(root, line));
    limits.chain(machine).min().unwrap_or(UNKNOWN)
}

/// `MemTotal` of `/proc/meminfo` (proc(5)): in KiB.
fn total(text: &str) -> Option<usize> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.checked_mul(1 << 10)
}

/// The limit that one line of `/proc/self/cgroup` (cgroups(7)) leads to: the least one on the way
/// from the process's group up to the root.
fn limit(root: &Path, line: &str) -> Option<usize> {
    let mut parts = line.splitn(3, ':');
    let (_, controllers, group) = (parts.next()?, parts.next()?, parts.next()?);
    let (mount, file) = match controllers {
        "" => ("sys/fs/cgroup", "memory.max"),
        _ if controllers.split(',').any(|it| it == "memory") => ("sys/fs/cgroup/memory", "memory.limit_in_bytes"),
        _ => return None,
    };
    let groups = Path::new(group.trim_start_matches('/')).ancestors();
    // `max`, the word for no limit, is not a number.
    groups
        .filter_map(|group| fs::read_to_string(root.join(mount).join(group).join(file)).ok()?.trim().parse().ok())
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root with these files.
    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    const MACHINE: (&str, &str) = ("proc/meminfo", "MemTotal:       1024 kB\nMemFree: 1 kB\n");

    #[test]
    fn the_machine_is_the_limit_without_a_group() {
        assert_eq!(read(root(&[MACHINE]).path()), 1 << 20);
        let group = [MACHINE, ("proc/self/cgroup", "0::/a\n"), ("sys/fs/cgroup/a/memory.max", "max\n")];
        assert_eq!(read(root(&group).path()), 1 << 20);
        assert_eq!(read(root(&[("proc/meminfo", "MemTotal: much kB\n")]).path()), UNKNOWN);
    }

    #[test]
    fn memory_is_lent_freely_where_nothing_reserved_counts() {
        const HEAD: &str = "Limit                     Soft Limit           Hard Limit           Units     \n";
        let limits =
            |soft: &str| format!("{HEAD}Max address space         {soft:20} unlimited            bytes     \n");
        for (mode, soft, freely) in [
            ("0\n", "unlimited", true),
            ("1\n", "unlimited", true),
            ("2\n", "unlimited", false),
            ("0\n", "4096", false),
        ] {
            let files = [("proc/sys/vm/overcommit_memory", mode), ("proc/self/limits", &limits(soft))];
            assert_eq!(lends(root(&files).path()), freely, "{mode:?} {soft}");
        }
        assert!(!lends(root(&[]).path()));
    }

    #[test]
    fn the_least_group_on_the_way_up_counts() {
        let groups = [
            MACHINE,
            ("proc/self/cgroup", "3:cpu:/\n0::/a/b\n"),
            ("sys/fs/cgroup/a/b/memory.max", "max\n"),
            ("sys/fs/cgroup/a/memory.max", "4096\n"),
            ("sys/fs/cgroup/memory.max", "8192\n"),
        ];
        assert_eq!(read(root(&groups).path()), 4096);
        let old = [
            MACHINE,
            ("proc/self/cgroup", "4:cpu,memory:/a\n"),
            ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "2048\n"),
        ];
        assert_eq!(read(root(&old).path()), 2048);
    }
}
