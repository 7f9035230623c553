//! Metrics at one moment, read from the text for Prometheus.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Failure;

/// Longer than a server that lives takes for its page.
const PATIENCE: Duration = Duration::from_millis(400);

/// Values by series, as the text has them.
#[derive(Clone, Debug, Default)]
pub(super) struct Series(BTreeMap<String, f64>);

/// What was scraped at one moment.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// Seconds since the run began.
    pub(super) at: f64,
    pub(super) client: Series,
    /// `None` for a server that did not answer.
    pub(super) servers: Vec<Option<Series>>,
}

impl Series {
    pub(super) fn read(text: &str) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
        Self(samples.filter_map(|(series, value)| Some((series.to_owned(), value.parse().ok()?))).collect())
    }

    /// The page of a server.
    pub(super) async fn of(server: SocketAddr) -> Option<Self> {
        let page = async {
            let mut stream = TcpStream::connect(server).await?;
            stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await?;
            let mut text = String::new();
            stream.read_to_string(&mut text).await?;
            Ok::<_, Failure>(text)
        };
        let text = tokio::time::timeout(PATIENCE, page).await.ok()?.ok()?;
        Some(Self::read(text.split_once("\r\n\r\n")?.1))
    }

    /// The values of a metric, with what one label says.
    fn by<'a>(&'a self, metric: &'a str, label: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        let of_metric = self.0.iter().filter_map(move |(series, value)| Some((series.strip_prefix(metric)?, *value)));
        of_metric.filter_map(move |(labels, value)| {
            let (_, behind) = labels.strip_prefix('{')?.split_once(&format!("{label}=\""))?;
            Some((behind.split('"').next()?, value))
        })
    }

    /// A metric added up by one label.
    pub(super) fn sums(&self, metric: &str, label: &str) -> BTreeMap<String, f64> {
        let mut sums = BTreeMap::<String, f64>::new();
        self.by(metric, label).for_each(|(text, value)| *sums.entry(text.to_owned()).or_default() += value);
        sums
    }

    /// A metric added up.
    pub(super) fn sum(&self, metric: &str, label: &str) -> f64 {
        self.by(metric, label).map(|(_, value)| value).sum()
    }
}

/// The time in seconds that a share of the calls between two scrapes did not exceed, as Prometheus' `histogram_quantile` has it;
/// `None` without calls.
pub(super) fn quantile(share: f64, histogram: &str, before: &Series, after: &Series) -> Option<f64> {
    let metric = format!("{histogram}_bucket");
    let old = before.sums(&metric, "le");
    let mut buckets: Vec<(f64, f64)> = Vec::new();
    for (text, count) in after.sums(&metric, "le") {
        let bound = if text == "+Inf" { f64::INFINITY } else { text.parse().ok()? };
        buckets.push((bound, count - old.get(&text).copied().unwrap_or_default()));
    }
    buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
    let all = buckets.last()?.1;
    if all <= 0.0 {
        return None;
    }
    let rank = share * all;
    let place = buckets.iter().position(|(_, below)| *below >= rank)?;
    let (start, before) = place.checked_sub(1).and_then(|place| buckets.get(place)).copied().unwrap_or((0.0, 0.0));
    let (end, below) = buckets.get(place).copied()?;
    // Nothing is known of times beyond the last bound but that.
    Some(if end.is_finite() { start + (end - start) * (rank - before) / (below - before) } else { start })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(counts: [u64; 3], code: u64) -> Series {
        let [small, large, all] = counts;
        Series::read(&format!(
            "# TYPE h histogram\nh_bucket{{kind=\"a\",le=\"0.001\"}} {small}\nh_bucket{{kind=\"a\",le=\"0.01\"}} {large}\n\
             h_bucket{{kind=\"a\",le=\"+Inf\"}} {all}\nc_total{{kind=\"a\",code=\"200\"}} {code}\n\
             c_total{{kind=\"b\",code=\"200\"}} 1\nc_total{{kind=\"b\",code=\"503\"}} 2\nc_total_more{{code=\"1\"}} 9\n"
        ))
    }

    #[test]
    fn series_are_added_up_by_a_label() {
        let sums = text([0; 3], 4).sums("c_total", "code");
        assert_eq!(sums.into_iter().collect::<Vec<_>>(), [("200".to_owned(), 5.0), ("503".to_owned(), 2.0)]);
    }

    #[test]
    fn a_quantile_is_that_of_the_calls_in_between() {
        let before = text([1000, 1000, 1000], 0);
        let seen = |counts| quantile(0.5, "h", &before, &text(counts, 0)).map(|seconds| format!("{seconds:.4}"));
        assert_eq!(seen([1000, 1000, 1000]), None);
        assert_eq!(seen([1010, 1010, 1010]).unwrap(), "0.0005");
        assert_eq!(seen([1000, 1010, 1010]).unwrap(), "0.0055");
        assert_eq!(seen([1000, 1000, 1010]).unwrap(), "0.0100");
    }
}
