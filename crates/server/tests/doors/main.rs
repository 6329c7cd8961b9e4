//! The network doors as their clients meet them.

mod documentation;
mod leaving;
mod oauth;
mod protocol;
mod stopping;
