//! Tests of one change, and what they are made of.

use serde_json::{Value, json};
use sextant_semantics::significance::{
    self, Baseline, DailySeries, Exposure, Floors, NoPercent, Occurrences, Pairs, RatioResidual, Reason, Reference,
    Scale, UsualChange, Volume, ZTest,
};

use super::arguments::{Arguments, known, word};

pub(super) fn t_tail(args: &Arguments<'_>) -> Value {
    json!({"p": significance::t_tail(args.needed("t"), args.needed("df"))})
}

pub(super) fn normal_tail(args: &Arguments<'_>) -> Value {
    json!({"p": significance::normal_tail(args.needed("z"))})
}

pub(super) fn false_discovery(args: &Arguments<'_>) -> Value {
    let p: Vec<Option<f64>> = args.list("p").iter().map(known).collect();
    json!({"q": significance::false_discovery(&p)})
}

pub(super) fn floors(args: &Arguments<'_>) -> Floors {
    let floors = if args.flag("is_percent", false) { Floors::of_percent_metric() } else { Floors::usual() };
    Floors {
        absolute: args.number("absolute"),
        min_sample: args.number("min_sample").unwrap_or(floors.min_sample),
        ..floors
    }
}

pub(super) fn materiality(args: &Arguments<'_>) -> Value {
    let both = |key0: &str, key1: &str| Some((args.number(key0)?, args.number(key1)?));
    let count = both("sample0", "sample1").map(|(previous, current)| Volume::Count { previous, current });
    let ratio = both("den0", "den1").map(|(previous, current)| Volume::Denominators { previous, current });
    let volumes: Vec<Volume> = [count, ratio].into_iter().flatten().collect();
    let found = significance::materiality(args.needed("v0"), args.needed("v1"), &floors(args), &volumes);
    json!({
        "absolute": found.absolute,
        "percent": found.percent,
        "reason": word(found.reason, NoPercent::as_str),
        "material": found.material.as_str(),
    })
}

pub(super) fn usual_change(args: &Arguments<'_>) -> Value {
    let scale = if args.flag("log", true) { Scale::Log } else { Scale::Linear };
    usual_change_value(&significance::usual_change(&args.numbers("values"), scale))
}

pub(super) fn usual_change_value(found: &UsualChange) -> Value {
    json!({
        "K": found.earlier_changes,
        "log": found.log,
        "g": found.changes,
        "mean": found.mean,
        "sd": found.sd,
        "t": found.t,
        "df": found.df,
        "p": found.p,
        "median": found.median,
        "mad": found.mad,
        "robust_z": found.robust_z,
        "reason": word(found.reason, Reason::as_str),
    })
}

pub(super) fn baseline(args: &Arguments<'_>) -> Value {
    let (numerator, denominator) = (args.numbers("N"), args.get("D").map(|_| args.numbers("D")));
    let first_weekday = args.first_weekday();
    let series = DailySeries { numerator: &numerator, denominator: denominator.as_deref(), first_weekday };
    baseline_value(&significance::baseline(&series, args.count("n").unwrap()))
}

pub(super) fn baseline_value(found: &Baseline) -> Value {
    json!({
        "H": found.history_days,
        "n": found.window_days,
        "days_used": found.days_used,
        "open_weekdays": found.open_weekdays,
        "slope": found.slope,
        "rho": found.rho,
        "inflation": found.inflation,
        "sigma2": found.sigma2,
        "value": found.value,
        "predicted": found.predicted,
        "se": found.se,
        "scale": word(found.scale, Scale::as_str),
        "t": found.t,
        "df": found.df,
        "p": found.p,
        "reason": word(found.reason, Reason::as_str),
        "backtest": found.backtest,
        "wander": found.wander,
        "t_checked": found.t_checked,
    })
}

pub(super) fn pairs(args: &Arguments<'_>) -> Value {
    pairs_value(&significance::daily_pairs(&args.numbers("x0"), &args.numbers("x1")))
}

pub(super) fn pairs_value(found: &Pairs) -> Value {
    let reason = word(found.reason, Reason::as_str);
    json!({"n": found.n, "mean": found.mean, "sd": found.sd, "t": found.t, "df": found.df, "p": found.p, "reason": reason})
}

pub(super) fn ratio_residual(args: &Arguments<'_>) -> Value {
    let [n0, d0, n1, d1] = ["N0", "D0", "N1", "D1"].map(|key| args.numbers(key));
    ratio_residual_value(&significance::ratio_residual(&n0, &d0, &n1, &d1))
}

pub(super) fn ratio_residual_value(found: &RatioResidual) -> Value {
    json!({
        "r0": found.r0,
        "r1": found.r1,
        "se0": found.se0,
        "se1": found.se1,
        "t": found.t,
        "df": found.df,
        "p": found.p,
        "reason": word(found.reason, Reason::as_str),
    })
}

pub(super) fn dispersion(args: &Arguments<'_>) -> Value {
    let found = significance::dispersion(&args.numbers("x"), args.first_weekday());
    json!({"phi": found.phi, "df": found.df})
}

pub(super) fn counts(args: &Arguments<'_>) -> Value {
    let exposure = Exposure { previous: args.number("e0").unwrap_or(1.0), current: args.number("e1").unwrap_or(1.0) };
    let reference = args.number("df").map_or(Reference::Normal, |df| Reference::T { df });
    let (x0, x1) = (args.needed("x0"), args.needed("x1"));
    z_value(&significance::counts(x0, x1, args.number("phi"), exposure, reference))
}

pub(super) fn proportions(args: &Arguments<'_>) -> Value {
    let side = |happened: &str, of: &str| Occurrences { happened: args.needed(happened), of: args.needed(of) };
    // An absent dispersion is 1, a null one is none.
    let phi = if args.0.get("phi").is_none() { Some(1.0) } else { args.number("phi") };
    z_value(&significance::proportions(side("x0", "n0"), side("x1", "n1"), phi))
}

fn z_value(found: &ZTest) -> Value {
    json!({"z": found.z, "p": found.p, "reason": word(found.reason, Reason::as_str)})
}

pub(super) fn data_issue(args: &Arguments<'_>) -> Value {
    let measure = |days: &Value| days.as_array().unwrap().iter().map(known).collect();
    let factors: Vec<Vec<Option<f64>>> = args.list("factors").iter().map(measure).collect();
    let days = significance::data_issue(&factors).into_iter();
    let day = |day: significance::IssueDay| json!({"day": day.day, "metrics": day.metrics, "alike": day.alike, "factor": day.factor});
    json!({"days": days.map(day).collect::<Vec<_>>()})
}
