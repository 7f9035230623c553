//! R25: a fault a minute, and what this process holds after each.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::registry::proxy::{Mode, Proxy};
use crate::registry::stage::{Stage, seconds};
use crate::report::{Line, size};
use crate::rows::Scale;

/// From one fault to the next.
const MINUTE: Duration = seconds(60);
/// Minutes that are looked at for what is held at the end.
const LAST: usize = 3;

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Killed,
    Wiped,
    Stopped,
    Hole,
    Reset,
    Compacted,
    Refused,
    Slow,
}

const FAULTS: [Fault; 8] = [
    Fault::Killed,
    Fault::Wiped,
    Fault::Stopped,
    Fault::Hole,
    Fault::Reset,
    Fault::Compacted,
    Fault::Refused,
    Fault::Slow,
];

/// What this process holds: servers, resolvers and callers are in it.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    memory: usize,
    descriptors: usize,
    tasks: usize,
}

impl Held {
    fn now() -> Result<Self, Failure> {
        let text = fs::read_to_string("/proc/self/statm")?;
        let pages: usize = text.split(' ').nth(1).ok_or("no resident pages")?.parse()?;
        let descriptors = fs::read_dir("/proc/self/fd")?.count();
        let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        Ok(Self { memory: pages * 4096, descriptors, tasks })
    }
}

/// R25.
pub(super) async fn soak(scale: Scale) -> Result<Vec<Line>, Failure> {
    let time = scale.time.unwrap_or(scale.of(seconds(3600), seconds(600)));
    let (mut stage, proxy) = Stage::through(|_| true, true).await?;
    let start = Instant::now();
    let (mut held, mut slowest, mut faults) = (Vec::new(), Duration::ZERO, 0_usize);
    while start.elapsed() < time {
        let minute = Instant::now();
        let place = usize::try_from(RandomState::new().hash_one(faults) % 8)?;
        let fault = FAULTS.get(place).copied().unwrap_or(Fault::Killed);
        let healed = inflict(&mut stage, &proxy, fault).await?;
        let right = stage.world.right(seconds(45)).await.ok_or(format!("after {fault:?} nothing gets right"))?;
        slowest = slowest.max(right);
        faults += 1;
        tokio::time::sleep(MINUTE.saturating_sub(minute.elapsed())).await;
        let now = Held::now()?;
        eprintln!("{faults}: {fault:?}, right {right:.1?} after {:.0?}, {now:?}", healed.duration_since(start));
        held.push(now);
    }
    let what = format!("a random fault a minute, {faults} of them");
    let line = |name: &str, value: fn(&Held) -> usize, slack: usize, show: fn(usize) -> String| {
        // The first of each kind of fault fills pools and allocators: a third of the time for that.
        let warm = held.len() / 3;
        let before = held.iter().take(warm).map(value).max().unwrap_or_default();
        let after = held.iter().rev().take(LAST).map(value).min().unwrap_or_default();
        let required = format!("{name} flat (+ ≤ {})", show(slack));
        let shown = format!("{} at first, {} at last", show(before), show(after));
        Line::new("R25", &what, required, shown, warm >= LAST && after <= before + slack)
    };
    let number = |count: usize| count.to_string();
    let lines = vec![
        line("RSS", |held| held.memory, 16 << 20, size),
        line("descriptors", |held| held.descriptors, 64, number),
        line("tasks", |held| held.tasks, 64, number),
        Line::new("R25", &what, "right after each", format!("{slowest:.1?} at most"), slowest <= seconds(20)),
    ];
    let last = stage.end_with_removals("R25", &what).await?;
    Ok(lines.into_iter().chain([last]).collect())
}

/// Lets it happen; the moment at which it is over.
async fn inflict(stage: &mut Stage, proxy: &Proxy, fault: Fault) -> Result<Instant, Failure> {
    match fault {
        Fault::Killed | Fault::Wiped => {
            stage.etcd()?.kill();
            if matches!(fault, Fault::Wiped) {
                stage.etcd()?.wipe()?;
            }
            tokio::time::sleep(seconds(2)).await;
            stage.etcd()?.start().await?;
        }
        Fault::Stopped => {
            stage.etcd()?.signal("STOP")?;
            tokio::time::sleep(seconds(5)).await;
            stage.etcd()?.signal("CONT")?;
        }
        Fault::Hole | Fault::Slow => {
            proxy.set(if matches!(fault, Fault::Hole) { Mode::Hole } else { Mode::Slow(Duration::from_millis(300)) });
            tokio::time::sleep(seconds(20)).await;
            proxy.set(Mode::Pass);
        }
        Fault::Reset => proxy.set_open(Mode::Reset),
        Fault::Compacted => {
            let now = stage.revision().await?;
            // Already compacted there is as good.
            drop(stage.admin().compact(now, None).await);
            proxy.set_open(Mode::Reset);
        }
        Fault::Refused => {
            proxy.refuse().await;
            tokio::time::sleep(seconds(5)).await;
            proxy.admit().await?;
        }
    }
    Ok(Instant::now())
}
