//! A bar on a terminal, and silence elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new() -> Progress {
        // Hidden by itself where standard error is no terminal.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Progress { bar }
    }

    /// So many steps follow.
    pub(crate) fn begin(&self, steps: usize) {
        self.bar.set_position(0);
        self.bar.set_length(steps as u64);
    }

    pub(crate) fn tell(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// The next step begins.
    pub(crate) fn step(&self, what: &str) {
        self.tell(what);
        self.bar.inc(1);
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
