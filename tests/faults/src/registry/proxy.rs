//! A TCP proxy on loopback that misbehaves when it is told to. Knows no protocol.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They arrive.
    #[default]
    Pass,
    /// Connections are accepted, and nothing arrives until they pass again: a silent black hole.
    Hole,
    /// What clients send is held; answers arrive.
    Deaf,
    /// Answers are held; what clients send arrives.
    Mute,
    /// They arrive that much later.
    Slow(Duration),
    /// Connections are reset.
    Reset,
}

/// The two ways of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    ToServer,
    ToClient,
}

impl Mode {
    fn lets(self, way: Way) -> bool {
        match self {
            Self::Pass | Self::Slow(_) => true,
            Self::Hole | Self::Reset => false,
            Self::Deaf => way == Way::ToClient,
            Self::Mute => way == Way::ToServer,
        }
    }
}

/// A proxy that is running; dropped it ends, and all connections with it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    upstream: String,
    /// What new connections begin with.
    mode: Mutex<Mode>,
    /// What becomes of those whose first bytes hold this text.
    rule: Mutex<Option<(String, Mode)>>,
    links: Mutex<Vec<Weak<Link>>>,
}

/// One connection.
#[derive(Debug)]
struct Link {
    mode: watch::Sender<Mode>,
    /// The first bytes that its client sent.
    head: OnceLock<String>,
}

fn lock<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Proxy {
    /// Accepts on a free port of 127.0.0.1 and forwards to `upstream`, `host:port`.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn start(upstream: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (mode, rule, links) = Default::default();
        let shared = Arc::new(Shared { upstream: upstream.to_owned(), mode, rule, links });
        let accepting = Mutex::new(Some(tokio::spawn(accept(listener, Arc::clone(&shared)))));
        Ok(Self { address, shared, accepting })
    }

    /// Where it listens, `host:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// What becomes of all bytes from now on, those of open connections too.
    pub fn set(&self, mode: Mode) {
        *lock(&self.shared.mode) = mode;
        self.set_open(mode);
    }

    /// What becomes of the bytes of the connections of now; later ones are not concerned.
    pub fn set_open(&self, mode: Mode) {
        lock(&self.shared.links).retain(|link| {
            let Some(link) = link.upgrade() else { return false };
            link.mode.send_replace(mode);
            true
        });
    }

    /// The same for all connections, open and later ones, whose first bytes hold `text`; later ones
    /// begin as all others do again with [`Mode::Pass`].
    pub fn set_from(&self, text: &str, mode: Mode) {
        *lock(&self.shared.rule) = (mode != Mode::Pass).then(|| (text.to_owned(), mode));
        for link in lock(&self.shared.links).iter().filter_map(Weak::upgrade) {
            if link.head.get().is_some_and(|head| head.contains(text)) {
                link.mode.send_replace(mode);
            }
        }
    }

    /// Resets what is open and refuses what comes, as a machine without that process does.
    pub async fn refuse(&self) {
        let accepting = lock(&self.accepting).take();
        if let Some(accepting) = accepting {
            accepting.abort();
            // The listener is closed when the task is gone.
            let _ = accepting.await;
        }
        self.set_open(Mode::Reset);
    }

    /// Ends [`Proxy::refuse`].
    ///
    /// # Errors
    ///
    /// When the port is no longer free.
    pub async fn admit(&self) -> io::Result<()> {
        let listener = TcpListener::bind(self.address).await?;
        *lock(&self.accepting) = Some(tokio::spawn(accept(listener, Arc::clone(&self.shared))));
        Ok(())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(accepting) = lock(&self.accepting).take() {
            accepting.abort();
        }
        self.set_open(Mode::Reset);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let mode = watch::Sender::new(*lock(&shared.mode));
        let link = Arc::new(Link { mode, head: OnceLock::new() });
        lock(&shared.links).push(Arc::downgrade(&link));
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            // A connection that breaks concerns its two ends alone.
            let _ = forward(client, &shared, &link).await;
        });
    }
}

