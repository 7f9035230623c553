//! Bounds of what the embedded registry keeps and takes.

use crate::dev::messages::*;
use tonic::Code;

use super::wire::{call, open};
use crate::dev::Embedded;
use crate::dev::store::Bounds;

fn put(key: &str, size: usize) -> PutRequest {
    PutRequest { key: key.into(), value: vec![b'x'; size], ..PutRequest::default() }
}

#[tokio::test]
async fn requests_and_space_have_an_end() {
    let bounds = Bounds { space: 1 << 20, ..Bounds::default() };
    let dev = Embedded::bounded("127.0.0.1:0", bounds).await.unwrap();
    let to = open(&dev.address().to_string());
    const PUT: &str = "/etcdserverpb.KV/Put";
    let large = call::<_, PutResponse>(&to, PUT, put("a", bounds.request)).await.unwrap_err();
    assert_eq!((large.code(), large.message()), (Code::InvalidArgument, "etcdserver: request is too large"));
    assert_eq!(call::<_, PutResponse>(&to, PUT, put("a", 4 << 20)).await.unwrap_err().code(), Code::OutOfRange);
    // The same key again and again: history is given up for it.
    for _ in 0..20 {
        call::<_, PutResponse>(&to, PUT, put("a", 300_000)).await.unwrap();
    }
    for key in ["b", "c"] {
        call::<_, PutResponse>(&to, PUT, put(key, 300_000)).await.unwrap();
    }
    let full = call::<_, PutResponse>(&to, PUT, put("d", 300_000)).await.unwrap_err();
    assert_eq!(full.code(), Code::ResourceExhausted);
    assert_eq!(full.message(), "etcdserver: mvcc: database space exceeded");
    let delete = DeleteRequest { key: b"b".to_vec(), ..DeleteRequest::default() };
    call::<_, DeleteResponse>(&to, "/etcdserverpb.KV/DeleteRange", delete).await.unwrap();
    call::<_, PutResponse>(&to, PUT, put("d", 300_000)).await.unwrap();
}

#[tokio::test]
async fn a_watch_that_is_not_read_is_told_of_the_compaction() {
    let bounds = Bounds { revisions: 100, ..Bounds::default() };
    let dev = Embedded::bounded("127.0.0.1:0", bounds).await.unwrap();
    let mut client = super::client(&dev).await;
    let first = client.put("a", "", None).await.unwrap().header().unwrap().revision();
    for _ in 0..200 {
        client.put("a", "", None).await.unwrap();
    }
    let options = etcd_client::WatchOptions::new().with_start_revision(first);
    let mut stream = client.watch("a", Some(options)).await.unwrap();
    assert!(stream.message().await.unwrap().unwrap().created());
    let told = stream.message().await.unwrap().unwrap();
    assert!(told.canceled() && told.compact_revision() > first, "{told:?}");
}
