//! Laws that hold for whatever numbers, over 10,000 generated tables each.

use proptest::prelude::*;
use sextant_semantics::decompose::{
    Dimension, Member, RatioMember, Term, additive, attribute, numerator_denominator, product, rate_mix, sum_tree,
};
use sextant_semantics::significance::{
    DailySeries, Finding, Floors, Gates, Impact, Level, Material, Volume, baseline, daily_pairs, false_discovery,
    highlights, level, materiality, t_tail,
};

/// A member of a table: what a ratio, an additive metric and a factor are made of.
#[derive(Clone, Debug)]
struct Row {
    name: String,
    before: Option<f64>,
    now: Option<f64>,
    /// What stands below `before` and `now` in a ratio; at least 0.
    below: (f64, f64),
}

/// Zeros, whole numbers, cents, the tiny and the huge, of both signs.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        2 => Just(0.0),
        4 => (-1000..1000).prop_map(f64::from),
        4 => (-10_000_000..10_000_000).prop_map(|cents| f64::from(cents) / 100.0),
        1 => -1e-6..1e-6,
        1 => -1e12..1e12,
    ]
}

fn positive() -> impl Strategy<Value = f64> {
    prop_oneof![4 => (1..100_000).prop_map(|cents| f64::from(cents) / 100.0), 1 => 1e-9..1e-6, 1 => 1e6..1e9]
}

fn table() -> impl Strategy<Value = Vec<Row>> {
    let below = || prop_oneof![1 => Just(0.0), 5 => positive()];
    let row = (prop::option::weighted(0.9, value()), prop::option::weighted(0.9, value()), below(), below());
    prop::collection::vec(row, 1..12).prop_map(|rows| {
        let named = rows.into_iter().enumerate();
        named.map(|(i, (before, now, d0, d1))| Row { name: format!("m{i}"), before, now, below: (d0, d1) }).collect()
    })
}

/// A table, and its rows in another order.
fn shuffled() -> impl Strategy<Value = (Vec<Row>, Vec<Row>)> {
    table().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
}

fn members(rows: &[Row]) -> Vec<Member<'_>> {
    rows.iter().map(|row| Member { name: &row.name, previous: row.before, current: row.now }).collect()
}

fn ratio_members(rows: &[Row]) -> Vec<RatioMember<'_>> {
    let side = |value: Option<f64>, below: f64| (value.unwrap_or(0.0), below);
    rows.iter()
        .map(|row| RatioMember {
            name: &row.name,
            previous: side(row.before, row.below.0),
            current: side(row.now, row.below.1),
        })
        .collect()
}

/// The same table with its periods exchanged.
fn swapped(rows: &[Row]) -> Vec<Row> {
    let swap = |row: &Row| Row { before: row.now, now: row.before, below: (row.below.1, row.below.0), ..row.clone() };
    rows.iter().map(swap).collect()
}

/// The first period against itself.
fn unchanged(rows: &[Row]) -> Vec<Row> {
    rows.iter().map(|row| Row { now: row.before, below: (row.below.0, row.below.0), ..row.clone() }).collect()
}

fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |largest: f64, value| largest.max(value.abs()))
}

/// Equal to 1e-9 of the largest magnitude.
fn equal(a: f64, b: f64, largest: f64) -> Result<(), TestCaseError> {
    prop_assert!((a - b).abs() <= 1e-9 * largest, "{a:?} is not {b:?} (largest magnitude {largest:?})");
    Ok(())
}

fn all_equal(a: &[f64], b: &[f64], largest: f64) -> Result<(), TestCaseError> {
    prop_assert_eq!(a.len(), b.len());
    a.iter().zip(b).try_for_each(|(a, b)| equal(*a, *b, largest))
}

fn negated(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| -value).collect()
}

/// The pieces of a change and the change, each by a method, and the largest magnitude it met.
struct Pieces {
    parts: Vec<f64>,
    delta: f64,
    largest: f64,
}

