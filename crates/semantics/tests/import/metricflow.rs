//! dbt's and MetricFlow's projects.

use sextant_semantics::import::{self, Format};
use sextant_semantics::query::saved;

use crate::projects;

const TOOL: &str = "metricflow";

#[test]
fn every_project_reads_as_its_report_says() {
    for project in projects::names(TOOL) {
        let mut imported = import::read(projects::texts(TOOL, &project), None);
        assert_eq!(imported.format, Format::MetricFlow, "{project}");
        imported.findings.0.extend(saved::check(&imported.model).0);
        projects::compare(TOOL, &project, &projects::report(&imported));
    }
}
