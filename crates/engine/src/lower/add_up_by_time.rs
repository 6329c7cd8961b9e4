//! Rows added up by day and by key before windows of days read them, and read in blocks of days.
//!
//! Each unit of a time spine reads a stretch of days. The stretch is cut into blocks of 1, 32, 1,024 and more days,
//! each starting at a multiple of its length; days are added up to such blocks, and a unit is joined with its blocks
//! by equality. A running total over 15,000 days so reads some forty blocks a day instead of every day before it.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{Column, DFSchema};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, LogicalPlanBuilder, cast, ident, lit};
use sextant_semantics::catalog::aggregation::Aggregation;
use sextant_semantics::plan::{KeySource, Measure, TimeColumn};
use sextant_semantics::query::spine::{Slot, Stretch, TimeSpine, UNIT_COLUMN};

use super::LowerError;
use super::aggregate::{Aggregated, Finish, aggregate, count_rows, sum_counts, sum_known};
use super::fact::kept;
use super::join_over_time_range::{IS_TOTAL, PERIOD, moments};
use super::rows::{SPINE, Scope};
use super::typed::{Typed, decoded};

/// Days of a block, by level.
const SIZES: [i64; 4] = [1, 32, 32 * 32, 32 * 32 * 32];
/// The number of a block stands above its level.
const LEVEL_BITS: u32 = 2;
/// Days from the year 1 to 1970: blocks are numbered from there.
const DAYS_BEFORE_1970: i64 = 719_162;

/// A row's day, numbered; then that of its block.
const DAY: &str = "__part_day";
const BLOCK: &str = "__part_block";
/// How many rows were added up.
const ROWS: &str = "__part_rows";
/// Length of a block and what its number is added to.
const SIZE: &str = "__block_size";
const LEVEL: &str = "__block_level";

/// `rows` added up: [`DAY`], the keys, [`ROWS`], and each measure's parts.
pub(super) fn parts(
    scope: &Scope<'_>,
    rows: LogicalPlan,
    axis: &TimeColumn,
    keys: &[KeySource],
    measures: &[Measure],
) -> Result<LogicalPlan, LowerError> {
    let (rows, filters) = kept(scope, measures, rows)?;
    let mut columns: Vec<Expr> = rows.schema().columns().into_iter().map(Expr::Column).collect();
    let day = scope.time(axis, rows.schema())?.local_date()?.expr;
    columns.push((cast(cast(day, DataType::Int32), DataType::Int64) + lit(DAYS_BEFORE_1970)).alias(DAY));
    for (position, key) in keys.iter().enumerate() {
        let value = match key {
            KeySource::Bucket { time, granularity } => scope.time(time, rows.schema())?.bucket(*granularity)?,
            KeySource::DatePart { time, part } => scope.time(time, rows.schema())?.part(*part)?,
            KeySource::Value(of) => scope.value(of, rows.schema())?,
            KeySource::Absent => return Err(LowerError::Unbound("a key of rows")),
        };
        let data_type = decoded(&value.data_type);
        columns.push(value.cast(data_type).expr.alias(key_column(position)));
    }
    let rows = LogicalPlanBuilder::from(rows).project(columns)?.build()?;
    let groups: Vec<Expr> =
        std::iter::once(DAY.to_string()).chain((0..keys.len()).map(key_column)).map(ident).collect();
    let mut functions = vec![count_rows(None).alias(ROWS)];
    let mut finishes = Vec::with_capacity(measures.len());
    for (position, (measure, filter)) in measures.iter().zip(filters).enumerate() {
        let argument = measure.argument.as_ref().map(|argument| scope.value(argument, rows.schema())).transpose()?;
        let Aggregated { functions: calls, finish } =
            aggregate(measure.aggregation, argument, measure.money_scale, &[], filter)?;
        functions.extend(calls.into_iter().enumerate().map(|(call, of)| of.alias(part_column(position, call))));
        finishes.push(finish);
    }
    let added = LogicalPlanBuilder::from(rows).aggregate(groups.clone(), functions)?.build()?;
    shown_parts(added, groups, finishes)
}

