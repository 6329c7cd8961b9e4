//! Comparisons: each row with its previous side, and the change between them.
//!
//! Members are in one row of every period. Buckets of a series pair by their place in the windows: the buckets of both
//! sides are a table, and the rows of both are grouped by its places, in which nulls are equal.

use std::collections::HashMap;

use super::answer::{Columns, cell};
use super::combine::most;
use super::dialect::{Dialect, refused};
use super::layout::Layout;
use super::metrics;
use super::piece::{Binds, Sql, Typed};
use super::select::{Names, Select, Writer};
use super::spine::bucket;
use crate::data_type::DataType;
use crate::diagnostic::Diagnostic;
use crate::plan::SemanticPlan;
use crate::query::resolved::{Additivity, Part, ResolvedQuery};

/// What an output's figures are made of.
pub(super) struct Sides {
    pub(super) value: Sql,
    /// What of it is compared and the previous side, where something of the range is complete.
    pub(super) compared: Option<(Sql, Sql)>,
}

impl Sides {
    /// Of a row that holds every period.
    pub(super) fn of_row(
        dialect: Dialect,
        query: &ResolvedQuery,
        plan: &SemanticPlan,
        layout: &Layout,
        output: usize,
    ) -> Result<Sides, Diagnostic> {
        if query.time.is_against_targets() {
            return Err(refused("a comparison with targets", dialect));
        }
        let of = &query.outputs[output];
        let value = |period: usize| cell(dialect, query, plan, layout, (output, period));
        let own = value(0)?;
        let sides = of.change.and_then(|change| query.time.changes[change].sides.as_ref());
        let compared = match sides {
            None => None,
            Some(sides) => {
                let previous = match (sides.windows.len(), of.additivity) {
                    (0 | 1, _) | (_, Additivity::Ratio) => value(sides.together)?.sql,
                    (count, Additivity::Additive) => {
                        let sum = dialect.cast(value(sides.together)?, DataType::Float).sql;
                        Sql::infix("/", Binds::Multiply, &sum, &Sql::atom(count.to_string()))
                    }
                    (_, Additivity::NonAdditive) => {
                        let windows = sides.windows.iter().map(|window| value(*window));
                        mean(dialect, &windows.collect::<Result<Vec<_>, _>>()?)
                    }
                };
                Some((value(sides.current)?.sql, previous))
            }
        };
        Ok(Sides { value: own.sql, compared })
    }
}

/// The mean of those that are known.
fn mean(dialect: Dialect, of: &[Typed]) -> Sql {
    let float = |of: &Typed| dialect.cast(of.clone(), DataType::Float).sql;
    let (zero, one) = (Sql::atom("0"), Sql::atom("1"));
    let sum = of.iter().map(|of| Sql::call("COALESCE", &[&float(of), &zero])).reduce(|a, b| a.add(&b));
    let count = of.iter().map(|of| Sql::case(&[(of.sql.followed_by("IS NULL"), zero.clone())], Some(&one)));
    let count = count.reduce(|a, b| a.add(&b)).unwrap_or(Sql::atom("0"));
    let divisor = Sql::call("NULLIF", &[&count, &zero]);
    Sql::infix("/", Binds::Multiply, &sum.unwrap_or(zero), &divisor)
}

/// The change of an output. An absent side of what adds up is 0 in it where `absent_is_zero` is true.
pub(super) fn changes(dialect: Dialect, now: &Sql, previous: &Sql, absent_is_zero: &Sql) -> HashMap<Part, Sql> {
    let zero = Sql::atom("0");
    let plain = now.minus(previous);
    let filled = |of: &Sql| Sql::call("COALESCE", &[of, &zero]);
    let some = now.followed_by("IS NOT NULL").or(&previous.followed_by("IS NOT NULL"));
    let of_absent = |condition: Sql| (condition, filled(now).minus(&filled(previous)));
    let change = match absent_is_zero.text() {
        "TRUE" => Sql::case(&[of_absent(some)], None),
        "FALSE" => plain,
        _ => Sql::case(&[of_absent(absent_is_zero.and(&some))], Some(&plain)),
    };
    let float = |of: &Sql| Sql::atom(format!("CAST({} AS {})", of.text(), dialect.type_name(DataType::Float)));
    let share = Sql::infix("/", Binds::Multiply, &float(&change), &float(previous));
    let percent = Sql::when(&Sql::compare(">", previous, &zero), &share);
    let points = Sql::infix("*", Binds::Multiply, &float(&change), &Sql::atom("100"));
    HashMap::from([(Part::Change, change), (Part::PercentChange, percent), (Part::Points, points)])
}

