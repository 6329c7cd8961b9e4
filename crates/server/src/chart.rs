//! A picture of an answer: a series as lines, a breakdown as bars, an audit as changes.
//!
//! It shows numbers that the answer holds and computes none. The page of [`APP`] draws the same in a
//! client that can show pages; images are for those that cannot.

mod draw;
mod figure;

use serde_json::Value;
use sextant_semantics::query::request::ChartFormat;

/// The page that draws structured content: self-contained, without any other origin.
pub const APP: &str = include_str!("../assets/chart.html");

/// An image that a client can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoImage {
    /// One number, or no rows.
    NothingToDraw,
    /// A fault of ours; the log has the cause.
    Failed,
}

impl NoImage {
    /// What to do about it, for the asker.
    pub fn says(self) -> &'static str {
        match self {
            NoImage::NothingToDraw => {
                "no chart: the answer has nothing to draw; ask with granularity, group_by or a comparison"
            }
            NoImage::Failed => "no chart: it could not be drawn; the server's log has the cause",
        }
    }
}

/// Draws an answer of `get_metrics` or `audit_performance`.
pub fn image(answer: &Value, format: ChartFormat) -> Result<Image, NoImage> {
    let figure = figure::of(answer).ok_or(NoImage::NothingToDraw)?;
    let drawn = match format {
        ChartFormat::Svg => {
            draw::svg(&figure).map(|svg| Image { media_type: "image/svg+xml", bytes: svg.into_bytes() })
        }
        ChartFormat::Png => draw::png(&figure).map(|bytes| Image { media_type: "image/png", bytes }),
    };
    drawn.map_err(|fault| {
        tracing::error!(%fault, "a chart could not be drawn");
        NoImage::Failed
    })
}
