//! Bars on a logarithmic scale, as SVG.

use crate::matrix::{Matrix, digits};
use std::fmt::Write;

const BAR: f64 = 11.0;
const GAP: f64 = 14.0;
const LEFT: f64 = 210.0;
const WIDTH: f64 = 960.0;
const RIGHT: f64 = 60.0;
const TOP: f64 = 78.0;

/// Colours that people with colour-blind eyes tell apart (Okabe and Ito) come first; greys and light ones follow.
const COLOURS: [&str; 20] = [
    "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#999933", "#882255",
    "#44AA99", "#AA4499", "#777777", "#bbbbbb", "#332288", "#661100", "#6699CC", "#DDCC77",
    "#117733", "#AA4466", "#88CCEE", "#4477AA",
];

/// The columns of a matrix, or those whose titles `wanted` has, as bars by case.
pub(crate) fn bars(matrix: &Matrix, title: &str, wanted: Option<&[&str]>) -> String {
    let columns: Vec<_> = matrix
        .columns
        .iter()
        .filter(|column| wanted.is_none_or(|wanted| wanted.contains(&column.title.as_str())))
        .collect();
    let figures = columns.iter().flat_map(|column| {
        let cases = matrix.cases.iter();
        cases.filter_map(|(case, _)| matrix.figure(column, case))
    });
    let scale = Scale::of(figures);
    let rows = columns.len() as f64 * BAR + GAP;
    let height = TOP + rows * matrix.cases.len() as f64 + 30.0;
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"8\" y=\"18\" font-size=\"15\">{}</text>",
        escaped(title)
    );
    legend(&mut svg, columns.iter().map(|column| column.title.as_str()));
    scale.grid(&mut svg, height - 24.0);
    for (row, (case, name)) in matrix.cases.iter().enumerate() {
        let top = TOP + row as f64 * rows;
        let middle = top + rows / 2.0;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            escaped(&name.replace('`', ""))
        );
        for (place, column) in columns.iter().enumerate() {
            if let Some(figure) = matrix.figure(column, case) {
                bar(&mut svg, &scale, place, top + place as f64 * BAR, figure);
            }
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn bar(svg: &mut String, scale: &Scale, place: usize, top: f64, figure: f64) {
    let end = scale.place(figure);
    let _ = writeln!(
        svg,
        "<rect x=\"{LEFT}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{}\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"8\">{}</text>",
        (end - LEFT).max(1.0),
        BAR - 2.0,
        COLOURS[place % COLOURS.len()],
        end + 3.0,
        top + BAR - 3.5,
        digits(figure)
    );
}

fn legend<'a>(svg: &mut String, titles: impl Iterator<Item = &'a str>) {
    let (mut left, mut top) = (8.0, 30.0);
    for (place, title) in titles.enumerate() {
        let colour = COLOURS[place % COLOURS.len()];
        let width = 26.0 + 6.2 * title.chars().count() as f64;
        if left + width > WIDTH {
            (left, top) = (8.0, top + 15.0);
        }
        let _ = writeln!(
            svg,
            "<rect x=\"{left:.1}\" y=\"{top}\" width=\"9\" height=\"9\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{}\">{}</text>",
            left + 12.0,
            top + 8.0,
            escaped(title)
        );
        left += width;
    }
}

/// From figures to places.
struct Scale {
    least: f64,
    decades: f64,
}

impl Scale {
    fn of(figures: impl Iterator<Item = f64>) -> Scale {
        let logarithms: Vec<f64> = figures.filter(|&each| each > 0.0).map(f64::log10).collect();
        let least = logarithms.iter().copied().fold(f64::INFINITY, f64::min);
        let most = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if logarithms.is_empty() {
            return Scale {
                least: 0.0,
                decades: 1.0,
            };
        }
        let least = (least - 0.15).floor();
        Scale {
            least,
            decades: (most - least).max(1.0),
        }
    }

    fn place(&self, figure: f64) -> f64 {
        let part = (figure.max(1e-9).log10() - self.least) / self.decades;
        LEFT + part.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn grid(&self, svg: &mut String, bottom: f64) {
        for decade in 0..=self.decades.ceil() as i32 {
            let value = 10f64.powf(self.least + f64::from(decade));
            let x = self.place(value);
            let _ = writeln!(
                svg,
                "<line x1=\"{x:.1}\" y1=\"{}\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"#ddd\"/>\
                 <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#666\">{value}</text>",
                TOP - 8.0,
                bottom + 14.0
            );
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
