//! Numbers worked out by hand, or well known.

use sextant_semantics::decompose::{
    Dimension, Flag, Member, NoSegment, ProductMethod, RatioMember, Term, additive, attribute, numerator_denominator,
    product, rate_mix, sum_tree,
};
use sextant_semantics::significance::{
    Candidate, DailySeries, Exposure, Floors, Gates, Level, Material, Method, NoPercent, Occurrences, Reason,
    Reference, Scale, Volume, baseline, by_days, by_pairs, by_windows, counts, daily_pairs, data_issue, day_factors,
    dispersion, false_discovery, judge, level, materiality, normal_tail, proportions, ratio_residual,
    segment_threshold, t_tail, usual_change,
};

/// Equal to so many significant digits.
#[track_caller]
fn near(actual: f64, expected: f64, digits: i32) {
    let tolerance = 0.5 * 10f64.powi(1 - digits) * expected.abs().max(f64::MIN_POSITIVE);
    assert!((actual - expected).abs() <= tolerance, "expected {expected:?}, was {actual:?}");
}

#[track_caller]
fn sums_to(parts: &[f64], whole: f64) {
    let largest = parts.iter().fold(whole.abs(), |largest, part| largest.max(part.abs()));
    assert!((parts.iter().sum::<f64>() - whole).abs() <= 1e-12 * largest, "{parts:?} do not sum to {whole}");
}

#[test]
fn tails_of_tables() {
    // The quantiles of printed tables, and closed forms: with one degree of freedom Student's t is
    // Cauchy's, with two p = 1 − |t|/√(2 + t²).
    near(t_tail(12.706204736432095, 1.0), 0.05, 10);
    near(t_tail(2.2281388519649385, 10.0), 0.05, 10);
    near(t_tail(-1.959963984540054, 1e9), 0.05, 8);
    near(normal_tail(1.959963984540054), 0.05, 12);
    near(normal_tail(-2.5758293035489004), 0.01, 12);
    for t in [0.1_f64, 1.0, 5.0, 1e4, 1e9] {
        near(t_tail(t, 1.0), 2.0 / std::f64::consts::PI * (1.0 / t).atan(), 11);
        near(t_tail(t, 2.0), 2.0 / ((2.0 + t * t) * (1.0 + t / (2.0 + t * t).sqrt())), 11);
    }
    assert_eq!((t_tail(0.0, 3.0), normal_tail(0.0)), (1.0, 1.0));
    assert!(t_tail(40.0, 1000.0) > 0.0 && t_tail(40.0, 1000.0) < 1e-200);
}

#[test]
fn false_discovery_rate() {
    let q = false_discovery(&[Some(0.01), None, Some(0.04), Some(0.03), Some(0.005)]);
    let expected = [Some(0.02), None, Some(0.04), Some(0.04), Some(0.02)];
    for (q, expected) in q.into_iter().zip(expected) {
        match (q, expected) {
            (Some(q), Some(expected)) => near(q, expected, 12),
            (q, expected) => assert_eq!(q, expected),
        }
    }
}

#[test]
fn how_large_a_change_is() {
    let usual = Floors::usual();
    let size = |v0, v1, floors: &Floors| materiality(v0, v1, floors, &[]).material;
    assert_eq!(size(93600.0, 84000.0, &usual), Material::Notable);
    assert_eq!(size(100.0, 95.0, &usual), Material::Notable);
    assert_eq!(size(100.0, 85.0, &usual), Material::Major);
    assert_eq!(size(100.0, 95.1, &usual), Material::None);
    assert_eq!(size(1000.0, 1500.0, &Floors { absolute: Some(501.0), ..usual.clone() }), Material::None);
    assert_eq!(size(100.0, 97.0, &Floors::usual().with_percent(0.01)), Material::Major);
    // Without a percent only a floor can be met, and it never makes a change major.
    assert_eq!(size(0.0, 1e9, &usual), Material::None);
    assert_eq!(size(0.0, 1e9, &Floors { absolute: Some(5.0), ..usual.clone() }), Material::Notable);
    assert_eq!(size(0.0, 0.02, &Floors::of_percent_metric()), Material::Notable);
    assert_eq!(size(0.001, 0.0015, &Floors::of_percent_metric()), Material::None);
    let reason = |v0, v1| materiality(v0, v1, &usual, &[]).reason;
    assert_eq!(reason(0.0, 5.0), Some(NoPercent::New));
    assert_eq!(reason(0.0, 0.0), Some(NoPercent::BaseNotPositive));
    assert_eq!(reason(-3.0, 5.0), Some(NoPercent::BaseNotPositive));
    let counted = |previous, current| materiality(10.0, 20.0, &usual, &[Volume::Count { previous, current }]).material;
    assert_eq!((counted(19.0, 20.0), counted(19.0, 19.0)), (Material::Major, Material::InsufficientVolume));
    let over =
        |previous, current| materiality(0.1, 0.2, &usual, &[Volume::Denominators { previous, current }]).material;
    assert_eq!((over(20.0, 20.0), over(19.0, 900.0)), (Material::Major, Material::InsufficientVolume));
}

