//! Verdicts: levels, their order, and the whole of an audit.

use serde_json::{Value, json};
use sextant_semantics::model::metric::Direction;
use sextant_semantics::significance::{
    self, Candidate, Daily, DailySeries, Evidence, Finding, Gates, Impact, Level, Material, Materiality, Method,
    NoPercent, Reason, Verdict, Volume,
};

use super::arguments::{Arguments, word};
use super::tests::{baseline_value, floors, pairs_value, ratio_residual_value, usual_change_value};

/// The choice of `all` whose text is `text`.
fn named<T: Copy>(all: &[T], name: fn(T) -> &'static str, text: &str) -> T {
    *all.iter().find(|choice| name(**choice) == text).unwrap_or_else(|| panic!("there is no `{text}`"))
}

pub(super) fn level(args: &Arguments<'_>) -> Value {
    let materials = [Material::None, Material::Notable, Material::Major, Material::InsufficientVolume];
    let reasons = [Reason::InsufficientHistory, Reason::FlatHistory, Reason::NoDenominator, Reason::InsufficientVolume];
    let gates = Gates {
        material: named(&materials, Material::as_str, args.word("material").unwrap()),
        q: args.number("q"),
        reason: args.word("reason").map(|reason| named(&reasons, Reason::as_str, reason)),
        change: args.number("delta_sign").unwrap_or(0.0),
        t: args.number("stat_sign").unwrap_or(0.0),
        capped: args.word("cap") == Some("notable"),
    };
    json!({"level": significance::level(&gates).as_str()})
}

pub(super) fn order(args: &Arguments<'_>) -> Value {
    let impacts = [Impact::Favourable, Impact::Unfavourable, Impact::Neutral];
    let finding = |item: &'_ Value| {
        let item = Arguments(item);
        let level = named(&Level::ALL, Level::as_str, item.word("level").unwrap());
        let impact = named(&impacts, Impact::as_str, item.word("impact").unwrap());
        (item.word("name").unwrap().to_owned(), level, impact, item.number("money"), item.number("t"))
    };
    let items: Vec<_> = args.list("items").iter().map(finding).collect();
    let findings: Vec<Finding<'_>> = items
        .iter()
        .map(|(name, level, impact, money, t)| Finding { name, level: *level, impact: *impact, money: *money, t: *t })
        .collect();
    let told = significance::highlights(&findings, args.count("k").unwrap_or(6));
    json!({"names": told.into_iter().map(|i| findings[i].name).collect::<Vec<_>>()})
}

/// One metric of an audit as far as it can be said before the others are known.
struct Subject {
    name: String,
    previous: f64,
    current: f64,
    size: Materiality,
    evidence: Evidence,
    impact: Impact,
    money: bool,
}

pub(super) fn audit(args: &Arguments<'_>) -> Value {
    let subjects: Vec<Subject> = args.list("metrics").iter().map(|metric| subject(&Arguments(metric))).collect();
    let candidates: Vec<Candidate<'_>> = subjects
        .iter()
        .map(|s| Candidate { material: s.size.material, change: s.size.absolute, evidence: &s.evidence })
        .collect();
    let verdicts = significance::judge(&candidates);
    let findings: Vec<Finding<'_>> = subjects
        .iter()
        .zip(&verdicts)
        .map(|(s, verdict)| Finding {
            name: &s.name,
            level: verdict.level,
            impact: s.impact,
            money: s.money.then_some(s.size.absolute),
            t: s.evidence.t,
        })
        .collect();
    let told = significance::highlights(&findings, args.count("max_highlights").unwrap_or(6));
    let metrics: Vec<Value> = subjects.iter().zip(&verdicts).map(|(s, verdict)| metric_value(s, verdict)).collect();
    json!({"metrics": metrics, "highlights": told.into_iter().map(|i| findings[i].name).collect::<Vec<_>>()})
}

fn subject(args: &Arguments<'_>) -> Subject {
    let (numerator, denominator) = (args.numbers("N"), args.get("D").map(|_| args.numbers("D")));
    let first_weekday = args.first_weekday();
    let series = DailySeries { numerator: &numerator, denominator: denominator.as_deref(), first_weekday };
    let (window, days) = (args.count("n").unwrap(), numerator.len());
    let previous = series.between(days - 2 * window, days - window);
    let current = series.between(days - window, days);
    let (v0, v1) = (previous.total().unwrap(), current.total().unwrap());
    let volume = match (args.word("kind").unwrap(), previous.denominator, current.denominator) {
        ("count", _, _) => Some(Volume::Count { previous: v0, current: v1 }),
        ("ratio", Some(d0), Some(d1)) => {
            Some(Volume::Denominators { previous: d0.iter().sum(), current: d1.iter().sum() })
        }
        _ => None,
    };
    let volumes: Vec<Volume> = volume.into_iter().collect();
    let size = significance::materiality(v0, v1, &floors(args), &volumes);
    let direction = match args.word("direction") {
        Some("up") => Direction::Up,
        Some("down") => Direction::Down,
        _ => Direction::Neutral,
    };
    Subject {
        name: args.word("name").unwrap().to_owned(),
        previous: v0,
        current: v1,
        impact: Impact::of(size.absolute, direction),
        size,
        evidence: significance::by_days(&series, window, &previous),
        money: args.flag("money", false),
    }
}

fn metric_value(subject: &Subject, verdict: &Verdict) -> Value {
    let Subject { name, previous, current, size, evidence, impact, money: _ } = subject;
    let daily = evidence.daily.as_ref().map(|daily| match daily {
        Daily::Pairs(pairs) => pairs_value(pairs),
        Daily::RatioResidual(residual) => ratio_residual_value(residual),
    });
    json!({
        "name": name,
        "v0": previous,
        "v1": current,
        "change": {
            "absolute": size.absolute,
            "percent": size.percent,
            "reason": word(size.reason, NoPercent::as_str),
        },
        "material": size.material.as_str(),
        "stat": {
            "method": word(evidence.method, Method::as_str),
            "t": evidence.t,
            "df": evidence.df,
            "p": evidence.p,
            "cap": evidence.capped.then_some("notable"),
            "reason": word(evidence.reason, Reason::as_str),
            "baseline": evidence.baseline.as_ref().map(baseline_value),
            "usual_change": evidence.usual_change.as_ref().map(usual_change_value),
            "pairs": daily,
            "previous_unusual": verdict.previous_unusual.then_some(true),
        },
        "p": verdict.p,
        "impact": impact.as_str(),
        "q": verdict.q,
        "level": verdict.level.as_str(),
    })
}
