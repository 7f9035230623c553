//! Memory that glibc keeps in a process with a channel after it was freed. Alone in its process: other threads would
//! share the heap.

use std::hint::black_box;

use e2e::ran_alone;
use runtime::Channel;

/// Bytes that a list takes here, less than what is kept, and as more than one block.
const LIST: usize = 16 << 20;
const BLOCKS: usize = 4;

/// Pages that this thread had to be given (`minflt` of proc(5)).
fn faults() -> usize {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    let (_, behind_name) = stat.rsplit_once(')').unwrap();
    behind_name.split_whitespace().nth(7).unwrap().parse().unwrap()
}

fn take_and_give_back() -> usize {
    let before = faults();
    drop(black_box((0..BLOCKS).map(|_| vec![1_u8; LIST / BLOCKS]).collect::<Vec<_>>()));
    faults() - before
}

#[test]
fn memory_that_is_free_again_is_not_taken_anew() {
    if ran_alone(memory_that_is_free_again_is_not_taken_anew) {
        return;
    }
    let _channel = Channel::to("127.0.0.1:1").unwrap();
    take_and_give_back();
    let (taken, pages) = (take_and_give_back(), LIST / 4096);
    assert!(taken < pages / 8, "{taken} of {pages} pages");
}
