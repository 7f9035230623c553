//! One etcd with the load on it, and how long it takes until all is well again.

use std::time::{Duration, Instant};

use etcd_client::Client;

use super::etcd::{Etcd, count};
use super::proxy::Proxy;
use super::world::{World, until};
use crate::Failure;
use crate::report::Line;

/// Longer than the first registration of everybody takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// An etcd, or several members of one, and the load.
pub struct Stage {
    /// The members.
    pub etcd: Vec<Etcd>,
    /// The load.
    pub world: World,
    admin: Client,
}

/// When all was well for good, from the moment at which one began to look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recovery {
    /// Every key is in etcd.
    pub registered: Option<Duration>,
    /// Every resolver sees what runs, beyond doubt and freshly.
    pub right: Option<Duration>,
}

impl Stage {
    /// One etcd to which everybody connects directly.
    ///
    /// # Errors
    ///
    /// When something does not start.
    pub async fn direct() -> Result<Self, Failure> {
        let etcd = Etcd::single().await?;
        let world = World::start(|_| etcd.address.clone(), |_| etcd.address.clone()).await?;
        Self::settled(vec![etcd], world).await
    }

    /// One etcd; servers for which `far` holds, or resolvers, reach it through the proxy alone.
    ///
    /// # Errors
    ///
    /// When something does not start.
    pub async fn through(far: fn(usize) -> bool, resolvers: bool) -> Result<(Self, Proxy), Failure> {
        let etcd = Etcd::single().await?;
        let proxy = Proxy::start(&etcd.address).await?;
        let way = |through: bool| if through { proxy.address() } else { etcd.address.clone() };
        let world = World::start(|number| way(far(number)), |_| way(resolvers)).await?;
        Ok((Self::settled(vec![etcd], world).await?, proxy))
    }

    /// Waits until everybody is found, then lets the calls begin.
    ///
    /// # Errors
    ///
    /// When that does not happen within a minute.
    pub async fn settled(etcd: Vec<Etcd>, world: World) -> Result<Self, Failure> {
        world.right(PATIENCE).await.ok_or("the load does not settle")?;
        let mut stage = Self::unsettled(etcd, world).await?;
        stage.world.call();
        Ok(stage)
    }

    /// The same before anybody is registered; nobody calls yet.
    ///
    /// # Errors
    ///
    /// When there is no member.
    pub async fn unsettled(etcd: Vec<Etcd>, world: World) -> Result<Self, Failure> {
        let admin = etcd.first().ok_or("no etcd")?.client().await?;
        Ok(Self { etcd, world, admin })
    }

    /// The one etcd, or the first member.
    ///
    /// # Errors
    ///
    /// Without any.
    pub fn etcd(&mut self) -> Result<&mut Etcd, Failure> {
        self.etcd.first_mut().ok_or_else(|| "no etcd".into())
    }

    /// Asks etcd by a client of its own.
    pub fn admin(&mut self) -> &mut Client {
        &mut self.admin
    }

    /// etcd's revision now.
    ///
    /// # Errors
    ///
    /// When it does not say.
    pub async fn revision(&mut self) -> Result<i64, Failure> {
        let got = self.admin.get("up", None).await?;
        Ok(got.header().ok_or("no header")?.revision())
    }

    /// Asks another member from now on.
    ///
    /// # Errors
    ///
    /// When there is no such member.
    pub async fn ask(&mut self, member: usize) -> Result<(), Failure> {
        self.admin = self.etcd.get(member).ok_or("no such member")?.client().await?;
        Ok(())
    }

    /// Looks for that long, and tells since when all has been well.
    pub async fn recovery(&mut self, window: Duration) -> Recovery {
        let start = Instant::now();
        let mut recovery = Recovery::default();
        while start.elapsed() < window {
            let right = self.world.is_right();
            let registered = count(&mut self.admin).await.is_some_and(|keys| keys >= self.world.keys());
            let now = start.elapsed();
            for (well, since) in [(registered, &mut recovery.registered), (right, &mut recovery.right)] {
                *since = well.then(|| since.unwrap_or(now));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        recovery
    }

    /// Waits until etcd has as many keys as there are to be.
    ///
    /// # Errors
    ///
    /// When it does not within `most`.
    pub async fn until_registered(&mut self, most: Duration) -> Result<(), Failure> {
        self.until_keys(self.world.keys(), most).await
    }

    /// Waits until etcd has that many keys.
    ///
    /// # Errors
    ///
    /// When it does not within `most`.
    pub async fn until_keys(&mut self, keys: i64, most: Duration) -> Result<(), Failure> {
        let start = Instant::now();
        while count(&mut self.admin).await != Some(keys) {
            if start.elapsed() > most {
                return Err("etcd does not hold what it is to hold".into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Waits until every list is fresh and holds what runs, whatever else it holds.
    pub async fn until_found(&self, most: Duration) -> Option<Duration> {
        until(most, || self.world.is_found()).await
    }

    /// Ends everything; the line of what callers and resolvers met.
    ///
    /// # Errors
    ///
    /// When a caller panicked.
    pub async fn end(self, row: &str, what: &str) -> Result<Line, Failure> {
        self.close(row, what, true).await
    }

    /// The same where instances are away from etcd for a reason: resolvers may have lost them.
    ///
    /// # Errors
    ///
    /// When a caller panicked.
    pub async fn end_with_removals(self, row: &str, what: &str) -> Result<Line, Failure> {
        self.close(row, what, false).await
    }

    async fn close(self, row: &str, what: &str, strict: bool) -> Result<Line, Failure> {
        let equal = self.world.is_right();
        let totals = self.world.close().await?;
        let measured = format!(
            "{} of {} calls failed, {} removals (for {:.1?} at most), lists equal: {equal}",
            totals.failed, totals.calls, totals.removals, totals.invisible
        );
        let ok = totals.failed == 0 && totals.calls > 0 && (totals.removals == 0 || !strict) && equal;
        let required = if strict { "0 failed calls, 0 removals, lists right" } else { "0 failed calls, lists right" };
        Ok(Line::new(row, what, required, measured, ok))
    }
}

/// So many seconds.
pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A time within a bound.
pub fn within(row: &str, what: &str, required: &str, took: Option<Duration>, most: Duration) -> Line {
    let measured = took.map_or("not in the time that was watched".to_owned(), |took| format!("{took:.1?}"));
    let required = format!("{required} ≤ {} s", most.as_secs_f64());
    Line::new(row, what, required, measured, took.is_some_and(|took| took <= most))
}
