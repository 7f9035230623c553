//! Random histories, told to the embedded registry and to a real etcd: every answer is the same,
//! and so is what a watch sees of them afterwards.

use crate::dev::messages::*;
use etcd_client::{EventType, WatchOptions};
use fuzz::Random;
use prost::Message;
use tonic::Status;
use tonic::transport::Channel;

use super::wire::{call, open};
use crate::etcd::process::EtcdProcess;

const KEYS: [&[u8]; 8] = [b"a", b"ab", b"b", b"c", b"d", b"d\0", b"\xff", b""];
const ENDS: [&[u8]; 7] = [b"", b"", b"\0", b"b", b"d", b"\xff\xff", b"a"];
const LEASES: [i64; 4] = [7, 8, 9, 10];

/// What a request gave, without what differs between any two clusters.
type Seen = Result<Vec<u8>, (tonic::Code, String)>;

/// One request of any kind.
#[derive(Clone, Debug)]
enum Ask {
    Range(RangeRequest),
    Put(PutRequest),
    Delete(DeleteRequest),
    Txn(TxnRequest),
    Compact(CompactionRequest),
    Grant(LeaseGrantRequest),
    Revoke(LeaseRevokeRequest),
    Left(LeaseTimeToLiveRequest),
    Leases(LeaseLeasesRequest),
}

fn strip(header: &mut Option<ResponseHeader>) {
    if let Some(header) = header {
        (header.cluster_id, header.member_id, header.raft_term) = (0, 0, 0);
    }
}

fn seen<A: Message>(answer: Result<A, Status>, strip: impl Fn(&mut A)) -> Seen {
    let mut answer = answer.map_err(|status| (status.code(), status.message().to_owned()))?;
    strip(&mut answer);
    Ok(answer.encode_to_vec())
}

impl Ask {
    async fn of(self, to: &Channel) -> Seen {
        match self {
            Self::Range(it) => {
                seen(call(to, "/etcdserverpb.KV/Range", it).await, |it: &mut RangeResponse| strip(&mut it.header))
            }
            Self::Put(it) => {
                seen(call(to, "/etcdserverpb.KV/Put", it).await, |it: &mut PutResponse| strip(&mut it.header))
            }
            Self::Delete(it) => seen(call(to, "/etcdserverpb.KV/DeleteRange", it).await, |it: &mut DeleteResponse| {
                strip(&mut it.header)
            }),
            Self::Txn(it) => {
                seen(call(to, "/etcdserverpb.KV/Txn", it).await, |it: &mut TxnResponse| strip(&mut it.header))
            }
            Self::Compact(it) => seen(call(to, "/etcdserverpb.KV/Compact", it).await, |it: &mut CompactionResponse| {
                strip(&mut it.header);
            }),
            Self::Grant(it) => {
                seen(call(to, "/etcdserverpb.Lease/LeaseGrant", it).await, |it: &mut LeaseGrantResponse| {
                    strip(&mut it.header);
                })
            }
            Self::Revoke(it) => {
                seen(call(to, "/etcdserverpb.Lease/LeaseRevoke", it).await, |it: &mut LeaseRevokeResponse| {
                    strip(&mut it.header);
                })
            }
            Self::Left(it) => {
                seen(call(to, "/etcdserverpb.Lease/LeaseTimeToLive", it).await, |it: &mut LeaseTimeToLiveResponse| {
                    strip(&mut it.header);
                    it.ttl = it.ttl.signum();
                    it.keys.sort();
                })
            }
            Self::Leases(it) => {
                seen(call(to, "/etcdserverpb.Lease/LeaseLeases", it).await, |it: &mut LeaseLeasesResponse| {
                    strip(&mut it.header);
                    it.leases.sort_by_key(|one| one.id);
                })
            }
        }
    }
}

/// Makes requests.
struct Maker {
    random: Random,
    /// About the present revision.
    revision: i64,
}

impl Maker {
    fn one_in(&mut self, many: usize) -> bool {
        self.random.below(many) == 0
    }

