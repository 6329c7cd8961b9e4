//! Currencies in the data: amounts that nothing converts must be in one, and converted ones may lack a rate.

use std::sync::Arc;

use sextant_semantics::catalog::id::DatasetId;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::{Diagnostic, Warning};
use sextant_semantics::expr::{Expr, Kind};
use sextant_semantics::plan::{Aggregate, Measure, RowExpr, Rows};
use sextant_semantics::query::period::Period;
use sextant_semantics::query::resolved::{OneCurrency, ResolvedQuery};

use super::ask::Prepared;
use super::probe::{self, Data};
use super::{CallContext, Failure, Workspace};
use crate::answer::value::Value;
use crate::json::number::clean;

/// Currencies that a message names.
const NAMED: usize = 5;

impl Workspace {
    /// Refuses amounts that would be added up though they are in several currencies, or in another one
    /// than the answer says.
    pub(super) async fn verify_currencies(&self, query: &ResolvedQuery, data: Data<'_>) -> Result<(), Failure> {
        for fact in query.all_facts() {
            let Some(one) = &fact.one_currency else {
                continue;
            };
            let found = self.currencies(data, fact.dataset, one, query).await?;
            let fits = match (found.as_slice(), &one.wanted) {
                ([], _) => true,
                ([Some(only)], Some(wanted)) => only == wanted,
                ([only], None) => only.is_some(),
                _ => false,
            };
            if !fits {
                return Err(self.mixed(fact.dataset, one, &found).into());
            }
        }
        Ok(())
    }

    /// The distinct currencies of all rows of a dataset, null last, kept by the files' identity.
    async fn currencies(
        &self,
        data: Data<'_>,
        dataset: DatasetId,
        one: &OneCurrency,
        query: &ResolvedQuery,
    ) -> Result<Arc<Vec<Option<String>>>, Failure> {
        let of = self.catalog.dataset(dataset);
        let key = (data.snapshot.state(&of.name)?, one.column.name.clone());
        let cache = data.snapshot.cache();
        if let Some(known) = cache.currencies.get(&key) {
            return Ok(known);
        }
        let plan = probe::values_of(dataset, &one.column, of.span, query.time.calendar);
        let batches = self.probe(data, &plan, &[dataset]).await?;
        let text = |value: Value| match value {
            Value::Text(text) => Some(text.to_string()),
            Value::Null
            | Value::Boolean(_)
            | Value::Exact { .. }
            | Value::Float(_)
            | Value::Date(_)
            | Value::Local(_)
            | Value::Instant(_) => None,
        };
        let mut found: Vec<Option<String>> = probe::column(&batches, probe::KEY)?.into_iter().map(text).collect();
        found.sort_by_key(|currency| (currency.is_none(), currency.clone()));
        let found = Arc::new(found);
        cache.currencies.insert(key, Arc::clone(&found), 1);
        Ok(found)
    }

    fn mixed(&self, dataset: DatasetId, one: &OneCurrency, found: &[Option<String>]) -> Diagnostic {
        let dataset = &self.catalog.dataset(dataset).name;
        let named = found.iter().map(|c| c.as_ref().map_or("no currency".to_string(), |c| clean(c)));
        let mut named: Vec<String> = named.take(NAMED).collect();
        if found.len() > NAMED {
            named.push("…".to_string());
        }
        let wanted = one.wanted.as_ref().map_or(String::new(), |wanted| format!(" to {wanted}"));
        let message = format!("amounts of `{dataset}` are in {}, and there are no rates{wanted}", named.join(", "));
        Diagnostic::new(Code::MixedCurrency, message)
            .help(format!("give the `currency` of dataset `{dataset}` its `rates`, a dataset of rates by day"))
    }

    /// A warning for each measure with amounts that no rate converts.
    pub(super) async fn missing_rates(
        &self,
        prepared: &Prepared,
        context: &CallContext,
    ) -> Result<Vec<Warning>, Failure> {
        let data = Data { bound: &prepared.bound, snapshot: &prepared.snapshot, cancel: &context.cancel };
        let currency = prepared.query.currency.as_deref().unwrap_or_default();
        let mut warnings = Vec::new();
        for fact in &prepared.plan.root.input.inputs {
            let measures: Vec<&Measure> = fact.measures.iter().filter(|m| m.amount.is_some()).collect();
            if measures.is_empty() {
                continue;
            }
            let conditions = measures.iter().map(|measure| without_rate(measure)).collect();
            let (rows, period) = rows_of(fact, &prepared.plan.periods);
            let plan = probe::rows_where(rows, conditions, period, prepared.plan.calendar);
            let batches = self.probe(data, &plan, &prepared.reads).await?;
            for (position, measure) in measures.iter().enumerate() {
                let count = probe::column(&batches, &format!("__c{position}_p0"))?;
                let count = count.first().and_then(Value::as_f64).unwrap_or(0.0);
                if count > 0.0 {
                    let (amounts, have, are) =
                        if count == 1.0 { ("amount", "has", "is") } else { ("amounts", "have", "are") };
                    let message = format!(
                        "{count} {amounts} of `{}` {have} no rate to {currency} on or before the day and {are} left out",
                        measure.name
                    );
                    warnings.push(Warning::new(Code::MissingRate, message));
                }
            }
        }
        Ok(warnings)
    }
}

/// Rows that a measure counts and whose amount is lost in the conversion.
fn without_rate(measure: &Measure) -> Vec<RowExpr> {
    let is_null = |of: &RowExpr, negated: bool| Expr::new(Kind::IsNull { of: of.clone(), negated }, of.span);
    let there = measure.amount.iter().map(|amount| is_null(amount, true));
    let lost = measure.argument.iter().map(|converted| is_null(converted, false));
    measure.filter.iter().cloned().chain(there).chain(lost).collect()
}

/// The rows of a fact that any period reads, each once.
fn rows_of(fact: &Aggregate, periods: &[Period]) -> (Rows, Period) {
    let over = fact.input.nodes().find_map(|rows| match rows {
        Rows::JoinOverTimeRange { input, axis, reads, .. } => Some((input, axis, reads)),
        _ => None,
    });
    if let Some((input, axis, reads)) = over {
        return (Rows::ConstrainTime { input: input.clone(), axis: axis.clone() }, reads.clone());
    }
    let intervals = periods.iter().flat_map(|period| period.intervals.iter().cloned()).collect();
    (fact.input.clone(), Period { intervals })
}