#[test]
fn usual_change_of_windows() {
    let windows = [10250.0, 9980.0, 10410.0, 10120.0, 9870.0, 10330.0, 10060.0, 10190.0, 8600.0];
    let found = usual_change(&windows, Scale::Log);
    assert_eq!(found.earlier_changes, 7);
    near(found.t.unwrap(), -4.67246, 6);
    near(found.p.unwrap(), 0.0034227, 5);
    near(found.robust_z.unwrap(), -30.1142, 6);
    // Differences 1, −1, …: mean 0, sd √(6/5), and the current one is 10.
    let found = usual_change(&[0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 10.0], Scale::Log);
    assert!(!found.log);
    near(found.t.unwrap(), 10.0 / (1.2_f64.sqrt() * (7.0_f64 / 6.0).sqrt()), 12);
    assert_eq!(usual_change(&[5.0; 9], Scale::Log).reason, Some(Reason::FlatHistory));
    assert_eq!(usual_change(&windows[2..], Scale::Log).reason, Some(Reason::InsufficientHistory));
    assert_eq!(usual_change(&[], Scale::Log).reason, Some(Reason::InsufficientHistory));
}

#[test]
fn pairs_of_days() {
    // Differences 1..7: mean 4, sd √(28/6).
    let found = daily_pairs(&[0.0; 7], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    near(found.t.unwrap(), 4.0 / ((28.0_f64 / 6.0).sqrt() / 7.0_f64.sqrt()), 12);
    assert_eq!(daily_pairs(&[1.0; 6], &[2.0; 6]).reason, Some(Reason::InsufficientHistory));
    assert_eq!(daily_pairs(&[0.1; 9], &[0.3; 9]).reason, Some(Reason::FlatHistory));
    // R = 0.5, residuals ±1 in turn and 0: Σe² = 6, n = 7, ΣD = 70.
    let n0 = [6.0, 4.0, 6.0, 4.0, 6.0, 4.0, 5.0];
    let found = ratio_residual(&n0, &[10.0; 7], &n0, &[5.0; 7]);
    near(found.se0.unwrap(), 7.0_f64.sqrt() / 70.0, 12);
    near(found.t.unwrap(), 0.5 / (7.0_f64 / 4900.0 + 7.0 / 1225.0).sqrt(), 12);
    near(found.df.unwrap(), 5.0_f64.powi(2) / (1.0 / 6.0 + 16.0 / 6.0), 12);
    assert_eq!(ratio_residual(&n0, &[0.0; 7], &n0, &[5.0; 7]).reason, Some(Reason::NoDenominator));
}

#[test]
fn counts_and_proportions() {
    let even = Exposure { previous: 1.0, current: 1.0 };
    near(counts(0.0, 25.0, Some(1.0), even, Reference::Normal).z.unwrap(), 5.0, 12);
    near(counts(0.0, 25.0, Some(4.0), even, Reference::Normal).z.unwrap(), 2.5, 12);
    // 310 in 31 days and 280 in 28 are the same rate.
    let months = Exposure { previous: 31.0, current: 28.0 };
    near(1.0 + counts(310.0, 280.0, Some(1.0), months, Reference::T { df: 8.0 }).z.unwrap(), 1.0, 12);
    assert_eq!(counts(1.0, 2.0, None, even, Reference::Normal).reason, Some(Reason::InsufficientHistory));
    let side = |happened, of| Occurrences { happened, of };
    near(proportions(side(1200.0, 48000.0), side(1050.0, 50000.0), Some(1.0)).z.unwrap(), -4.179439083548131, 12);
    assert_eq!(proportions(side(5.0, 5.0), side(9.0, 9.0), Some(1.0)).reason, Some(Reason::FlatHistory));
    // Two weekdays over eight weeks each: means 2 and 4, every day 1 off; φ is floored at 1.
    let days: Vec<f64> = (0..56).map(|d| if d % 7 == 0 { [1.0, 3.0][d / 7 % 2] } else { 0.0 }).collect();
    let found = dispersion(&days, 3);
    assert_eq!((found.df, found.phi), (7, Some(1.0)));
}

/// Ten weeks in which every weekday has its own level and every second day is 10 % higher; the last
/// week is multiplied by `factor`.
fn ten_weeks(factor: f64) -> Vec<f64> {
    let day = |d: usize| (100.0 + 10.0 * (d % 7) as f64) * [1.0, 1.1][d % 2] * if d >= 63 { factor } else { 1.0 };
    (0..70).map(day).collect()
}

fn by_weekday(days: &[f64]) -> DailySeries<'_> {
    DailySeries { numerator: days, denominator: None, first_weekday: 0 }
}

