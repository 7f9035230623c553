//! What the environment says of OTLP, by the names that OpenTelemetry gave its variables
//! (<https://opentelemetry.io/docs/specs/otel/protocol/exporter/>).

use std::time::Duration;

use kiteline_core::error::{Code, Error};
use opentelemetry_sdk::Resource;
use tonic::metadata::{MetadataKey, MetadataMap, MetadataValue};

/// Reads a variable; one that is set to nothing counts as not set.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The address of a collector that nobody named.
const ENDPOINT: &str = "http://localhost:4317";
/// The time between two messages.
const INTERVAL: Duration = Duration::from_secs(60);
/// How long a collector may take for one.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where metrics go, how often, and with what.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) endpoint: String,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    pub(super) headers: MetadataMap,
}

pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

impl Settings {
    pub(super) fn read(get: Variables<'_>) -> Self {
        // What is said of metrics comes before what is said of all signals.
        let of_both = |ending: &str| {
            get(&format!("OTEL_EXPORTER_OTLP_METRICS_{ending}"))
                .or_else(|| get(&format!("OTEL_EXPORTER_OTLP_{ending}")))
        };
        Self {
            endpoint: of_both("ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned()),
            interval: millis("OTEL_METRIC_EXPORT_INTERVAL", get("OTEL_METRIC_EXPORT_INTERVAL"), INTERVAL),
            timeout: millis("OTEL_EXPORTER_OTLP_TIMEOUT", of_both("TIMEOUT"), TIMEOUT),
            headers: headers(&of_both("HEADERS").unwrap_or_default()),
        }
    }

    /// The address as a URL: one without a scheme is one in plain text.
    pub(super) fn url(&self) -> Result<String, Error> {
        let wrong = |text| Error::new(Code::FailedPrecondition, format!("no metrics to `{}`: {text}", self.endpoint));
        match self.endpoint.split_once("://") {
            None => Ok(format!("http://{}", self.endpoint)),
            Some(("http", _)) => Ok(self.endpoint.clone()),
            Some(("https", _)) => {
                Err(wrong("OTLP goes without TLS here; give the `http://` address of a collector beside the process"))
            }
            Some(_) => Err(wrong("a collector is at `http://host:port`")),
        }
    }
}

/// A variable in milliseconds. As OpenTelemetry has it, one that is no such number is told of and passed over.
fn millis(name: &str, value: Option<String>, default: Duration) -> Duration {
    let Some(value) = value else { return default };
    match value.trim().parse::<u64>() {
        Ok(millis) if millis > 0 => Duration::from_millis(millis),
        _ => {
            tracing::warn!(target: "runtime::observe::otlp", "{name}={value:?} is not a number of milliseconds; {default:?} holds");
            default
        }
    }
}

/// `name=value,name=value`, values percent-encoded; what is no header is passed over.
fn headers(text: &str) -> MetadataMap {
    let mut all = MetadataMap::new();
    for (name, value) in text.split(',').filter_map(|pair| pair.split_once('=')) {
        let name = MetadataKey::from_bytes(name.trim().to_ascii_lowercase().as_bytes());
        let value = decode(value.trim()).and_then(|value| MetadataValue::try_from(value).ok());
        if let (Ok(name), Some(value)) = (name, value) {
            all.insert(name, value);
        }
    }
    all
}

/// A text without its percent-encoding; `None` for one that is broken.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut all = Vec::with_capacity(text.len());
    let digit = |byte: u8| char::from(byte).to_digit(16);
    while let Some(byte) = bytes.next() {
        let value = match byte {
            b'%' => u8::try_from(digit(bytes.next()?)? << 4 | digit(bytes.next()?)?).ok()?,
            byte => byte,
        };
        all.push(value);
    }
    Some(all)
}

/// The process as OpenTelemetry describes it: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`, and `service` where
/// neither says a `service.name`.
pub(crate) fn resource(service: &str) -> Resource {
    let resource = Resource::builder().build();
    let name = resource.iter().find(|(key, _)| key.as_str() == "service.name").map(|(_, value)| value.as_str());
    match name {
        Some(name) if !name.starts_with("unknown_service") => resource,
        _ => Resource::builder().with_service_name(service.to_owned()).build(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(all: &[(&str, &str)]) -> Settings {
        Settings::read(&|name| Some(all.iter().find(|(key, _)| *key == name)?.1.to_owned()))
    }

    #[test]
    fn variables_say_where_and_how_often() {
        let settings = read(&[]);
        assert_eq!(settings.endpoint, "http://localhost:4317");
        assert_eq!((settings.interval.as_secs(), settings.timeout.as_secs(), settings.headers.len()), (60, 10, 0));
        let all = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:1"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "1500"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "250"),
        ];
        let settings = read(&all);
        assert_eq!(settings.endpoint, "http://a:1");
        assert_eq!((settings.interval.as_millis(), settings.timeout.as_millis()), (1500, 250));
        let own = [("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://b:2"), ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "7")];
        let settings = read(&[&all[..], &own].concat());
        assert_eq!((settings.endpoint.as_str(), settings.timeout.as_millis()), ("http://b:2", 7));
    }

    #[test]
    fn what_is_no_number_of_milliseconds_is_passed_over() {
        for value in ["0", "-1", "1s", "1.5", "99999999999999999999"] {
            assert_eq!(read(&[("OTEL_METRIC_EXPORT_INTERVAL", value)]).interval, INTERVAL, "{value}");
        }
    }

    #[test]
    fn headers_are_decoded_and_what_is_none_is_passed_over() {
        let text = "Authorization=Bearer%20a%3Db, x-tenant = seven ,, nothing, bad name=1, half=%2, x=%zz, line=a%0Ab";
        let headers = read(&[("OTEL_EXPORTER_OTLP_HEADERS", text)]).headers;
        assert_eq!(headers.len(), 2, "{headers:?}");
        assert_eq!(headers.get("authorization").unwrap(), "Bearer a=b");
        assert_eq!(headers.get("x-tenant").unwrap(), "seven");
    }

    #[test]
    fn a_collector_is_at_a_url_in_plain_text() {
        let url = |endpoint| read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]).url();
        assert_eq!(url("http://a:1/").unwrap(), "http://a:1/");
        assert_eq!(url("a:1").unwrap(), "http://a:1");
        let error = |endpoint| url(endpoint).unwrap_err().message().to_owned();
        assert!(error("https://a:1").starts_with("no metrics to `https://a:1`: OTLP goes without TLS here; give"));
        assert_eq!(error("unix:///x"), "no metrics to `unix:///x`: a collector is at `http://host:port`");
    }
}
