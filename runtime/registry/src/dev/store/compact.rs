//! Forgetting history: when somebody asks for it, and when it grows beyond its bounds.

use crate::dev::messages::{CompactionRequest, CompactionResponse};

use super::write::version_weight;
use super::{Failure, Store, Version};

impl Store {
    /// Forgets what was before a revision.
    pub(crate) fn compact(&mut self, request: &CompactionRequest) -> Result<CompactionResponse, Failure> {
        if request.revision <= self.compacted {
            return Err(Failure::Compacted);
        }
        if request.revision > self.revision {
            return Err(Failure::FutureRevision);
        }
        self.forget_before(request.revision);
        Ok(CompactionResponse { header: Some(self.header()) })
    }

    /// Keeps the bound on history after a change.
    pub(super) fn forget_history(&mut self) {
        if self.log.len() > self.bounds.revisions {
            let kept = i64::try_from(self.bounds.revisions / 2).unwrap_or(i64::MAX);
            self.forget_before(self.revision.saturating_sub(kept));
        }
    }

    /// Refuses what would not fit, even without history.
    pub(super) fn make_room(&mut self, more: usize) -> Result<(), Failure> {
        if self.size.saturating_add(more) > self.bounds.space && self.compacted < self.revision {
            self.forget_before(self.revision);
        }
        if self.size.saturating_add(more) > self.bounds.space { Err(Failure::NoSpace) } else { Ok(()) }
    }

    /// Each key keeps its state at `revision` and what came later. A key that was deleted by then
    /// keeps nothing, not even for a watch that starts at this very revision: so does etcd 3.4.
    fn forget_before(&mut self, revision: i64) {
        self.compacted = revision;
        let mut freed = 0;
        self.keys.retain(|key, versions| {
            let mut keep = versions.partition_point(|version| version.revision <= revision).saturating_sub(1);
            let deleted = |version: &Version| version.kv.is_none() && version.revision <= revision;
            keep += usize::from(versions.get(keep).is_some_and(deleted));
            freed += versions.drain(..keep).map(|version| version_weight(key, version.kv.as_ref())).sum::<usize>();
            !versions.is_empty()
        });
        self.size = self.size.saturating_sub(freed);
        while self.log.front().is_some_and(|step| step.revision < revision) {
            self.log.pop_front();
        }
        if let Some(step) = self.log.front_mut().filter(|step| step.revision == revision) {
            step.changes.retain(|change| !change.deleted);
            for change in &mut step.changes {
                change.before = None;
            }
        }
    }

    /// Tells everybody that history up to now is gone and revisions went on, as an operator does
    /// who restores an old snapshot with a bump.
    pub(crate) fn bump(&mut self, by: i64) {
        self.revision = self.revision.saturating_add(by.max(0));
        self.forget_before(self.revision);
    }
}