/// Parts beside the units that read them, each unit with the blocks of its stretch.
pub(super) fn join(
    parts: LogicalPlan,
    keys: &[KeySource],
    measures: &[Measure],
    spine: &TimeSpine,
) -> Result<LogicalPlan, LowerError> {
    let blocks: Vec<(&Slot, Vec<i64>)> = spine.slots.iter().map(|slot| (slot, blocks_of(&slot.reads))).collect();
    let level = |block: &i64| usize::try_from(block & ((1 << LEVEL_BITS) - 1)).unwrap_or_default();
    let is_used = |wanted: usize| blocks.iter().flat_map(|(_, blocks)| blocks).any(|block| level(block) == wanted);
    let levels: Vec<usize> = (0..SIZES.len()).filter(|wanted| is_used(*wanted)).collect();
    let by_block = in_blocks(parts, &levels, keys.len(), measures)?;
    let same = ident(BLOCK).eq(Expr::Column(Column::new(Some(SPINE), UNIT_BLOCK)));
    Ok(LogicalPlanBuilder::from(by_block).join_on(table(&blocks)?, JoinType::Inner, vec![same])?.build()?)
}

/// The block that a row of the spine reads.
const UNIT_BLOCK: &str = "__unit_block";

/// The parts of days as those of the blocks of these levels that the days lie in.
fn in_blocks(
    parts: LogicalPlan,
    levels: &[usize],
    keys: usize,
    measures: &[Measure],
) -> Result<LogicalPlan, LowerError> {
    let numbers: Vec<i64> = levels.iter().map(|level| i64::try_from(*level).unwrap_or_default()).collect();
    let sizes: Vec<i64> = levels.iter().map(|level| SIZES[*level]).collect();
    let of_levels: [(&str, ArrayRef); 2] =
        [(LEVEL, Arc::new(Int64Array::from(numbers))), (SIZE, Arc::new(Int64Array::from(sizes)))];
    let block = (ident(DAY) / ident(SIZE)) * lit(1_i64 << LEVEL_BITS) + ident(LEVEL);
    let names: Vec<String> = parts.schema().fields().iter().map(|field| field.name().clone()).collect();
    let shown = names.iter().filter(|name| *name != DAY).map(ident);
    let columns: Vec<Expr> = std::iter::once(block.alias(BLOCK)).chain(shown).collect::<Vec<_>>();
    let by_block =
        LogicalPlanBuilder::from(parts).cross_join(memory("blocks", &of_levels)?)?.project(columns)?.build()?;
    if levels.iter().all(|level| *level == 0) {
        return Ok(by_block);
    }
    let groups: Vec<Expr> = std::iter::once(BLOCK.to_string()).chain((0..keys).map(key_column)).map(ident).collect();
    let mut functions = vec![rows(None)?.alias(ROWS)];
    let mut finishes = Vec::with_capacity(measures.len());
    for (position, measure) in measures.iter().enumerate() {
        let Aggregated { functions: calls, finish } = merged(measure, position, by_block.schema(), None)?;
        functions.extend(calls.into_iter().enumerate().map(|(call, of)| of.alias(part_column(position, call))));
        finishes.push(finish);
    }
    let added = LogicalPlanBuilder::from(by_block).aggregate(groups.clone(), functions)?.build()?;
    shown_parts(added, groups, finishes)
}

/// Added up parts under their names.
fn shown_parts(added: LogicalPlan, groups: Vec<Expr>, finishes: Vec<Finish>) -> Result<LogicalPlan, LowerError> {
    let mut columns = groups;
    columns.push(ident(ROWS));
    for (position, finish) in finishes.into_iter().enumerate() {
        let value = typed(added.schema(), &part_column(position, 0))?;
        // A count is 0 where there are rows and none is counted.
        let value = match finish {
            Finish::Count => value,
            Finish::Value | Finish::Sum { .. } | Finish::Average => finish.value(&[value], &lit(false))?,
        };
        columns.push(value.expr.alias(part_column(position, 0)));
        if finish == Finish::Count {
            columns.push(ident(part_column(position, 1)));
        }
    }
    Ok(LogicalPlanBuilder::from(added).project(columns)?.build()?)
}

