//! Hostile counts and lengths, and what they take from the heap.

use std::collections::{BTreeMap, HashMap, HashSet};

use bytes::{Bytes, BytesMut};
use e2e::ran_alone;
use runtime::limits::DecodeLimits;
use runtime::thrift::{DecodeError, Decoder, Fault, Frames, Sink, Type, Value, from_bytes};

use crate::HEAP;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// One byte on the wire, 96 in memory.
#[derive(Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Wide([u64; 12]);

impl Value for Wide {
    const TYPE: Type = Type::Struct;
    const MIN_SIZE: usize = 1;

    fn write(&self, out: &mut impl Sink) {
        out.structure(|_| {});
    }

    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        input.fields::<Self>(|field| field.skip())?;
        Ok(Self::default())
    }
}

/// The fault of decoding, and the most that it took.
fn measure<T: Value>(bytes: &[u8]) -> (Option<Fault>, usize) {
    let body = Bytes::copy_from_slice(bytes);
    let (fault, peak) = HEAP.peak_of(|| {
        let decoded = from_bytes::<T>(body, DecodeLimits::default());
        decoded.err().map(|error| error.fault().clone())
    });
    (fault, peak)
}

fn refused<T: Value>(bytes: &[u8], most: usize) {
    let (fault, peak) = measure::<T>(bytes);
    assert!(fault.is_some());
    assert!(peak <= most, "{peak} bytes for {fault:?}");
}

fn counts_reserve_nothing() {
    for count in [i32::MAX, -1, i32::MIN] {
        let header = |types: &[u8]| [types, &count.to_be_bytes(), &[0; 16]].concat();
        refused::<Vec<i64>>(&header(&[10]), KIB);
        refused::<Vec<String>>(&header(&[11]), KIB);
        refused::<Vec<Wide>>(&header(&[12]), KIB);
        refused::<HashSet<i32>>(&header(&[8]), KIB);
        refused::<HashMap<String, Wide>>(&header(&[11, 12]), KIB);
        refused::<BTreeMap<i64, bool>>(&header(&[10, 2]), KIB);
        refused::<Wide>(&[&[15, 0, 1][..], &header(&[12])].concat(), KIB);
    }
}

fn small_elements_are_charged_as_they_are_in_memory() {
    let count = MIB as i32;
    let list = [&[12][..], &count.to_be_bytes(), &vec![0; MIB]].concat();
    let (fault, peak) = measure::<Vec<Wide>>(&list);
    assert_eq!(fault, Some(Fault::Budget));
    assert!(peak <= KIB, "{peak}");
    let (fault, peak) = measure::<HashSet<Wide>>(&list);
    assert_eq!(fault, Some(Fault::Budget));
    assert!(peak <= KIB, "{peak}");
    // What the budget allows stays below it.
    let count = 512 * KIB;
    let list = [&[12][..], &(count as i32).to_be_bytes(), &vec![0; count]].concat();
    let (fault, peak) = measure::<Vec<Wide>>(&list);
    assert_eq!(fault, None);
    assert!(peak <= 64 * MIB, "{peak}");
}

fn short_texts_are_charged_as_they_are_in_memory() {
    let texts = |count: usize| [&[11][..], &(count as i32).to_be_bytes(), &[0, 0, 0, 1, b'x'].repeat(count)].concat();
    // Each is a text of one byte, in 24 and in 16 bytes.
    let most = 64 * MIB / (size_of::<String>() + 16);
    let (fault, peak) = measure::<Vec<String>>(&texts(most));
    assert_eq!(fault, None);
    assert!(peak <= 64 * MIB, "{peak}");
    assert_eq!(measure::<Vec<String>>(&texts(most + 1)).0, Some(Fault::Budget));
}

fn estimates_of_tables_are_no_less_than_their_memory() {
    for count in [1_usize, 3, 7, 14, 28, 100, 1_000, 40_000] {
        let mut bytes = vec![8, 10];
        bytes.extend((count as i32).to_be_bytes());
        for key in 0..count as i32 {
            bytes.extend(key.to_be_bytes());
            bytes.extend([0; 8]);
        }
        let body = Bytes::from(bytes);
        assert_charged::<HashMap<i32, i64>>(&body);
        assert_charged::<BTreeMap<i32, i64>>(&body);
    }
}

/// The smallest budget that decodes a body is at least what decoding takes.
fn assert_charged<T: Value>(body: &Bytes) {
    let decode = |budget| {
        let limits = DecodeLimits { budget, ..DecodeLimits::default() };
        from_bytes::<T>(body.clone(), limits)
    };
    let budget = (0..).map(|step| 64 << step).find(|budget| decode(*budget).is_ok()).unwrap();
    let (_, peak) = HEAP.peak_of(|| decode(usize::MAX).is_ok());
    assert!(peak <= 2 * budget, "{peak} bytes with a budget of {budget}");
    let limits = DecodeLimits { budget: peak / 2, ..DecodeLimits::default() };
    assert!(from_bytes::<T>(body.clone(), limits).is_err(), "{peak} bytes taken");
}

fn lengths_reserve_nothing() {
    for length in [i32::MAX, -1, i32::MIN, 17] {
        let text = [&length.to_be_bytes()[..], &[b'x'; 16]].concat();
        refused::<String>(&text, KIB);
        refused::<Bytes>(&text, KIB);
        refused::<Wide>(&[&[11, 0, 1][..], &text].concat(), KIB);
    }
}

fn announced_frames_reserve_nothing() {
    let (_, peak) = HEAP.peak_of(|| {
        let mut frames = Frames::new(usize::MAX);
        frames.push(&[0x0f, 0xff, 0xff, 0xff]);
        for _ in 0..100 {
            assert!(frames.take().unwrap().is_none());
            frames.room().extend_from_slice(&[0; KIB]);
        }
    });
    // 100 KiB came; a buffer that grows may be twice as big, and is copied once.
    assert!(peak <= 400 * KIB, "{peak}");
    let (_, peak) = HEAP.peak_of(|| {
        let mut frames = Frames::with_buffer(BytesMut::new(), 16 * MIB);
        frames.push(&[0x01, 0, 0, 1]);
        assert!(frames.take().is_err());
    });
    assert!(peak <= KIB, "{peak}");
}

#[test]
fn hostile_bytes_take_no_memory() {
    if ran_alone(hostile_bytes_take_no_memory) {
        return;
    }
    counts_reserve_nothing();
    small_elements_are_charged_as_they_are_in_memory();
    short_texts_are_charged_as_they_are_in_memory();
    estimates_of_tables_are_no_less_than_their_memory();
    lengths_reserve_nothing();
    announced_frames_reserve_nothing();
}
