//! Tags of what is under way. Legs are counted from below, and need no constant; here stand the others, from the lowest on.

/// The page that asks whether to call back.
pub const NOTICE: u64 = 1 << 60;
/// The page that tells why there is no call back.
pub const REFUSED: u64 = NOTICE + 1;

/// The watch that tells when the line is free.
pub const IS_FREE: u64 = 1 << 61;
/// The watch that tells when a free line is used again.
pub const IS_USED: u64 = IS_FREE + 1;
/// The watches that tell when a caller is free: with the request's number.
pub const CALLERS: u64 = IS_FREE + 2;

/// The dial to the first of the two phones, which has no caller.
pub const FIRST: u64 = 1 << 62;
