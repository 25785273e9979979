//! The binary: one verb, and the process around it.

use std::process::ExitCode;

use clap::Parser as _;
use meshkey::{cli, db::embedded};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|verb| verb == embedded::LAUNCH_VERB) {
        eprintln!("error: {}", embedded::launch(arguments));
        return ExitCode::FAILURE;
    }
    std::panic::set_hook(Box::new(|panic| {
        // The place and nothing else: what a panic says could hold anything.
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a thread panicked: this is a mistake in meshkey");
        if !tracing::dispatcher::has_been_set() {
            eprintln!("error: this is a mistake in meshkey, at {}", place.unwrap_or_default());
        }
    }));
    // Two of our libraries would each choose a provider, and neither may.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    cli::complete();
    if let Err(code) = cli::refuse_secrets(std::env::args_os().skip(1)) {
        return code;
    }
    let arguments = cli::Arguments::parse();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(cli::run(arguments)),
        Err(error) => {
            eprintln!("error: cannot start the runtime: {error}");
            ExitCode::FAILURE
        }
    }
}
