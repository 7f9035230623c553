use std::collections::BTreeMap;

use fuzz::Random;

use super::*;
use crate::layout;

fn model() -> Model {
    Model::new("add", &[layout::open("kitex", None)], Duration::from_secs(15))
}

fn value(port: u16) -> Vec<u8> {
    format!("{{\"network\":\"tcp\",\"address\":\"10.0.0.1:{port}\"}}").into_bytes()
}

fn listing(ports: &[u16], revision: i64) -> Listing {
    let entries = ports.iter().map(|port| (port.to_string().into_bytes(), value(*port))).collect();
    Listing { entries, revision, cluster: 1 }
}

#[test]
fn the_last_instances_stay_as_suspects_for_a_while() {
    let (mut model, now) = (model(), Instant::now());
    model.replace(0, listing(&[1, 2, 3], 5), now);
    assert!(model.delete(0, b"1", now));
    model.settle(now);
    assert_eq!(model.snapshot().instances.len(), 2);
    let later = now + Duration::from_millis(500);
    assert!(model.delete(0, b"2", later) && model.delete(0, b"3", later) && !model.delete(0, b"3", later));
    model.settle(later);
    let held = model.snapshot();
    assert_eq!((held.instances.len(), held.trusted()), (3, 0));
    model.unreachable(&["10.0.0.1:1".to_owned()].into());
    model.put(0, b"2".to_vec(), &value(2), later);
    assert_eq!((model.snapshot().instances.len(), model.snapshot().trusted()), (2, 1));
    model.expire(later + Duration::from_secs(25));
    assert_eq!(model.snapshot().instances.len(), 1);
    assert_eq!(model.next_expiry(), None);
}

#[test]
fn older_data_makes_suspects_newer_data_removes() {
    let (mut model, now) = (model(), Instant::now());
    model.replace(0, listing(&[1, 2, 3], 50), now);
    assert_eq!(model.replace(0, listing(&[1, 2], 60), now), 1);
    assert_eq!(model.snapshot().instances.len(), 2);
    assert_eq!(model.replace(0, listing(&[1], 40), now), 0);
    assert_eq!((model.snapshot().instances.len(), model.trusted()), (2, 1));
    let other = Listing { cluster: 2, ..listing(&[], 70) };
    assert_eq!(model.replace(0, other, now + Duration::from_secs(5)), 0);
    assert_eq!((model.snapshot().instances.len(), model.trusted()), (2, 0));
}

/// One entry as a reader of the rules would keep it: a row of a list, looked through each time.
struct Row {
    source: usize,
    key: Vec<u8>,
    port: u16,
    weight: u32,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    There,
    Suspect(Instant),
    Gone(Instant),
}

/// The rules again, on a plain list and without any haste.
#[derive(Default)]
struct Plain {
    rows: Vec<Row>,
    skipped: Vec<(usize, Vec<u8>)>,
    revisions: [Option<(i64, u64)>; 2],
}

const TTL: Duration = Duration::from_secs(15);
const HOLD: Duration = Duration::from_secs(25);

impl Plain {
    fn put(&mut self, source: usize, key: &[u8], value: Put, now: Instant) {
        let Some((port, weight)) = value else {
            // What cannot be read takes away what stood there.
            self.delete(source, key, now);
            return self.skipped.push((source, key.to_vec()));
        };
        self.skipped.retain(|known| *known != (source, key.to_vec()));
        self.rows.retain(|row| (row.source, row.key.as_slice()) != (source, key));
        self.rows.push(Row { source, key: key.to_vec(), port, weight, state: State::There });
    }

    fn delete(&mut self, source: usize, key: &[u8], now: Instant) {
        self.skipped.retain(|known| *known != (source, key.to_vec()));
        let is = |row: &&mut Row| row.source == source && row.key == key && row.state == State::There;
        self.rows.iter_mut().filter(is).for_each(|row| row.state = State::Gone(now));
    }

    fn list(&mut self, source: usize, truth: &Truth, now: Instant) {
        let newest = (truth.revision, truth.cluster);
        let lost = self.revisions[source].is_some_and(|(revision, cluster)| cluster != newest.1 || revision > newest.0);
        self.revisions[source] = Some(newest);
        let entries = &truth.entries[source];
        self.skipped.retain(|(of, key)| *of != source || entries.contains_key(key));
        for row in self.rows.iter_mut().filter(|row| row.source == source && row.state == State::There) {
            if !entries.contains_key(&row.key) {
                row.state = if lost { State::Suspect(now + HOLD) } else { State::Gone(now) };
            }
        }
        for (key, value) in entries {
            self.put(source, key, *value, now);
        }
    }