    fn small(&mut self, end: usize) -> i64 {
        i64::try_from(self.random.below(end)).unwrap()
    }

    fn key(&mut self) -> Vec<u8> {
        // The empty key, which is refused, seldom.
        let keys = if self.one_in(20) { &KEYS[..] } else { &KEYS[..7] };
        self.random.pick(keys).unwrap().to_vec()
    }

    fn end(&mut self) -> Vec<u8> {
        self.random.pick(&ENDS).unwrap().to_vec()
    }

    fn near(&mut self) -> i64 {
        if self.one_in(2) { 0 } else { self.revision + 2 - self.small(12) }
    }

    fn range(&mut self) -> RangeRequest {
        let mut filter = || if self.random.below(6) == 0 { self.revision - 3 } else { 0 };
        let [min_mod_revision, max_mod_revision, min_create_revision, max_create_revision] =
            [filter(), filter(), filter(), filter()];
        RangeRequest {
            key: self.key(),
            range_end: self.end(),
            limit: self.small(4),
            revision: self.near(),
            sort_order: i32::try_from(self.small(3)).unwrap(),
            sort_target: i32::try_from(self.small(5)).unwrap(),
            serializable: self.one_in(2),
            keys_only: self.one_in(4),
            count_only: self.one_in(6),
            min_mod_revision,
            max_mod_revision,
            min_create_revision,
            max_create_revision,
        }
    }

    fn put(&mut self) -> PutRequest {
        let (ignore_value, ignore_lease) = (self.one_in(8), self.one_in(8));
        let value = if ignore_value && !self.one_in(4) { Vec::new() } else { vec![b'0' + self.random.below(10) as u8] };
        let lease = if ignore_lease && !self.one_in(4) || self.one_in(2) { 0 } else { self.lease() };
        PutRequest { key: self.key(), value, lease, prev_kv: self.one_in(2), ignore_value, ignore_lease }
    }

    fn lease(&mut self) -> i64 {
        *self.random.pick(&LEASES).unwrap()
    }

    fn delete(&mut self) -> DeleteRequest {
        DeleteRequest { key: self.key(), range_end: self.end(), prev_kv: self.one_in(2) }
    }

    fn compare(&mut self) -> Compare {
        let number = self.small(4);
        let near = self.near();
        let (target, union) = match self.random.below(6) {
            0 => (0, Some(TargetUnion::Version(number))),
            1 => (1, Some(TargetUnion::CreateRevision(near))),
            2 => (2, Some(TargetUnion::ModRevision(near))),
            3 => (3, Some(TargetUnion::Value(vec![b'0' + self.random.below(10) as u8]))),
            4 => (4, Some(TargetUnion::Lease(self.lease()))),
            _ => (i32::try_from(self.small(5)).unwrap(), None),
        };
        let result = i32::try_from(self.small(4)).unwrap();
        let range_end = if self.one_in(4) { self.end() } else { Vec::new() };
        Compare { result, target, key: self.key(), range_end, target_union: union }
    }

    fn txn(&mut self, depth: usize) -> TxnRequest {
        let compare = (0..self.random.below(3)).map(|_| self.compare()).collect();
        let success = (0..self.random.below(4)).map(|_| self.op(depth)).collect();
        let failure = (0..self.random.below(4)).map(|_| self.op(depth)).collect();
        TxnRequest { compare, success, failure }
    }

    fn op(&mut self, depth: usize) -> TxnRequestOp {
        let request = match self.random.below(if depth > 0 { 8 } else { 7 }) {
            0..=1 => TxnOpRequest::RequestRange(self.range()),
            2..=4 => TxnOpRequest::RequestPut(self.put()),
            5..=6 => {
                let mut delete = self.delete();
                // Where keys that change twice are looked for, etcd takes this end literally.
                if delete.range_end == [0] {
                    delete.range_end = vec![0xff, 0xff];
                }
                TxnOpRequest::RequestDeleteRange(delete)
            }
            _ => TxnOpRequest::RequestTxn(self.txn(depth - 1)),
        };
        TxnRequestOp { request: (!self.one_in(100)).then_some(request) }
    }