/// Whether a member is on one side only.
pub(super) fn kind(dialect: Dialect, query: &ResolvedQuery, layout: &Layout) -> Result<Sql, Diagnostic> {
    let rows = |period: usize| some_rows(&dialect.name(&layout.rows[period]));
    let then = query.time.changes.iter().filter_map(|change| change.sides.as_ref());
    let then = Sql::any(then.map(|sides| rows(sides.together))).unwrap_or_else(|| Sql::atom("FALSE"));
    let kind = new_or_lost(&rows(0), &then);
    Ok(match &layout.total {
        Some(total) => Sql::when(&dialect.name(total).not(), &kind),
        None => kind,
    })
}

fn new_or_lost(now: &Sql, then: &Sql) -> Sql {
    let (new, lost) = (Sql::atom("'new'"), Sql::atom("'lost'"));
    Sql::case(&[(now.and(&then.not()), new), (then.and(&now.not()), lost)], None)
}

fn some_rows(count: &Sql) -> Sql {
    Sql::compare(">", &Sql::call("COALESCE", &[count, &Sql::atom("0")]), &Sql::atom("0"))
}

const PLACE: &str = "place";
const CURRENT: &str = "current_bucket";
const PREVIOUS: &str = "previous_bucket";

/// The SELECTs of a compared series: the rows of its places, then the total.
pub(super) fn series(
    writer: &mut Writer,
    query: &ResolvedQuery,
    plan: &SemanticPlan,
    layout: &Layout,
    columns: &Columns,
    measures: &str,
    series: usize,
) -> Result<Vec<Select>, Diagnostic> {
    let dialect = writer.dialect;
    if plan.root.input.inputs.iter().any(|of| of.level.is_some()) {
        return Err(refused("a measure at fewer groups than the question's, in a compared series,", dialect));
    }
    let paired = Pairs::of(dialect, query, layout, series)?;
    let places = writer.named("places", places(dialect, query)?)?;
    let sides = [Side::Current, Side::Previous];
    let sides = sides.map(|side| paired.side(plan, measures, &places, side));
    let sides = sides.into_iter().collect::<Result<Vec<_>, _>>()?;
    let sides = writer.named("sides", sides)?;
    let pairs = paired.together(&sides, plan)?;
    let pairs = writer.named("pairs", vec![pairs])?;
    let mut found = Vec::new();
    if let Some(total) = &layout.total {
        let mut of_total = total_select(dialect, query, plan, layout, columns, series, measures)?;
        of_total.filter.push(dialect.name(total));
        found.push(of_total);
    }
    found.push(paired.select(plan, columns, &pairs, &places)?);
    Ok(found)
}

/// Which bucket of each side has each place.
fn places(dialect: Dialect, query: &ResolvedQuery) -> Result<Vec<Select>, Diagnostic> {
    let Some(buckets) = &query.time.series else { return Err(refused("a series without buckets", dialect)) };
    let window = match buckets.previous.as_slice() {
        [only] => only.as_slice(),
        [] => &[],
        _ => return Err(refused("a series beside the mean of several windows", dialect)),
    };
    let mut of_place = HashMap::new();
    for partner in window {
        if of_place.insert(partner.position, partner.start).is_some() {
            return Err(refused("a series in which two buckets pair with one", dialect));
        }
    }
    let mut all: Vec<usize> = (0..buckets.current.len()).chain(of_place.keys().copied()).collect();
    all.sort_unstable();
    all.dedup();
    let is_date = query.groups.iter().any(|group| group.is_series && group.key.data_type == DataType::Date);
    let data_type = if is_date { DataType::Date } else { DataType::Timestamp(crate::data_type::Clock::Instant) };
    let places = all.into_iter().map(|place| {
        let key = |of: Option<_>| of.map_or_else(|| dialect.null(data_type), |of| bucket(dialect, of));
        let mut select = Select::default();
        select.column(Sql::atom(place.to_string()), PLACE);
        select.column(key(buckets.current.get(place).copied()), CURRENT);
        select.column(key(of_place.get(&place).copied()), PREVIOUS);
        select
    });
    let places: Vec<Select> = places.collect();
    if places.is_empty() { Err(refused("a series without buckets", dialect)) } else { Ok(places) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Current,
    Previous,
}

/// How the rows of a series are paired.
struct Pairs<'a> {
    dialect: Dialect,
    query: &'a ResolvedQuery,
    layout: &'a Layout,
    series: usize,
    /// What each output has in each period that is looked at, by the side whose bucket it is of.
    cells: Vec<Cell>,
    has: [String; 2],
}

