//! Heap use of reading a message in JSON.

use e2e::ran_alone;
use golden::generated::shop::v1::Order;
use runtime::Code;
use runtime::json::{Style, from_slice};
use runtime::limits::DecodeLimits;

use crate::HEAP;

const MIB: usize = 1 << 20;

/// Lists of much in few bytes, around how often it is repeated.
const SHAPES: [(&str, &str, &str); 9] = [
    ("{\"items\":[{}", ",{}", "]}"),
    ("{\"items\":[{\"name\":\"i\"}", ",{\"name\":\"i\"}", "]}"),
    ("{\"items\":[{\"tags\":[{}]}", ",{\"tags\":[{}]}", "]}"),
    ("{\"states\":[0", ",0", "]}"),
    ("{\"extra\":{\"a\":[0", ",0", "]}}"),
    ("{\"extra\":{\"a\":[{}", ",{}", "]}}"),
    ("{\"extra\":{\"a\":[[]", ",[]", "]}}"),
    ("{\"unknown\":[0", ",0", "]}"),
    ("{\"any\":{\"@type\":\"type.googleapis.com/google.protobuf.Struct\",\"value\":{\"a\":[0", ",0", "]}}}"),
];

#[test]
fn json_takes_no_more_than_it_may() {
    if ran_alone(json_takes_no_more_than_it_may) {
        return;
    }
    let limits = DecodeLimits { budget: 16 * MIB, ..DecodeLimits::default() };
    for (start, again, end) in SHAPES {
        let (mut accepted, mut refused) = (false, false);
        for count in (0..16).map(|power| 100_usize << power) {
            let text = [start, &again.repeat(count), end].concat();
            let read = || from_slice::<Order>(text.as_bytes(), Style::Proto, limits);
            let code = |read: Result<Order, runtime::json::Failure>| {
                read.err().map(|it| it.into_error(Code::InvalidArgument).code())
            };
            let (code, peak) = HEAP.peak_of(|| code(read()));
            assert!(peak <= limits.budget, "{peak} bytes for {count} of {again} after {start}");
            refused |= code == Some(Code::ResourceExhausted);
            accepted |= code.is_none();
        }
        // What is left out takes nothing.
        assert!(accepted && refused != start.contains("unknown"), "{start}");
    }
}
