//! A figure as SVG, and that as PNG. Layout and axes are the library's; every label is ours.

use std::sync::{Arc, LazyLock};

use charts_rs::{Color, HorizontalBarChart, LineChart, Series, Symbol};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::figure::{Bar, Figure, Line, Shape, Tone};

#[derive(Debug, thiserror::Error)]
pub(super) enum DrawError {
    #[error("the chart cannot be laid out: {0}")]
    Layout(#[from] charts_rs::Error),
    #[error("the picture cannot be read back: {0}")]
    Read(#[from] resvg::usvg::Error),
    #[error("the picture has no size")]
    Size,
    #[error("the picture cannot be encoded: {0}")]
    Encode(String),
}

const WIDTH: f32 = 760.0;
const LINES_HEIGHT: f32 = 400.0;
/// Of one bar with its gap, and of what stands around the bars.
const BAR_HEIGHT: f32 = 28.0;
const FRAME_HEIGHT: f32 = 130.0;
/// Pixels of a PNG to a point.
const SHARPNESS: f32 = 1.5;
/// Left and right of everything, so that the last date is not cut.
const SIDE: f32 = 18.0;

/// Apart from each other for eyes that do not tell red from green.
const LINE_COLORS: [(u8, u8, u8); 6] = [
    (0x25, 0x63, 0xeb),
    (0xd9, 0x77, 0x06),
    (0x05, 0x96, 0x69),
    (0xdb, 0x27, 0x77),
    (0x7c, 0x3a, 0xed),
    (0x47, 0x55, 0x69),
];
const PREVIOUS: (u8, u8, u8) = (0x94, 0xa3, 0xb8);
const PLAIN: (u8, u8, u8) = (0x25, 0x63, 0xeb);
const GOOD: (u8, u8, u8) = (0x05, 0x96, 0x69);
const BAD: (u8, u8, u8) = (0xdc, 0x26, 0x26);

pub(super) fn svg(figure: &Figure) -> Result<String, DrawError> {
    match &figure.shape {
        Shape::Lines { labels, lines } => line_chart(figure, labels, lines),
        Shape::Bars(bars) => bar_chart(figure, bars),
    }
}

fn line_chart(figure: &Figure, labels: &[String], lines: &[Line]) -> Result<String, DrawError> {
    let series = lines.iter().map(|line| Series {
        name: line.name.clone(),
        data: line.values.iter().map(|value| value.map(|value| value as f32)).collect(),
        stroke_dash_array: line.is_previous.then(|| "6,4".to_string()),
        ..Series::default()
    });
    let mut chart = LineChart::new(series.collect(), labels.to_vec());
    chart.width = WIDTH;
    chart.height = LINES_HEIGHT;
    chart.series.colors = colors(lines);
    chart.series.symbol = (labels.len() > 40).then_some(Symbol::None);
    for axis in &mut chart.y_axis_configs {
        axis.formatter = Some(format!("{{t}}{}", figure.suffix));
    }
    if lines.len() == 1 {
        chart.legend.show = Some(false);
    }
    frame(&mut chart.base, figure);
    Ok(chart.svg()?)
}

/// A comparison is grey, whatever it is compared with.
fn colors(lines: &[Line]) -> Vec<Color> {
    let mut own = LINE_COLORS.iter().cycle();
    let color = |line: &Line| if line.is_previous { PREVIOUS } else { *own.next().expect("a cycle does not end") };
    lines.iter().map(color).map(Color::from).collect()
}

fn bar_chart(figure: &Figure, bars: &[Bar]) -> Result<String, DrawError> {
    let color = |bar: &&Bar| match bar.tone {
        Tone::Plain => PLAIN,
        Tone::Good => GOOD,
        Tone::Bad => BAD,
    };
    // The library draws the first one lowest.
    let bars: Vec<&Bar> = bars.iter().rev().collect();
    let series = Series {
        name: figure.title.clone(),
        data: bars.iter().map(|bar| Some(bar.value as f32)).collect(),
        colors: Some(bars.iter().map(|bar| Some(Color::from(color(bar)))).collect()),
        ..Series::default()
    };
    let mut chart = HorizontalBarChart::new(vec![series], bars.iter().map(|bar| bar.label.clone()).collect());
    chart.width = WIDTH;
    chart.height = FRAME_HEIGHT + BAR_HEIGHT * bars.len() as f32;
    for axis in &mut chart.y_axis_configs {
        axis.formatter = Some(format!("{{t}}{}", figure.suffix));
    }
    chart.legend.show = Some(false);
    frame(&mut chart.base, figure);
    Ok(chart.svg()?)
}

fn frame(base: &mut charts_rs::ChartBase, figure: &Figure) {
    base.title.text = figure.title.clone();
    base.sub_title.text = figure.note.clone();
    (base.margin.left, base.margin.right) = (SIDE, SIDE);
    base.background_color = Color::from((0xff, 0xff, 0xff));
}

pub(super) fn png(figure: &Figure) -> Result<Vec<u8>, DrawError> {
    // The one font is the chart library's own (Roboto, Apache License 2.0): the system's would make the picture
    // differ by machine.
    static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(charts_rs::DEFAULT_FONT_DATA.to_vec());
        Arc::new(fonts)
    });
    let options = Options { fontdb: Arc::clone(&FONTS), font_family: "Roboto".into(), ..Options::default() };
    let tree = Tree::from_str(&svg(figure)?, &options)?;
    let size = tree.size().to_int_size().scale_by(SHARPNESS).ok_or(DrawError::Size)?;
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or(DrawError::Size)?;
    resvg::render(&tree, Transform::from_scale(SHARPNESS, SHARPNESS), &mut pixels.as_mut());
    pixels.encode_png().map_err(|fault| DrawError::Encode(fault.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hostile() -> [Figure; 2] {
        let name = "</text><script>alert(1)</script>&\"'".to_string();
        let line = Line { name: name.clone(), values: vec![Some(-1.0), None, Some(2e9)], is_previous: false };
        let bar = Bar { label: name.clone(), value: -3.5, tone: Tone::Bad };
        let labels = vec![name.clone(); 3];
        let of = |shape| Figure { title: name.clone(), note: name.clone(), suffix: "%", shape };
        [of(Shape::Lines { labels, lines: vec![line.clone(), line] }), of(Shape::Bars(vec![bar]))]
    }

    #[test]
    fn names_are_text_and_never_markup() {
        for figure in hostile() {
            let drawn = svg(&figure).expect("drawn");
            assert!(!drawn.contains("<script") && drawn.contains("&lt;script&gt;"), "{drawn}");
            Tree::from_str(&drawn, &Options::default()).expect("well-formed");
        }
    }

    #[test]
    fn a_png_is_as_large_as_its_points_say() {
        for figure in hostile() {
            let drawn = png(&figure).expect("drawn");
            assert!(drawn.starts_with(b"\x89PNG"));
            let width = u32::from_be_bytes(drawn[16..20].try_into().expect("four bytes"));
            assert_eq!(width, (WIDTH * SHARPNESS) as u32);
        }
    }
}
