//! What a section of the report measures: cases, columns, and samples of each case in each column.

use measure::{Summary, geometric_mean};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Samples of one case, in the section's unit.
pub(crate) type Samples = Vec<f64>;

/// One way to do the work of all cases.
#[derive(Default)]
pub(crate) struct Column {
    pub(crate) title: String,
    /// By the case's key.
    pub(crate) samples: BTreeMap<String, Samples>,
}

impl Column {
    pub(crate) fn new(title: &str) -> Column {
        Column {
            title: title.into(),
            samples: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&mut self, case: &str, sample: f64) {
        self.samples.entry(case.into()).or_default().push(sample);
    }

    fn summary(&self, case: &str) -> Option<Summary> {
        Summary::of(self.samples.get(case)?)
    }
}

/// A section's figures.
pub(crate) struct Matrix {
    /// What a file name can have.
    pub(crate) key: &'static str,
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    /// Keys and titles, in order.
    pub(crate) cases: Vec<(String, String)>,
    pub(crate) columns: Vec<Column>,
    /// Title of the column that the others are compared with.
    pub(crate) base: &'static str,
    /// Peers that are not there, with the reason.
    pub(crate) missing: Vec<(String, String)>,
    /// Whether the least sample stands for the rest (whole processes) or their median.
    pub(crate) takes_least: bool,
}

impl Matrix {
    /// The figure of a case in a column.
    pub(crate) fn figure(&self, column: &Column, case: &str) -> Option<f64> {
        let summary = column.summary(case)?;
        Some(if self.takes_least {
            summary.min
        } else {
            summary.median
        })
    }

    fn base_figure(&self, case: &str) -> Option<f64> {
        let base = self
            .columns
            .iter()
            .find(|column| column.title == self.base)?;
        self.figure(base, case).filter(|&figure| figure > 0.0)
    }

    /// Three tables: the figures, their ratios to the base, and how far the samples spread.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "### {}\n\n{}:\n", self.title, self.unit);
        self.table(&mut text, |column, case| {
            let summary = column.summary(case)?;
            let figure = self.figure(column, case)?;
            let mark = if summary.is_wide() { " (!)" } else { "" };
            Some(format!("{}{mark}", digits(figure)))
        });
        let _ = writeln!(text, "\nRelative to {}:\n", self.base);
        self.table(&mut text, |column, case| {
            let ratio = self.figure(column, case)? / self.base_figure(case)?;
            Some(format!("{ratio:.2}"))
        });
        self.means(&mut text);
        let _ = writeln!(
            text,
            "\nThe middle half of the samples (IQR), in per cent of their median:\n"
        );
        self.table(&mut text, |column, case| {
            let spread = column.summary(case)?.spread();
            Some(format!("{:.0}", spread * 100.0))
        });
        self.warning(&mut text);
        for (peer, reason) in &self.missing {
            let _ = writeln!(text, "- {peer} is left out: {reason}.");
        }
        text
    }

    fn table(&self, text: &mut String, cell: impl Fn(&Column, &str) -> Option<String>) {
        let titles: Vec<&str> = self
            .columns
            .iter()
            .map(|each| each.title.as_str())
            .collect();
        let _ = writeln!(text, "| | {} |", titles.join(" | "));
        let _ = writeln!(text, "| --- |{}", " ---: |".repeat(titles.len()));
        for (case, title) in &self.cases {
            let cells = self
                .columns
                .iter()
                .map(|column| cell(column, case).unwrap_or_default());
            let _ = writeln!(
                text,
                "| {title} | {} |",
                cells.collect::<Vec<_>>().join(" | ")
            );
        }
    }

    fn means(&self, text: &mut String) {
        let mean = |column: &Column| {
            let ratios: Vec<f64> = self
                .cases
                .iter()
                .filter_map(|(case, _)| Some(self.figure(column, case)? / self.base_figure(case)?))
                .collect();
            geometric_mean(&ratios).map_or(String::new(), |mean| format!("**{mean:.2}**"))
        };
        let cells: Vec<String> = self.columns.iter().map(mean).collect();
        let _ = writeln!(text, "| **geometric mean** | {} |", cells.join(" | "));
    }

    fn warning(&self, text: &mut String) {
        let wide = self.columns.iter().flat_map(|column| {
            let cases = self.cases.iter();
            cases.filter(move |(case, _)| column.summary(case).is_some_and(|each| each.is_wide()))
        });
        let count = wide.count();
        let _ = writeln!(text);
        if count > 0 {
            let _ = writeln!(
                text,
                "- {count} figures are marked (!): the middle half of their samples spreads over more than a fifth of the \
                 median. The machine was busy, or the work is uneven.",
            );
        }
    }

    /// Every sample: section, case, column, number, value.
    pub(crate) fn csv(&self) -> String {
        let mut text = String::new();
        for column in &self.columns {
            for (case, samples) in &column.samples {
                for (number, sample) in samples.iter().enumerate() {
                    let (section, title) = (self.key, &column.title);
                    let _ = writeln!(text, "{section},{case},\"{title}\",{number},{sample}");
                }
            }
        }
        text
    }
}

/// Three significant digits.
pub(crate) fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
