//! Grows the table of file descriptors before connections come.

use std::os::fd::AsFd;

/// What the tables of most processes hold anyway.
const FEWEST: i32 = 256;

/// Beyond, a table of half a megabyte is not made before it is needed.
const MOST: i32 = 65_535;

/// Makes room for about so many connections, or as many as the process may have.
///
/// Linux doubles the table of a process with threads only after a grace period of RCU
/// (`expand_fdtable` in its `fs/file.c`): whoever accepts the 256th connection, the 512th and so on
/// was seen to stand still for 5 to 30 ms. The table never shrinks, so one high number is enough,
/// and it costs 8 bytes a descriptor.
pub(super) fn make_room(socket: impl AsFd, connections: usize) {
    let mut number = i32::try_from(connections).unwrap_or(MOST).min(MOST);
    while number >= FEWEST {
        if rustix::io::fcntl_dupfd_cloexec(&socket, number).is_ok() {
            return;
        }
        number /= 2;
    }
}
