//! A change taken apart into pieces that sum to it.
//!
//! Pure arithmetic: values of two periods in, contributions out. Whatever the method, contributions
//! sum to the change; a contribution is a share of the arithmetic, not a cause. Results name members
//! by their position in the input; ties are broken by name, so that the order of rows is of no account.

mod additive;
mod attribution;
mod product;
mod rate_mix;
mod sum_tree;

pub use self::additive::{Additive, Contribution, Flag, Member, additive, order_of_contribution};
pub use self::attribution::{Attributed, Attribution, Dimension, Element, NoSegment, attribute};
pub use self::product::{NumeratorDenominator, Product, ProductMethod, numerator_denominator, product};
pub use self::rate_mix::{RateMix, RateMixItem, RatioMember, rate_mix};
pub use self::sum_tree::{SumTree, Term, sum_tree};
