use std::collections::BTreeSet;
use std::sync::Arc;

use fuzz::Random as Numbers;

use super::*;
use kiteline_core::fnv::hash_of;
use kiteline_registry::{Endpoint, Instance};

const SECOND: u64 = 1_000_000_000;

fn instances(weights: &[u32]) -> Vec<Arc<Instance>> {
    let endpoint = |place: usize| Endpoint::new("", format!("10.0.{}.{}", place / 250, place % 250), 80);
    let weighted = |(place, weight): (usize, &u32)| {
        let mut instance = Instance::new("add", endpoint(place)).with_weight(*weight);
        instance.id = format!("{place:05}");
        Arc::new(instance)
    };
    weights.iter().enumerate().map(weighted).collect()
}

fn set(list: &[Arc<Instance>], suspects: &[&str], before: Option<&PickSet>, balancer: &dyn Balancer) -> PickSet {
    let suspects: BTreeSet<String> = suspects.iter().map(|id| (*id).to_owned()).collect();
    PickSet::new(list, |_| Some(0), &suspects, before, balancer)
}

fn all(seed: u64) -> [Box<dyn Balancer>; 4] {
    [
        Box::new(RoundRobin::seeded(seed)),
        Box::new(Random::seeded(seed)),
        Box::new(BestOfTwo::seeded(seed)),
        Box::new(Hashed::new()),
    ]
}

/// How often each member is picked, with another key for each call.
fn counts(set: &PickSet, calls: u64, tried: &[usize]) -> Vec<u64> {
    let mut counts = vec![0; set.len()];
    for key in 0..calls {
        let key = Some(hash_of(&key.to_le_bytes()));
        counts[set.pick(&PickOptions { tried, key, now: SECOND }).unwrap()] += 1;
    }
    counts
}

#[test]
fn calls_are_shared_by_weight_and_nobody_starves() {
    let mut numbers = Numbers::new(7);
    for round in 0..12 {
        let count = 1 + numbers.below(if round < 9 { 6 } else { 60 });
        let weights: Vec<u32> = (0..count).map(|_| [1, 2, 3, 5, 10, 10, 30, 100][numbers.below(8)]).collect();
        let list = instances(&weights);
        let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        let calls = 20_000.max(total * 20);
        for (place, balancer) in all(numbers.number()).into_iter().enumerate() {
            let set = set(&list, &[], None, &*balancer);
            for (weight, picked) in weights.iter().zip(counts(&set, calls, &[])) {
                let share = calls as f64 * f64::from(*weight) / total as f64;
                // In turn: as even as can be. By chance: five sigmas. By key: the points of a circle.
                let allowed = match place {
                    0 => 8.0,
                    1 | 2 => 5.0 * share.sqrt() + 1.0,
                    _ => share * 0.45 + 50.0,
                };
                let off = (picked as f64 - share).abs();
                assert!(off <= allowed, "{balancer:?} {weights:?}: {picked} for {share}, weight {weight}");
                assert!(picked > 0, "{balancer:?} {weights:?}");
            }
        }
    }
}

#[test]
fn equal_weights_take_strict_turns() {
    let set = set(&instances(&[10; 3]), &[], None, &RoundRobin::new());
    let picks: Vec<_> = (0..6).map(|_| set.pick(&PickOptions::default())).collect();
    assert_eq!(picks, [0, 1, 2, 0, 1, 2].map(Some));
}

#[test]
fn a_seed_gives_the_same_choices_again() {
    let list = instances(&[1, 2, 3, 4, 5]);
    let choices = |seed| {
        let picks = |balancer: &dyn Balancer| {
            let set = set(&list, &[], None, balancer);
            (0..100).map(|_| set.pick(&PickOptions::default())).collect::<Vec<_>>()
        };
        [picks(&RoundRobin::seeded(seed)), picks(&Random::seeded(seed)), picks(&BestOfTwo::seeded(seed))]
    };
    assert_eq!(choices(4), choices(4));
    assert_ne!(choices(4), choices(5));
}

