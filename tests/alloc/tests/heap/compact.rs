//! Heap use of transcoding Compact.

use e2e::ran_alone;
use runtime::limits::DecodeLimits;
use runtime::thrift::{Fault, FrameError, MessageReader, compact};

use crate::HEAP;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// The fault of transcoding, and the most that it took.
fn measure(bytes: &[u8], limits: DecodeLimits) -> (Option<Fault>, usize) {
    HEAP.peak_of(|| compact::to_binary(bytes, limits).err().map(|error| error.fault().clone()))
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while number > 0x7f {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

/// One field: a list, a set or a map of a count that is not there, for every type.
fn hostile() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for count in [i32::MAX as u64, u32::MAX as u64, 1 << 31, u64::MAX] {
        for kind in 1..14 {
            for container in [0x19, 0x1a] {
                all.push([&[container, 0xf0 | kind][..], &varint(count), &[0; 64]].concat());
            }
            all.push([&[0x1b][..], &varint(count), &[kind << 4 | kind], &[0; 64]].concat());
        }
        all.push([&[0x18][..], &varint(count), &[b'x'; 64]].concat());
    }
    all
}

fn counts_and_lengths_reserve_nothing() {
    for bytes in hostile() {
        let (fault, peak) = measure(&bytes, DecodeLimits::default());
        assert!(fault.is_some(), "{bytes:?}");
        assert!(peak <= KIB, "{peak} bytes for {bytes:?}");
        let (refused, peak) = HEAP.peak_of(|| {
            let mut messages = MessageReader::new(16 * MIB);
            messages.push(&[&[0x82, 0x21, 1, 3][..], b"Add", &bytes].concat());
            matches!(messages.take(), Err(FrameError::TooLong { .. } | FrameError::Body(_)))
        });
        assert!(refused, "{bytes:?}");
        assert!(peak <= 2 * KIB, "{peak} bytes for {bytes:?}");
    }
}

fn growth_is_measured_before_it_is_reserved() {
    let count = 9 * MIB;
    let numbers = [&[0x19, 0xf6][..], &varint(count as u64), &vec![0; count], &[0]].concat();
    let (fault, peak) = measure(&numbers, DecodeLimits::default());
    assert_eq!(fault, Some(Fault::Budget));
    assert!(peak <= KIB, "{peak}");
    // Room for Binary, and not for the numbers that are read from it.
    let (fault, peak_of_half) = measure(&numbers, DecodeLimits { budget: 80 * MIB, ..DecodeLimits::default() });
    assert_eq!(fault, Some(Fault::Budget));
    assert!(peak_of_half <= KIB, "{peak_of_half}");
    let (fault, peak) = measure(&numbers, DecodeLimits { budget: 160 * MIB, ..DecodeLimits::default() });
    assert_eq!(fault, None);
    // Exactly what is needed, without a second buffer.
    assert!(peak <= 8 * count + 2 * KIB, "{peak}");
}

fn nesting_takes_a_stack_of_64() {
    for depth in [65, 1_000, 1_000_000] {
        let (fault, peak) = measure(&vec![0x1c; depth], DecodeLimits::default());
        assert_eq!(fault, Some(Fault::Depth));
        assert!(peak <= 8 * KIB, "{peak}");
    }
}

#[test]
fn hostile_compact_takes_no_memory() {
    if ran_alone(hostile_compact_takes_no_memory) {
        return;
    }
    counts_and_lengths_reserve_nothing();
    growth_is_measured_before_it_is_reserved();
    nesting_takes_a_stack_of_64();
}
