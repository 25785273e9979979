//! `meshkey man`: the manual, made from the same words as the help.

use std::{fs, path::PathBuf};

use clap::{Args, CommandFactory as _};

use super::{Arguments, Failure, Outcome};

/// Print the manual page, or write those of all verbs into a directory.
#[derive(Args)]
pub(super) struct Man {
    /// Write a page for each verb into this directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Man {
    /// Prints or writes.
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let failed = |error: std::io::Error| Failure::Other(format!("cannot write the manual: {error}"));
        let command = Arguments::command();
        match &self.dir {
            Some(dir) => {
                fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(command, dir)).map_err(failed)?;
            }
            None => clap_mangen::Man::new(command).render(&mut std::io::stdout()).map_err(failed)?,
        }
        Ok(Outcome::Done)
    }
}
