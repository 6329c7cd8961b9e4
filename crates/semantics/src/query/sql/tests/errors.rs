//! The mistakes that analysts make: each is told where it stands and what to write instead.
use super::*;

#[test]
fn print() {
    let bound = bound();
    for text in ["SELECT MEASURE(gros) FROM metrics"] {
        println!("{:?}", read(&bound.catalog, text));
    }
}
