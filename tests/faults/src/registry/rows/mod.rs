//! The rows, one function each.

mod outage;

use crate::rows::Row;

/// Every row, those of one process before those of many.
pub const ROWS: &[Row] = &[
    ("R1", |scale| Box::pin(outage::killed(scale))),
    ("R2", |scale| Box::pin(outage::away(scale))),
    ("R3", |scale| Box::pin(outage::wiped(scale))),
    ("R5", |scale| Box::pin(outage::frozen(scale))),
    ("R17", |scale| Box::pin(outage::late(scale))),
];

/// What CI runs.
pub const SHORT: &[&str] = &["R1", "R3", "R5", "R17"];

/// The rows of the table in their order.
pub const ORDER: &[&str] = &[
    "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15", "R16", "R17",
    "R18", "R19", "R20", "R21", "R22", "R23", "R24", "R25", "23", "24", "25", "26", "27", "28",
];
