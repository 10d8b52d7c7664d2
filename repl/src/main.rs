//! The `ripley` program.

use repl::options::CommandLine;
use repl::run::run;

fn main() {
    let status = match CommandLine::read(std::env::args_os()) {
        Ok(line) => run(&line),
        Err(message) => {
            // Help and version are no errors: clap knows the stream and the status for each.
            let _ = message.print();
            message.exit_code()
        }
    };
    std::process::exit(status);
}
