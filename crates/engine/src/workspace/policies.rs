//! The snapshot of a question with what its caller does not see left out.

use std::sync::Arc;

use sextant_semantics::catalog::bind::BoundCatalog;
use sextant_semantics::catalog::id::DatasetId;
use sextant_semantics::catalog::locate::Written;
use sextant_semantics::catalog::policy::Reached;
use sextant_semantics::catalog::{Catalog, Dataset};
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::{Diagnostic, Warning};
use sextant_semantics::expr::{Expr, Name};
use sextant_semantics::model::Target;
use sextant_semantics::query::caller::Caller;
use sextant_semantics::query::visible::sight;

use super::Workspace;
use super::ask::Prepared;
use crate::snapshot::Snapshot;
use crate::visible::{Maker, Restriction, redacted};

impl Workspace {
    /// The state of all datasets as `caller` sees them, and the catalog bound to their schemas.
    pub(super) async fn snapshot(&self, caller: &Caller) -> (Snapshot, Arc<BoundCatalog>) {
        let mut snapshot = self.whole_snapshot().await;
        for dataset in self.catalog.datasets().iter().filter(|dataset| dataset.is_restricted()) {
            snapshot.map_fault(&dataset.name, |fault| redacted(&dataset.name, fault));
        }
        let bound = self.bound(&snapshot);
        // What a filter reads of other datasets it reads whole.
        let whole = snapshot.clone();
        for dataset in self.catalog.datasets() {
            if let Err(fault) = self.restrict(&mut snapshot, &whole, &bound, dataset, caller) {
                snapshot.close(&dataset.name, fault);
            }
        }
        snapshot.name_what_is_seen();
        (snapshot, bound)
    }

    /// Leaves out what a caller does not see of one dataset. One whose policies do not fit it is closed.
    fn restrict(
        &self,
        snapshot: &mut Snapshot,
        whole: &Snapshot,
        bound: &BoundCatalog,
        dataset: &Dataset,
        caller: &Caller,
    ) -> Result<(), Diagnostic> {
        bound.schema(dataset.id)?;
        if let Some(sight) = sight(bound, dataset.id, caller)? {
            let schema = snapshot.dataset(&dataset.name)?.schema();
            let far = |id: DatasetId| {
                let name = &self.catalog.dataset(id).name;
                whole.dataset(name).cloned().map_err(|fault| redacted(name, fault))
            };
            let maker = Maker {
                state: &self.sessions.open(self.memory_bytes).context.state(),
                calendar: &self.catalog.calendar,
                whole: &far,
                most_bytes: self.memory_bytes,
            };
            let restriction = Restriction::new(&maker, &dataset.name, sight, schema)?;
            snapshot.restrict(&dataset.name, Arc::new(restriction));
        }
        Ok(())
    }

    /// What answers that read these datasets say of attributes that the caller lacks.
    pub(super) fn policy_warnings(&self, snapshot: &Snapshot, reads: &[DatasetId]) -> Vec<Warning> {
        let mut warnings: Vec<Warning> = Vec::new();
        for id in reads {
            let name = &self.catalog.dataset(*id).name;
            let Some(restriction) = snapshot.restriction(name) else { continue };
            for warning in restriction.sight.lacks.iter().map(|lack| lack.warning(name)) {
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
        }
        warnings
    }

    /// Refuses SQL of a warehouse that would leave a policy out.
    pub(super) fn refuse_policies(&self, reads: &[DatasetId]) -> Result<(), Diagnostic> {
        let restricted = reads.iter().map(|id| self.catalog.dataset(*id)).find(|dataset| dataset.is_restricted());
        match restricted {
            None => Ok(()),
            Some(dataset) => {
                let fact = format!("SQL of a warehouse under the policies of `{}` is not supported yet", dataset.name);
                Err(Diagnostic::new(Code::NotSupportedYet, fact).field("stage").help("ask for another stage"))
            }
        }
    }

    /// The conditions that the facts' policies put on the rows of a target, and whether it has any rows at all.
    /// A target that is not split by what a policy speaks of would tell of what is hidden: it is refused.
    pub(super) fn policies_of_target(
        &self,
        prepared: &Prepared,
        target: &Target,
    ) -> Result<Option<Vec<Expr<Name>>>, Diagnostic> {
        let mut conditions: Vec<Expr<Name>> = Vec::new();
        for fact in prepared.query.all_facts() {
            let name = &self.catalog.dataset(fact.dataset).name;
            let Some(restriction) = prepared.snapshot.restriction(name) else { continue };
            if restriction.sight.conditions.is_empty() {
                return Ok(None);
            }
            for condition in &restriction.sight.conditions {
                let over = condition.try_substitute(&mut |of, span| {
                    let split = split_by(&self.catalog, target, fact.dataset, of);
                    let split = split.ok_or_else(|| not_split(name, target))?;
                    let parts = vec![split];
                    Ok::<_, Diagnostic>(Expr::new(sextant_semantics::expr::Kind::Ref(Name { parts }), span))
                })?;
                if !conditions.contains(&over) {
                    conditions.push(over);
                }
            }
        }
        Ok(Some(conditions))
    }
}

/// The target's dimension that a dimension is for the rows of a dataset.
fn split_by(catalog: &Catalog, target: &Target, dataset: DatasetId, of: &Reached) -> Option<String> {
    let dimension = catalog.dimension(of.dimension);
    let shared = dimension.shared.map(|shared| catalog.shared_dimension(shared).name.as_str());
    let is_same = |name: &&str| {
        if of.path.steps().is_empty() {
            return *name == dimension.name || Some(*name) == shared;
        }
        let Written { path, name, suffix } = catalog.read_name(name);
        let meant = catalog.locate(dataset, &path, &name);
        suffix.is_none() && meant.is_ok_and(|meant| meant.path == of.path && meant.dimension == of.dimension)
    };
    target.dimensions.iter().map(|name| name.value.as_str()).find(is_same).map(str::to_string)
}

fn not_split(dataset: &str, target: &Target) -> Diagnostic {
    let metric = &target.metric.value;
    let fact = format!("the target of `{metric}` is not split by what the policy of `{dataset}` speaks of");
    Diagnostic::new(Code::InvalidComparison, fact).field("comparison").help("compare with a period")
}