#[test]
fn a_window_against_its_history() {
    let usual = ten_weeks(1.0);
    let found = baseline(&by_weekday(&usual), 7);
    assert_eq!((found.history_days, found.days_used, found.open_weekdays), (63, 63, 7));
    assert_eq!((found.df, found.reason, found.backtest.len()), (Some(55.0), None, 1));
    assert!(found.p.unwrap() > 0.05 && found.expected.len() == 7);
    let halved = ten_weeks(0.5);
    let found = baseline(&by_weekday(&halved), 7);
    assert!(found.t.unwrap() < -10.0 && found.p.unwrap() < 1e-10);
    near(found.value.unwrap(), 0.5 * 962.0 / 7.0, 12);
    let factors = day_factors(&by_weekday(&halved), &found);
    assert!(factors.iter().all(|f| (f.unwrap() - 0.5).abs() < 0.04), "{factors:?}");
    let short = &halved[21..];
    assert_eq!(baseline(&by_weekday(short), 7).reason, Some(Reason::InsufficientHistory));
    // A line without any scatter is flat, whatever its slope.
    let line: Vec<f64> = (0..70).map(|d| 7.3 + 0.4 * d as f64).collect();
    let found = baseline(&by_weekday(&line), 7);
    assert_eq!(found.reason, Some(Reason::FlatHistory));
    near(found.slope.unwrap(), 0.4, 10);
    near(found.predicted.unwrap(), 7.3 + 0.4 * 66.0, 12);
    assert_eq!(baseline(&by_weekday(&[]), 7).reason, Some(Reason::InsufficientHistory));
}

#[test]
fn the_choice_of_test() {
    let days = ten_weeks(0.5);
    let all = by_weekday(&days);
    let previous = all.between(56, 63);
    assert_eq!(by_days(&all, 7, &previous).method, Some(Method::Baseline));
    let short = all.between(49, 70);
    let found = by_days(&short, 7, &previous);
    assert_eq!((found.method, found.capped), (Some(Method::DailyPairs), true));
    assert_eq!(found.baseline.unwrap().reason, Some(Reason::InsufficientHistory));
    let found = by_days(&short.between(0, 20), 3, &all.between(60, 63));
    assert_eq!((found.method, found.capped, found.reason), (None, false, Some(Reason::InsufficientHistory)));
    let current = all.between(63, 70);
    let windows = [5.0, 6.0, 5.0, 6.0, 5.0, 6.0, 5.0, 6.0, 2.0];
    let found = by_windows(&windows, Scale::Log, &previous, &current);
    assert_eq!((found.method, found.capped), (Some(Method::UsualChange), false));
    let found = by_windows(&windows[3..], Scale::Log, &previous, &current);
    assert_eq!((found.method, found.capped), (Some(Method::DailyPairs), true));
    let ones = [1.0; 7];
    let ratio = |days: &DailySeries<'_>| by_pairs(days, &DailySeries { denominator: Some(&ones), ..current }).method;
    assert_eq!(ratio(&DailySeries { denominator: Some(&ones), ..previous }), Some(Method::RatioResidual));
}

