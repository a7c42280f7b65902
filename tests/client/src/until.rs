use std::time::{Duration, Instant};

/// Asks until there is an answer, for at most `patience`. Only for what happens in other processes and tells nobody: whatever
/// runs in a test's own process has virtual time.
///
/// Between two times it waits four times as long as asking took, so that the others get most of a slow machine.
///
/// # Panics
///
/// When there is none in time, with `what` was waited for.
#[track_caller]
#[allow(clippy::panic, reason = "it fails the test that asks")]
pub fn until<T>(what: &str, patience: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + patience;
    loop {
        let began = Instant::now();
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "did not happen in time: {what}");
        std::thread::sleep((4 * began.elapsed()).max(Duration::from_millis(20)));
    }
}