/// A row a unit and block: its unit, whether it is for the total, its period, and the block.
fn table(blocks: &[(&Slot, Vec<i64>)]) -> Result<LogicalPlan, LowerError> {
    let each = || blocks.iter().flat_map(|(slot, blocks)| blocks.iter().map(move |block| (*slot, *block)));
    let columns: [(&str, ArrayRef); 4] = [
        (UNIT_COLUMN, moments(each().map(|(slot, _)| slot.unit), false)),
        (IS_TOTAL, Arc::new(BooleanArray::from_iter(each().map(|(slot, _)| Some(slot.is_total))))),
        (PERIOD, Arc::new(Int32Array::from_iter_values(each().map(|(slot, _)| slot.period as i32)))),
        (UNIT_BLOCK, Arc::new(Int64Array::from_iter_values(each().map(|(_, block)| block)))),
    ];
    memory(SPINE, &columns)
}

fn memory(name: &str, columns: &[(&str, ArrayRef)]) -> Result<LogicalPlan, LowerError> {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = columns.iter().map(|(_, array)| Arc::clone(array)).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(datafusion::error::DataFusionError::from)?;
    let table = MemTable::try_new(schema, vec![vec![batch]])?;
    Ok(LogicalPlanBuilder::scan(name, provider_as_source(Arc::new(table)), None)?.build()?)
}

/// The blocks that a stretch of days is made of, the longest that fit.
fn blocks_of(stretch: &Stretch) -> Vec<i64> {
    let day = |date: chrono::NaiveDate| {
        let epoch = chrono::DateTime::UNIX_EPOCH.date_naive();
        (date - epoch).num_days() + DAYS_BEFORE_1970
    };
    let (mut from, to) = match *stretch {
        Stretch::Dates { first, end } => (first.map_or(0, day).max(0), day(end)),
        // Windows of times of day read rows, not parts.
        Stretch::Instants { .. } => return Vec::new(),
    };
    let mut found = Vec::new();
    while from < to {
        let fits = |level: &usize| from % SIZES[*level] == 0 && from + SIZES[*level] <= to;
        let level = (0..SIZES.len()).rev().find(fits).unwrap_or_default();
        found.push(((from / SIZES[level]) << LEVEL_BITS) + i64::try_from(level).unwrap_or_default());
        from += SIZES[level];
    }
    found
}

/// A key that rows were added up by.
pub(super) fn key(rows: &DFSchema, position: usize) -> Result<Typed, LowerError> {
    typed(rows, &key_column(position))
}

/// The number of rows behind the parts for which a condition is true.
pub(super) fn rows(condition: Option<Expr>) -> Result<Expr, LowerError> {
    sum_counts(ident(ROWS), condition)
}

/// A measure over the parts for which a condition is true.
pub(super) fn merged(
    measure: &Measure,
    position: usize,
    rows: &DFSchema,
    condition: Option<Expr>,
) -> Result<Aggregated, LowerError> {
    let part = || typed(rows, &part_column(position, 0));
    match measure.aggregation {
        Aggregation::Count => {
            let counts = [0, 1].map(|call| {
                sum_counts(coalesce(vec![ident(part_column(position, call)), lit(0_i64)]), condition.clone())
            });
            let functions = counts.into_iter().collect::<Result<Vec<_>, _>>()?;
            Ok(Aggregated { functions, finish: Finish::Count })
        }
        Aggregation::SumBoolean => {
            Ok(Aggregated { functions: vec![sum_known(part()?, condition)], finish: Finish::Value })
        }
        Aggregation::Sum | Aggregation::Min | Aggregation::Max => {
            aggregate(measure.aggregation, Some(part()?), None, &[], condition)
        }
        Aggregation::CountDistinct
        | Aggregation::ApproxCountDistinct
        | Aggregation::Average
        | Aggregation::Median
        | Aggregation::Percentile { .. }
        | Aggregation::First
        | Aggregation::Last => Err(LowerError::Unbound("a measure that is told from parts")),
    }
}

fn typed(rows: &DFSchema, name: &str) -> Result<Typed, LowerError> {
    let data_type = rows.field_with_unqualified_name(name)?.data_type().clone();
    Ok(Typed::new(ident(name), data_type))
}

fn key_column(position: usize) -> String {
    format!("__part_k{position}")
}

/// The result of one of the functions of a measure.
fn part_column(measure: usize, call: usize) -> String {
    format!("__part_m{measure}_{call}")
}
