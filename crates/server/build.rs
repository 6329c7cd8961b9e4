//! Makes a page that is added to `docs` rebuild this crate, which holds them all.

#![allow(clippy::print_stdout, reason = "Cargo is told so")]

fn main() {
    println!("cargo:rerun-if-changed=../../docs");
}
