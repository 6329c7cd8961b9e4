//! From the model as written to the catalog: names resolved, expressions parsed, findings collected.

use std::collections::HashMap;

use chrono::Weekday;

use super::conceal::Whole;
use super::id::{DatasetId, DimensionId, MetricId, RelationshipId, SharedDimensionId};
use super::join_graph::JoinGraph;
use super::{Catalog, Column, Dataset, Dimension, SharedDimension, Validity, Watermark};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::{Expr, Name};
use crate::model::{self, DimensionKind, Model};
use crate::source::{Span, Spanned};
use crate::time::calendar::{Calendar, FiscalWeeks, FiscalYearStart};
use crate::time::granularity::Granularity;
use crate::time::stored::StoredAs;

mod audit;
mod cohorts;
mod events;
mod currencies;
mod entities;
mod joins;
mod metrics;
mod names;
mod policies;

/// The catalog of a model as everybody sees it, or everything that is wrong with it besides what reading it found.
pub fn build(model: &Model) -> Result<Catalog, Diagnostics> {
    whole(model).map(|whole| whole.seen(&whole.all_in_force()))
}

/// As [`build`], with what only some callers see.
///
/// A reference to something that could not be read is not reported again.
pub fn whole(model: &Model) -> Result<Whole, Diagnostics> {
    let mut builder = Builder::new(model);
    names::check(&mut builder);
    builder.datasets();
    builder.relationships();
    builder.entities();
    builder.entity_relationships();
    builder.currencies();
    builder.shared_dimensions();
    builder.time_spines();
    builder.graph();
    metrics::build(&mut builder);
    audit::build(&mut builder);
    let hidings = policies::build(&mut builder);
    builder.finish().map(|catalog| Whole::new(catalog, hidings))
}

/// The catalog under construction and the findings so far.
struct Builder<'a> {
    model: &'a Model,
    catalog: Catalog,
    found: Diagnostics,
    relationship_names: HashMap<String, RelationshipId>,
}

impl<'a> Builder<'a> {
    fn new(model: &'a Model) -> Self {
        let calendar = calendar(&model.calendar);
        let catalog = Catalog {
            name: model.name.as_ref().map_or_else(String::new, |n| n.value.clone()),
            description: text(&model.description),
            calendar,
            left_out: model.left_out.clone(),
            as_of_data: model.calendar.as_of_data.is_some(),
            naming: model.naming,
            currency: text(&model.currency),
            sources: model.sources.clone(),
            time_ranges: model.time_ranges.clone(),
            saved_queries: model.saved_queries.clone(),
            targets: model.targets.clone(),
            tests: model.all_tests().cloned().collect(),
            audit_metrics: Vec::new(),
            audit_dimensions: Vec::new(),
            time_spines: Vec::new(),
            custom_granularities: Vec::new(),
            datasets: Vec::new(),
            dimensions: Vec::new(),
            shared: Vec::new(),
            relationships: Vec::new(),
            metrics: Vec::new(),
            graph: JoinGraph::default(),
            dataset_names: HashMap::new(),
            metric_names: std::collections::BTreeMap::new(),
        };
        Builder { model, catalog, found: Diagnostics::default(), relationship_names: HashMap::new() }
    }

    /// Whether a path may name it.
    fn is_step(&self, name: &str) -> bool {
        self.catalog.dataset_names.contains_key(name) || self.relationship_names.contains_key(name)
    }

    fn finish(self) -> Result<Catalog, Diagnostics> {
        self.found.or(self.catalog)
    }