#[test]
fn what_was_tried_is_not_picked_again_and_suspects_come_last() {
    let list = instances(&[10, 10, 30, 20]);
    for balancer in all(3) {
        let sound = set(&list, &[], None, &*balancer);
        let picked = counts(&sound, 2_000, &[0, 2]);
        assert!(picked[0] == 0 && picked[2] == 0 && picked[1] > 400 && picked[3] > 400, "{balancer:?}: {picked:?}");
        assert_eq!(sound.pick(&PickOptions { tried: &[0, 1, 2, 3], ..PickOptions::default() }), None);
        assert_eq!(set(&[], &[], None, &*balancer).pick(&PickOptions::default()), None);
        let doubtful = set(&list, &["00000", "00001", "00003"], None, &*balancer);
        assert_eq!(counts(&doubtful, 100, &[]), [0, 0, 100, 0]);
        assert_eq!(counts(&doubtful, 100, &[2])[2], 0);
    }
}

#[test]
fn a_key_stays_where_it_is_unless_its_instance_goes() {
    let balancer = Hashed::new();
    let weights: Vec<u32> = (0..100).map(|place| if place % 4 == 0 { 30 } else { 10 }).collect();
    let list = instances(&weights);
    let homes = |set: &PickSet| -> Vec<String> {
        let home = |key: u64| {
            set.pick(&PickOptions { key: Some(hash_of(&key.to_be_bytes())), ..PickOptions::default() }).unwrap()
        };
        (0..20_000).map(|key| set.member(home(key)).unwrap().instance().id.clone()).collect()
    };
    let before = homes(&set(&list, &[], None, &balancer));
    assert_eq!(before, homes(&set(&list, &[], None, &Hashed::new())), "another process");
    for gone in [0, 17, 99] {
        let mut rest = list.clone();
        let gone = rest.remove(gone).id.clone();
        let after = homes(&set(&rest, &[], None, &balancer));
        for (old, new) in before.iter().zip(&after) {
            assert!(old == new || *old == gone, "a key moved from {old} to {new} when {gone} went");
        }
        // The same as left out for a call.
        assert!(before.iter().zip(&after).any(|(old, new)| old != new));
    }
    // Another weight moves keys to or from that instance alone.
    let mut changed = list.clone();
    changed[5] = Arc::new(Instance::clone(&list[5]).with_weight(20));
    let after = homes(&set(&changed, &[], None, &balancer));
    let moved: Vec<_> = before.iter().zip(&after).filter(|(old, new)| old != new).collect();
    assert!(!moved.is_empty() && moved.iter().all(|(_, new)| *new == "00005"), "{moved:?}");
}

#[test]
fn the_better_of_two_has_less_to_do_and_answers_sooner() {
    let set = set(&instances(&[10, 10, 10]), &[], None, &BestOfTwo::seeded(1));
    // The first one holds its calls.
    (0..5).for_each(|_| set.started(0));
    assert_eq!(counts(&set, 300, &[])[0], 0);
    assert!(counts(&set, 300, &[1])[2] > 290, "draws the other one almost always");
    (0..5).for_each(|_| {
        set.ended(0, Verdict::Unknown, || (0, SECOND));
    });
    assert!(counts(&set, 300, &[])[0] > 60);
    // It is slow now; that is forgotten when nobody calls it.
    set.started(0);
    set.ended(0, Verdict::Answered, || (SECOND / 2, SECOND));
    for place in [1, 2] {
        set.started(place);
        set.ended(place, Verdict::Answered, || (SECOND / 1000, SECOND));
    }
    assert_eq!(counts(&set, 300, &[])[0], 0);
    for place in [1, 2] {
        set.started(place);
        set.ended(place, Verdict::Answered, || (SECOND / 1000, 60 * SECOND));
    }
    let later = PickOptions { now: 60 * SECOND, ..PickOptions::default() };
    assert!((0..300).any(|_| set.pick(&later) == Some(0)), "starves");
    // An instance that fails fast does not count as fast.
    set.started(1);
    set.ended(1, Verdict::Troubled, || (1, SECOND));
    assert!(counts(&set, 300, &[0])[2] > 290);
}