fn by_additive(rows: &[Row], top: usize) -> Pieces {
    let found = additive(&members(rows), top);
    // By position, so that periods can be exchanged; `other` last.
    let mut parts = vec![0.0; rows.len() + 1];
    found.items.iter().for_each(|item| parts[item.index] = item.contribution);
    parts[rows.len()] = found.other.unwrap_or(0.0);
    let values = rows.iter().flat_map(|row| [row.before, row.now]).flatten();
    Pieces { parts, delta: found.delta, largest: largest(values) }
}

fn by_rate_mix(rows: &[Row]) -> Option<Pieces> {
    let members = ratio_members(rows);
    let found = rate_mix(&members);
    let (previous, current, delta) = (found.previous?, found.current?, found.delta?);
    let mut parts: Vec<f64> = found.items.iter().flat_map(|item| [item.rate, item.mix]).collect();
    parts.extend(found.unallocated);
    let ratios = members.iter().flat_map(|m| [m.previous, m.current]).filter(|part| part.1 > 0.0).map(|p| p.0 / p.1);
    let largest = largest(ratios.chain([previous, current]).chain(parts.iter().copied()));
    Some(Pieces { parts, delta, largest })
}

fn by_product(previous: &[f64], current: &[f64]) -> Option<Pieces> {
    let found = product(previous, current);
    let largest = previous.iter().zip(current).map(|(a, b)| a.abs().max(b.abs())).product();
    Some(Pieces { parts: found.effects?, delta: found.delta, largest })
}

fn by_sum_tree(rows: &[Row]) -> Pieces {
    let term = |(i, row): (usize, &Row)| Term {
        sign: [1.0, -1.0][i % 2],
        previous: row.before.unwrap_or(0.0),
        current: row.now.unwrap_or(0.0),
    };
    let found = sum_tree(&rows.iter().enumerate().map(term).collect::<Vec<_>>());
    let values = rows.iter().flat_map(|row| [row.before, row.now]).flatten();
    Pieces { parts: found.contributions, delta: found.delta, largest: largest(values) }
}

/// That pieces sum to the change, exchanging the periods negates them, and a period against itself
/// gives none.
fn holds(forth: &Pieces, back: &Pieces, same: &Pieces) -> Result<(), TestCaseError> {
    let terms = forth.parts.len().max(1) as f64;
    equal(forth.parts.iter().sum(), forth.delta, forth.largest * terms)?;
    equal(forth.delta, -back.delta, forth.largest)?;
    all_equal(&forth.parts, &negated(&back.parts), forth.largest)?;
    equal(same.delta, 0.0, same.largest)?;
    all_equal(&same.parts, &vec![0.0; same.parts.len()], same.largest)
}

/// That the effects of a numerator and a denominator sum to the change of their ratio.
fn numerator_and_denominator(whole: RatioMember<'_>) -> Result<(), TestCaseError> {
    let parts = numerator_denominator(whole.previous, whole.current);
    if let (Some(above), Some(below)) = (parts.numerator_effect, parts.denominator_effect) {
        let (r0, r1) = (whole.previous.0 / whole.previous.1, whole.current.0 / whole.current.1);
        let middle = [whole.previous.0 / whole.current.1, whole.current.0 / whole.previous.1];
        equal(above + below, r1 - r0, largest(middle.into_iter().chain([r0, r1])))?;
    }
    Ok(())
}

/// A judged metric.
#[derive(Clone, Debug)]
struct Judged {
    name: String,
    level: Level,
    impact: Impact,
    money: Option<f64>,
    t: Option<f64>,
}

fn finding(metric: &Judged) -> Finding<'_> {
    let Judged { name, level, impact, money, t } = metric;
    Finding { name, level: *level, impact: *impact, money: *money, t: *t }
}

