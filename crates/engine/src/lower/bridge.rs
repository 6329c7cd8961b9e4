//! Bridges: joins that repeat a fact's rows, each of which counts once in a group and once in the total.

use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr, ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, WindowFunctionDefinition, ident, lit, when,
};
use sextant_semantics::plan::Aggregate;
use sextant_semantics::query::spine::UNIT_COLUMN;

use super::LowerError;
use super::balance::Of;
use super::fact::{kept_keys, key_column};
use super::join_over_time_range::{IS_TOTAL, PERIOD};

/// The number of a fact's row, before anything is joined to it.
const ROW: &str = "__row";

/// The same rows, each with a number of its own.
pub(super) fn numbered(rows: LogicalPlan) -> Result<LogicalPlan, LowerError> {
    let number = number_within(Vec::new())?.alias(ROW);
    Ok(LogicalPlanBuilder::from(rows).window(vec![number])?.build()?)
}

/// The same rows with, for each measure, which of the repetitions of a row that pass its filter counts.
pub(super) fn with_marks(
    of: &Aggregate,
    rows: LogicalPlan,
    filters: &[Option<Expr>],
) -> Result<LogicalPlan, LowerError> {
    if !of.repeats_rows() {
        return Ok(rows);
    }
    let mut same = vec![ident(ROW)];
    if of.spine().is_some() {
        same.extend([UNIT_COLUMN, IS_TOTAL, PERIOD].map(ident));
    }
    let keys: Vec<Expr> = kept_keys(of).into_iter().map(|key| ident(key_column(key))).collect();
    // A column each: conditions that the engine simplifies to one would make two windows the same.
    let mut columns: Vec<Expr> = rows.schema().columns().into_iter().map(Expr::Column).collect();
    let mut conditions: Vec<Expr> = Vec::new();
    let mut distinct: Vec<Expr> = Vec::new();
    let mut marks: Vec<(String, usize)> = Vec::with_capacity(2 * filters.len());
    for (measure, filter) in filters.iter().enumerate() {
        let passes = match filter {
            Some(filter) => when(filter.clone(), lit(true)).otherwise(lit(false))?,
            None => lit(true),
        };
        let passes = ident(passes_column(position_of(&mut conditions, passes)));
        let within: Vec<Expr> = same.iter().cloned().chain([passes]).collect();
        let in_group = within.iter().cloned().chain(keys.iter().cloned()).collect();
        for (part, within) in [(Of::Total, within), (Of::Groups, in_group)] {
            marks.push((mark(measure, part), position_of(&mut distinct, number_within(within)?)));
        }
    }
    let looked_at = conditions.into_iter().enumerate().map(|(position, of)| of.alias(passes_column(position)));
    let rows = LogicalPlanBuilder::from(rows).project(columns.iter().cloned().chain(looked_at))?;
    // One node a partitioning, and each partitioning once: the engine takes no two in one, nor one twice.
    let numbered = distinct
        .into_iter()
        .enumerate()
        .try_fold(rows, |rows, (position, number)| rows.window(vec![number.alias(once(position))]))?;
    columns.extend(marks.into_iter().map(|(name, position)| ident(once(position)).alias(name)));
    Ok(numbered.project(columns)?.build()?)
}

/// Whether a repetition of a row is the one that counts; none where rows are not repeated.
pub(super) fn counts(of: &Aggregate, measure: usize, part: Of) -> Option<Expr> {
    of.repeats_rows().then(|| ident(mark(measure, part)).eq(lit(1_u64)))
}

/// Where an expression stands among others, to which it is added where it is new.
fn position_of(all: &mut Vec<Expr>, of: Expr) -> usize {
    all.iter().position(|known| *known == of).unwrap_or_else(|| {
        all.push(of);
        all.len() - 1
    })
}

fn number_within(partition: Vec<Expr>) -> Result<Expr, LowerError> {
    let function = WindowFunctionDefinition::WindowUDF(row_number_udwf());
    let number = Expr::from(WindowFunction::new(function, Vec::new()));
    Ok(if partition.is_empty() { number } else { number.partition_by(partition).build()? })
}

fn mark(measure: usize, part: Of) -> String {
    match part {
        Of::Groups => format!("__once_m{measure}_group"),
        Of::Total => format!("__once_m{measure}_total"),
    }
}

fn passes_column(position: usize) -> String {
    format!("__passes_{position}")
}

fn once(position: usize) -> String {
    format!("__once_{position}")
}
