//! Changes taken apart.

use serde_json::{Value, json};
use sextant_semantics::decompose::{self, Dimension, Flag, Member, NoSegment, ProductMethod, RatioMember, Term};
use sextant_semantics::significance::Reason;

use super::arguments::{Arguments, known, number, word};

/// A row `[name, before, now]`.
fn member(row: &Value) -> Member<'_> {
    Member { name: row[0].as_str().unwrap(), previous: known(&row[1]), current: known(&row[2]) }
}

pub(super) fn additive(args: &Arguments<'_>) -> Value {
    let members: Vec<Member<'_>> = args.list("seg").iter().map(member).collect();
    let found = decompose::additive(&members, args.count("k").unwrap_or(5));
    let item = |item: &decompose::Contribution| {
        let (value, flag) = (members[item.index].name, word(item.flag, Flag::as_str));
        json!({"value": value, "contribution": item.contribution, "share": item.share, "flag": flag})
    };
    json!({
        "delta": found.delta,
        "gross": found.gross,
        "offsetting": found.offsetting,
        "items": found.items.iter().map(item).collect::<Vec<_>>(),
        "other": found.other,
        "other_count": found.other_count,
        "other_share": found.other_share,
    })
}

pub(super) fn rate_mix(args: &Arguments<'_>) -> Value {
    let member = |row: &'_ Value| {
        let at = |i: usize| known(&row[i]).unwrap_or(0.0);
        (row[0].as_str().unwrap().to_owned(), (at(1), at(2)), (at(3), at(4)))
    };
    let rows: Vec<_> = args.list("seg").iter().map(member).collect();
    let members: Vec<RatioMember<'_>> = rows
        .iter()
        .map(|(name, previous, current)| RatioMember { name, previous: *previous, current: *current })
        .collect();
    let found = decompose::rate_mix(&members);
    let items = found.items.iter().zip(&members);
    let items = items.map(|(item, member)| json!({"value": member.name, "rate": item.rate, "mix": item.mix}));
    json!({
        "r0": found.previous,
        "r1": found.current,
        "delta": found.delta,
        "items": items.collect::<Vec<_>>(),
        "unallocated": found.unallocated,
        "reason": word(found.reason, Reason::as_str),
    })
}

pub(super) fn product(args: &Arguments<'_>) -> Value {
    let found = decompose::product(&args.numbers("x0"), &args.numbers("x1"));
    let method = word(found.method, ProductMethod::as_str);
    json!({
        "method": method, "v0": found.previous, "v1": found.current, "delta": found.delta, "effects": found.effects,
    })
}

pub(super) fn sum_tree(args: &Arguments<'_>) -> Value {
    let rows = args.list("terms");
    let term = |row: &Value| Term { sign: number(&row[1]), previous: number(&row[2]), current: number(&row[3]) };
    let terms: Vec<Term> = rows.iter().map(term).collect();
    let found = decompose::sum_tree(&terms);
    let items = rows.iter().zip(&found.contributions);
    let items = items.map(|(row, contribution)| json!({"value": row[0], "contribution": contribution}));
    let items: Vec<Value> = items.collect();
    json!({"v0": found.previous, "v1": found.current, "items": items, "delta": found.delta})
}

pub(super) fn attribute(args: &Arguments<'_>) -> Value {
    let dims = args.get("dims").unwrap().as_object().unwrap();
    let dimension = |(name, rows): (&'_ String, &'_ Value)| (name.clone(), rows.as_array().unwrap().clone());
    let rows: Vec<(String, Vec<Value>)> = dims.iter().map(dimension).collect();
    let dimensions: Vec<Dimension<'_>> =
        rows.iter().map(|(name, rows)| Dimension { name, members: rows.iter().map(member).collect() }).collect();
    let found = decompose::attribute(&dimensions);
    let attributed = |one: &decompose::Attributed| {
        let Dimension { name, members } = &dimensions[one.dimension];
        let all = one.all.iter().zip(members).map(|(element, member)| {
            let (value, ep) = (member.name, element.explained);
            json!({"value": value, "p": element.p, "q": element.q, "ep": ep, "surprise": element.surprise})
        });
        json!({
            "dimension": name,
            "reason": word(one.reason, NoSegment::as_str),
            "elements": one.elements.iter().map(|i| members[*i].name).collect::<Vec<_>>(),
            "explained": one.explained,
            "surprise": one.surprise,
            "all": all.collect::<Vec<_>>(),
        })
    };
    let ranking: Vec<&str> = found.ranking.iter().map(|i| dimensions[*i].name).collect();
    let dimensions: Vec<Value> = found.dimensions.iter().map(attributed).collect();
    json!({"dimensions": dimensions, "ranking": ranking, "answer": ranking.first()})
}
