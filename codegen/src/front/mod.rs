//! The front ends: one for each IDL, both ending in an [`ir::Draft`](crate::ir::draft::Draft).
