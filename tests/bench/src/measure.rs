//! Interleaved timing: A B A B, the median of the rounds.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Nanoseconds a call of each candidate: one warm-up, then `rounds` rounds in turn; the medians.
pub fn interleaved(rounds: usize, each: Duration, candidates: &mut [(&str, &mut dyn FnMut())]) -> Vec<f64> {
    let mut figures = vec![Vec::with_capacity(rounds); candidates.len()];
    for round in 0..=rounds {
        for (figures, (_, run)) in figures.iter_mut().zip(candidates.iter_mut()) {
            let figure = time(each, run);
            if round > 0 {
                figures.push(figure);
            }
        }
    }
    figures.into_iter().map(median).collect()
}

fn time(each: Duration, run: &mut dyn FnMut()) -> f64 {
    let (begin, mut calls) = (Instant::now(), 0u32);
    while begin.elapsed() < each {
        for _ in 0..8 {
            black_box(&mut *run)();
        }
        calls += 8;
    }
    begin.elapsed().as_nanos() as f64 / f64::from(calls)
}

/// The middle figure.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
