//! The roles and the schema; and what is in it, where it is current.

use super::finding::{Finding, Report, Verdict};
use crate::{
    app::{self, Database},
    cli::{Failure, migrate::verdict},
    config::Settings,
    db::{
        migrate::{self, Status},
        roles,
        store::{APP, OPERATOR},
    },
    domain::Slug,
    service::{
        admin,
        operator::Operator,
        stock::{self, Stock},
    },
};

/// Looks at both. Answers whether what is in it can be looked at.
pub(super) async fn look(database: &Database, report: &mut Report) -> bool {
    match judge(database).await {
        Ok((roles, status)) => {
            let is_readable = roles.verdict != Verdict::Fail && status.pending.is_empty();
            report.add(roles);
            report.add(schema(&status));
            is_readable && status.diverged.is_empty()
        }
        Err(error) => {
            report.add(Finding::fail("schema", error.to_string()));
            false
        }
    }
}

async fn judge(database: &Database) -> Result<(Finding, Status), app::Error> {
    let migrator = database.migrator.connect().await?;
    let status = migrate::status(&migrator).await?;
    let missing = roles::missing(&migrator, database.service_login.as_deref()).await.map_err(migrate::Error::from)?;
    Ok((roles(database, &missing).await, status))
}

async fn roles(database: &Database, missing: &[String]) -> Finding {
    if !missing.is_empty() {
        let statements: Vec<_> = missing.iter().map(|line| format!("  {line};")).collect();
        let fix =
            "`meshkey migrate up` makes them; where its login may not, have an administrator of the database run:";
        return Finding::warn("roles", "some are missing").fix(format!("{fix}\n{}", statements.join("\n")));
    }
    for role in [APP, OPERATOR] {
        if let Err(error) = bound(database, role).await {
            let fix =
                "make it a role without superuser and BYPASSRLS that owns nothing, as docs/how-to/operations.md has it";
            return Finding::fail("roles", error.to_string()).fix(fix);
        }
    }
    Finding::ok("roles", format!("{APP} and {OPERATOR} are bound by row-level security"))
}

async fn bound(database: &Database, role: &str) -> Result<(), app::Error> {
    let client = database.target.as_role(role).connect().await?;
    // That it flushes was looked at before.
    Ok(roles::refuse_unbound(&client, true).await?)
}

fn schema(status: &Status) -> Finding {
    let version = status.version.map_or("none yet".to_owned(), |version| format!("V{version}"));
    let (told, fix) = verdict(status);
    let told = [&[format!("{version}: {told}")], &status.diverged[..]].concat().join(", ");
    match (fix, status.diverged.is_empty()) {
        (None, _) => Finding::ok("schema", told),
        (Some(fix), true) => Finding::warn("schema", told).fix(fix),
        (Some(fix), false) => Finding::fail("schema", told).fix(fix),
    }
}

/// Looks at what there is of the orgs.
pub(super) async fn look_inside(settings: &Settings, database: &Database, report: &mut Report) {
    match count(settings, database).await {
        Ok((stocks, ownerless)) => {
            report.add(bootstrap(&stocks));
            report.add(owners(&ownerless));
            report.add(ending(&stocks));
        }
        Err(failure) => report.add(Finding::fail("bootstrap", failure.to_string())),
    }
}

async fn count(settings: &Settings, database: &Database) -> Result<(Vec<Stock>, Vec<Slug>), Failure> {
    let (house, by) = (app::house_as_it_is(settings, database)?, Operator::on_this_host());
    let counted = async { Ok((stock::count(&house, &by).await?, admin::ownerless(&house, &by).await?)) }.await;
    house.store.close();
    counted
}

fn owners(ownerless: &[Slug]) -> Finding {
    let Some(first) = ownerless.first() else {
        return Finding::ok("owners", "every org that has people has an owner who may sign in");
    };
    let names: Vec<_> = ownerless.iter().map(Slug::as_str).collect();
    Finding::warn("owners", format!("no owner who may sign in: {}", names.join(", ")))
        .fix(format!("make one: meshkey admin grant EMAIL --org {first}"))
}

fn bootstrap(stocks: &[Stock]) -> Finding {
    let fix = "make the first in a browser, by the link that `meshkey setup-url` prints; or here, with its admin key: \
               meshkey init --org acme --mesh main --topic deploys";
    match stocks.len() {
        0 => Finding::warn("bootstrap", "there is no org yet").fix(fix),
        1 => Finding::ok("bootstrap", "1 org"),
        orgs => Finding::ok("bootstrap", format!("{orgs} orgs")),
    }
}

fn ending(stocks: &[Stock]) -> Finding {
    let sum = |of: fn(&Stock) -> i64| stocks.iter().map(of).sum::<i64>();
    let (live, ending) = (sum(|stock| stock.keys.live), sum(|stock| stock.keys.ending));
    let told = format!("{live} live, of which {ending} end within 7 days");
    if ending == 0 {
        return Finding::ok("keys", told);
    }
    Finding::warn("keys", told)
        .fix("look at them, `meshkey key list --expiring 7d`, and rotate or extend what is needed")
}
