//! The condition of a policy over columns: of the dataset's own rows, and of the rows that those belong to.

use crate::catalog::bind::{BoundCatalog, BoundDimension, PhysicalColumn};
use crate::catalog::id::DatasetId;
use crate::catalog::join_graph::{Path, Step};
use crate::catalog::policy::Reached;
use crate::data_type::{Clock, DataType};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Kind, typing};
use crate::query::resolve::{comparable, key_types};
use crate::time::stored::StoredAs;

/// What a condition reads of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum SeenRef {
    Column(ColumnOf),
    /// The wall clock of a time, in the model's zone.
    WallClock {
        of: Box<Expr<ColumnOf>>,
        stored: StoredAs,
    },
}

/// A column of a table: 0 is the dataset itself, `n` what the step at `n - 1` leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnOf {
    pub table: usize,
    pub column: PhysicalColumn,
}

/// From the rows of a table to the row that each of them belongs to, one or none.
#[derive(Clone, Debug, PartialEq)]
pub struct Belonging {
    /// An earlier table.
    pub from: usize,
    pub to: DatasetId,
    /// Columns of the earlier table, and the columns of `to` that they equal, which tell its rows apart.
    pub on: Vec<(PhysicalColumn, PhysicalColumn)>,
}

impl SeenRef {
    pub fn data_type(&self) -> DataType {
        match self {
            SeenRef::Column(of) => of.column.data_type,
            SeenRef::WallClock { .. } => DataType::Timestamp(Clock::Local),
        }
    }

    /// The columns that it is made of.
    pub fn columns(&self) -> Vec<&ColumnOf> {
        match self {
            SeenRef::Column(of) => vec![of],
            SeenRef::WallClock { of, .. } => of.refs().into_iter().map(|column| column.value).collect(),
        }
    }
}

/// The type that a dimension has in the condition of a policy: a time of day is that of the model's zone.
pub(super) fn type_of(dimension: &BoundDimension) -> DataType {
    match (dimension.stored, dimension.data_type) {
        (Some(_), DataType::Timestamp(_)) => DataType::Timestamp(Clock::Local),
        (_, data_type) => data_type,
    }
}

/// The steps of the conditions of one dataset, each once.
#[derive(Default)]
pub(super) struct Steps {
    walked: Vec<Vec<Step>>,
    pub(super) steps: Vec<Belonging>,
}

impl Steps {
    /// A condition over the columns that its dimensions are made of, with every literal typed.
    pub(super) fn condition(&mut self, bound: &BoundCatalog, of: &Expr<Reached>) -> Result<Expr<SeenRef>, Diagnostic> {
        let over = of.try_substitute(&mut |reached: &Reached, _| self.dimension(bound, reached))?;
        typing::coerce_condition(over, &mut SeenRef::data_type)
    }

    fn dimension(&mut self, bound: &BoundCatalog, reached: &Reached) -> Result<Expr<SeenRef>, Diagnostic> {
        let dimension = bound.dimension(reached.dimension)?;
        let table = self.table(bound, &reached.path)?;
        let expr = dimension.expr.map_refs(&mut |column| ColumnOf { table, column: column.clone() });
        let expr = of_a_row(bound, &reached.path, table, expr)?;
        match (dimension.stored, dimension.data_type) {
            (Some(stored), DataType::Timestamp(_)) => {
                let span = expr.span;
                Ok(Expr::new(Kind::Ref(SeenRef::WallClock { of: Box::new(expr), stored }), span))
            }
            _ => Ok(expr.map_refs(&mut |column| SeenRef::Column(column.clone()))),
        }
    }

    /// The table at the end of a path. Paths share what they have in common.
    fn table(&mut self, bound: &BoundCatalog, path: &Path) -> Result<usize, Diagnostic> {
        let steps = path.steps();
        let mut table = 0;
        for (position, step) in steps.iter().enumerate() {
            let so_far = &steps[..=position];
            table = match self.walked.iter().position(|walked| walked == so_far) {
                Some(known) => known + 1,
                None => {
                    self.steps.push(belonging(bound, table, step)?);
                    self.walked.push(so_far.to_vec());
                    self.steps.len()
                }
            };
        }
        Ok(table)
    }
}

fn belonging(bound: &BoundCatalog, from: usize, step: &Step) -> Result<Belonging, Diagnostic> {
    let mut on = Vec::new();
    for (near, far) in step.columns() {
        let (near, far) = (bound.column(step.from(), near)?, bound.column(step.to(), far)?);
        if !comparable(near.data_type, far.data_type) {
            return Err(key_types(bound, step.relationship(), &near, &far));
        }
        on.push((near, far));
    }
    Ok(Belonging { from, to: step.to(), on })
}

/// A formula over the table at the end of a path, null where the path leads to no row: one such as
/// `coalesce(kind, 'none')` would give orphans a value that no row has.
fn of_a_row(
    bound: &BoundCatalog,
    path: &Path,
    table: usize,
    expr: Expr<ColumnOf>,
) -> Result<Expr<ColumnOf>, Diagnostic> {
    let last = path.steps().last();
    let (Some(step), Some((_, key))) = (last, last.and_then(|step| step.columns().first())) else { return Ok(expr) };
    if matches!(expr.kind.as_ref(), Kind::Ref(_)) {
        return Ok(expr);
    }
    let span = expr.span;
    let key = Expr::new(Kind::Ref(ColumnOf { table, column: bound.column(step.to(), key)? }), span);
    let is_there = Expr::new(Kind::IsNull { of: key, negated: true }, span);
    Ok(Expr::new(Kind::Case { branches: vec![(is_there, expr)], otherwise: None }, span))
}
