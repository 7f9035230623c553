//! From flags to a call.

use std::path::PathBuf;
use std::time::Duration;

use clap::ArgMatches;
use codegen::Error;
use codegen::resolve::names::registry_name;
use runtime::{Code, Idl};

use super::catalog::{Entry, Shape, entries, find, split};
use super::input::Input;
use super::schema::{Schema, of_crate};
use super::send::{Sending, context};
use super::stop::Stop;
use super::target::{self, Target};
use super::{describe, example, hint, reflection, rest};
use crate::cli::net::terminal::plain;
use crate::cli::net::{self, Settings};
use crate::cli::report::Report;

/// The longest time for what a server tells of itself.
const TELLING: Duration = Duration::from_secs(5);

pub(super) fn run(matches: &ArgMatches, report: &Report) -> u8 {
    net::block_on(report, async {
        let asked = Asked { matches, report };
        match asked.run().await {
            Ok(code) => code,
            Err(stop) => stop.say(report),
        }
    })
}

struct Asked<'a> {
    matches: &'a ArgMatches,
    report: &'a Report,
}

impl Asked<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.matches.get_one::<String>(name).map(String::as_str)
    }

    async fn run(&self) -> Result<u8, Stop> {
        let words: Vec<&String> = self.matches.get_many("words").into_iter().flatten().collect();
        let is_idl = |it: &&&String| codegen::front::language((**it).as_ref()).is_some() && !it.starts_with('@');
        let idls = words.iter().take_while(is_idl).map(PathBuf::from).collect::<Vec<_>>();
        let words = &words[idls.len()..];
        let (method, data) = match words {
            [] => (None, None),
            [method] => (Some(method.as_str()), None),
            [method, data] => (Some(method.as_str()), Some(data.as_str())),
            [_, _, more, ..] => {
                return Err(format!(
                    "`{more}` is one word too many: put the JSON in quotes, such as '{{\"first\": 1}}'"
                )
                .into());
            }
        };
        let shows = self.matches.get_flag("list") || self.text("describe").is_some() || self.text("example").is_some();
        let name = method.or(self.text("example")).or(self.text("describe"));
        if let (false, None) = (shows, name) {
            return Err(
                "name a method, such as `kiteline call AddService.Add '{}'`; --list shows those that there are"
                    .to_owned()
                    .into(),
            );
        }
        let settings = Settings::load(self.matches)?;
        let cx = context(self.matches)?;
        let deadline = self.text("deadline").map(net::duration).transpose()?;
        let (schema, target) = self.schema(idls, name, &settings, deadline).await?;
        let entries = entries(&schema);
        if shows {
            return self.show(&schema, &entries).map(|()| 0).map_err(Stop::from);
        }
        let entry = find(&entries, method.unwrap_or_default())?;
        if self.text("protocol") == Some(rest::REST) {
            rest::check(entry, &entries)?;
        }
        let idl = match entry.shape {
            Shape::Thrift(_) => Idl::Thrift,
            Shape::Proto(_) => Idl::Proto,
        };
        let target = match target {
            Some(target) => target,
            None => {
                let named = named(entry, &settings);
                let single = !entry.streams_requests() && !entry.streams_answers();
                target::open(self.matches, &settings, Some(named), (idl, self.text("protocol"), single)).await?
            }
        };
        let (verbose, report) = (self.matches.get_flag("verbose"), self.report);
        let sending = Sending { schema: &schema, entry, target: &target, cx, deadline, verbose, report, routed: None };
        Ok(sending.run(Input::of(data)?).await)
    }

    /// The services, from where the flags say; with the way to the server where that was asked.
    async fn schema(
        &self,
        mut idls: Vec<PathBuf>,
        name: Option<&str>,
        settings: &Settings,
        deadline: Option<Duration>,
    ) -> Result<(Schema, Option<Target>), Stop> {
        let mut include: Vec<PathBuf> = self.matches.get_many("include").into_iter().flatten().cloned().collect();
        idls.extend(self.matches.get_many::<PathBuf>("idl").into_iter().flatten().cloned());
        let asks = self.matches.get_flag("reflect");
        if idls.is_empty() && !asks {
            let (own, folders) = of_crate().map_err(unread)?;
            idls = own;
            include.extend(folders);
        }
        if !idls.is_empty() && !asks {
            return Ok((Schema::load(&idls, include, self.report).map_err(unread)?, None));
        }
        if self.text("protocol") == Some(rest::REST) {
            let how =
                "--protocol rest needs the routes, which stand in the IDL: name it (`kiteline call idl/user.proto …`)";
            return Err(how.to_owned().into());
        }
        let service = name.and_then(|it| split(it).0).map(|it| registry_name(it.rsplit('.').next().unwrap_or(it)));
        let nothing =
            "there is no IDL: name it (`kiteline call idl/add.thrift …`), or the server, which may tell its services";
        let target = target::open(self.matches, settings, service, (Idl::Proto, Some("grpc"), false))
            .await
            .map_err(|stop| if asks { stop } else { stop.behind(nothing) })?;
        let limit = deadline.unwrap_or(TELLING);
        let how = "name the IDL, such as `kiteline call idl/add.thrift …`";
        let text = match tokio::time::timeout(limit, reflection::ask(&target.channel)).await {
            Ok(Ok(pool)) => {
                let schema = Schema::told(pool);
                if !entries(&schema).is_empty() {
                    // The call may have to be made in another protocol.
                    return Ok((schema, Some(target).filter(|_| self.text("protocol").is_none())));
                }
                format!("{} tells of no proto service: {how}", target.place)
            }
            Ok(Err(error)) if error.code() == Code::Unimplemented => {
                format!("{} does not tell its services, since it has no reflection: {how}", target.place)
            }
            Ok(Err(error)) => {
                let (text, help) = hint::explained(&error, &target, false).await;
                [Some(plain(&text)), help].into_iter().flatten().collect::<Vec<_>>().join("\n  help: ")
            }
            Err(_) => format!("{} did not tell its services in {limit:?}: {how}", target.place),
        };
        Err(Stop::failed(text))
    }

    fn show(&self, schema: &Schema, entries: &[Entry<'_>]) -> Result<(), String> {
        use std::io::Write as _;
        let text = if let Some(name) = self.text("describe") {
            describe::named(schema, entries, name)?
        } else if let Some(name) = self.text("example") {
            format!("{}\n", example::request(schema, find(entries, name)?).pretty())
        } else {
            describe::list(entries, schema.model())
        };
        // A closed pipe is nobody's fault.
        let _ = std::io::stdout().write_all(text.as_bytes());
        Ok(())
    }
}

/// A service's name in the registry, as `service.toml` says it.
fn named(entry: &Entry<'_>, settings: &Settings) -> String {
    let names = &settings.config.names;
    names.get(&entry.full).or_else(|| names.get(&entry.short)).unwrap_or(&entry.registered).clone()
}

/// What is wrong with the IDL.
fn unread(error: Error) -> Stop {
    match error {
        Error::Findings(_, text) => Stop::findings(text),
        Error::Io(text) => Stop::from(text),
    }
}