    /// The last instances of a service are not believed to be gone.
    fn settle(&mut self, now: Instant, mass: bool) {
        let fresh = |at: Instant| now.duration_since(at) <= WINDOW;
        let none = self.rows.iter().all(|row| row.state != State::There);
        for row in &mut self.rows {
            if let State::Gone(at) = row.state
                && fresh(at)
                && (none || mass)
            {
                row.state = State::Suspect(now + HOLD);
            }
        }
        // Forgotten for good once a look was taken.
        self.rows.retain(|row| !matches!(row.state, State::Gone(at) if !fresh(at) || none || mass));
    }

    /// Ports that are seen, with their weight and whether they are suspects.
    fn seen(&self) -> BTreeMap<u16, (u32, bool)> {
        let mut seen = BTreeMap::new();
        let there = |row: &&Row| row.state == State::There;
        let suspects = |row: &&Row| matches!(row.state, State::Suspect(_));
        // The first layout counts, in it the last key.
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        rows.sort_by_key(|row| (std::cmp::Reverse(row.source), row.key.clone()));
        seen.extend(rows.iter().copied().filter(suspects).map(|row| (row.port, (row.weight, true))));
        seen.extend(rows.iter().copied().filter(there).map(|row| (row.port, (row.weight, false))));
        seen
    }
}

/// A port and a weight; nothing where a value is nonsense.
type Put = Option<(u16, u32)>;

/// What etcd holds: for each source the ports and weights by key; nothing where a value is nonsense.
#[derive(Clone, Default)]
struct Truth {
    entries: [BTreeMap<Vec<u8>, Put>; 2],
    revision: i64,
    cluster: u64,
}

impl Truth {
    fn listing(&self, source: usize) -> Listing {
        let entries = self.entries[source].iter().map(|(key, value)| (key.clone(), text(source, *value))).collect();
        Listing { entries, revision: self.revision, cluster: self.cluster }
    }
}

fn text(source: usize, value: Put) -> Vec<u8> {
    match (source, value) {
        (_, None) => b"nonsense".to_vec(),
        (0, Some((port, weight))) => {
            format!("{{\"network\":\"tcp\",\"address\":\"10.0.0.1:{port}\",\"weight\":{weight}}}").into_bytes()
        }
        (_, Some((port, weight))) => {
            let node = format!(
                "{{\"id\":\"n{port}\",\"address\":\"10.0.0.1:{port}\",\"metadata\":{{\"weight\":\"{weight}\"}}}}"
            );
            format!("{{\"name\":\"add\",\"nodes\":[{node}]}}").into_bytes()
        }
    }
}

/// A history: what happens to etcd, and what of it reaches the model.
struct History {
    random: Random,
    truth: Truth,
    saved: Truth,
    model: Model,
    plain: Plain,
    now: Instant,
}

impl History {
    fn new(seed: u64) -> Self {
        let layouts = [layout::open("kitex", None), layout::open("go-micro", None)];
        let mut history = Self {
            random: Random::new(seed),
            truth: Truth { revision: 10, cluster: 1, ..Truth::default() },
            saved: Truth::default(),
            model: Model::new("add", &layouts, TTL),
            plain: Plain::default(),
            now: Instant::now(),
        };
        history.saved = history.truth.clone();
        (0..2).for_each(|source| history.list(source));
        history
    }

    fn list(&mut self, source: usize) {
        self.model.replace(source, self.truth.listing(source), self.now);
        self.plain.list(source, &self.truth, self.now);
        self.plain.settle(self.now, false);
    }

    /// Changes of one source in one answer of its watch: all of it reaches the model, or, when the
    /// stream breaks in the middle, a part and then a new list. Some events come twice.
    fn batch(&mut self, source: usize) {
        let count = 1 + self.random.below(5);
        let heard = if self.random.below(4) == 0 { self.random.below(count) } else { count };
        for place in 0..count {
            self.truth.revision += 1;
            let key = format!("k{}", self.random.below(6)).into_bytes();
            let value = match self.random.below(8) {
                0..=2 => None,
                3 => Some(None),
                _ => Some(Some((1 + self.random.below(5) as u16, 1 + self.random.below(3) as u32 * 10))),
            };
            match value {
                Some(value) => drop(self.truth.entries[source].insert(key.clone(), value)),
                None => drop(self.truth.entries[source].remove(&key)),
            }
            let times = if place >= heard { 0 } else { 1 + usize::from(self.random.below(4) == 0) };
            for _ in 0..times {
                self.hear(source, &key, value);
            }
        }
        if heard == count {
            self.model.reached(source, self.truth.revision);
            let newest = self.plain.revisions[source].map_or(0, |(revision, _)| revision).max(self.truth.revision);
            self.plain.revisions[source] = Some((newest, self.truth.cluster));
            self.model.settle(self.now);
            self.plain.settle(self.now, false);
        } else {
            self.list(source);
        }
    }

