use std::io::{self, Cursor, Read};

use cordboard_store::{BlobReader, CHUNK_BYTES, Digest, Error, Store};

use crate::{Place, every_store};

every_store! {
    a_blob_is_named_by_its_sha_256
    a_blob_of_many_chunks_is_read_back_whole
    the_same_bytes_are_kept_once
    too_much_content_is_refused_while_it_comes
    unreadable_content_leaves_nothing
    a_deleted_blob_is_gone_with_its_chunks
    blobs_are_listed_in_digest_order
    an_upload_cut_short_by_a_crash_is_cleared_away
    blobs_survive_a_restart
}

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|n| (n * 31 % 251) as u8).collect()
}

fn read_back(store: &dyn Store, digest: &Digest) -> Vec<u8> {
    let mut all = Vec::new();
    BlobReader::new(store, store.blob(digest).unwrap().unwrap())
        .read_to_end(&mut all)
        .unwrap();
    all
}

fn a_blob_is_named_by_its_sha_256(place: &mut dyn Place) {
    let store = place.store();
    let info = store.put_blob(&mut &b"abc"[..], 3).unwrap();
    // FIPS 180-2, appendix B.1.
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(
        (info.digest.to_string().as_str(), info.size, info.chunks),
        (expected, 3, 1)
    );
    assert_eq!(store.blob(&expected.parse().unwrap()).unwrap(), Some(info));
    let empty = store.put_blob(&mut io::empty(), 0).unwrap();
    assert_eq!((empty.size, read_back(&*store, &empty.digest)), (0, vec![]));
    assert!("ba78".parse::<Digest>().is_err());
}

fn a_blob_of_many_chunks_is_read_back_whole(place: &mut dyn Place) {
    let store = place.store();
    for size in [CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES] {
        let info = store
            .put_blob(&mut Cursor::new(content(size)), size as u64)
            .unwrap();
        assert_eq!(
            (info.size, info.chunks as usize),
            (size as u64, size.div_ceil(CHUNK_BYTES))
        );
        assert!(read_back(&*store, &info.digest) == content(size), "{size} bytes");
        assert_eq!(store.blob_chunk(&info.digest, info.chunks).unwrap(), None);
    }
}

fn the_same_bytes_are_kept_once(place: &mut dyn Place) {
    let store = place.store();
    let first = store.put_blob(&mut Cursor::new(content(1_000)), 1_000).unwrap();
    assert_eq!(
        store.put_blob(&mut Cursor::new(content(1_000)), 1_000).unwrap(),
        first
    );
    assert_eq!(store.list_blobs(None, 10).unwrap(), [first]);
    assert_eq!(read_back(&*store, &first.digest), content(1_000));
}

fn too_much_content_is_refused_while_it_comes(place: &mut dyn Place) {
    let store = place.store();
    let refused = store
        .put_blob(&mut io::repeat(7), 2 * CHUNK_BYTES as u64)
        .unwrap_err();
    assert!(matches!(refused, Error::TooLarge { .. }), "{refused}");
    assert_eq!(store.list_blobs(None, 10).unwrap(), []);
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("connection reset"))
    }
}

fn unreadable_content_leaves_nothing(place: &mut dyn Place) {
    let store = place.store();
    let mut content = Cursor::new(content(CHUNK_BYTES + 1)).chain(Broken);
    assert!(matches!(
        store.put_blob(&mut content, u64::MAX),
        Err(Error::Content(_))
    ));
    assert_eq!(store.list_blobs(None, 10).unwrap(), []);
}

fn a_deleted_blob_is_gone_with_its_chunks(place: &mut dyn Place) {
    let store = place.store();
    let info = store
        .put_blob(&mut Cursor::new(content(CHUNK_BYTES + 1)), u64::MAX)
        .unwrap();
    assert!(store.delete_blob(&info.digest).unwrap());
    assert!(!store.delete_blob(&info.digest).unwrap());
    assert_eq!(store.blob(&info.digest).unwrap(), None);
    assert_eq!(store.blob_chunk(&info.digest, 0).unwrap(), None);
    let mut reader = BlobReader::new(&*store, info);
    assert_eq!(reader.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::NotFound);
}

fn blobs_are_listed_in_digest_order(place: &mut dyn Place) {
    let store = place.store();
    for size in 1..=5 {
        store.put_blob(&mut Cursor::new(content(size)), 10).unwrap();
    }
    let all = store.list_blobs(None, 10).unwrap();
    assert!(all.len() == 5 && all.is_sorted_by_key(|info| info.digest));
    let first = store.list_blobs(None, 2).unwrap();
    let rest = store.list_blobs(Some(&first[1].digest), 10).unwrap();
    assert_eq!([first, rest].concat(), all);
}

/// Ends the upload as a crash does: nothing after its last chunk is run.
struct Crash;

impl Read for Crash {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        std::panic::resume_unwind(Box::new("killed"));
    }
}

fn an_upload_cut_short_by_a_crash_is_cleared_away(place: &mut dyn Place) {
    let store = place.store();
    let upload = || store.put_blob(&mut Cursor::new(content(2 * CHUNK_BYTES)).chain(Crash), u64::MAX);
    let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(upload));
    assert!(killed.is_err());
    // Another commit makes the chunks durable, as in a busy exchange.
    store
        .put("k", crate::bytes("1"), cordboard_store::Expect::Any)
        .unwrap();
    drop(store);
    place.restart();
    let store = place.store();
    assert_eq!(store.list_blobs(None, 10).unwrap(), []);
    let info = store
        .put_blob(&mut Cursor::new(content(2 * CHUNK_BYTES)), u64::MAX)
        .unwrap();
    assert!(read_back(&*store, &info.digest) == content(2 * CHUNK_BYTES));
}

fn blobs_survive_a_restart(place: &mut dyn Place) {
    let info = place
        .store()
        .put_blob(&mut Cursor::new(content(CHUNK_BYTES + 1)), u64::MAX)
        .unwrap();
    place.restart();
    assert!(read_back(&*place.store(), &info.digest) == content(CHUNK_BYTES + 1));
}
