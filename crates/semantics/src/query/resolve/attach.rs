//! The tables that a fact's rows are joined with, each attached on first use.

use super::super::resolved::Attached;
use super::super::row::{ColumnRef, On, RowExpr, RowRef, Table, TimeColumn};
use super::rows::{FactBuilder, Values, column_ref, refuse_not_yet};
use crate::catalog::bind::{BoundCatalog, PhysicalColumn};
use crate::catalog::id::{CustomGranularityId, DatasetId, DimensionId, RelationshipId};
use crate::catalog::join_graph::{Bridge, Hop, Path, Step};
use crate::catalog::{Catalog, CustomGranularity, Dimension};
use crate::code::Code;
use crate::data_type::{Clock, DataType};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Kind};
use crate::model::Naming;
use crate::source::Span;
use crate::time::granularity::Granularity;
use crate::time::stored::StoredAs;

impl FactBuilder {
    /// The table at the end of a path. Paths of entities are walked each on its own, dotted ones
    /// share what they have in common.
    pub(super) fn table(&mut self, bound: &BoundCatalog, path: &Path) -> Result<Table, Diagnostic> {
        let mut trail = vec![(Table::FACT, self.dataset)];
        let shares = bound.catalog.naming == Naming::Dotted;
        let steps = path.steps();
        for (position, step) in steps.iter().enumerate() {
            let so_far = &steps[..=position];
            let is_whole = so_far.len() == steps.len();
            let known = self.walked.iter().find(|(walked, _)| walked == so_far).filter(|_| shares || is_whole);
            let table = match known {
                Some((_, known)) => *known,
                None => {
                    let table = self.step(bound, &trail, step)?;
                    if shares || is_whole {
                        self.walked.push((so_far.to_vec(), table));
                    }
                    table
                }
            };
            trail.push((table, step.to()));
        }
        Ok(trail.last().map_or(Table::FACT, |(table, _)| *table))
    }

    /// Attaches what a step leads to; `trail` is where the path has been, the fact first.
    fn step(&mut self, bound: &BoundCatalog, trail: &[(Table, DatasetId)], step: &Step) -> Result<Table, Diagnostic> {
        let at = trail.last().map_or(Table::FACT, |(table, _)| *table);
        refuse_not_yet(bound, step.to())?;
        if let (Step::Bridge(bridge), Some(beside)) = (step, &self.treatment.beside) {
            return Err(events_beyond_a_bridge(bound, bridge, beside.word()));
        }
        // What the axis needs is attached before what depends on it.
        let valid_at = if step.is_versioned() { Some(self.moment(bound, step)?) } else { None };
        let table = self.next_table();
        let mut on = Vec::new();
        for (near, far) in step.columns() {
            let (near, far) = (bound.column(step.from(), near)?, bound.column(step.to(), far)?);
            if !comparable(near.data_type, far.data_type) {
                return Err(key_types(bound, step.relationship(), &near, &far));
            }
            on.push(On::Equal { near: column_ref(at, &near), far: column_ref(table, &far) });
        }
        for far in partitions(&bound.catalog, step.to()) {
            if let Some(near) = nearest_partition(&bound.catalog, trail, far) {
                on.push(partition(bound, near, (table, far.id))?);
            }
        }
        if let Some(at) = valid_at {
            on.push(self.validity(bound, step.to(), at, table)?);
        }
        self.tables.push(Attached { hop: step.hop(), on, table });
        Ok(table)
    }

    pub(super) fn next_table(&self) -> Table {
        Table(self.tables.len() as u32 + self.first_table)
    }

    /// The fact's time, for which a version is looked up.
    fn moment(&mut self, bound: &BoundCatalog, step: &Step) -> Result<TimeColumn, Diagnostic> {
        let to = &bound.catalog.dataset(step.to()).name;
        let through = self.axis.as_ref().is_some_and(|axis| axis.path.steps().iter().any(Step::is_versioned));
        if self.axis.is_none() || through {
            let fact = format!("`{to}` has a row for each version, and there is no time that says which one holds");
            return Err(Diagnostic::new(Code::DimensionNotAvailable, fact).help(format!(
                "ask with a metric, whose time picks the version, or ask for dimensions of `{to}` alone"
            )));
        }
        self.axis_column(bound)
    }

