//! One runtime for a process, one cheap session for a question.
//!
//! The runtime holds what questions share: the memory pool, the temporary directory, the caches
//! of file footers and the threads that queries run on. A session is a copy of a template in
//! which the engine's settings and rules that could give a wrong answer are already off.

use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::catalog::{CatalogProviderList, MemoryCatalogProviderList};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::{SessionConfig, SessionContext};
use tokio::runtime::{Handle, Runtime};

use crate::execute::memory::QueryPool;

mod pause;

/// What a process gives to its queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resources {
    /// Bytes that all queries together may hold in operators.
    pub memory_bytes: usize,
    /// Bytes that all queries together may spill to the temporary directory.
    pub temporary_bytes: u64,
    /// Partitions of one query's plan. Small data answers sooner with few.
    pub target_partitions: usize,
    /// Threads that run queries, apart from those that serve the network.
    pub threads: usize,
}

impl Resources {
    /// 1 GiB of memory, 4 GiB of spill, 2 partitions, 2 threads.
    pub const STANDARD: Resources =
        Resources { memory_bytes: 1 << 30, temporary_bytes: 4 << 30, target_partitions: 2, threads: 2 };
}

/// The runtime of a process and the template of its sessions.
pub struct Sessions {
    shared: Arc<RuntimeEnv>,
    template: SessionState,
    /// Present until drop, which must not block an asynchronous caller.
    queries: Option<Runtime>,
}

/// What one question plans and runs in.
#[derive(Clone)]
pub struct Session {
    pub context: SessionContext,
    pub(crate) queries: Handle,
}

impl Session {
    /// The same session whose plans have one partition, so that rows without an order come in one order.
    pub(crate) fn in_one_partition(self) -> Session {
        let config = self.context.copied_config().with_target_partitions(1);
        let state = SessionStateBuilder::new_from_existing(self.context.state()).with_config(config).build();
        Session { context: SessionContext::new_with_state(state), queries: self.queries }
    }
}

/// Functions that allocate as much as their argument says, outside the memory pool.
const UNBOUNDED_FUNCTIONS: [&str; 5] = ["repeat", "lpad", "rpad", "array_repeat", "generate_series"];

impl Sessions {
    pub fn new(resources: &Resources) -> Result<Sessions> {
        let shared = Arc::new(runtime_env(resources)?);
        let queries = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(resources.threads.max(1))
            .thread_name("query")
            .thread_stack_size(32 << 20)
            .enable_all()
            .build()?;
        Ok(Sessions { template: template(resources, Arc::clone(&shared)), shared, queries: Some(queries) })
    }

    /// A session that holds no tables and whose operators may hold `memory_bytes`.
    pub fn open(&self, memory_bytes: usize) -> Session {
        let pool = QueryPool::new(Arc::clone(&self.shared.memory_pool), memory_bytes);
        let env = RuntimeEnv { memory_pool: Arc::new(pool), ..self.shared.as_ref().clone() };
        let catalogs: Arc<dyn CatalogProviderList> = Arc::new(MemoryCatalogProviderList::new());
        let config = self.template.config().clone().with_create_default_catalog_and_schema(true);
        let state = SessionStateBuilder::new_from_existing(self.template.clone())
            .with_config(config)
            .with_runtime_env(Arc::new(env))
            .with_catalog_list(catalogs)
            .build();
        let queries = self.queries.as_ref().expect("present until drop").handle().clone();
        Session { context: SessionContext::new_with_state(state), queries }
    }
}

impl Sessions {
    /// How many tasks of plans live: those that questions wait for, and those that their operators
    /// began. A task that was told to stop lives until it has.
    pub(crate) fn running(&self) -> usize {
        self.queries.as_ref().map_or(0, |queries| queries.metrics().num_alive_tasks())
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        if let Some(queries) = self.queries.take() {
            queries.shutdown_background();
        }
    }
}

fn runtime_env(resources: &Resources) -> Result<RuntimeEnv> {
    let largest = NonZeroUsize::new(5).expect("5 is not 0");
    let pool = TrackConsumersPool::new(FairSpillPool::new(resources.memory_bytes), largest);
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(pool))
        .with_max_temp_directory_size(resources.temporary_bytes)
        // Listings are taken for every question: a cached one would hide new files.
        .with_object_list_cache_limit(0)
        .with_metadata_cache_limit(256 << 20)
        .build()
}

fn template(resources: &Resources, shared: Arc<RuntimeEnv>) -> SessionState {
    let mut config = SessionConfig::new()
        .with_target_partitions(resources.target_partitions.max(1))
        .with_information_schema(false)
        .with_collect_statistics(true)
        .with_create_default_catalog_and_schema(false);
    config.options_mut().execution.enable_recursive_ctes = false;
    let mut state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(shared)
        .with_default_features()
        .with_physical_optimizer_rules(physical_rules())
        .build();
    for name in UNBOUNDED_FUNCTIONS {
        // A function that this build of the engine does not have is as good as one taken away.
        let _ = state.deregister_udf(name);
        let _ = state.deregister_udtf(name);
    }
    state
}

/// The engine's rules without `aggregate_statistics`, which answers sums and counts from column
/// statistics that joins carry unscaled; then ours.
fn physical_rules() -> Vec<Arc<dyn datafusion::physical_optimizer::PhysicalOptimizerRule + Send + Sync>> {
    let rules = PhysicalOptimizer::new().rules.into_iter().filter(|rule| rule.name() != "aggregate_statistics");
    rules.chain([Arc::new(pause::PauseJoins) as _]).collect()
}

#[cfg(test)]
mod tests;
