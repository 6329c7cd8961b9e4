//! What the amounts of datasets are in, and which rates convert them.

use super::Builder;
use crate::catalog::currency::{Currency, Rates};
use crate::catalog::id::DatasetId;
use crate::catalog::join_graph::RatesHop;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::{Kind, Name};
use crate::model;
use crate::source::Spanned;

impl Builder<'_> {
    pub(super) fn currencies(&mut self) {
        let model = self.model;
        for dataset in &model.datasets {
            let Some(id) = self.catalog.dataset_names.get(&dataset.name.value).copied() else {
                continue;
            };
            let Some(written) = &dataset.currency else {
                continue;
            };
            let rates = written.rates.as_ref().and_then(|rates| self.rates(written, rates));
            if rates.is_some() || written.rates.is_none() {
                let currency = Currency { column: written.column.value.clone(), rates, span: written.span };
                self.catalog.datasets[id.index()].currency = Some(currency);
            }
        }
    }

    fn rates(&mut self, written: &model::Currency, rates: &Spanned<String>) -> Option<Rates> {
        let to = self.dataset_id(rates)?;
        let Some(target) = self.catalog.currency.clone() else {
            self.found.push(
                Diagnostic::new(
                    Code::InvalidModel,
                    "amounts are converted, and the model names no currency to convert to",
                )
                .at(written.span)
                .help("give the model a `currency`, such as `currency: USD`"),
            );
            return None;
        };
        let or = |written: &Option<Spanned<String>>, default: String| {
            written.as_ref().map_or(default, |written| written.value.clone())
        };
        let day = or(&written.rates_day, self.time_column(to).unwrap_or_else(|| "day".to_string()));
        let hop = RatesHop::new(
            to,
            or(&written.rates_currency, "currency".to_string()),
            day,
            or(&written.rates_value, "rate".to_string()),
        );
        Some(Rates { hop, base: or(&written.rates_base, target) })
    }

    /// The column of a dataset's own time, where it is a plain one.
    fn time_column(&self, dataset: DatasetId) -> Option<String> {
        let of = self.catalog.dataset(dataset);
        let written = self.model.datasets.iter().find(|d| d.name.value == of.name)?;
        let time = written.time.as_ref()?;
        let mut own = of.dimensions.iter().map(|id| self.catalog.dimension(*id));
        match own.find(|dimension| dimension.name == time.value)?.expr.kind.as_ref() {
            Kind::Ref(Name { parts }) => parts.last().cloned(),
            _ => None,
        }
    }
}
