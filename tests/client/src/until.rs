use std::time::{Duration, Instant};

/// Asks until there is an answer, for at most `patience`; none when there is none in time. Only for what happens in other processes and
/// tells nobody: whatever runs in a test's own process has virtual time.
///
/// Between two times it waits four times as long as asking took, so that the others get most of a slow machine.
pub fn within<T>(patience: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + patience;
    loop {
        let began = Instant::now();
        let answer = ask();
        if answer.is_some() || began >= end {
            return answer;
        }
        std::thread::sleep((4 * began.elapsed()).max(Duration::from_millis(20)));
    }
}

/// The answer, as [`within`].
///
/// # Panics
///
/// When there is none in time, with `what` was waited for.
#[track_caller]
#[allow(clippy::panic, reason = "it fails the test that asks")]
pub fn until<T>(what: &str, patience: Duration, ask: impl FnMut() -> Option<T>) -> T {
    match within(patience, ask) {
        Some(answer) => answer,
        None => panic!("did not happen in time: {what}"),
    }
}
