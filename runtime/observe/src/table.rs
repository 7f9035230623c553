//! Series by method, found without a lock, a hash of text or an allocation: by the address of the method's description,
//! which is a `static` of generated code.

use std::sync::OnceLock;

use kiteline_core::service::Method;

use crate::series::Series;

/// Methods that have series of their own, on one side of calls; a power of two. A program has fewer than it was built
/// with.
const SLOTS: usize = 2048;
/// Slots that are looked at for one method.
const PROBES: usize = 32;

#[derive(Debug)]
struct Entry {
    method: &'static Method,
    series: Series,
}

/// The series of all methods on one side.
#[derive(Debug)]
pub(crate) struct Table {
    slots: Box<[OnceLock<Box<Entry>>]>,
    /// Of methods that found no slot.
    others: Series,
}

impl Default for Table {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| OnceLock::new()).collect(), others: Series::default() }
    }
}

impl Table {
    /// The series of a method, made at its first call.
    pub(crate) fn of(&self, method: &'static Method) -> &Series {
        let first = place(method);
        for probe in 0..PROBES {
            let Some(slot) = self.slots.get((first + probe) % SLOTS) else { break };
            let entry = slot.get_or_init(|| Box::new(Entry { method, series: Series::default() }));
            if std::ptr::eq(entry.method, method) {
                return &entry.series;
            }
        }
        &self.others
    }

    /// Every series with its method; `None` for that of all methods which found no slot.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Option<&'static Method>, &Series)> {
        let entries = self.slots.iter().filter_map(OnceLock::get).map(|entry| (Some(entry.method), &entry.series));
        entries.chain([(None, &self.others)])
    }
}

/// The first slot of a method.
fn place(method: &'static Method) -> usize {
    // 2^64 over the golden ratio: neighbours end up far from each other.
    let mixed = (std::ptr::from_ref(method).addr() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (64 - SLOTS.ilog2())) as usize
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::series::Sums;
    use kiteline_core::service::Idl;

    #[test]
    fn each_method_has_its_series_until_the_table_is_full() {
        let table = Table::default();
        let methods: &'static [Method] =
            (0..2 * SLOTS).map(|index| Method::new(Idl::Thrift, "/S/M", index)).collect::<Vec<_>>().leak();
        for method in methods {
            table.of(method).begin();
            table.of(method).end(0, Duration::ZERO);
        }
        let (mut own, mut others) = (0, 0);
        for (method, series) in table.all() {
            let mut sums = Sums::default();
            sums.add(series);
            match method {
                Some(_) => own += sums.outcomes[0],
                None => others = sums.outcomes[0],
            }
        }
        assert!(own > SLOTS as u64 * 9 / 10, "{own}");
        assert_eq!(own + others, methods.len() as u64);
        assert!(std::ptr::eq(table.of(&methods[0]), table.of(&methods[0])));
    }
}
