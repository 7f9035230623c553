//! Structs in strict Binary with what has no order put in order.

/// The same struct with the entries of maps and the elements of sets in order: neither has one on
/// the wire (Go's is random). An element that a set has twice counts once. Fields stay as they come.
pub(crate) fn canonical(body: &[u8]) -> Vec<u8> {
    let mut rest = body;
    let out = value(12, &mut rest);
    assert!(rest.is_empty(), "{} bytes are left", rest.len());
    out
}

fn take(rest: &mut &[u8], count: usize) -> Vec<u8> {
    let (head, tail) = rest.split_at(count);
    *rest = tail;
    head.to_vec()
}

fn count(head: &[u8]) -> usize {
    u32::from_be_bytes(head[head.len() - 4..].try_into().unwrap()) as usize
}

fn value(kind: u8, rest: &mut &[u8]) -> Vec<u8> {
    match kind {
        2 | 3 => take(rest, 1),
        6 => take(rest, 2),
        8 => take(rest, 4),
        4 | 10 => take(rest, 8),
        16 => take(rest, 16),
        11 => {
            let mut out = take(rest, 4);
            let text = take(rest, count(&out));
            out.extend(text);
            out
        }
        12 => fields(rest),
        13 => entries(rest),
        14 | 15 => elements(kind, rest),
        other => panic!("type {other}"),
    }
}

fn fields(rest: &mut &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let kind = take(rest, 1)[0];
        out.push(kind);
        if kind == 0 {
            return out;
        }
        out.extend(take(rest, 2));
        out.extend(value(kind, rest));
    }
}

fn entries(rest: &mut &[u8]) -> Vec<u8> {
    let head = take(rest, 6);
    let mut pairs: Vec<_> = (0..count(&head)).map(|_| (value(head[0], rest), value(head[1], rest))).collect();
    pairs.sort();
    let pairs = pairs.into_iter().flat_map(|(key, value)| [key, value]).flatten();
    head.into_iter().chain(pairs).collect()
}

fn elements(kind: u8, rest: &mut &[u8]) -> Vec<u8> {
    let mut head = take(rest, 5);
    let mut all: Vec<_> = (0..count(&head)).map(|_| value(head[0], rest)).collect();
    if kind == 14 {
        all.sort();
        all.dedup();
        let count = u32::try_from(all.len()).unwrap();
        head.splice(1.., count.to_be_bytes());
    }
    head.into_iter().chain(all.into_iter().flatten()).collect()
}
