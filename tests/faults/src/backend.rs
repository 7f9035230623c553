//! Backends of this process that answer `Number` and `Lookup` by hand, and of which one misbehaves
//! from some moment on. They remember what they were asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use runtime::Error;
use runtime::thrift::{Header, Incoming, MessageReader, MessageType, TtHeader, exception};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use crate::Failure;
use crate::corpus;

/// Longer than any request that is sent here.
const MOST: usize = 1 << 20;

/// How a backend misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It answers that it failed.
    Errors,
    /// It takes a request and closes the connection.
    Closes,
    /// It takes connections and reads nothing from them.
    Hangs,
    /// It takes every request and answers none.
    Swallows,
}

/// What all backends of one channel were asked.
#[derive(Debug, Default)]
pub struct Asked {
    /// How often each number came, wherever it did.
    pub numbers: HashMap<i64, usize>,
    /// When the bad one read a request, from its fault on.
    pub bad: Vec<Instant>,
}

/// What the backends of one channel share.
#[derive(Debug, Default)]
struct Shared {
    fault: OnceLock<Fault>,
    asked: Mutex<Asked>,
}

impl Shared {
    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The backends of one channel; dropped they end.
#[derive(Debug)]
pub struct Backends {
    /// `host:port` with commas between, the bad one first.
    pub addresses: String,
    shared: Arc<Shared>,
    tasks: Vec<AbortHandle>,
}

impl Backends {
    /// Starts them; all behave.
    ///
    /// # Errors
    ///
    /// When one cannot listen.
    pub async fn start(count: usize) -> Result<Self, Failure> {
        let shared = Arc::<Shared>::default();
        let (mut addresses, mut tasks) = (Vec::new(), Vec::new());
        for number in 0..count {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            addresses.push(listener.local_addr()?.to_string());
            let accepting = tokio::spawn(accept(listener, number == 0, Arc::clone(&shared)));
            tasks.push(accepting.abort_handle());
        }
        Ok(Self { addresses: addresses.join(","), shared, tasks })
    }

    /// The bad one misbehaves from now on.
    pub fn fail(&self, fault: Fault) {
        // A second fault would be a bug of the row that asks for it; the first one stays.
        let _ = self.shared.fault.set(fault);
    }

    /// Takes what they were asked so far.
    pub fn asked(&self) -> Asked {
        std::mem::take(&mut *self.shared.asked())
    }
}

impl Drop for Backends {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

async fn accept(listener: TcpListener, bad: bool, shared: Arc<Shared>) {
    // Ends with this task.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            // A caller that went away, or sent what is not a request, is told nothing.
            let _ = serve(stream, bad, &shared).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(mut stream: TcpStream, bad: bool, shared: &Shared) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let fault = || shared.fault.get().copied().filter(|_| bad);
    let mut messages = MessageReader::new(MOST);
    loop {
        while let Some(incoming) = messages.take()? {
            let fault = fault();
            note(&incoming, fault.is_some(), shared)?;
            match fault {
                None => reply(&mut stream, &incoming, None).await?,
                Some(Fault::Errors) => reply(&mut stream, &incoming, Some(Error::internal("broken"))).await?,
                Some(Fault::Closes) => return Ok(()),
                Some(Fault::Hangs) => std::future::pending().await,
                Some(Fault::Swallows) => {}
            }
        }
        if fault() == Some(Fault::Hangs) {
            std::future::pending::<()>().await;
        }
        if stream.read_buf(messages.room()).await? == 0 {
            return Ok(());
        }
    }
}

/// Remembers a request. Its body is a struct of one `i64`, so its number is at a known place.
fn note(incoming: &Incoming, bad: bool, shared: &Shared) -> Result<(), Failure> {
    let (_, taken) = Header::read(incoming.message())?;
    let number = incoming.message().get(taken + 3..taken + 11).ok_or("no number")?;
    let number = i64::from_be_bytes(number.try_into()?);
    let mut asked = shared.asked();
    *asked.numbers.entry(number).or_default() += 1;
    if bad {
        asked.bad.push(Instant::now());
    }
    Ok(())
}

/// Gives the number back as the result, or an exception.
async fn reply(stream: &mut TcpStream, incoming: &Incoming, error: Option<Error>) -> Result<(), Failure> {
    let (header, taken) = Header::read(incoming.message())?;
    let (kind, body) = match error {
        Some(error) => (MessageType::Exception, exception::encode(&error)?),
        None => {
            // Field 1 of the arguments, field 0 of the result.
            let mut body = incoming.message().get(taken..).unwrap_or_default().to_vec();
            body.iter_mut().skip(1).take(2).for_each(|byte| *byte = 0);
            (MessageType::Reply, Bytes::from(body))
        }
    };
    let info = TtHeader { seq: header.seq, ..TtHeader::default() };
    let message = corpus::message(incoming.wire, Header { kind, ..header }, &info, &body)?;
    Ok(stream.write_all(&message).await?)
}
