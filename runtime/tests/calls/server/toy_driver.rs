//! A protocol from outside: what a program writes to serve one of its own beside ours.

use crate::add::{AddRequest, AddResponse, AddServer};
use crate::peer::Peer;
use runtime::server::{Calls, Claim, Connection, Driver, Phase, Serving};
use runtime::{Config, Context, Error, Server, thrift};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

/// Lines: `sum 1 2` is answered with `3`.
struct Lines;

impl Driver for Lines {
    fn claim(&self, first: &[u8]) -> Claim {
        Claim::beginning(first, b"sum ")
    }

    fn serve(&self, connection: Connection) -> Serving {
        let (stream, calls) = connection.open();
        Box::pin(async move {
            let (reader, mut writer) = tokio::io::split(stream);
            let mut lines = BufReader::new(reader).lines();
            calls.waits_for(Phase::Idle);
            while let Ok(Some(line)) = lines.next_line().await {
                calls.waits_for(Phase::Work);
                let text = answer(&calls, &line).await;
                calls.waits_for(Phase::Write);
                let written = async {
                    writer.write_all(text.as_bytes()).await?;
                    writer.flush().await
                };
                if written.await.is_err() || calls.draining() {
                    return;
                }
                calls.waits_for(Phase::Idle);
            }
        })
    }
}

async fn answer(calls: &Calls, line: &str) -> String {
    match sum(calls, line).await {
        Ok(sum) => format!("{sum}\n"),
        Err(error) => format!("{error}\n"),
    }
}

async fn sum(calls: &Calls, line: &str) -> Result<i32, Error> {
    let mut numbers = line.split(' ').skip(1).map(|text| text.parse().map_err(|_| Error::invalid("not a number")));
    let mut next = || numbers.next().unwrap_or(Ok(0));
    let body = thrift::body(&[(1, &AddRequest { first: next()?, second: next()? })])?;
    let answer = calls.call_by_path("/AddService/Add", Context::new(), body).await?;
    thrift::result(answer.body.into_whole()?, calls.limits().decode).map(|AddResponse { sum }| sum)
}

#[tokio::test]
async fn a_protocol_from_outside_is_served_beside_ours() {
    let running = Server::new(Config::local()).add(AddServer::default()).driver(Lines).start().await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(running.addr()).await.unwrap();
    // The first bytes do not tell yet.
    stream.write_all(b"su").await.unwrap();
    stream.flush().await.unwrap();
    stream.write_all(b"m 1 2\nsum 1 x\n").await.unwrap();
    let mut said = String::new();
    let mut reader = BufReader::new(&mut stream);
    for _ in 0..2 {
        reader.read_line(&mut said).await.unwrap();
    }
    assert_eq!(said, "3\nInvalidArgument: not a number\n");
    // Ours is there too, on the same port.
    let mut peer = Peer::connect(running.addr()).await;
    let body = thrift::body(&[(1, &AddRequest { first: 20, second: 22 })]).unwrap();
    let reply = peer.call("Add", 7, &body).await;
    let AddResponse { sum } = thrift::result(reply.body, Default::default()).unwrap();
    assert_eq!(sum, 42);
    drop(peer);
    running.stop().await.unwrap();
    assert_eq!(reader.read_to_end(&mut Vec::new()).await.unwrap_or(0), 0);
}