/// Judged metrics, and the same in another order.
fn judged() -> impl Strategy<Value = (Vec<Judged>, Vec<Judged>)> {
    let impacts = [Impact::Unfavourable, Impact::Favourable, Impact::Neutral];
    let chosen = (prop::sample::select(&Level::ALL[..]), prop::sample::select(impacts.to_vec()));
    let numbers = (prop::option::of(value()), prop::option::of(-9.0..9.0_f64));
    prop::collection::vec((chosen, numbers), 0..9).prop_flat_map(|metrics| {
        let metrics = metrics.into_iter().enumerate();
        let named =
            metrics.map(|(i, ((level, impact), (money, t)))| Judged { name: format!("m{i}"), level, impact, money, t });
        let named: Vec<Judged> = named.collect();
        (Just(named.clone()), Just(named).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// Members of an additive metric, of a ratio, and terms of a sum.
    #[test]
    fn pieces_of_tables(rows in table(), top in 0_usize..12) {
        let (back, same) = (swapped(&rows), unchanged(&rows));
        // Which members are told may differ with the direction; what each contributes may not.
        let all = rows.len();
        let forth = by_additive(&rows, all);
        holds(&forth, &by_additive(&back, all), &by_additive(&same, all))?;
        let told = by_additive(&rows, top);
        equal(told.parts.iter().sum(), told.delta, told.largest * rows.len() as f64)?;
        prop_assert_eq!(told.delta, forth.delta);
        holds(&by_sum_tree(&rows), &by_sum_tree(&back), &by_sum_tree(&same))?;
        if let Some(forth) = by_rate_mix(&rows) {
            let back = by_rate_mix(&back).expect("both periods have a denominator");
            let same = by_rate_mix(&same).expect("the first period has a denominator");
            holds(&forth, &back, &same)?;
        }
        numerator_and_denominator(ratio_members(&rows)[0])?;
    }

    #[test]
    fn lmdi_pieces(factors in prop::collection::vec((positive(), positive()), 1..10)) {
        let (previous, current): (Vec<f64>, Vec<f64>) = factors.into_iter().unzip();
        let of = |a: &[f64], b: &[f64]| by_product(a, b).expect("all factors are positive");
        holds(&of(&previous, &current), &of(&current, &previous), &of(&previous, &previous))?;
    }

    #[test]
    fn shapley_pieces(factors in prop::collection::vec((value(), value()), 1..9)) {
        let (previous, current): (Vec<f64>, Vec<f64>) = factors.into_iter().unzip();
        let of = |a: &[f64], b: &[f64]| by_product(a, b).expect("there are at most eight factors");
        holds(&of(&previous, &current), &of(&current, &previous), &of(&previous, &previous))?;
    }

    #[test]
    fn the_order_of_rows_is_of_no_account((rows, other) in shuffled(), top in 0_usize..12) {
        let (here, there) = (additive(&members(&rows), top), additive(&members(&other), top));
        let told = |rows: &[Row], found: &sextant_semantics::decompose::Additive| -> Vec<(String, f64, Option<f64>)> {
            found.items.iter().map(|i| (rows[i.index].name.clone(), i.contribution, i.share)).collect()
        };
        prop_assert_eq!(told(&rows, &here), told(&other, &there));
        prop_assert_eq!((here.delta, here.gross, here.other), (there.delta, there.gross, there.other));
        let mix = |rows: &[Row]| {
            let found = rate_mix(&ratio_members(rows));
            let items = found.items.iter().zip(rows).map(|(item, row)| (row.name.clone(), item.rate, item.mix));
            let mut items: Vec<(String, f64, f64)> = items.collect();
            items.sort_by(|a, b| a.0.cmp(&b.0));
            (items, found.delta, found.unallocated)
        };
        prop_assert_eq!(mix(&rows), mix(&other));
        let dimension = |rows: &[Row]| {
            let size = |value: Option<f64>| value.map(f64::abs);
            let members: Vec<Member<'_>> =
                rows.iter().map(|r| Member { name: &r.name, previous: size(r.before), current: size(r.now) }).collect();
            let found = attribute(&[Dimension { name: "d", members }]).dimensions.remove(0);
            let names: Vec<String> = found.elements.iter().map(|i| rows[*i].name.clone()).collect();
            (found.reason, names, found.explained, found.surprise)
        };
        prop_assert_eq!(dimension(&rows), dimension(&other));
    }

    #[test]
    fn more_evidence_never_lowers_a_level(
        q in 0.0..0.2_f64, lower_q in 0.0..1.0_f64, sign in prop_oneof![Just(-1.0), Just(1.0)], capped: bool,
        previous in value(), change in value(), more in 1.0..50.0_f64,
        absolute in prop::option::of(0.0..1e4_f64), percent_metric: bool,
        volume in prop::option::of((0.0..60.0_f64, 0.0..60.0_f64)),
    ) {
        let floors = if percent_metric { Floors::of_percent_metric() } else { Floors::usual() };
        let floors = Floors { absolute, ..floors };
        let volumes: Vec<Volume> =
            volume.into_iter().map(|(previous, current)| Volume::Count { previous, current }).collect();
        let size = |change: f64| materiality(previous, previous + change, &floors, &volumes).material;
        let of = |material, q| level(&Gates { material, q: Some(q), reason: None, change, t: sign, capped });
        let (small, large) = (size(change), size(change * more));
        prop_assert!(of(small, q * lower_q) >= of(small, q));
        // Whether there is a percent depends on the previous value alone, but for 0.
        if previous != 0.0 || change != 0.0 {
            prop_assert!(of(large, q) >= of(small, q), "{small:?} to {large:?}");
        }
        let materials = [Material::None, Material::Notable, Material::Major];
        prop_assert!(materials.windows(2).all(|pair| of(pair[1], q) >= of(pair[0], q)));
    }

    #[test]
    fn a_smaller_p_never_raises_a_q(
        p in prop::collection::vec(prop::option::weighted(0.8, 0.0..1.0_f64), 1..12), at in any::<prop::sample::Index>(), by in 0.0..1.0_f64,
    ) {
        let at = at.index(p.len());
        let mut smaller = p.clone();
        smaller[at] = p[at].map(|p| p * by);
        let (q, less) = (false_discovery(&p), false_discovery(&smaller));
        for ((p, q), less) in p.iter().zip(&q).zip(&less) {
            prop_assert_eq!(p.is_some(), q.is_some());
            prop_assert!(q.is_none() || (less <= q && q >= p && *q <= Some(1.0)));
        }
    }

    #[test]
    fn tails_fall_with_distance(t in 0.0..60.0_f64, more in 0.0..10.0_f64, df in 1.0..400.0_f64) {
        let (near, far) = (t_tail(t, df), t_tail(-(t + more), df));
        prop_assert!((0.0..=1.0).contains(&near) && far <= near * (1.0 + 1e-12), "{near:?} then {far:?}");
    }

    #[test]
    fn highlights_do_not_depend_on_their_order((here, there) in judged(), most in 0_usize..9) {
        let told = |metrics: &[Judged]| -> Vec<String> {
            let findings: Vec<Finding<'_>> = metrics.iter().map(finding).collect();
            highlights(&findings, most).into_iter().map(|i| findings[i].name.to_owned()).collect()
        };
        prop_assert_eq!(told(&here), told(&there));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Counting in cents instead of euros changes no verdict, and exchanging the windows turns t around.
    #[test]
    fn units_do_not_matter(days in prop::collection::vec(1.0..1000.0_f64, 70..120), factor in 1e-3..1e6_f64, first_weekday in 0_u8..7) {
        let scaled: Vec<f64> = days.iter().map(|day| day * factor).collect();
        let of = |days: &[f64]| baseline(&DailySeries { numerator: days, denominator: None, first_weekday }, 7);
        let (here, there) = (of(&days), of(&scaled));
        prop_assert_eq!((here.reason, here.scale, here.df), (there.reason, there.scale, there.df));
        equal(here.t_checked.unwrap(), there.t_checked.unwrap(), 100.0)?;
        equal(here.predicted.unwrap() * factor, there.predicted.unwrap(), 1000.0 * factor)?;
        let (previous, current) = (&days[..7], &days[7..14]);
        let (forth, back) = (daily_pairs(previous, current), daily_pairs(current, previous));
        prop_assert_eq!(forth.p, back.p);
        prop_assert_eq!(forth.t, back.t.map(|t| -t));
    }
}
