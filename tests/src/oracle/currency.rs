//! Amounts in one currency: each at the rate of its own day, or of the last day before it that has one.

use chrono::NaiveDate;

use super::context::Context;
use super::follow::Row;
use super::lookup;
use super::value::Value;
use crate::exact::Exact;

/// Digits after the point that a converted amount has.
const DIGITS: u32 = 4;

/// The amount of a row in the currency of the question; null where no rate converts it.
pub fn converted(context: &Context, row: Row, amount: Value) -> Value {
    let world = context.world;
    let (Some(currency), Some(base)) = (&world.datasets[row.dataset].currency, &world.currency) else { return amount };
    let target = context.question.currency.as_ref().unwrap_or(base);
    let own = row.cell(world, &currency.column);
    if *own == Value::text(target) {
        return rounded(amount);
    }
    let day = lookup::time(world, context.zone, row).map(|time| time.day(context.zone));
    let rate = |of: &Value| day.map_or(Value::Null, |day| rate(context, currency.rates, of, day));
    let in_base = if *own == Value::text(base) { amount } else { amount.times(&rate(own)) };
    rounded(if target == base { in_base } else { in_base.over(&rate(&Value::text(target))) })
}

/// The newest rate of a currency up to a day.
fn rate(context: &Context, rates: usize, currency: &Value, day: NaiveDate) -> Value {
    let world = context.world;
    let rows = (0..world.datasets[rates].rows.len()).map(|row| Row::new(rates, row));
    let known = rows.filter_map(|row| match row.cell(world, "day") {
        Value::Date(of) if *of <= day => Some((*of, row.cell(world, "currency"), row.cell(world, "rate"))),
        _ => None,
    });
    let known = known.filter(|(_, of, rate)| *of == currency && !rate.is_null());
    known.max_by_key(|(day, _, _)| *day).map_or(Value::Null, |(_, _, rate)| rate.clone())
}

fn rounded(amount: Value) -> Value {
    match amount {
        Value::Exact(amount) => Value::Exact(amount.rounded(DIGITS)),
        Value::Double(amount) => {
            Value::Exact(Exact::new((amount * 10_f64.powi(DIGITS as i32)).round() as i128, DIGITS))
        }
        other => other,
    }
}
