//! A registry of a program's own: a file that processes on one machine share, one line per instance.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::add::{AddRequest, AddResponse, AddServer};
use runtime::client::Request;
use runtime::registry::{
    Announcement, Backend, Endpoint, Error, Instance, Registered, Scheme, Snapshot, Status, Task, Url, View,
};
use runtime::{Channel, Config, Registry, Server, Service, thrift};

/// `file:///path`: lines of `service address`.
const FILE: Scheme = Scheme { name: "file", form: "file:///path", shared: false, open };

fn open(url: &Url<'_>) -> Result<Box<dyn Backend>, Error> {
    let path = PathBuf::from(url.rest());
    match path.is_absolute() {
        true => Ok(Box::new(File(path))),
        false => Err(Error::Url(url.error(url.rest(), "write the whole path, such as file:///tmp/instances"))),
    }
}

#[derive(Clone, Debug)]
struct File(PathBuf);

fn line(instance: &Instance) -> String {
    format!("{} {}\n", instance.service, instance.endpoints[0].address())
}

fn read(path: &Path, service: &str) -> Snapshot {
    let text = fs::read_to_string(path).unwrap_or_default();
    let addresses = text.lines().filter_map(|line| line.strip_prefix(service)?.strip_prefix(' '));
    let instances = addresses.filter_map(Endpoint::parse).map(|one| Arc::new(Instance::new(service, one))).collect();
    Snapshot { instances, known: true, ..Snapshot::unknown(service) }
}

impl Backend for File {
    fn name(&self) -> String {
        format!("file {}", self.0.display())
    }

    fn place(&self, service: &str) -> String {
        format!("the lines of {service} in {}", self.0.display())
    }

    fn propagation(&self) -> Duration {
        Duration::ZERO
    }

    fn follow(&self, service: &str, view: &Arc<View>) -> Option<Task> {
        let (path, service, view) = (self.0.clone(), service.to_owned(), Arc::clone(view));
        Some(Box::pin(async move {
            loop {
                view.publish(read(&path, &service));
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }))
    }

    fn keep(&self, mut announcement: Announcement) -> Task {
        let (path, registry) = (self.0.clone(), self.name());
        Box::pin(async move {
            let mut ours: Vec<String> = Vec::new();
            loop {
                let wanted: Vec<String> = announcement.instances().iter().map(line).collect();
                let text = fs::read_to_string(&path).unwrap_or_default();
                let others = text.split_inclusive('\n').filter(|line| !ours.iter().any(|own| own == line));
                let text: String = others.chain(wanted.iter().map(String::as_str)).collect();
                ours = wanted;
                announcement.tell(match fs::write(&path, text) {
                    Err(error) => Status::Away(error.to_string()),
                    Ok(()) if announcement.is_paused() => Status::Paused,
                    Ok(()) => Status::Registered(Arc::new(Registered {
                        registry: registry.clone(),
                        keys: ours.clone(),
                        lease: None,
                    })),
                });
                if !announcement.changed().await {
                    break;
                }
            }
            let text = fs::read_to_string(&path).unwrap_or_default();
            let others: String =
                text.split_inclusive('\n').filter(|line| !ours.iter().any(|own| own == line)).collect();
            let _ = fs::write(&path, others);
            announcement.tell(Status::Stopped);
        })
    }
}

async fn sum(channel: &Channel) -> Result<i32, runtime::Error> {
    let body = thrift::body(&[(1, &AddRequest { first: 40, second: 2 })]);
    let method = &AddServer::default().info().methods[0];
    Request::new(channel, method, body, thrift::result::<AddResponse>).await.map(|answer| answer.sum)
}

#[tokio::test]
async fn a_server_is_found_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}/instances", folder.path().display());
    let (serving, calling) = (Registry::open_with(&[FILE], &url).unwrap(), Registry::open_with(&[FILE], &url).unwrap());
    let channel = Channel::builder("add").registry(&calling).build().unwrap();
    let running = Server::new(Config::local()).registry(&serving).add(AddServer::default()).start().await.unwrap();
    let seen = calling.resolve("add").unwrap();
    let wait = Duration::from_secs(20);
    seen.wait(wait, |snapshot| snapshot.instances.len() == 1).await.unwrap();
    assert_eq!(sum(&channel).await.unwrap(), 42);
    running.pause();
    seen.wait(wait, |snapshot| snapshot.instances.is_empty()).await.unwrap();
    running.resume();
    seen.wait(wait, |snapshot| snapshot.instances.len() == 1).await.unwrap();
    running.stop().await.unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("instances")).unwrap(), "");
}

#[tokio::test]
async fn a_url_of_its_own_shows_the_place() {
    let error = Registry::open_with(&[FILE], "file://instances").unwrap_err().to_string();
    let wanted = "this registry URL cannot be used\n  file://instances\n         ^^^^^^^^^ write the whole path, such as file:///tmp/instances";
    assert_eq!(error, wanted);
    let unknown = Registry::open_with(&[FILE], "fiel:///x").unwrap_err().to_string();
    assert!(unknown.contains("a registry is one of file:///path, etcd://host:2379,"), "{unknown}");
    assert!(Registry::open_with(&[FILE], "memory").is_ok());
}
