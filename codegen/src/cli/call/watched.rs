//! Which instances a call goes to: a balancer that tells of each choice of another one.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use runtime::balance::{Balancer, Member, PickRequest, Picker};
use runtime::registry::Instance;

/// Is told of each choice.
type Teller = Box<dyn Fn(&Instance) + Send + Sync>;

/// The choices of a channel so far.
#[derive(Clone, Default)]
pub(super) struct Choices(Arc<Inner>);

#[derive(Default)]
struct Inner {
    last: Mutex<Option<Arc<Instance>>>,
    teller: OnceLock<Teller>,
}

impl fmt::Debug for Choices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Choices").field(&self.last()).finish()
    }
}

impl Choices {
    /// The instance that was chosen last.
    pub(super) fn last(&self) -> Option<Arc<Instance>> {
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on somebody is told of each choice.
    pub(super) fn tell(&self, teller: impl Fn(&Instance) + Send + Sync + 'static) {
        // Asked for once.
        let _ = self.0.teller.set(Box::new(teller));
    }

    fn chosen(&self, instance: &Arc<Instance>) {
        if let Some(teller) = self.0.teller.get() {
            teller(instance);
        }
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(instance));
    }
}

/// A balancer, and where its choices are noted.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) inner: Box<dyn Balancer>,
    pub(super) choices: Choices,
}

impl Balancer for Watched {
    fn prepare(&self, members: &[Member]) -> Box<dyn Picker> {
        Box::new(Picks { inner: self.inner.prepare(members), choices: self.choices.clone() })
    }
}

#[derive(Debug)]
struct Picks {
    inner: Box<dyn Picker>,
    choices: Choices,
}

impl Picker for Picks {
    fn pick(&self, request: &PickRequest<'_>) -> Option<usize> {
        let place = self.inner.pick(request)?;
        if let Some(member) = request.members.get(place) {
            self.choices.chosen(member.instance());
        }
        Some(place)
    }

    fn weighs_load(&self) -> bool {
        self.inner.weighs_load()
    }
}
