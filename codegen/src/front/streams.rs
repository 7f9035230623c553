//! Methods of Thrift that stream, which nothing is made for: taken out where the user asks for it.

use crate::diag::{Diagnostics, catalogue::rules};
use crate::ir::draft::{Draft, Item};

/// Leaves them out, each with a note.
pub fn skip(draft: &mut Draft, found: &mut Diagnostics) {
    for item in draft.files.iter_mut().flat_map(|file| &mut file.items) {
        let Item::Service(service) = item else { continue };
        service.methods.retain(|method| {
            let streams = method.streams_in_thrift();
            if streams {
                found.push(rules::skipped_stream(&method.head.name));
            }
            !streams
        });
    }
}
