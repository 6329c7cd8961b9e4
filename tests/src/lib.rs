//! What the tests of the whole share: case pages and their checks, asking through every door, the
//! naive oracle and the worlds it is asked about.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

pub mod page;
pub mod exact;
pub mod rows;
pub mod golden;
pub mod ask;
pub mod doors;
pub mod oracle;
pub mod twin;
pub mod worlds;
pub mod differ;
