//! The report is made from scratch: few shapes, short loops, into a directory of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A new directory below the system's for temporary files.
fn directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("ripley-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).expect("a directory");
    directory
}

fn report(out: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_report"))
        .arg("--quick")
        .args(arguments)
        .arg("--out")
        .arg(out)
        .output()
        .expect("the report runs")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn calls_and_setup_become_tables_plots_and_samples() {
    let out = directory("report");
    let arguments = [
        "--section",
        "calls,setup",
        "--peer",
        "C,floor,Ripley,interpreted",
        "--only",
        "add,declare,first",
    ];
    let output = report(&out, &arguments);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    assert!(
        complaint.is_empty(),
        "no bar where there is no terminal: {complaint}"
    );

    let text = read(&out.join("REPORT.md"));
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("| `int add(int, int)`"))
        .collect();
    assert_eq!(
        rows.len(),
        3,
        "the figures, the ratios, and the spread:\n{text}"
    );
    let cells: Vec<f64> = rows[0]
        .split('|')
        .skip(2)
        .filter_map(|cell| cell.trim().trim_end_matches(" (!)").parse().ok())
        .collect();
    assert_eq!(
        cells.len(),
        4,
        "C, floor, compiled, interpreted: {}",
        rows[0]
    );
    assert!(cells.iter().all(|&cell| cell > 0.0), "{}", rows[0]);
    assert!(
        text.contains("- rustc: "),
        "the machine is described:\n{text}"
    );

    for plot in ["calls", "setup", "summary"] {
        let svg = read(&out.join(format!("plots/{plot}.svg")));
        assert!(
            svg.starts_with("<svg") && svg.ends_with("</svg>\n"),
            "{plot}"
        );
    }
    let csv = read(&out.join("samples.csv"));
    let is_sample = |line: &str| {
        line.rsplit(',')
            .next()
            .is_some_and(|value| value.parse::<f64>().is_ok())
    };
    assert!(csv.lines().skip(1).all(is_sample) && csv.lines().count() > 20);
    std::fs::remove_dir_all(&out).expect("the directory is there");
}

#[test]
fn a_peer_that_is_not_installed_is_named() {
    let out = directory("report-missing");
    let output = Command::new(env!("CARGO_BIN_EXE_report"))
        .args([
            "--quick",
            "--section",
            "calls",
            "--peer",
            "SBCL,Racket",
            "--only",
            "nop",
            "--core",
            "0",
        ])
        .arg("--out")
        .arg(&out)
        // Without the directories of the peers; the compiler is found by an absolute path.
        .env("PATH", compilers_only(&out))
        .output()
        .expect("the report runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = read(&out.join("REPORT.md"));
    assert!(
        text.contains("- SBCL is left out: sbcl is not installed."),
        "{text}"
    );
    assert!(
        text.contains("- Racket is left out: racket is not installed."),
        "{text}"
    );
    std::fs::remove_dir_all(&out).expect("the directory is there");
}

/// A directory with nothing but what building takes, linked from where it is found.
fn compilers_only(out: &Path) -> PathBuf {
    let programs = out.join("programs");
    std::fs::create_dir_all(&programs).expect("a directory");
    let path = std::env::var_os("PATH").expect("a PATH");
    for name in [
        "cc", "as", "ld", "ld.lld", "rust-lld", "cargo", "rustc", "rustup",
    ] {
        if let Some(found) = std::env::split_paths(&path)
            .map(|each| each.join(name))
            .find(|each| each.is_file())
        {
            std::os::unix::fs::symlink(found, programs.join(name)).expect("a link");
        }
    }
    programs
}

#[test]
fn what_is_not_known_is_refused_and_the_old_report_stays() {
    let out = directory("report-refused");
    std::fs::write(out.join("REPORT.md"), "the old one").expect("a file");
    let output = report(&out, &["--section", "sports"]);
    assert!(!output.status.success());
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        complaint.contains("there is no section sports; there are calls, setup"),
        "{complaint}"
    );
    assert_eq!(read(&out.join("REPORT.md")), "the old one");
    std::fs::remove_dir_all(&out).expect("the directory is there");
}
