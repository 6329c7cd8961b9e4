//! What the names of a statement mean: its tables, and the engine's functions, which the guard has already held
//! against its list.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::TableReference;
use datafusion::config::ConfigOptions;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner};
use datafusion::logical_expr::{AggregateUDF, HigherOrderUDF, ScalarUDF, TableSource, WindowUDF};

use super::arithmetic::Arithmetic;
use super::doubles;
use super::sum::sum;

pub(super) struct Names<'a> {
    state: &'a SessionState,
    tables: HashMap<String, Arc<dyn TableSource>>,
    planners: Vec<Arc<dyn ExprPlanner>>,
}

impl<'a> Names<'a> {
    pub(super) fn new(state: &'a SessionState, tables: HashMap<String, Arc<dyn TableSource>>) -> Self {
        let ours: Arc<dyn ExprPlanner> = Arc::new(Arithmetic);
        let planners = std::iter::once(ours).chain(state.expr_planners().iter().cloned()).collect();
        Names { state, tables, planners }
    }
}

impl ContextProvider for Names<'_> {
    fn get_table_source(&self, name: TableReference) -> Result<Arc<dyn TableSource>> {
        let written = match &name {
            TableReference::Bare { table } => table.to_string(),
            TableReference::Partial { schema, table } => format!("{schema}.{table}"),
            TableReference::Full { catalog, schema, table } => format!("{catalog}.{schema}.{table}"),
        };
        let known = self.tables.get(&written).or_else(|| self.tables.get(&written.to_lowercase()));
        known.cloned().ok_or_else(|| DataFusionError::Plan(format!("table '{written}' not found")))
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        &self.planners
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.state.scalar_functions().get(name).cloned()
    }

    fn get_higher_order_meta(&self, _: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        let known = self.state.aggregate_functions().get(name).cloned()?;
        Some(match name {
            "sum" => sum(known),
            _ if doubles::NAMES.contains(&name) => doubles::doubles(known),
            _ => known,
        })
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.state.window_functions().get(name).cloned()
    }

    fn get_variable_type(&self, _: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.state.config_options()
    }

    fn udf_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udwf_names(&self) -> Vec<String> {
        Vec::new()
    }
}
