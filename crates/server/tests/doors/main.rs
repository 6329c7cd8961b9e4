//! The network doors as their clients meet them.

mod documentation;
mod identity;
mod isolation;
mod leaving;
mod organizations;
mod oauth;
mod protocol;
mod stopping;
mod upkeep;
