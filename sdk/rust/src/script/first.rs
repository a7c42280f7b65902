//! Waiting for the first of two things.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Which of two came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The first one.
    This(A),
    /// The second one.
    That(B),
}

/// Waits for whichever comes first; the other is given up, and what it had begun is stopped.
///
/// ```
/// # use cordboard::prelude::*;
/// # use cordboard::Either;
/// # async fn example(call: Call) -> Outcome {
/// match first(call.play("news"), call.wait(secs(60))).await {
///     Either::This(_) => call.explain("news", "heard to the end"),
///     Either::That(()) => call.explain("news", "cut after a minute"),
/// }
/// # call.hang_up()
/// # }
/// ```
pub async fn first<A, B>(this: A, that: B) -> Either<A::Output, B::Output>
where
    A: IntoFuture,
    B: IntoFuture,
    A::IntoFuture: Unpin,
    B::IntoFuture: Unpin,
{
    First {
        this: this.into_future(),
        that: that.into_future(),
    }
    .await
}

/// Both under way.
pub(super) struct First<A, B> {
    pub this: A,
    pub that: B,
}

impl<A: Future + Unpin, B: Future + Unpin> Future for First<A, B> {
    type Output = Either<A::Output, B::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(output) = Pin::new(&mut self.this).poll(context) {
            return Poll::Ready(Either::This(output));
        }
        Pin::new(&mut self.that).poll(context).map(Either::That)
    }
}