#[test]
fn a_long_window_must_change_unusually_too() {
    // 13 windows of 28 days, each alternately 100 and 130 a day beside a little noise.
    let day = |d: usize| [100.0, 130.0][d / 28 % 2] + ((d * 37) % 11) as f64;
    let days: Vec<f64> = (0..364).map(day).collect();
    let all = by_weekday(&days);
    let found = by_days(&all, 28, &all.between(308, 336));
    let (usual, base) = (found.usual_change.unwrap(), found.baseline.unwrap());
    assert_eq!(usual.earlier_changes, 11);
    assert_eq!(found.p, Some(usual.p.unwrap().max(base.p.unwrap())));
    // Four windows of history are too few to know the usual change.
    let found = by_days(&all.between(0, 140), 28, &all.between(84, 112));
    assert_eq!((found.method, found.capped), (Some(Method::Baseline), true));
}

#[test]
fn levels() {
    let gates = Gates { material: Material::Major, q: Some(0.01), reason: None, change: -1.0, t: -3.0, capped: false };
    assert_eq!(level(&gates), Level::Major);
    assert_eq!(level(&Gates { q: Some(0.011), ..gates }), Level::Notable);
    assert_eq!(level(&Gates { capped: true, ..gates }), Level::Notable);
    assert_eq!(level(&Gates { q: Some(0.11), ..gates }), Level::WithinNoise);
    assert_eq!(level(&Gates { t: 3.0, ..gates }), Level::WithinNoise);
    assert_eq!(level(&Gates { material: Material::None, ..gates }), Level::StatisticallyOnly);
    let untested = Gates { q: None, reason: Some(Reason::FlatHistory), capped: true, ..gates };
    assert_eq!(level(&untested), Level::Major);
    assert_eq!(level(&Gates { reason: Some(Reason::InsufficientHistory), ..untested }), Level::InsufficientHistory);
    near(segment_threshold(2, 10), 0.02, 12);
}

#[test]
fn verdicts_of_a_call() {
    let (fell, usual) = (ten_weeks(0.5), ten_weeks(1.0));
    let (fell, usual) = (by_weekday(&fell), by_weekday(&usual));
    let fell = by_days(&fell, 7, &fell.between(56, 63));
    let usual = by_days(&usual, 7, &usual.between(56, 63));
    let candidate = |material, change, evidence| Candidate { material, change, evidence };
    let verdicts = judge(&[
        candidate(Material::Major, -500.0, &fell),
        candidate(Material::InsufficientVolume, -500.0, &fell),
        candidate(Material::Major, 500.0, &fell),
        candidate(Material::Notable, 90.0, &usual),
    ]);
    let levels: Vec<Level> = verdicts.iter().map(|verdict| verdict.level).collect();
    assert_eq!(levels, [Level::Major, Level::InsufficientVolume, Level::WithinNoise, Level::WithinNoise]);
    // Three tests were made; the one without volume is none. Two p are equal, at ranks 1 and 2.
    assert_eq!(verdicts[1].p, None);
    near(verdicts[0].q.unwrap(), fell.p.unwrap() * 3.0 / 2.0, 12);
    let back: Vec<bool> = verdicts.iter().map(|verdict| verdict.previous_unusual).collect();
    assert_eq!(back, [false, false, true, usual.t.unwrap() < 0.0]);
}

#[test]
fn days_on_which_all_moved_alike() {
    let measure = |day3: f64| vec![Some(1.0), Some(1.02), Some(0.97), Some(day3)];
    let found = data_issue(&[measure(0.0), measure(0.0), measure(0.0), vec![None; 4]]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].day, found[0].metrics, found[0].alike, found[0].factor), (3, 3, 3, 0.0));
    assert_eq!(data_issue(&[measure(0.0), measure(0.0)]), []);
    assert_eq!(data_issue(&[measure(0.4), measure(0.2), measure(0.1), measure(0.3)]), []);
    assert_eq!(data_issue(&[measure(2.0), measure(2.1), measure(1.9), measure(1.0)])[0].alike, 3);
}

fn member(name: &str, previous: Option<f64>, current: Option<f64>) -> Member<'_> {
    Member { name, previous, current }
}

