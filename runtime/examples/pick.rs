//! Benchmark of a pick out of 10,000 instances, and of a new list with one change:
//! `cargo run --release -p runtime --example pick`. The list is made anew for the change, as a registry does it; a pick
//! is timed with the report of its end and without.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program to be read")]

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime::balance::{Balancer, BestOfTwo, Hashed, PickOptions, PickSet, Random, RoundRobin, Verdict};
use runtime::registry::{Endpoint, Instance};

const INSTANCES: u32 = 10_000;
const PICKS: u64 = 2_000_000;
const ROUNDS: usize = 9;

fn list(weights: &[u32]) -> Vec<Arc<Instance>> {
    let weights = weights.iter().cycle();
    let one = |(number, weight): (u32, &u32)| {
        let host = std::net::Ipv4Addr::from(0x0a00_0000 + number).to_string();
        let mut instance = Instance::new("add", Endpoint::new("thrift", host, 8888)).with_weight(*weight);
        instance.id = format!("{number:08}");
        Arc::new(instance)
    };
    (0..INSTANCES).zip(weights).map(one).collect()
}

fn set(list: &[Arc<Instance>], before: Option<&PickSet>, balancer: &dyn Balancer) -> PickSet {
    let endpoint = |instance: &Instance| instance.endpoints.iter().position(|one| one.fits("thrift"));
    PickSet::new(list, endpoint, &BTreeSet::new(), before, balancer)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn each(set: &PickSet, work: impl Fn(&PickSet, u64)) -> f64 {
    let round = || {
        let start = Instant::now();
        (0..PICKS).for_each(|number| work(set, number));
        start.elapsed()
    };
    median((0..ROUNDS).map(|_| round()).collect()).as_nanos() as f64 / PICKS as f64
}

fn pick(set: &PickSet, number: u64) -> usize {
    set.pick(&PickOptions { key: Some(black_box(number)), now: number, tried: &[] }).unwrap()
}

fn call(set: &PickSet, number: u64) {
    let place = pick(set, number);
    set.started(place);
    set.ended(place, Verdict::Answered, || (1_000 + number % 64, number));
}

fn update(list: &[Arc<Instance>], balancer: &dyn Balancer) -> Duration {
    let mut current = set(list, None, balancer);
    let mut times = Vec::new();
    for round in 0..51 {
        let mut new = list.to_vec();
        let changed = Instance::clone(&new[round * 100]);
        new[round * 100] = Arc::new(Instance { version: format!("{round}"), ..changed });
        let start = Instant::now();
        let next = set(&new, Some(&current), balancer);
        times.push(start.elapsed());
        current = next;
    }
    median(times)
}

fn main() {
    println!("{:<13} {:>8} {:>9} {:>9} {:>10}", "balancer", "weights", "pick", "call", "update");
    for (name, weights) in [("one", &[10][..]), ("several", &[10, 20, 10, 100, 1])] {
        let list = list(weights);
        let balancers: [(&str, Box<dyn Balancer>); 4] = [
            ("round_robin", Box::new(RoundRobin::new())),
            ("random", Box::new(Random::new())),
            ("best_of_two", Box::new(BestOfTwo::new())),
            ("hash", Box::new(Hashed::new())),
        ];
        for (label, balancer) in balancers {
            let set = set(&list, None, &*balancer);
            let alone = each(&set, |set, number| {
                black_box(pick(set, number));
            });
            let whole = each(&set, call);
            let update = update(&list, &*balancer).as_secs_f64() * 1e3;
            println!("{label:<13} {name:>8} {alone:>6.1} ns {whole:>6.1} ns {update:>7.3} ms");
        }
    }
}
