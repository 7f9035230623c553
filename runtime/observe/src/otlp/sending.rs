//! The task that sends metrics, and who asks it to.

use std::fmt;
use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_sdk::Resource;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tonic::Request;
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;

use super::message::Message;
use super::settings::Settings;
use crate::metrics::Metrics;

/// The most that the end of a program waits for its last numbers to be sent.
const LAST: Duration = Duration::from_secs(5);

/// Sends metrics from time to time, until it is dropped.
///
/// It counts nothing: each message is made of the numbers that the page `/metrics` shows, which count since the beginning. A
/// collector that is away costs the curve in between and nothing else; there is one message at a time, and no queue of them.
#[must_use = "metrics are sent until this is dropped"]
pub struct OtlpExporter {
    asks: mpsc::Sender<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl fmt::Debug for OtlpExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpExporter").finish_non_exhaustive()
    }
}

impl OtlpExporter {
    pub(super) fn start(metrics: Metrics, channel: Channel, resource: Resource, settings: Settings) -> Self {
        let (asks, asked) = mpsc::channel(1);
        let Settings { interval, timeout, headers, .. } = settings;
        let sender = Sender {
            metrics,
            client: MetricsServiceClient::new(channel),
            resource,
            headers,
            timeout,
            is_failing: false,
        };
        Self { asks, task: tokio::spawn(sender.run(interval, asked)) }
    }

    /// Sends the numbers as they are now. Returns when they were taken, or when the collector's time for that was over.
    pub async fn flush(&self) {
        let (done, waits) = oneshot::channel();
        if self.asks.send(done).await.is_ok() {
            let _ = waits.await;
        }
    }

    /// The same at the end of a program, for 5 s at most; nothing is sent afterwards.
    pub async fn shutdown(self) {
        let _ = timeout(LAST, self.flush()).await;
    }
}

impl Drop for OtlpExporter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Sender {
    metrics: Metrics,
    client: MetricsServiceClient<Channel>,
    resource: Resource,
    headers: MetadataMap,
    timeout: Duration,
    /// Whether the last message was not taken whole.
    is_failing: bool,
}

impl Sender {
    async fn run(mut self, interval: Duration, mut asked: mpsc::Receiver<oneshot::Sender<()>>) {
        let mut ticks = interval_at(Instant::now() + interval, interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                _ = ticks.tick() => None,
                done = asked.recv() => match done {
                    None => return,
                    done => done,
                },
            };
            self.send().await;
            done.into_iter().for_each(|done| _ = done.send(()));
        }
    }

    async fn send(&mut self) {
        let mut message = Message::new(self.metrics.began(), SystemTime::now());
        self.metrics.write(&mut message);
        let mut request = Request::new(message.into_request(&self.resource));
        *request.metadata_mut() = self.headers.clone();
        let outcome = timeout(self.timeout, self.client.export(request)).await;
        let failure = match outcome {
            Ok(Ok(answer)) => {
                let refused = answer.into_inner().partial_success.filter(|partial| partial.rejected_data_points > 0);
                refused.map(|partial| {
                    format!("{} were refused: {}", partial.rejected_data_points, cut(&partial.error_message))
                })
            }
            Ok(Err(status)) => Some(format!("{:?}: {}", status.code(), cut(status.message()))),
            Err(_) => Some(format!("no answer in {:?}", self.timeout)),
        };
        self.tell(failure);
    }

    /// Says when sending begins to fail and when it works again, and not with every message.
    fn tell(&mut self, failure: Option<String>) {
        match (&failure, self.is_failing) {
            (Some(error), false) => tracing::warn!(target: "runtime::observe::otlp", error, "metrics were not sent"),
            (Some(error), true) => tracing::debug!(target: "runtime::observe::otlp", error, "metrics were not sent"),
            (None, true) => tracing::info!(target: "runtime::observe::otlp", "metrics are sent again"),
            (None, false) => {}
        }
        self.is_failing = failure.is_some();
    }
}

/// The beginning of a text that may come from outside.
fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}
