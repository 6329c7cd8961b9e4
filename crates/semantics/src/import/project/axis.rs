//! Which time each dataset's metrics are asked by; metrics without one are left out.

use std::collections::BTreeSet;

use super::{Project, SeveralTimes, Time};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Spanned;

impl Project<'_> {
    /// Gives datasets whose metrics need it a time axis, and leaves metrics without one out.
    pub(super) fn settle_time(&mut self) {
        let own: Vec<Option<Spanned<String>>> = (0..self.datasets.len()).map(|i| self.own_time(i)).collect();
        for home in 0..self.datasets.len() {
            let needs = self.metrics.iter().any(|m| m.home == Some(home) && m.needs_time);
            if !needs || self.datasets[home].time != Time::Unsaid {
                let own = own[home].clone().filter(|_| self.datasets[home].time == Time::Unsaid);
                if own.is_some() {
                    self.datasets[home].time = Time::Said(own);
                }
                self.leave_out_timeless(home, needs);
                continue;
            }
            let time = own[home].clone().or_else(|| self.time_along_a_relationship(home, &own));
            self.note_choice(home, time.as_ref());
            self.datasets[home].time = Time::Said(time);
            self.leave_out_timeless(home, true);
        }
    }

    /// The time dimension of the dataset itself.
    fn own_time(&self, index: usize) -> Option<Spanned<String>> {
        let dataset = &self.datasets[index];
        if let Time::Said(time) = &dataset.time {
            return time.clone();
        }
        let mut times = dataset.dimensions.iter().filter(|d| d.is_time);
        match (times.next(), times.next(), self.several_times) {
            (Some(only), None, _) | (Some(only), Some(_), SeveralTimes::First) => Some(only.name.clone()),
            (Some(_), Some(_), SeveralTimes::Unsaid) | (None, _, _) => None,
        }
    }

    /// The time of the only dataset that the rows point at and that has one.
    fn time_along_a_relationship(&self, home: usize, own: &[Option<Spanned<String>>]) -> Option<Spanned<String>> {
        if self.datasets[home].dimensions.iter().any(|d| d.is_time) {
            return None;
        }
        let there = self.relationships.iter().filter(|r| r.from == home && r.to != home && r.to_is_key);
        let mut times = there.filter_map(|r| {
            let time = own[r.to].as_ref()?;
            let is_own = !time.value.contains('.');
            is_own.then(|| Spanned::new(format!("{}.{}", self.datasets[r.to].name.value, time.value), r.name.span))
        });
        times.next().filter(|_| times.next().is_none())
    }

    /// An axis that the file does not name is said.
    fn note_choice(&self, home: usize, time: Option<&Spanned<String>>) {
        let Some(time) = time else { return };
        let dataset = &self.datasets[home];
        let several = dataset.dimensions.iter().filter(|d| d.is_time).count() > 1;
        let help = match (time.value.contains('.'), several) {
            (true, _) => "it is the only time that its rows point at",
            (false, true) => "it is the first of several time dimensions",
            (false, false) => return,
        };
        let message = format!("the metrics of `{}` are asked by `{}`", dataset.name.value, time.value);
        self.report.lose(dataset.name.span, message, help);
    }

    fn leave_out_timeless(&mut self, home: usize, needs: bool) {
        if !needs || self.datasets[home].time != Time::Said(None) {
            return;
        }
        let is_lost = |m: &super::Metric| m.home == Some(home) && m.needs_time;
        let (lost, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.metrics).into_iter().partition(is_lost);
        self.metrics = kept;
        let dataset = &self.datasets[home];
        let times: Vec<&str> = dataset.dimensions.iter().filter(|d| d.is_time).map(|d| d.name.value.as_str()).collect();
        let help = match times.len() {
            0 => "a metric is asked by a time: mark the field that is the dataset's".to_string(),
            _ => format!("several fields are times: {}", times.join(", ")),
        };
        let message = format!("dataset `{}` has no time axis", dataset.name.value);
        for metric in &lost {
            let reason = Diagnostic::new(Code::MissingTimeAxis, message.clone()).help(help.clone());
            self.report.leave_out("metric", &metric.name, reason);
        }
    }

    /// Metrics that are made of one that was left out are left out with it.
    pub(super) fn drop_dependents(&mut self) {
        loop {
            let names: BTreeSet<&str> = self.metrics.iter().map(|m| m.name.value.as_str()).collect();
            let absent = |m: &super::Metric| {
                m.inputs.iter().find(|input| !names.contains(input.as_str()) && self.report.is_unread(input)).cloned()
            };
            let Some((at, input)) = self.metrics.iter().enumerate().find_map(|(i, m)| Some((i, absent(m)?))) else {
                return;
            };
            let metric = self.metrics.remove(at);
            let reason = Diagnostic::new(Code::NotImported, format!("it is made of `{input}`"));
            self.report.leave_out("metric", &metric.name, reason);
        }
    }
}
