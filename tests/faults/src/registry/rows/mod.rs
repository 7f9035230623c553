//! The rows, one function each.

mod cluster;
mod cut;
mod elsewhere;
mod many;
mod outage;
mod owners;
mod restored;
mod rolling;
mod servers;
mod soak;
mod storm;
mod suspended;
mod untrusted;
mod values;

use crate::rows::Row;

/// Every row.
pub const ROWS: &[Row] = &[
    ("R1", |scale| Box::pin(outage::killed(scale))),
    ("R2", |scale| Box::pin(outage::away(scale))),
    ("R3", |scale| Box::pin(outage::wiped(scale))),
    ("R4", |scale| Box::pin(restored::restored(scale))),
    ("R5", |scale| Box::pin(outage::frozen(scale))),
    ("R6", |scale| Box::pin(cluster::stopped(scale))),
    ("R7", |scale| Box::pin(cluster::partitioned(scale))),
    ("R8", |scale| Box::pin(cut::servers(scale))),
    ("R9", |scale| Box::pin(cut::resolvers(scale))),
    ("R10", |scale| Box::pin(cut::hole(scale))),
    ("R11", |scale| Box::pin(cut::compacted(scale))),
    ("R12", |scale| Box::pin(elsewhere::shown("R12", scale))),
    ("R13", |scale| Box::pin(many::list(scale))),
    ("R14", |scale| Box::pin(elsewhere::shown("R14", scale))),
    ("R15", |scale| Box::pin(elsewhere::shown("R15", scale))),
    ("R16", |scale| Box::pin(untrusted::refused(scale))),
    ("R17", |scale| Box::pin(outage::late(scale))),
    ("R18", |scale| Box::pin(owners::restarted(scale))),
    ("R19", |scale| Box::pin(owners::strangers(scale))),
    ("R20", |scale| Box::pin(rolling::restarted(scale))),
    ("R21", |scale| Box::pin(values::corrupt(scale))),
    ("R22", |scale| Box::pin(cluster::without_quorum(scale))),
    ("R23", |scale| Box::pin(suspended::suspended(scale))),
    ("R24", |scale| Box::pin(storm::all_at_once(scale))),
    ("R25", |scale| Box::pin(soak::soak(scale))),
    ("23", |scale| Box::pin(servers::terminated(scale))),
    ("24", |scale| Box::pin(servers::rolling(scale))),
    ("25", |scale| Box::pin(servers::killed(scale))),
    ("26", |scale| Box::pin(outage::long(scale))),
    ("27", |scale| Box::pin(many::flapping(scale))),
    ("28", |scale| Box::pin(elsewhere::shown("28", scale))),
];

/// What CI runs, in ninety seconds.
pub const SHORT: &[&str] = &["R1", "R3", "R5", "R12", "R13", "R14", "R15", "R16", "R17", "R19", "R21", "27", "28"];

/// The rows of the table in their order.
pub const ORDER: &[&str] = &[
    "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15", "R16", "R17",
    "R18", "R19", "R20", "R21", "R22", "R23", "R24", "R25", "23", "24", "25", "26", "27", "28",
];