#[test]
fn additive_members() {
    let members = [
        member("store", Some(100.0), Some(120.0)),
        member("web", Some(300.0), Some(200.0)),
        member("kiosk", Some(40.0), None),
        member("app", None, Some(10.0)),
    ];
    let found = additive(&members, 2);
    assert_eq!((found.delta, found.gross, found.offsetting), (-110.0, 170.0, false));
    let told: Vec<_> = found.items.iter().map(|i| (members[i.index].name, i.contribution, i.flag)).collect();
    assert_eq!(told, [("web", -100.0, None), ("kiosk", -40.0, Some(Flag::Lost))]);
    assert_eq!((found.other, found.other_count, found.other_share), (Some(30.0), 2, Some(30.0 / -110.0)));
    let against = [member("a", Some(1.0), Some(10.0)), member("b", Some(10.0), Some(1.5))];
    let found = additive(&against, 5);
    assert!(found.offsetting);
    near(found.items[1].share.unwrap(), -8.5 / 17.5, 12);
}

#[test]
fn rate_and_mix() {
    let members = [
        RatioMember { name: "mobile", previous: (450.0, 30000.0), current: (570.0, 38000.0) },
        RatioMember { name: "desktop", previous: (750.0, 18000.0), current: (480.0, 12000.0) },
    ];
    let found = rate_mix(&members);
    near(found.delta.unwrap(), -0.004, 12);
    near(1.0 + found.items[0].rate, 1.0, 12);
    near(found.items[0].mix, -0.00108, 10);
    near(found.items[1].rate, -0.0005125, 10);
    near(found.items[1].mix, -0.0024075, 10);
    let found = numerator_denominator((1200.0, 48000.0), (1050.0, 50000.0));
    assert_eq!((found.numerator_change, found.denominator_change), (-150.0, 2000.0));
    sums_to(&[found.numerator_effect.unwrap(), found.denominator_effect.unwrap()], -0.004);
    // 4 of 1000 orders without sessions, then 9 of 1100: (9/1100 − 4/1000) belongs to no channel.
    let alone = [
        RatioMember { name: "web", previous: (30.0, 1000.0), current: (35.0, 1100.0) },
        RatioMember { name: "none", previous: (4.0, 0.0), current: (9.0, 0.0) },
    ];
    near(rate_mix(&alone).unallocated.unwrap(), 9.0 / 1100.0 - 4.0 / 1000.0, 12);
    assert_eq!(rate_mix(&[]).reason, Some(Reason::NoDenominator));
}

#[test]
fn products_and_sums() {
    let found = product(&[48000.0, 0.025, 78.0], &[50000.0, 0.021, 80.0]);
    let effects = found.effects.unwrap();
    assert_eq!(found.method, Some(ProductMethod::Lmdi));
    for (effect, expected) in effects.iter().zip([3621.46, -15467.49, 2246.03]) {
        assert!((effect - expected).abs() < 0.005, "{effect}");
    }
    sums_to(&effects, -9600.0);
    // Two factors, one of them 0: each half of the way in either order.
    let found = product(&[0.0, 3.0], &[2.0, 5.0]);
    assert_eq!((found.method, found.effects), (Some(ProductMethod::Shapley), Some(vec![8.0, 2.0])));
    assert_eq!(product(&[0.0; 9], &[1.0; 9]).effects, None);
    let term = |sign, previous, current| Term { sign, previous, current };
    let found = sum_tree(&[term(1.0, 1000.0, 900.0), term(-1.0, 50.0, 40.0), term(-1.0, 14.0, 20.0)]);
    assert_eq!((found.previous, found.current, found.delta), (936.0, 840.0, -96.0));
    assert_eq!(found.contributions, [-100.0, 10.0, -6.0]);
}

#[test]
fn which_dimension_tells_most() {
    let dimensions = [
        Dimension {
            name: "device",
            members: vec![member("pc", Some(52.0), Some(26.0)), member("phone", Some(48.0), Some(24.0))],
        },
        Dimension {
            name: "advertiser",
            members: vec![member("A", Some(50.0), None), member("B", Some(50.0), Some(50.0))],
        },
        Dimension {
            name: "kind",
            members: vec![member("x", Some(110.0), Some(60.0)), member("y", Some(-10.0), Some(-10.0))],
        },
    ];
    let found = attribute(&dimensions);
    assert_eq!(found.ranking, [1]);
    let reasons: Vec<_> = found.dimensions.iter().map(|found| (found.dimension, found.reason)).collect();
    let expected = [(1, None), (0, Some(NoSegment::Distributed)), (2, Some(NoSegment::NotComparable))];
    assert_eq!(reasons, expected);
    assert_eq!(found.dimensions[0].elements, [0]);
    near(found.dimensions[0].surprise, 0.25 * std::f64::consts::LN_2, 12);
}
