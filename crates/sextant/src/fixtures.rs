//! Extracts of an online store that does not exist, made from a seed: orders, lines, refunds,
//! customers, products, advertising, sessions, stock counts and targets.
//!
//! Equal scale and end date give equal bytes. The rows have what real extracts have: skew, seasons,
//! a Black Friday, guests, orders of unknown customers, lines of unknown products, refunds months
//! after the order or of orders from before the extract, local currencies, codes typed in any case,
//! and moments at the edges of local days and clock changes. `docs/commerce.md` describes the tables.

use std::io;
use std::path::Path;

use chrono::{Days, NaiveDate};

mod random;
mod allocation;
mod season;
mod market;
mod extract;
mod catalogue;
mod customers;
mod orders;
mod refunds;
mod sessions;
mod advertising;
mod inventory;
mod targets;

pub(crate) use extract::Mark;

use extract::Parts;

/// The seed of every extract that is not made by a test.
const SEED: u64 = 20_261_119;
/// The number of the first order.
const FIRST_ORDER: i64 = 100_001;

/// How large an extract is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scale {
    /// 720 orders in 120 days: small enough to stand beside the code.
    #[value(name = "tiny")]
    Tiny,
    /// 100 thousand orders in 800 days.
    #[value(name = "S")]
    S,
    /// 2 million orders in 800 days.
    #[value(name = "M")]
    M,
}

/// What a scale means.
struct Size {
    name: &'static str,
    orders: u64,
    days: u64,
    products: u64,
    sessions_per_order: u64,
}

impl Scale {
    fn size(self) -> Size {
        match self {
            Scale::Tiny => Size { name: "tiny", orders: 720, days: 120, products: 40, sessions_per_order: 8 },
            Scale::S => Size { name: "S", orders: 100_000, days: 800, products: 400, sessions_per_order: 10 },
            Scale::M => Size { name: "M", orders: 2_000_000, days: 800, products: 3_000, sessions_per_order: 10 },
        }
    }
}

/// What was written.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) start: NaiveDate,
    pub(crate) end: NaiveDate,
    /// Tables with their numbers of rows, in the order of their importance.
    pub(crate) tables: Vec<(&'static str, u64)>,
}

/// Writes an extract whose last local day is `end` into `out`, an empty directory or one with an earlier
/// extract, which is removed. Memory stays bounded: what is held is a part of each table, the customers
/// and the refunds still due. `progress` is told the orders written and all orders.
pub(crate) fn generate(
    scale: Scale,
    out: &Path,
    end: NaiveDate,
    progress: impl FnMut(u64, u64),
) -> io::Result<Summary> {
    let size = scale.size();
    let start = end - Days::new(size.days - 1);
    extract::clear(out)?;
    let mark = Mark { scale: size.name.to_owned(), seed: SEED, start, end, complete: false };
    mark.write(out)?;
    let tables = Store::new(&size, out, start, end).run(progress)?;
    Mark { complete: true, ..mark }.write(out)?;
    Ok(Summary { start, end, tables })
}

/// The store while its days go by.
struct Store<'a> {
    size: &'a Size,
    out: &'a Path,
    start: NaiveDate,
    end: NaiveDate,
    catalogue: catalogue::Catalogue,
    customers: customers::Customers,
    refunds_due: refunds::Refunds,
    orders: Parts<orders::Order>,
    lines: Parts<orders::Line>,
    refunds: Parts<refunds::Refund>,
    sessions: Parts<sessions::Session>,
    inventory: Parts<inventory::Count>,
    advertising: Vec<advertising::AdDay>,
}

impl<'a> Store<'a> {
    fn new(size: &'a Size, out: &'a Path, start: NaiveDate, end: NaiveDate) -> Store<'a> {
        Store {
            size,
            out,
            start,
            end,
            catalogue: catalogue::Catalogue::new(SEED, size.products, start),
            customers: customers::Customers::new(SEED, size.orders / 8, start),
            refunds_due: refunds::Refunds::new(SEED, end - Days::new(3)),
            orders: Parts::new(),
            lines: Parts::new(),
            refunds: Parts::new(),
            sessions: Parts::new(),
            inventory: Parts::new(),
            advertising: Vec::new(),
        }
    }

    fn run(mut self, mut progress: impl FnMut(u64, u64)) -> io::Result<Vec<(&'static str, u64)>> {
        let counts = season::spread_over_days(self.size.orders, self.start, self.size.days, SEED);
        let (mut done, mut next_session) = (0, 1);
        progress(done, self.size.orders);
        for (date, count) in self.start.iter_days().zip(&counts) {
            next_session = self.day(date, *count, FIRST_ORDER + done.cast_signed(), next_session)?;
            done += count;
            progress(done, self.size.orders);
        }
        let planned = self.start.iter_days().zip(counts);
        Ok(vec![
            self.orders.finish(self.out)?,
            self.lines.finish(self.out)?,
            self.refunds.finish(self.out)?,
            extract::write_table(self.out, self.customers.rows(self.start))?,
            extract::write_table(self.out, self.catalogue.products)?,
            extract::write_table(self.out, self.advertising)?,
            self.sessions.finish(self.out)?,
            self.inventory.finish(self.out)?,
            extract::write_table(self.out, targets::by_month(planned))?,
        ])
    }

    /// Lets a day go by; gives the number of the next day's first session.
    fn day(&mut self, date: NaiveDate, count: u64, first_order: i64, first_session: i64) -> io::Result<i64> {
        let day = orders::Day { seed: SEED, date, last: self.end };
        let sales = orders::on_day(day, count, first_order, &mut self.customers, &self.catalogue);
        let visitors = self.size.orders * 3;
        let mut visits = sessions::on_day(SEED, date, self.size.sessions_per_order, visitors, &sales);
        let next_session = sessions::number(&mut visits, first_session);
        self.refunds_due.foresee(&sales);
        let (orders, lines): (Vec<_>, Vec<_>) = sales.into_iter().map(|sale| (sale.order, sale.lines)).unzip();

        self.orders.add(self.out, date, orders)?;
        self.lines.add(self.out, date, lines.into_iter().flatten())?;
        self.refunds.add(self.out, date, self.refunds_due.on_day(date))?;
        self.sessions.add(self.out, date, visits)?;
        self.inventory.add(self.out, date, inventory::on_day(SEED, date, self.end, &self.catalogue))?;
        self.advertising.extend(advertising::on_day(SEED, date, self.end, count));
        Ok(next_session)
    }
}

#[cfg(test)]
mod tests;
