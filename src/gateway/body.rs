//! The bodies that come from clients: within limits of length, time and memory.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header::CONTENT_LENGTH};
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

use super::{envelope::Malformed, failure::Failure};

/// What a body may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyLimit {
    /// In bytes.
    pub length: u64,
    /// How long it may come without a byte.
    pub silence: Duration,
}

/// A body, and the memory that is set aside for it.
#[derive(Debug)]
pub(super) struct Taken<'a> {
    pub bytes: Bytes,
    _memory: SemaphorePermit<'a>,
}

/// Its pieces are none, or whoever sent it has gone.
fn broken() -> Failure {
    Failure::Malformed(Malformed::Json("it did not come whole".into()))
}

/// Memory is counted in pieces of this size.
pub(super) const PIECE: u64 = 1 << 16;

/// Whoever sends fewer bytes a second than this, is not waited for.
const SLOWEST: u64 = 4 << 10;

/// So much is set aside at once; what a client says of its length is not believed beyond it.
const BELIEVED: u64 = 1 << 20;

/// Reads a body. `memory` has a permit for each [`PIECE`].
pub(super) async fn take<'a, B>(
    headers: &HeaderMap,
    body: B,
    limit: BodyLimit,
    memory: &'a Semaphore,
) -> Result<Taken<'a>, Failure>
where
    B: Body<Data = Bytes> + Unpin,
{
    let said = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let mut body = body;
    if said.is_some_and(|length: u64| length > limit.length) {
        return Err(Failure::TooLong(limit.length));
    }
    let pieces = |length: u64| u32::try_from(length.div_ceil(PIECE)).unwrap_or(u32::MAX);
    let set_aside = |length| memory.try_acquire_many(pieces(length)).map_err(|_| Failure::Busy);
    let mut permit = set_aside(said.unwrap_or(PIECE))?;
    let mut room = said.unwrap_or(PIECE);
    let mut bytes = BytesMut::new();
    bytes.reserve(usize::try_from(said.unwrap_or(0).min(BELIEVED)).unwrap_or(0));
    let begun = Instant::now();
    loop {
        let whole = begun + limit.silence + Duration::from_secs(bytes.len() as u64 / SLOWEST);
        let patience = whole.min(Instant::now() + limit.silence);
        let next = timeout_at(patience, body.frame()).await.map_err(|_| Failure::Slow)?;
        let Some(frame) = next.transpose().map_err(|_| broken())? else { break };
        let Ok(piece) = frame.into_data() else { continue };
        let length = (bytes.len() + piece.len()) as u64;
        if length > limit.length {
            return Err(Failure::TooLong(limit.length));
        }
        if length > room {
            // Without a length that was said, room is made as it comes.
            let more = length.max(2 * room) - room;
            permit.merge(set_aside(more)?);
            room += more;
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Taken { bytes: bytes.freeze(), _memory: permit })
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use http_body::Frame;
    use http_body_util::{Full, StreamBody};
    use tokio::time::sleep;

    use super::*;

    const LIMIT: BodyLimit = BodyLimit { length: 1 << 20, silence: Duration::from_secs(5) };

    fn said(length: u64) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_LENGTH, length.into())])
    }

    fn pieces(count: usize) -> impl Body<Data = Bytes, Error = std::io::Error> + Unpin {
        let piece = || Ok::<_, std::io::Error>(Frame::data(Bytes::from(vec![b'x'; 1 << 16])));
        StreamBody::new(stream::iter((0..count).map(move |_| piece())))
    }

    #[tokio::test]
    async fn a_body_is_taken_whole_and_its_memory_given_back() {
        let memory = Semaphore::new(32);
        let taken = take(&said(5), Full::from("hello"), LIMIT, &memory).await.unwrap();
        assert_eq!((taken.bytes.as_ref(), memory.available_permits()), (b"hello".as_slice(), 31));
        drop(taken);
        let taken = take(&HeaderMap::new(), pieces(8), LIMIT, &memory).await.unwrap();
        assert_eq!((taken.bytes.len(), memory.available_permits()), (8 << 16, 24));
        drop(taken);
        assert_eq!(memory.available_permits(), 32);
    }

    #[tokio::test]
    async fn what_is_too_long_is_refused_whatever_it_says() {
        let memory = Semaphore::new(1000);
        let too_long = Some(Failure::TooLong(1 << 20));
        for (headers, count) in [(said(2 << 20), 0), (said(1), 17), (HeaderMap::new(), 17)] {
            let refused = take(&headers, pieces(count), LIMIT, &memory).await.err();
            assert_eq!(refused, too_long);
        }
        assert_eq!(memory.available_permits(), 1000);
    }

    #[tokio::test]
    async fn more_than_there_is_memory_for_is_refused() {
        let memory = Semaphore::new(4);
        assert_eq!(
            take(&said(1 << 20), pieces(16), LIMIT, &memory).await.err(),
            Some(Failure::Busy)
        );
        assert_eq!(
            take(&HeaderMap::new(), pieces(16), LIMIT, &memory).await.err(),
            Some(Failure::Busy)
        );
        assert_eq!(memory.available_permits(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_does_not_come_is_given_up() {
        let never = StreamBody::new(stream::pending::<Result<Frame<Bytes>, std::io::Error>>());
        let memory = Semaphore::new(4);
        assert_eq!(take(&said(5), never, LIMIT, &memory).await.err(), Some(Failure::Slow));
    }

    /// A byte every second.
    fn trickle(size: usize) -> impl Body<Data = Bytes, Error = std::io::Error> + Unpin {
        let piece = move |left: u32| async move {
            let left = left.checked_sub(1)?;
            sleep(Duration::from_secs(1)).await;
            Some((Ok(Frame::data(Bytes::from(vec![b'x'; size]))), left))
        };
        StreamBody::new(Box::pin(stream::unfold(60, piece)))
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_comes_slowly_is_taken_and_one_that_trickles_is_given_up() {
        let memory = Semaphore::new(32);
        let begun = Instant::now();
        let taken = take(&HeaderMap::new(), trickle(4 << 10), LIMIT, &memory).await;
        assert_eq!(taken.unwrap().bytes.len(), 60 * (4 << 10));
        assert_eq!(begun.elapsed(), Duration::from_mins(1));
        let begun = Instant::now();
        let refused = take(&HeaderMap::new(), trickle(1), LIMIT, &memory).await;
        assert_eq!(refused.err(), Some(Failure::Slow));
        assert_eq!(begun.elapsed(), LIMIT.silence);
        assert_eq!(memory.available_permits(), 32);
    }
}
