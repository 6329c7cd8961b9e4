//! `sextant demo`: from a fresh clone to KPIs on a screen.

use crate::cli::{Demo, Place};
use crate::fault::Fault;

pub(crate) fn run(_place: &Place, _demo: &Demo) -> Result<(), Fault> {
    Ok(())
}
