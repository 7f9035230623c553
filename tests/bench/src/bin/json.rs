//! JSON of a proto message with ten fields, and of a hundred of them: ours against what serde derives for the same struct,
//! and against prost-reflect along the descriptors, with proto's own encoding between. The codecs take turns.

use std::hint::black_box;
use std::time::Duration;

use bench::measure::interleaved;
use bench::ours::records::{Place, Record, Records, State, StoreServer};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use runtime::Service as _;
use runtime::json::{Style, from_slice, to_vec};
use runtime::prost::Message;
use serde::{Deserialize, Serialize};

/// The same as serde has it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct SerdeRecord {
    name: String,
    title: String,
    count: i32,
    created_at: i64,
    score: f64,
    active: bool,
    state: SerdeState,
    tags: Vec<String>,
    place: Option<SerdePlace>,
    port: u32,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct SerdePlace {
    x: i32,
    y: i32,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
enum SerdeState {
    #[default]
    #[serde(rename = "STATE_UNKNOWN")]
    Unknown,
    #[serde(rename = "STATE_OPEN")]
    Open,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct SerdeRecords {
    records: Vec<SerdeRecord>,
}

fn record(at: i32) -> Record {
    Record {
        name: format!("records/{at}"),
        title: "The quick brown fox jumps over the lazy dog".into(),
        count: 1000 + at,
        created_at: 1_700_000_000_000 + i64::from(at),
        score: 0.25 + f64::from(at),
        active: true,
        state: State::Open.into(),
        tags: vec!["red".into(), "green".into()],
        place: Some(Place { x: at, y: 2 }),
        port: 8888,
    }
}

/// prost-reflect's way.
struct Described(MessageDescriptor);

impl Described {
    fn read<M: Message + Default>(&self, json: &[u8]) -> M {
        let mut json = serde_json::Deserializer::from_slice(json);
        let message = DynamicMessage::deserialize(self.0.clone(), &mut json).expect("reads");
        M::decode(message.encode_to_vec().as_slice()).expect("decodes")
    }

    fn write<M: Message>(&self, message: &M) -> Vec<u8> {
        let message = DynamicMessage::decode(self.0.clone(), message.encode_to_vec().as_slice()).expect("decodes");
        serde_json::to_vec(&message).expect("writes")
    }
}

macro_rules! row {
    ($name:literal, $message:expr, $ours:ty, $serde:ty, $described:expr) => {{
        let (message, described): ($ours, Described) = ($message, $described);
        let json = to_vec(&message, Style::Proto).expect("writes");
        // serde's struct has numbers where proto has texts.
        let plain = String::from_utf8(to_vec(&message, Style::Thrift).expect("writes")).expect("text");
        let plain = plain.replace("\"state\":1", "\"state\":\"STATE_OPEN\"");
        let theirs: $serde = serde_json::from_str(&plain).expect("reads");
        let decode = interleaved(15, Duration::from_millis(20), &mut [
            ("ours", &mut || drop(black_box(from_slice::<$ours>(black_box(plain.as_bytes()), Style::Proto, Default::default())))),
            ("serde", &mut || drop(black_box(serde_json::from_slice::<$serde>(black_box(plain.as_bytes()))))),
            ("reflect", &mut || drop(black_box(described.read::<$ours>(black_box(&json))))),
        ]);
        let encode = interleaved(15, Duration::from_millis(20), &mut [
            ("ours", &mut || drop(black_box(to_vec(black_box(&message), Style::Proto)))),
            ("serde", &mut || drop(black_box(serde_json::to_vec(black_box(&theirs))))),
            ("reflect", &mut || drop(black_box(described.write(black_box(&message))))),
        ]);
        for (what, figures) in [("decode", decode), ("encode", encode)] {
            let [ours, serde, reflect] = figures[..] else { return };
            println!(
                "{:12} {what} {:6} B: ours {ours:8.0} ns, serde {serde:8.0} ns ({:.2}), prost-reflect {reflect:8.0} ns ({:.2})",
                $name, json.len(), ours / serde, ours / reflect,
            );
        }
    }};
}

fn main() {
    let mut pool = DescriptorPool::global();
    pool.decode_file_descriptor_set(StoreServer::new(Nobody).descriptors()).expect("descriptors");
    let described = |name: &str| Described(pool.get_message_by_name(name).expect("a message"));
    row!("one record", record(1), Record, SerdeRecord, described("records.Record"));
    let all = Records { records: (0..100).map(record).collect() };
    row!("100 records", all, Records, SerdeRecords, described("records.Records"));
}

struct Nobody;

impl bench::ours::records::Store for Nobody {
    async fn put(&self, _: &runtime::Context, req: Records) -> Result<Records, runtime::Error> {
        Ok(req)
    }
}
