//! The network doors as their clients meet them.

mod documentation;
mod leaving;
mod protocol;
mod stopping;