    fn datasets(&mut self) {
        let model = self.model;
        for dataset in &model.datasets {
            let id = DatasetId(self.catalog.datasets.len() as u32);
            if self.catalog.dataset_names.contains_key(&dataset.name.value) {
                continue;
            }
            let dimensions: Vec<DimensionId> =
                dataset.dimensions.iter().filter_map(|d| self.dimension(id, dataset, d)).collect();
            let primary_key: Vec<String> = values(&dataset.primary_key);
            let mut keys: Vec<Vec<String>> = dataset.unique_keys.iter().map(|key| values(key)).collect();
            if !primary_key.is_empty() {
                keys.insert(0, primary_key.clone());
            }
            self.catalog.dataset_names.insert(dataset.name.value.clone(), id);
            self.catalog.datasets.push(Dataset {
                id,
                name: dataset.name.value.clone(),
                label: text(&dataset.label),
                description: text(&dataset.description),
                source: dataset.source.clone(),
                columns: dataset.columns.iter().map(column).collect(),
                primary_key,
                keys,
                axis: None,
                watermark: dataset
                    .watermark
                    .as_ref()
                    .map(|w| Watermark { column: w.column.value.clone(), lag: w.lag.as_ref().map(|lag| lag.value) }),
                dimensions,
                entities: Vec::new(),
                validity: dataset.validity.as_ref().map(|v| Validity {
                    from: v.from.value.clone(),
                    to: v.to.value.clone(),
                    span: v.span,
                }),
                currency: None,
                policies: Vec::new(),
                hidden_columns: Vec::new(),
                not_yet: dataset.not_yet(),
                span: dataset.name.span,
            });
        }
    }

    fn dimension(
        &mut self,
        dataset: DatasetId,
        of: &model::Dataset,
        written: &model::Dimension,
    ) -> Option<DimensionId> {
        let id = DimensionId(self.catalog.dimensions.len() as u32);
        let expr = match &written.expr {
            Some(expr) => self.parse(expr)?,
            None => column_expr(&written.name),
        };
        let stored_as = match written.stored_as.as_ref().map(|s| s.value) {
            Some(model::StoredAs::Utc) => StoredAs::WallClock(chrono_tz::UTC),
            Some(model::StoredAs::Zone(zone)) => StoredAs::WallClock(zone),
            None => StoredAs::WallClock(self.catalog.calendar.zone),
        };
        let granularity = match written.kind.value {
            DimensionKind::Time => Some(written.granularity.as_ref().map_or(Granularity::Day, |g| g.value)),
            DimensionKind::Categorical | DimensionKind::Boolean | DimensionKind::Number => None,
        };
        let of_dataset = of.normalize.as_ref().filter(|_| written.kind.value == DimensionKind::Categorical);
        let normalize = written.normalize.as_ref().or(of_dataset);
        self.catalog.dimensions.push(Dimension {
            id,
            dataset,
            name: written.name.value.clone(),
            label: text(&written.label),
            description: text(&written.description),
            synonyms: values(&written.synonyms),
            kind: written.kind.value,
            expr,
            granularity,
            stored_as,
            normalize: normalize.map_or_else(Vec::new, |list| list.iter().map(|n| n.value).collect()),
            shared: None,
            partition: written.partition,
            is_entity: false,
            hidden: written.hidden,
            concealed: false,
            span: written.name.span,
        });
        Some(id)
    }

    fn shared_dimensions(&mut self) {
        let model = self.model;
        for written in &model.dimensions {
            let id = SharedDimensionId(self.catalog.shared.len() as u32);
            let members: Vec<DimensionId> = written.of.iter().filter_map(|m| self.member(id, m)).collect();
            self.check_members(written, &members);
            self.catalog.shared.push(SharedDimension {
                id,
                name: written.name.value.clone(),
                label: text(&written.label),
                description: text(&written.description),
                synonyms: values(&written.synonyms),
                members,
                hidden: written.hidden,
                span: written.name.span,
            });
        }
    }

    fn member(&mut self, shared: SharedDimensionId, written: &Spanned<String>) -> Option<DimensionId> {
        let (dataset, name) = written.value.split_once('.').unwrap_or(("", &written.value));
        let at = Spanned::new(dataset.to_string(), written.span);
        if dataset.is_empty() {
            self.found.push(
                Diagnostic::new(Code::UnknownReference, format!("`{name}` names no dataset"))
                    .at(written.span)
                    .help("write members as `dataset.dimension`"),
            );
            return None;
        }
        let dataset = self.dataset_id(&at)?;
        let id = self.dimension_of(dataset, name, written.span)?;
        let dimension = &mut self.catalog.dimensions[id.index()];
        if dimension.shared.is_some_and(|other| other != shared) {
            self.found.push(
                Diagnostic::new(
                    Code::InvalidModel,
                    format!("`{}` is a member of two shared dimensions", written.value),
                )
                .at(written.span)
                .help("a dimension belongs to one shared dimension at most"),
            );
            return None;
        }
        dimension.shared = Some(shared);
        Some(id)
    }

