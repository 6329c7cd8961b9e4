//! A dataset's table without the rows that its caller does not see, or without the columns that nobody sees.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::TableType;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;

use super::Restriction;
use super::exec::VisibleRowsExec;

/// The visible part of a table.
#[derive(Debug)]
pub(crate) struct VisibleTable {
    input: Arc<dyn TableProvider>,
    restriction: Option<Arc<Restriction>>,
    /// Positions of the columns that are seen.
    columns: Vec<usize>,
    schema: SchemaRef,
}

impl VisibleTable {
    /// `input` without the rows that the restriction hides, and without the columns that `hides` says.
    pub(crate) fn new(
        input: Arc<dyn TableProvider>,
        restriction: Option<Arc<Restriction>>,
        hides: impl Fn(&str) -> bool,
    ) -> Result<VisibleTable> {
        let of = input.schema();
        let columns: Vec<usize> = (0..of.fields().len()).filter(|at| !hides(of.field(*at).name())).collect();
        let schema = Arc::new(of.project(&columns)?);
        Ok(VisibleTable { input, restriction, columns, schema })
    }
}

#[async_trait]
impl TableProvider for VisibleTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// No condition of a question is evaluated on a row that may be hidden.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        match &self.restriction {
            Some(_) => Ok(vec![TableProviderFilterPushDown::Unsupported; filters.len()]),
            None => self.input.supports_filters_pushdown(filters),
        }
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wanted: Vec<usize> = match projection {
            Some(wanted) => wanted.iter().map(|at| self.columns[*at]).collect(),
            None => self.columns.clone(),
        };
        let Some(restriction) = &self.restriction else {
            return self.input.scan(state, Some(&wanted), filters, limit).await;
        };
        let of = self.input.schema();
        let schema = Arc::new(of.project(&wanted)?);
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let beside = restriction.beside(&names);
        let beside = beside.iter().map(|column| of.index_of(&column.name)).collect::<Result<Vec<_>, _>>()?;
        let all: Vec<usize> = wanted.iter().copied().chain(beside).collect();
        // A limit counts visible rows, so that it stays above.
        let rows = self.input.scan(state, Some(&all), &[], None).await?;
        Ok(Arc::new(VisibleRowsExec::new(rows, Arc::clone(restriction), schema)))
    }
}
