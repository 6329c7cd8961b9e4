//! `sextant audit`: what changed against the period before, whether it is unusual, and where it lies.

use sextant_semantics::significance::Level;

use super::{arguments, query};
use crate::cli::{Audit, FailOn, MinLevel, Place};
use crate::fault::Fault;
use crate::output;
use crate::output::audit::{Depth, View};

pub(crate) fn run(place: &Place, audit: &Audit) -> Result<(), Fault> {
    let request = arguments::audit_performance(audit);
    let Some(answer) = query::ask(place, "audit_performance", request, &audit.show)? else { return Ok(()) };
    output::show_audit(&answer, audit.show.format, depth(audit))?;
    let fails = |wanted: FailOn| View::of(&answer).metrics.iter().any(|judged| judged.level >= Some(least(wanted)));
    if audit.fail_on.is_some_and(fails) { Err(Fault::Reached) } else { Ok(()) }
}

/// How much of the answer the page shows.
pub(crate) fn depth(audit: &Audit) -> Depth {
    let is_cut = match audit.min_level {
        None | Some(MinLevel::None) => false,
        Some(MinLevel::Notable | MinLevel::Major) => true,
    };
    Depth { details: audit.details, is_cut }
}

fn least(wanted: FailOn) -> Level {
    match wanted {
        FailOn::Notable => Level::Notable,
        FailOn::Major => Level::Major,
    }
}
