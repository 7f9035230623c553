//! A number as text in memory of its own.

/// Digits of the longest number.
const MOST: usize = 20;

/// A number, written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digits {
    /// The digits stand at the end.
    digits: [u8; MOST],
    from: usize,
}

impl From<u64> for Digits {
    fn from(mut number: u64) -> Self {
        let mut written = Self { digits: [b'0'; MOST], from: MOST };
        for place in written.digits.iter_mut().rev() {
            *place += (number % 10) as u8;
            written.from -= 1;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        written
    }
}

impl Digits {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.digits.get(self.from..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_what_the_standard_library_writes() {
        for number in [0, 1, 9, 10, 30_000, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            assert_eq!(Digits::from(number).as_bytes(), number.to_string().as_bytes());
        }
    }
}