struct Cell {
    output: usize,
    period: usize,
    side: Side,
    name: String,
}

impl<'a> Pairs<'a> {
    fn of(
        dialect: Dialect,
        query: &'a ResolvedQuery,
        layout: &'a Layout,
        series: usize,
    ) -> Result<Pairs<'a>, Diagnostic> {
        if query.time.is_against_targets() {
            return Err(refused("a comparison with targets", dialect));
        }
        let mut names = Names::default();
        for name in [PLACE, CURRENT, PREVIOUS] {
            names.fresh(name);
        }
        for key in &layout.keys {
            names.fresh(&key.name);
        }
        let has = ["has_current", "has_previous"].map(|name| names.fresh(name));
        let mut cells: Vec<Cell> = Vec::new();
        for (output, of) in query.outputs.iter().enumerate() {
            let sides = of.change.and_then(|change| query.time.changes[change].sides.as_ref());
            let compared = sides.map(|sides| [(sides.current, Side::Current), (sides.together, Side::Previous)]);
            for (period, side) in [(0, Side::Current)].into_iter().chain(compared.into_iter().flatten()) {
                if !cells.iter().any(|cell| cell.output == output && cell.period == period && cell.side == side) {
                    let suffix = if period == 0 { String::new() } else { format!("__{}", layout.periods[period]) };
                    let name = names.fresh(&format!("{}{suffix}", of.name));
                    cells.push(Cell { output, period, side, name });
                }
            }
        }
        Ok(Pairs { dialect, query, layout, series, cells, has })
    }

    fn cell(&self, output: usize, period: usize, side: Side) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.output == output && cell.period == period && cell.side == side)
    }

    fn other_keys(&self) -> impl Iterator<Item = &'a super::layout::Key> {
        let series = self.series;
        self.layout.keys.iter().enumerate().filter(move |(position, _)| *position != series).map(|(_, key)| key)
    }

    fn qualified(&self, table: &str, name: &str) -> Sql {
        Sql::atom(format!("{}.{}", self.dialect.identifier(table), self.dialect.identifier(name)))
    }

    /// Rows of one side with their place, nulls for the other side.
    fn side(&self, plan: &SemanticPlan, measures: &str, places: &str, side: Side) -> Result<Select, Diagnostic> {
        let dialect = self.dialect;
        let mut select = Select::from(&format!("{measures} AS {}", dialect.identifier("m")));
        let bucket = if side == Side::Current { CURRENT } else { PREVIOUS };
        let key = self.qualified("m", &self.layout.keys[self.series].name);
        let on = Sql::compare("=", &key, &self.qualified("p", bucket));
        select.from.push(format!("JOIN {places} AS {} ON {}", dialect.identifier("p"), on.text()));
        select.column(self.qualified("p", PLACE), PLACE);
        for key in self.other_keys() {
            select.column(self.qualified("m", &key.name), &key.name);
        }
        for (name, of) in self.has.iter().zip([Side::Current, Side::Previous]) {
            select.column(Sql::atom(if of == side { "1" } else { "0" }), name);
        }
        for cell in &self.cells {
            let value = self::cell(dialect, self.query, plan, self.layout, (cell.output, cell.period))?;
            let value = if cell.side == side { value.sql } else { dialect.null(value.data_type) };
            select.column(value, &cell.name);
        }
        let sides = self.query.time.changes.iter().filter_map(|change| change.sides.as_ref());
        let rows = |period: usize| some_rows(&dialect.name(&self.layout.rows[period]));
        let counted = match side {
            Side::Current => rows(0),
            Side::Previous => {
                let windows = sides.filter_map(|sides| sides.windows.first().map(|window| rows(*window)));
                Sql::any(windows).unwrap_or_else(|| Sql::atom("FALSE"))
            }
        };
        if let Some(total) = &self.layout.total {
            select.filter.push(dialect.name(total).not());
        }
        select.filter.push(counted);
        Ok(select)
    }

    /// One row a place and the other keys.
    fn together(&self, sides: &str, plan: &SemanticPlan) -> Result<Select, Diagnostic> {
        let dialect = self.dialect;
        let mut select = Select::from(sides);
        let keys = std::iter::once(PLACE).chain(self.other_keys().map(|key| key.name.as_str()));
        let keys: Vec<&str> = keys.collect();
        for key in &keys {
            select.column(dialect.name(key), *key);
        }
        for name in &self.has {
            select.column(Sql::call("MAX", &[&dialect.name(name)]), name);
        }
        for cell in &self.cells {
            let data_type = plan.root.computations[self.query.outputs[cell.output].computation.0].data_type;
            select.column(most(dialect, &Typed::new(dialect.name(&cell.name), data_type))?, &cell.name);
        }
        select.group = Some(keys.iter().map(|key| dialect.identifier(key)).collect::<Vec<_>>().join(", "));
        Ok(select)
    }

    /// The answer's columns over pairs.
    fn select(&self, plan: &SemanticPlan, columns: &Columns, pairs: &str, places: &str) -> Result<Select, Diagnostic> {
        let (dialect, query) = (self.dialect, self.query);
        let mut select = Select::from(&format!("{pairs} AS {}", dialect.identifier("s")));
        let on = Sql::compare("=", &self.qualified("s", PLACE), &self.qualified("p", PLACE));
        select.from.push(format!("JOIN {places} AS {} ON {}", dialect.identifier("p"), on.text()));
        if let Some(total) = &self.layout.total {
            select.column(Sql::atom("FALSE"), total);
        }
        let (current, previous) = (self.qualified("p", CURRENT), self.qualified("p", PREVIOUS));
        columns.put_groups(dialect, query, self.layout, &mut select, Some((self.series, &current, &previous)))?;
        for (output, of) in query.outputs.iter().enumerate() {
            let sides = of.change.and_then(|change| query.time.changes[change].sides.as_ref());
            let shown = |period: usize, side: Side| self.shown(plan, output, period, side);
            let compared = match sides {
                Some(sides) => Some((shown(sides.current, Side::Current)?, shown(sides.together, Side::Previous)?)),
                None => None,
            };
            columns.put_output(output, Sides { value: shown(0, Side::Current)?, compared }, &mut select);
        }
        if let Some(name) = columns.kind_name() {
            let has = |side: usize| Sql::compare("=", &dialect.name(&self.has[side]), &Sql::atom("1"));
            select.column(new_or_lost(&has(0), &has(1)), name);
        }
        Ok(select)
    }

    /// An output's value on a side; of a bucket that is there without rows, what nulls are filled with.
    fn shown(&self, plan: &SemanticPlan, output: usize, period: usize, side: Side) -> Result<Sql, Diagnostic> {
        let dialect = self.dialect;
        let Some(cell) = self.cell(output, period, side) else {
            return Err(refused("a side of a series that was not read", dialect));
        };
        let value = dialect.name(&cell.name);
        let Some(nothing) = metrics::of_nothing(dialect, plan, self.query.outputs[output].computation)? else {
            return Ok(value);
        };
        let (has, bucket) = match side {
            Side::Current => (&self.has[0], CURRENT),
            Side::Previous => (&self.has[1], PREVIOUS),
        };
        let is_absent = Sql::compare("=", &dialect.name(has), &Sql::atom("0"));
        let is_there = self.qualified("p", bucket).followed_by("IS NOT NULL");
        Ok(Sql::case(&[(is_absent.and(&is_there), nothing.sql)], Some(&value)))
    }
}

/// The total of a compared series, which has no bucket.
fn total_select(
    dialect: Dialect,
    query: &ResolvedQuery,
    plan: &SemanticPlan,
    layout: &Layout,
    columns: &Columns,
    series: usize,
    measures: &str,
) -> Result<Select, Diagnostic> {
    let mut select = Select::from(measures);
    if let Some(total) = &layout.total {
        select.column(Sql::atom("TRUE"), total);
    }
    let nothing = dialect.null(layout.keys[series].data_type);
    columns.put_groups(dialect, query, layout, &mut select, Some((series, &nothing, &nothing)))?;
    for output in 0..query.outputs.len() {
        let sides = Sides::of_row(dialect, query, plan, layout, output)?;
        columns.put_output(output, sides, &mut select);
    }
    if let Some(name) = columns.kind_name() {
        select.column(dialect.null(DataType::Text), name);
    }
    Ok(select)
}