    fn check_members(&mut self, written: &model::SharedDimension, members: &[DimensionId]) {
        let Some((first, rest)) = members.split_first() else {
            return;
        };
        let kind = |id: &DimensionId| self.catalog.dimension(*id).kind;
        let time = kind(first) == DimensionKind::Time;
        if rest.iter().any(|id| (kind(id) == DimensionKind::Time) != time) {
            self.found.push(
                Diagnostic::new(
                    Code::InvalidModel,
                    format!("members of `{}` are of different types", written.name.value),
                )
                .at(written.name.span)
                .help("members of a shared dimension have one type"),
            );
        }
    }

    fn dataset_id(&mut self, name: &Spanned<String>) -> Option<DatasetId> {
        let found = self.catalog.dataset_names.get(&name.value).copied();
        if found.is_none() && !self.model.unread.contains(&name.value) {
            let unread = self.model.unread.iter().map(String::as_str);
            let known = self.catalog.datasets.iter().map(|d| d.name.as_str()).chain(unread);
            self.found.push(
                Diagnostic::new(Code::UnknownReference, format!("unknown dataset `{}`", name.value))
                    .at(name.span)
                    .suggest(&name.value, known),
            );
        }
        found
    }

    fn dimension_of(&mut self, dataset: DatasetId, name: &str, span: Span) -> Option<DimensionId> {
        let of = self.catalog.dataset(dataset);
        let mut own = of.dimensions.iter().map(|id| self.catalog.dimension(*id));
        let found = own.find(|d| d.name == name).map(|d| d.id);
        if found.is_none() && !self.model.unread.contains(name) {
            let known = of.dimensions.iter().map(|id| self.catalog.dimension(*id).name.as_str());
            let known: Vec<&str> = known.chain(self.model.unread.iter().map(String::as_str)).collect();
            let unknown =
                Diagnostic::new(Code::UnknownReference, format!("dataset `{}` has no dimension `{name}`", of.name))
                    .at(span)
                    .suggest(name, known);
            self.found.push(unknown);
        }
        found
    }

    fn parse(&mut self, written: &Spanned<String>) -> Option<Expr<Name>> {
        match crate::expr::parse::parse(&written.value, written.span) {
            Ok(expr) => Some(expr),
            Err(diagnostic) => {
                self.found.push(diagnostic);
                None
            }
        }
    }
}

fn calendar(written: &model::Calendar) -> Calendar {
    Calendar {
        zone: written.timezone.as_ref().map_or(chrono_tz::UTC, |z| z.value),
        week_start: written.week_start.as_ref().map_or(Weekday::Mon, |w| w.value),
        fiscal_year_start: written.fiscal_year_start.as_ref().map_or(FiscalYearStart::JANUARY, |f| f.value),
        fiscal: written.fiscal.as_ref().map(fiscal),
    }
}

fn fiscal(written: &model::calendar::FiscalWeeks) -> FiscalWeeks {
    FiscalWeeks {
        pattern: written.pattern.value,
        ends: written.ends.value,
        weekday: written.weekday.value,
        month: written.month.value,
    }
}

fn column(written: &model::Column) -> Column {
    Column { name: written.name.value.clone(), data_type: written.data_type.value, optional: written.optional }
}

/// The column that a name means where no expression is given.
fn column_expr(name: &Spanned<String>) -> Expr<Name> {
    Expr::new(crate::expr::Kind::Ref(Name { parts: vec![name.value.clone()] }), name.span)
}

fn text(written: &Option<Spanned<String>>) -> Option<String> {
    written.as_ref().map(|t| t.value.clone())
}

fn values(written: &[Spanned<String>]) -> Vec<String> {
    written.iter().map(|t| t.value.clone()).collect()
}