#[test]
fn a_weight_is_room_for_calls_under_way() {
    let set = set(&instances(&[10, 40]), &[], None, &BestOfTwo::seeded(1));
    for now in 0..500 {
        set.started(set.pick(&PickOptions { now, ..PickOptions::default() }).unwrap());
    }
    let heavy = set.member(1).unwrap().in_flight();
    assert!((370..430).contains(&heavy), "{heavy}");
}

/// Ends a call to a place at a second.
fn end(set: &PickSet, place: usize, verdict: Verdict, at: u64) -> bool {
    set.started(place);
    set.ended(place, verdict, || (1, at * SECOND)) == Some(Change::LeftOut)
}

fn picked(set: &PickSet, at: u64) -> BTreeSet<usize> {
    (0..60).filter_map(|_| set.pick(&PickOptions { now: at * SECOND, ..PickOptions::default() })).collect()
}

#[test]
fn a_dead_instance_costs_two_connects_in_ninety_seconds() {
    for balancer in all(11) {
        let list = instances(&[10; 3]);
        let set = set(&list, &[], None, &*balancer);
        let mut connects = 0;
        for second in 0..90 {
            for _ in 0..50 {
                let place = set.pick(&PickOptions { now: second * SECOND, ..PickOptions::default() }).unwrap();
                connects += usize::from(place == 1);
                end(&set, place, if place == 1 { Verdict::Unreachable } else { Verdict::Answered }, second);
            }
        }
        assert!((1..=2).contains(&connects), "{balancer:?}: {connects}");
    }
}

#[test]
fn one_call_is_the_probe_and_brings_an_instance_back() {
    let set = set(&instances(&[10; 3]), &[], None, &RoundRobin::new());
    assert!(end(&set, 1, Verdict::Unreachable, 1));
    assert_eq!(picked(&set, 20), BTreeSet::from([0, 2]));
    assert_eq!(
        (0..60).filter(|_| set.pick(&PickOptions { now: 21 * SECOND, ..PickOptions::default() }) == Some(1)).count(),
        1
    );
    assert_eq!(picked(&set, 500), BTreeSet::from([0, 2]), "while it is probed");
    // A probe whose caller went away is followed by another one; one that fails doubles the time twice.
    assert!(!end(&set, 1, Verdict::Unknown, 22));
    assert!(picked(&set, 22).contains(&1));
    assert!(end(&set, 1, Verdict::Failed, 23));
    assert_eq!(picked(&set, 23 + 79), BTreeSet::from([0, 2]));
    assert!(picked(&set, 23 + 80).contains(&1));
    end(&set, 1, Verdict::Answered, 104);
    assert_eq!(picked(&set, 104), BTreeSet::from([0, 1, 2]));
    // Soon again, it is out for longer; after a while it starts anew.
    assert!(end(&set, 1, Verdict::Unreachable, 110));
    assert_eq!(picked(&set, 110 + 299), BTreeSet::from([0, 2]));
    assert!(picked(&set, 410).contains(&1));
    end(&set, 1, Verdict::Answered, 411);
    assert!(end(&set, 1, Verdict::Unreachable, 800));
    assert!(picked(&set, 820).contains(&1));
}

#[test]
fn failures_count_in_a_row_and_trouble_only_beside_answers() {
    let set = set(&instances(&[10; 4]), &[], None, &RoundRobin::new());
    for _ in 0..5 {
        assert!(!end(&set, 0, Verdict::Failed, 1));
        assert!(!end(&set, 0, Verdict::Failed, 1));
        assert!(!end(&set, 0, Verdict::Answered, 1));
    }
    // All are in trouble: that is not an outlier.
    for _ in 0..20 {
        assert!((0..4).all(|place| !end(&set, place, Verdict::Troubled, 2)));
    }
    for round in 0..5 {
        assert!(!end(&set, 3, Verdict::Answered, 3));
        assert_eq!(end(&set, 1, Verdict::Troubled, 3), round == 4, "{round}");
    }
    assert!(!end(&set, 3, Verdict::Failed, 4));
    assert!(!end(&set, 3, Verdict::Failed, 4));
    assert!(end(&set, 3, Verdict::Failed, 4));
    assert_eq!(picked(&set, 4), BTreeSet::from([0, 2]));
}