    fn hear(&mut self, source: usize, key: &[u8], value: Option<Put>) {
        match value {
            Some(value) => {
                self.model.put(source, key.to_vec(), &text(source, value), self.now);
                self.plain.put(source, key, value, self.now);
            }
            None => {
                self.model.delete(source, key, self.now);
                self.plain.delete(source, key, self.now);
            }
        }
    }

    /// All leases of a source end: one answer deletes everything.
    fn expiry(&mut self, source: usize) {
        self.truth.revision += 1;
        for key in std::mem::take(&mut self.truth.entries[source]).into_keys() {
            self.hear(source, &key, None);
        }
        self.model.reached(source, self.truth.revision);
        self.plain.revisions[source] = Some((self.truth.revision, self.truth.cluster));
        self.model.settle(self.now);
        self.plain.settle(self.now, false);
    }

    fn step(&mut self) {
        let source = self.random.below(2);
        match self.random.below(12) {
            0..=5 => self.batch(source),
            6 => self.expiry(source),
            // A compaction, a lost leader: changes that nobody heard of, then a list.
            7 => {
                let mut unheard = Truth::clone(&self.truth);
                unheard.revision += 3;
                unheard.entries[source].pop_first();
                self.truth = unheard;
                self.list(source);
            }
            // Older data, or a new cluster without any; every source lists again.
            8 => {
                if self.random.below(2) == 0 {
                    self.truth = self.saved.clone();
                } else {
                    self.truth = Truth { revision: 1, cluster: self.truth.cluster + 1, ..Truth::default() };
                }
                (0..2).for_each(|source| self.list(source));
            }
            9 => self.saved = self.truth.clone(),
            10 => {
                self.model.hold_recent(self.now);
                self.plain.settle(self.now, true);
            }
            _ => {
                let port = 1 + self.random.below(5) as u16;
                self.model.unreachable(&[format!("10.0.0.1:{port}")].into());
                self.plain.rows.retain(|row| row.port != port || !matches!(row.state, State::Suspect(_)));
            }
        }
        self.now += Duration::from_millis([10, 500, 1500, 9000][self.random.below(4)]);
        self.model.expire(self.now);
        let now = self.now;
        self.plain.rows.retain(|row| !matches!(row.state, State::Suspect(until) if until <= now));
    }

    fn check(&self, at: &str) {
        let snapshot = self.model.snapshot();
        let port = |instance: &Instance| instance.endpoints[0].port;
        let seen = snapshot.instances.iter().map(|one| (port(one), (one.weight, snapshot.is_suspect(&one.id))));
        assert_eq!(seen.collect::<BTreeMap<_, _>>(), self.plain.seen(), "{at}");
        assert_eq!(snapshot.instances.len(), self.plain.seen().len(), "{at}: an address is there twice");
        let mut skipped = self.plain.skipped.clone();
        skipped.sort();
        skipped.dedup();
        assert_eq!(snapshot.skipped, skipped.len(), "{at}");
        assert_eq!(snapshot.skipped_by.values().sum::<usize>(), snapshot.skipped, "{at}");
    }

    /// Once lists are taken and suspects had their time, everybody knows the truth.
    fn end(&mut self, at: &str) {
        (0..2).for_each(|source| self.list(source));
        self.now += HOLD;
        self.model.expire(self.now);
        let truth = self.truth.entries.iter().flat_map(BTreeMap::values).flatten().map(|(port, _)| *port);
        let snapshot = self.model.snapshot();
        let seen = snapshot.instances.iter().map(|one| one.endpoints[0].port);
        assert_eq!(seen.collect::<BTreeSet<_>>(), truth.collect::<BTreeSet<_>>(), "{at}");
        assert!(snapshot.suspects.is_empty(), "{at}");
    }
}

#[test]
fn every_history_is_seen_as_the_plain_rules_say() {
    for seed in 0..2000 {
        let mut history = History::new(seed);
        for step in 0..40 {
            history.step();
            history.check(&format!("seed {seed}, step {step}"));
        }
        history.end(&format!("seed {seed}"));
    }
}
