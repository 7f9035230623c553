//! Moments at which something happened, and how they crowd: pure.

use std::time::{Duration, Instant};

/// What is counted together for the peak.
const WINDOW: Duration = Duration::from_millis(250);

/// When something happened.
#[derive(Clone, Debug, Default)]
pub struct Rate(Vec<Instant>);

impl Rate {
    /// It happened so often at that moment, which is not before the ones before.
    pub fn add(&mut self, at: Instant, count: usize) {
        self.0.extend(std::iter::repeat_n(at, count));
    }

    /// How often it happened.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// From the first time to the last.
    pub fn span(&self) -> Duration {
        self.0.first().zip(self.0.last()).map_or(Duration::ZERO, |(first, last)| last.duration_since(*first))
    }

    /// How often a second over the whole span, a quarter of a second at least.
    pub fn mean(&self) -> f64 {
        self.count() as f64 / self.span().max(WINDOW).as_secs_f64()
    }

    /// How often a second in the busiest quarter of a second.
    pub fn peak(&self) -> f64 {
        let mut start = 0;
        let mut most = 0;
        for (place, at) in self.0.iter().enumerate() {
            while self.0.get(start).is_some_and(|first| at.duration_since(*first) >= WINDOW) {
                start += 1;
            }
            most = most.max(place + 1 - start);
        }
        most as f64 / WINDOW.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_shows_in_the_peak() {
        let (mut rate, start) = (Rate::default(), Instant::now());
        for tick in 0..41 {
            rate.add(start + Duration::from_millis(50) * tick, 1);
        }
        assert_eq!((rate.count(), rate.span(), rate.peak()), (41, Duration::from_secs(2), 20.0));
        assert!((rate.mean() - 20.5).abs() < 1e-9);
        rate.add(start + Duration::from_secs(2), 9);
        assert_eq!(rate.peak(), 56.0);
    }
}