#[test]
fn half_is_left_out_at_most_and_never_the_last() {
    for (count, most) in [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)] {
        let set = set(&instances(&vec![10; count]), &[], None, &RoundRobin::new());
        let out = (0..count).filter(|place| end(&set, *place, Verdict::Unreachable, 1)).count();
        assert_eq!(out, most, "of {count}");
        assert_eq!(picked(&set, 2).len(), count - most);
        // When nobody else is left, even those are tried.
        let tried: Vec<usize> = (1..count).collect();
        assert_eq!(set.pick(&PickOptions { tried: &tried, now: 2 * SECOND, key: None }), Some(0));
    }
}

#[test]
fn what_is_known_stays_over_lists() {
    let balancer = RoundRobin::new();
    let list = instances(&[10; 5]);
    let first = set(&list, &[], None, &balancer);
    assert!(end(&first, 1, Verdict::Unreachable, 1));
    // One goes, one comes, one is written again: others keep what was known.
    let mut second = list.clone();
    second.remove(0);
    second.push(Arc::new(Instance { id: "9".into(), ..Instance::clone(&list[0]) }));
    let next = set(&second, &[], Some(&first), &balancer);
    assert_eq!(picked(&next, 2), BTreeSet::from([1, 2, 3, 4]));
    second[0] = Arc::new(Instance::clone(&second[0]));
    let again = set(&second, &[], Some(&next), &balancer);
    assert!(picked(&again, 3).contains(&0), "it registered again and is probed at once");
    end(&again, 0, Verdict::Answered, 3);
    assert_eq!(picked(&again, 3).len(), 5);
    // Gone and there again it is new.
    assert!(end(&again, 0, Verdict::Unreachable, 4));
    let without = set(&second[1..], &[], Some(&again), &balancer);
    assert_eq!(picked(&set(&second, &[], Some(&without), &balancer), 4).len(), 5);
}

/// And only for a balancer that looks at it.
#[test]
fn what_calls_were_like_stays_over_lists() {
    let list = instances(&[10; 5]);
    let counted = |balancer: &dyn Balancer| {
        let first = set(&list, &[], None, balancer);
        first.started(3);
        let next = set(&list[1..], &[], Some(&first), balancer);
        let member = next.member(2).unwrap();
        let before = member.in_flight();
        first.ended(3, Verdict::Answered, || (SECOND, SECOND));
        (before, member.in_flight(), member.latency(SECOND))
    };
    assert_eq!(counted(&BestOfTwo::seeded(1)), (1, 0, SECOND));
    assert_eq!(counted(&RoundRobin::new()), (0, 0, 0));
}

#[test]
fn threads_that_pick_and_report_leave_nothing_behind() {
    let list = instances(&[10, 20, 30, 40]);
    for balancer in all(5) {
        let set = set(&list, &[], None, &*balancer);
        std::thread::scope(|scope| {
            for seed in 0..4 {
                let set = &set;
                scope.spawn(move || {
                    let mut numbers = Numbers::new(seed);
                    for now in 0..20_000 {
                        let now = now * SECOND / 100;
                        let key = Some(numbers.number());
                        let place = set.pick(&PickOptions { tried: &[], key, now }).unwrap();
                        set.started(place);
                        let verdicts = [Verdict::Answered, Verdict::Failed, Verdict::Unreachable, Verdict::Unknown];
                        set.ended(place, verdicts[numbers.below(4)], || (numbers.number() >> 40, now));
                    }
                });
            }
        });
        assert!((0..4).all(|place| set.member(place).unwrap().in_flight() == 0));
        assert_eq!(picked(&set, 1_000_000).len(), 4, "{balancer:?}");
    }
}

#[test]
fn every_choice_opens_a_balancer() {
    for (_, choice) in CHOICES {
        assert!(!format!("{:?}", choice.open()).is_empty());
    }
}
