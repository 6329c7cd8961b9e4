//! The rows that the rows of a dataset belong to, as the filter of its policy reads them: whole, by their key.

use std::sync::{Arc, OnceLock};

use datafusion::arrow::array::ArrayRef;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::ident;
use sextant_semantics::catalog::bind::PhysicalColumn;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::expr::Expr;
use sextant_semantics::query::visible::{Belonging, SeenRef};

use super::{Maker, redacted};
use crate::lower::typed::{Typed, unify};
use crate::snapshot::DatasetSnapshot;
use crate::snapshot::lookup::{Lookup, Wanted};
use crate::source::cache::SourceCache;
use crate::source::schema::{DatasetSchema, SchemaColumn};
use crate::source::types::arrow_type;

/// One table beside the dataset's own.
#[derive(Debug)]
pub(super) struct Belonged {
    pub(super) read: Arc<DatasetSnapshot>,
    /// Places of the columns that point at its key, among those before its own.
    near: Vec<usize>,
    wanted: Wanted,
    most_bytes: usize,
    rows: OnceLock<Arc<Lookup>>,
}

impl Belonged {
    /// Reads its rows. The fault of its files tells no more than any fault of a dataset under a policy.
    pub(super) fn prepare(&self, of: &str, cache: &SourceCache) -> Result<(), Diagnostic> {
        if self.rows.get().is_some() {
            return Ok(());
        }
        let rows = self.read.lookup(&self.wanted, cache, self.most_bytes).map_err(|fault| match fault.code {
            Code::DuplicateKey => {
                Diagnostic { message: format!("{}: the policy of `{of}` reads its rows by it", fault.message), ..fault }
            }
            _ => redacted(&self.read.files.dataset, fault),
        })?;
        self.rows.get_or_init(|| rows);
        Ok(())
    }

    /// Its columns for rows of which these are the columns before.
    pub(super) fn of(&self, before: &[ArrayRef]) -> Result<Vec<ArrayRef>, DataFusionError> {
        let rows = self.rows.get();
        let rows = rows.ok_or_else(|| DataFusionError::Internal("a policy was not made ready".to_string()))?;
        let keys: Vec<ArrayRef> = self.near.iter().map(|at| Arc::clone(&before[*at])).collect();
        Ok(rows.of(&keys, &self.wanted)?)
    }
}

/// The columns of a predicate: which table each is of, the dataset's own first.
pub(super) struct Layout {
    pub(super) own: Vec<SchemaColumn>,
    pub(super) tables: Vec<Belonged>,
    pub(super) columns: Vec<(usize, SchemaColumn)>,
}

impl Layout {
    pub(super) fn of(
        maker: &Maker<'_>,
        dataset: &str,
        schema: &DatasetSchema,
        filter: &Expr<SeenRef>,
        steps: &[Belonging],
    ) -> Result<Layout, Diagnostic> {
        let own = columns_of(0, filter, steps, dataset, schema)?;
        let mut columns: Vec<(usize, SchemaColumn)> = own.iter().map(|column| (0, column.clone())).collect();
        let mut tables = Vec::new();
        for (position, step) in steps.iter().enumerate() {
            let read = (maker.whole)(step.to)?;
            let found = columns_of(position + 1, filter, steps, &read.files.dataset, read.schema())?;
            let mut near = Vec::new();
            let mut key = Vec::new();
            for (from, to) in &step.on {
                let is_near = |(table, column): &(usize, SchemaColumn)| *table == step.from && column.name == from.name;
                near.push(columns.iter().position(is_near).expect("what a step starts from is in the layout"));
                let typed = |column: &PhysicalColumn| Typed::new(ident(&column.name), arrow_type(column.data_type));
                let (_, _, common) = unify(typed(from), typed(to)).map_err(|error| error.diagnostic())?;
                key.push((read.schema().require(&read.files.dataset, &to.name)?.clone(), common));
            }
            columns.extend(found.iter().map(|column| (position + 1, column.clone())));
            let wanted = Wanted { key, columns: found };
            tables.push(Belonged { read, near, wanted, most_bytes: maker.most_bytes, rows: OnceLock::new() });
        }
        Ok(Layout { own, tables, columns })
    }
}

/// What is read of a table, each column once: for the filter, and for the steps that start there.
fn columns_of(
    table: usize,
    filter: &Expr<SeenRef>,
    steps: &[Belonging],
    dataset: &str,
    schema: &DatasetSchema,
) -> Result<Vec<SchemaColumn>, Diagnostic> {
    let of_filter = filter.refs().into_iter().flat_map(|of| of.value.columns());
    let of_filter = of_filter.filter(|of| of.table == table).map(|of| of.column.name.as_str());
    let from_here = steps.iter().filter(|step| step.from == table);
    let of_steps = from_here.flat_map(|step| &step.on).map(|(near, _)| near.name.as_str());
    let mut found: Vec<SchemaColumn> = Vec::new();
    for name in of_filter.chain(of_steps) {
        let column = schema.require(dataset, name)?;
        if !found.contains(column) {
            found.push(column.clone());
        }
    }
    Ok(found)
}