async fn forward(client: TcpStream, shared: &Shared, link: &Link) -> io::Result<()> {
    let mut mode = link.mode.subscribe();
    let server = TcpStream::connect(&shared.upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let told = |bytes: &[u8]| {
        let head = link.head.get_or_init(|| String::from_utf8_lossy(bytes).into_owned());
        if let Some((text, mode)) = &*lock(&shared.rule)
            && head.contains(text)
        {
            link.mode.send_replace(*mode);
        }
    };
    let there = pump(from_client, to_server, link.mode.subscribe(), Way::ToServer, Some(told));
    let back = pump(from_server, to_client, link.mode.subscribe(), Way::ToClient, None::<fn(&[u8])>);
    tokio::select! {
        ended = async { tokio::try_join!(there, back) } => ended.map(drop),
        _ = mode.wait_for(|mode| *mode == Mode::Reset) => Ok(()),
    }
}

/// Forwards one way until its end; what is read while the way is shut waits. The first bytes are
/// told.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut mode: watch::Receiver<Mode>,
    way: Way,
    mut told: Option<impl FnOnce(&[u8])>,
) -> io::Result<()> {
    let mut chunk = vec![0; 16 << 10];
    loop {
        let count = from.read(&mut chunk).await?;
        let bytes = chunk.get(..count).unwrap_or_default();
        if let Some(told) = told.take() {
            told(bytes);
        }
        let open = mode.wait_for(|mode| mode.lets(way)).await.map(|mode| *mode);
        if let Ok(Mode::Slow(time)) = open {
            tokio::time::sleep(time).await;
        }
        match bytes {
            [] => return to.shutdown().await,
            bytes => to.write_all(bytes).await?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A peer that sends back what it gets, and a proxy in front of it.
    async fn echoing() -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                });
            }
        });
        Proxy::start(&address).await.unwrap()
    }

    async fn byte(stream: &mut TcpStream) -> io::Result<u8> {
        stream.write_u8(7).await?;
        stream.read_u8().await
    }

    /// Whether nothing can be read for a moment.
    async fn silent(stream: &mut TcpStream) -> bool {
        tokio::time::timeout(Duration::from_millis(50), stream.read_u8()).await.is_err()
    }

    #[tokio::test]
    async fn what_is_held_arrives_when_it_passes_again() {
        let proxy = echoing().await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(byte(&mut stream).await.unwrap(), 7);
        for mode in [Mode::Hole, Mode::Deaf, Mode::Mute] {
            proxy.set(mode);
            stream.write_u8(8).await.unwrap();
            assert!(silent(&mut stream).await, "{mode:?}");
            proxy.set(Mode::Slow(Duration::from_millis(1)));
            assert_eq!(stream.read_u8().await.unwrap(), 8);
        }
    }

    #[tokio::test]
    async fn open_connections_alone_are_concerned() {
        let proxy = echoing().await;
        let mut old = TcpStream::connect(proxy.address()).await.unwrap();
        byte(&mut old).await.unwrap();
        proxy.set_open(Mode::Hole);
        old.write_u8(7).await.unwrap();
        assert!(silent(&mut old).await);
        let mut new = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(byte(&mut new).await.unwrap(), 7);
        proxy.set_open(Mode::Reset);
        assert!(old.read_u8().await.is_err() && new.read_u8().await.is_err());
    }

    #[tokio::test]
    async fn connections_are_told_apart_by_their_first_bytes() {
        let proxy = echoing().await;
        let mut old = TcpStream::connect(proxy.address()).await.unwrap();
        byte(&mut old).await.unwrap();
        proxy.set_from("\u{8}", Mode::Hole);
        let mut new = TcpStream::connect(proxy.address()).await.unwrap();
        new.write_u8(8).await.unwrap();
        assert!(silent(&mut new).await);
        assert_eq!(byte(&mut old).await.unwrap(), 7);
        proxy.set_from("\u{8}", Mode::Pass);
        assert_eq!(new.read_u8().await.unwrap(), 8);
        proxy.set_from("\u{7}", Mode::Hole);
        old.write_u8(7).await.unwrap();
        assert!(silent(&mut old).await);
    }

    #[tokio::test]
    async fn refused_is_refused_until_it_is_admitted() {
        let proxy = echoing().await;
        let mut old = TcpStream::connect(proxy.address()).await.unwrap();
        byte(&mut old).await.unwrap();
        proxy.refuse().await;
        assert!(old.read_u8().await.is_err());
        assert_eq!(TcpStream::connect(proxy.address()).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        proxy.admit().await.unwrap();
        let mut new = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(byte(&mut new).await.unwrap(), 7);
    }
}