    fn validity(
        &self,
        bound: &BoundCatalog,
        dataset: DatasetId,
        at: TimeColumn,
        table: Table,
    ) -> Result<On, Diagnostic> {
        let of = bound.catalog.dataset(dataset);
        let validity = of.validity.as_ref().expect("only a dataset with validity is joined by its versions");
        let end = |column: &str| {
            let column = bound.column(dataset, column).map_err(|d| d.at(validity.span))?;
            stored_time(bound, table, &column, validity.span)
        };
        Ok(On::ValidAt { at, from: end(&validity.from)?, to: end(&validity.to)? })
    }

    /// What a time spine has for a time: a column of the row of the period that the time lies in.
    pub(super) fn custom(
        &mut self,
        bound: &BoundCatalog,
        time: TimeColumn,
        granularity: CustomGranularityId,
    ) -> Result<ColumnRef, Diagnostic> {
        let custom = bound.catalog.custom_granularity(granularity);
        let hop = bound.catalog.graph().spine(custom.spine).clone();
        if let Some(units) = self.units.as_ref().filter(|units| **units == time) {
            return self.custom_of_units(bound, units, custom);
        }
        let span = bound.catalog.time_spines()[custom.spine].span;
        refuse_not_yet(bound, hop.to())?;
        let column = bound.column(hop.to(), &custom.column).map_err(|d| d.at(span))?;
        let same = Hop::Spine(hop.clone());
        let is_of = |on: &On| matches!(on, On::SameBucket { near, .. } if *near == time);
        let known = self.tables.iter().find(|t| t.hop == same && t.on.iter().any(is_of)).map(|t| t.table);
        let table = match known {
            Some(known) => known,
            None => {
                let table = self.next_table();
                let period = bound.column(hop.to(), hop.column()).map_err(|d| d.at(span))?;
                let far = stored_time(bound, table, &period, span)?;
                let on = vec![On::SameBucket { near: time, far, granularity: hop.granularity() }];
                self.tables.push(Attached { hop: same, on, table });
                table
            }
        };
        Ok(column_ref(table, &column))
    }
}

/// Each event belongs to one row, and each row to one group: neither is so beyond a bridge.
pub(super) fn events_beyond_a_bridge(bound: &BoundCatalog, bridge: &Bridge, what: &str) -> Diagnostic {
    let name = &bound.catalog.relationship(bridge.relationship()).name;
    let fact = format!("a {what} beyond the bridge `{name}` is not supported yet");
    Diagnostic::new(Code::NotSupportedYet, fact)
        .help("group and filter it by dimensions that each row has one value of")
}

fn partitions(catalog: &Catalog, dataset: DatasetId) -> impl Iterator<Item = &Dimension> {
    let own = catalog.dataset(dataset).dimensions.iter().map(|id| catalog.dimension(*id));
    own.filter(|dimension| dimension.partition)
}

/// The partition of the same name that was met last on the way.
fn nearest_partition(catalog: &Catalog, trail: &[(Table, DatasetId)], far: &Dimension) -> Option<(Table, DimensionId)> {
    trail.iter().rev().find_map(|(table, dataset)| {
        let near = partitions(catalog, *dataset).find(|near| near.name == far.name);
        near.map(|near| (*table, near.id))
    })
}

impl FactBuilder {
    /// A column of the time spine whose rows are the periods themselves.
    fn custom_of_units(
        &self,
        bound: &BoundCatalog,
        units: &TimeColumn,
        custom: &CustomGranularity,
    ) -> Result<ColumnRef, Diagnostic> {
        let spine = &bound.catalog.time_spines()[custom.spine];
        let table = units.expr.refs().first().map(|reference| reference.value.table);
        match table.filter(|_| self.units_of == Some(spine.dataset)) {
            Some(table) => {
                let column = bound.column(spine.dataset, &custom.column).map_err(|d| d.at(spine.span))?;
                Ok(column_ref(table, &column))
            }
            None => {
                let fact = format!("`{}` beside other periods is not supported yet without metrics", custom.name);
                Err(Diagnostic::new(Code::NotSupportedYet, fact).help("ask for it alone, or name a metric"))
            }
        }
    }
}

