//! The rows of the table, in groups that can be asked for one by one.

mod asking;
mod door;
mod issue;
mod list;
mod revoke;
mod start;
mod streams;

pub use streams::TOPICS;

use super::{
    Outcome,
    args::Args,
    report::Report,
    town::{FEW, Town},
};

/// Measures what is wanted.
pub async fn all(town: &Town, args: &Args, report: &mut Report) -> Outcome<()> {
    let wants = |group| args.wants(group);
    let few = town.place("few", FEW).await?;
    if wants("verify") {
        door::verify(town, &few, args, report).await?;
    }
    if wants("guard") {
        door::guard(town, &few, args, report).await?;
    }
    if wants("open") {
        door::open(town, &few, args, report).await?;
    }
    if wants("doors") {
        door::others(town, &few, args, report).await?;
    }
    if wants("revoke") {
        revoke::measure(town, args, report).await?;
    }
    if wants("issue") {
        issue::measure(town, args, report).await?;
    }
    if wants("asking") || wants("list") {
        let many = town.place("many", args.keys).await?;
        if wants("asking") {
            asking::measure(town, &few, &many, args, report).await?;
        }
        if wants("list") {
            list::measure(town, &few, &many, args, report).await?;
        }
    }
    if wants("streams") {
        streams::measure(town, args, report).await?;
    }
    if wants("start") {
        start::measure(town, &few, args, report)?;
    }
    Ok(())
}

/// A statement of Meshkey's own, by the module and the name that it has there.
fn sql(module: &str, name: &str) -> &'static str {
    let modules = meshkey::db::QUERIES.iter().filter(|(known, _)| *known == module);
    let found = modules.flat_map(|(_, queries)| *queries).find(|(known, _)| *known == name);
    found.map_or("", |(_, sql)| sql)
}