    fn ask(&mut self) -> Ask {
        match self.random.below(40) {
            0..=9 => Ask::Range(self.range()),
            10..=18 => Ask::Put(self.put()),
            19..=21 => Ask::Delete(self.delete()),
            22..=32 => Ask::Txn(self.txn(2)),
            33 => Ask::Compact(CompactionRequest { revision: self.revision - self.small(8) + 1, physical: true }),
            34..=35 => {
                let ttl = if self.one_in(10) { 9_000_000_001 } else { 1000 + self.small(9) };
                Ask::Grant(LeaseGrantRequest { id: self.lease(), ttl })
            }
            36..=37 => Ask::Revoke(LeaseRevokeRequest { id: self.lease() }),
            38 => Ask::Left(LeaseTimeToLiveRequest { id: self.lease(), keys: true }),
            _ => Ask::Leases(LeaseLeasesRequest {}),
        }
    }
}

async fn revision(to: &Channel) -> i64 {
    let request = RangeRequest { key: b"a".to_vec(), ..RangeRequest::default() };
    let answer: RangeResponse = call(to, "/etcdserverpb.KV/Range", request).await.unwrap();
    answer.header.unwrap().revision
}

#[tokio::test]
async fn random_histories_are_answered_as_etcd_answers_them() {
    let Some(etcd) = EtcdProcess::as_embedded() else { return };
    let dev = super::embedded().await;
    let address = etcd.url().replace("etcd://", "").replace("?ttl=2", "");
    let (real, ours) = (open(&address), open(&dev.address().to_string()));
    let mut maker = Maker { random: Random::new(0x5eed), revision: 1 };
    let mut done: Vec<Ask> = Vec::new();
    let mut refused = 0;
    for count in 0..fuzz::executions(1500) {
        let ask = maker.ask();
        let (wanted, got) = (ask.clone().of(&real).await, ask.clone().of(&ours).await);
        refused += usize::from(wanted.is_err());
        done.push(ask);
        let last = &done[done.len().saturating_sub(6)..];
        assert_eq!(got, wanted, "request {count}; the last ones:\n{last:#?}");
        if count % 8 == 0 {
            maker.revision = revision(&real).await;
            assert_eq!(revision(&ours).await, maker.revision);
        }
    }
    assert!(refused > 50 && maker.revision > 200, "{refused} refused, revision {}", maker.revision);
    assert_eq!(history(&dev.address().to_string()).await, history(&address).await);
}

/// One event as text.
type Line = (bool, Vec<u8>, Vec<u8>, [i64; 4], Option<Vec<u8>>);

/// Everything that a watch from the oldest readable revision tells, up to a mark.
async fn history(address: &str) -> Vec<Line> {
    let mut client = etcd_client::Client::connect([address], None).await.unwrap();
    client.put("mark", "", None).await.unwrap();
    let options = WatchOptions::new().with_all_keys().with_prev_key();
    let mut oldest = 1;
    let mut lines = Vec::new();
    loop {
        let mut stream = client.watch("", Some(options.clone().with_start_revision(oldest))).await.unwrap();
        while let Some(answer) = stream.message().await.unwrap() {
            if answer.canceled() {
                assert!(answer.compact_revision() > 0 && lines.is_empty());
                // At the very revision of a compaction versions of etcd differ.
                oldest = answer.compact_revision() + 1;
                break;
            }
            for event in answer.events() {
                let kv = event.kv().unwrap();
                let numbers = [kv.create_revision(), kv.mod_revision(), kv.version(), kv.lease()];
                let before = event.prev_kv().map(|kv| kv.value().to_vec());
                let deleted = event.event_type() == EventType::Delete;
                lines.push((deleted, kv.key().to_vec(), kv.value().to_vec(), numbers, before));
                if kv.key() == b"mark" {
                    return lines;
                }
            }
        }
    }
}