/// Partitions are times held against each other by day, or plain columns.
fn partition(bound: &BoundCatalog, near: (Table, DimensionId), far: (Table, DimensionId)) -> Result<On, Diagnostic> {
    let side = |(table, id): (Table, DimensionId)| {
        let column = bound.dimension(id)?;
        let expr = column.expr.map_refs(&mut |c| column_ref(table, c));
        Ok::<_, Diagnostic>(match column.stored {
            Some(stored) => Values::Time(TimeColumn { expr, stored }),
            None => Values::Plain { expr, data_type: column.data_type },
        })
    };
    let far_dimension = far.1;
    match (side(near)?, side(far)?) {
        (Values::Time(near), Values::Time(far)) => Ok(On::SameBucket { near, far, granularity: Granularity::Day }),
        (Values::Plain { expr: near, data_type: a }, Values::Plain { expr: far, data_type: b }) if comparable(a, b) => {
            match (near.kind.as_ref(), far.kind.as_ref()) {
                (Kind::Ref(near), Kind::Ref(far)) => Ok(On::Equal { near: near.clone(), far: far.clone() }),
                _ => Err(not_a_partition(bound, far_dimension, "an expression")),
            }
        }
        _ => Err(not_a_partition(bound, far_dimension, "of another type")),
    }
}

fn not_a_partition(bound: &BoundCatalog, dimension: DimensionId, what: &str) -> Diagnostic {
    let dimension = bound.catalog.dimension(dimension);
    let fact =
        format!("partition `{}` of `{}` is {what}", dimension.name, bound.catalog.dataset(dimension.dataset).name);
    Diagnostic::new(Code::InvalidModel, fact)
        .at(dimension.span)
        .help("partitions are times, or columns of one type in every dataset that has them")
}

/// A column of a joined table that holds dates or times.
pub(super) fn stored_time(
    bound: &BoundCatalog,
    table: Table,
    column: &PhysicalColumn,
    span: Span,
) -> Result<TimeColumn, Diagnostic> {
    let stored = match column.data_type {
        DataType::Date => StoredAs::Date,
        DataType::Timestamp(Clock::Instant) => StoredAs::Instant,
        DataType::Timestamp(Clock::Local) => StoredAs::WallClock(bound.catalog.calendar.zone),
        other => {
            let fact = format!("column `{}` is {other}, not a date or a timestamp", column.name);
            return Err(Diagnostic::new(Code::TypeMismatch, fact)
                .at(span)
                .help("declare the column's type under `columns`"));
        }
    };
    Ok(TimeColumn { expr: Expr::new(Kind::Ref(column_ref(table, column)), span), stored })
}

/// The tables of which a row is found by a time alone, as those of custom granularities.
pub(super) fn found_by_time(tables: &[Attached], is_time: &dyn Fn(&TimeColumn) -> bool) -> Vec<Table> {
    let by_time = |attached: &&Attached| {
        !attached.on.is_empty()
            && attached.on.iter().all(|on| match on {
                On::SameBucket { near, .. } => is_time(near),
                On::Equal { .. } | On::Is { .. } | On::ValidAt { .. } => false,
            })
    };
    tables.iter().filter(by_time).map(|attached| attached.table).collect()
}

/// Whether an expression is over columns of these tables alone.
pub(super) fn is_of_tables(expr: &RowExpr, tables: &[Table]) -> bool {
    let refs = expr.refs();
    let within = |reference: &RowRef| matches!(reference, RowRef::Column(column) if tables.contains(&column.table));
    !refs.is_empty() && refs.iter().all(|reference| within(reference.value))
}

pub(in crate::query) fn comparable(a: DataType, b: DataType) -> bool {
    a == b || (a.is_exact() && b.is_exact())
}

pub(in crate::query) fn key_types(
    bound: &BoundCatalog,
    relationship: RelationshipId,
    left: &PhysicalColumn,
    right: &PhysicalColumn,
) -> Diagnostic {
    let relationship = bound.catalog.relationship(relationship);
    Diagnostic::new(
        Code::TypeMismatch,
        format!(
            "relationship `{}` joins `{}` ({}) with `{}` ({})",
            relationship.name, left.name, left.data_type, right.name, right.data_type
        ),
    )
    .at(relationship.span)
    .help("declare both columns with one type under `columns`")
}
