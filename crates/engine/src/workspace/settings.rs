//! What a workspace assumes of a request in place of the model: the settings of an organization.

use sextant_semantics::query::request::{OutputArguments, Request, TimeArguments};

/// A zone and a currency; absent is the model's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// An IANA name.
    pub timezone: Option<String>,
    /// An ISO 4217 code.
    pub currency: Option<String>,
}

impl Settings {
    /// Gives a request what it leaves out.
    pub(super) fn fill(&self, request: &mut Request) {
        match request {
            Request::GetMetrics(asked) => self.fill_question(&mut asked.time, &mut asked.output),
            Request::AuditPerformance(asked) => self.fill_question(&mut asked.time, &mut asked.output),
            Request::Explain(asked) => self.fill(&mut asked.request),
            Request::ResolveTimeRange(asked) => set(&mut asked.timezone, &self.timezone),
            Request::Search(_)
            | Request::ListMetrics(_)
            | Request::DescribeMetric(_)
            | Request::ListDimensions(_)
            | Request::GetDimensionValues(_)
            | Request::GetFreshness
            | Request::ListSavedQueries
            | Request::Execute(_)
            | Request::Fetch(_)
            | Request::SubmitFeedback(_)
            | Request::Administer(_) => {}
        }
    }

    fn fill_question(&self, time: &mut TimeArguments, output: &mut OutputArguments) {
        set(&mut time.timezone, &self.timezone);
        set(&mut output.currency, &self.currency);
    }
}

fn set(asked: &mut Option<String>, setting: &Option<String>) {
    if asked.is_none() {
        asked.clone_from(setting);
    }
}
