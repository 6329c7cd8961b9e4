//! The network doors as their clients meet them.

mod leaving;
mod protocol;
