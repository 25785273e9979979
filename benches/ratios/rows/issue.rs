//! Issuing keys, spread over many orgs, over HTTP. Against the same statements in the same transaction, and nothing else.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use deadpool_postgres::{Pool, Transaction};
use meshkey::{
    db::store::{APP, begin},
    domain::{OrgId, Prefix, Secret},
};
use serde_json::json;
use time::OffsetDateTime;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    Outcome,
    args::Args,
    load::Load,
    process::Process,
    report::{Report, Row, Target},
    rounds::alternate,
    rows::sql,
    town::{POOL, Town, found},
    wire::{Connection, request},
};

/// Over how many orgs keys are spread.
const ORGS: usize = 64;

/// Measures it.
pub async fn measure(town: &Town, args: &Args, report: &mut Report) -> Outcome<()> {
    let place = town.place("issuing", 1).await?;
    let house = town.house(place.name, &[]).await?;
    let mut orgs = Vec::new();
    for number in 0..ORGS {
        orgs.push(found(&house, &format!("org-{number}")).await?);
    }
    house.store.close();
    let server = Process::start(town.serve(place.name, args.workers)?)?;
    let floor = Floor::new(town.target(place.name).as_role(APP).pool(POOL)?, &server, &orgs).await?;
    let ours = Load {
        address: server.address,
        requests: orgs.iter().map(|(org, admin)| issue(*org, admin)).collect(),
        connections: args.connections,
        lasts: args.turn(),
        status: 201,
    };
    let rates =
        alternate(args.rounds, async || floor.rate(args).await, async || ours.saturate().await.map(|seen| seen.rate))
            .await?;
    let (ours, floor) = rates.medians(|rate| *rate);
    let name = format!("issue, spread over {ORGS} orgs");
    report.row(Row { name, unit: "/s", ours, floor: Some(floor), target: Target::AtLeast(0.5) });
    Ok(())
}

fn issue(org: OrgId, admin: &str) -> Vec<u8> {
    let wish = json!({"label": "bench", "capabilities": ["read"], "topics": "all"});
    request("POST", &format!("/v1/orgs/{org}/keys"), admin, Some(&wish))
}

/// An org, and the hash and the id of its admin key.
type Issuer = (OrgId, Vec<u8>, Uuid);

/// What the bare statements need.
#[derive(Clone)]
struct Floor {
    pool: Pool,
    issuers: Arc<[Issuer]>,
    /// What an event of an issue looks like.
    event: serde_json::Value,
}

impl Floor {
    async fn new(pool: Pool, server: &Process, orgs: &[(OrgId, String)]) -> Outcome<Self> {
        let mut connection = Connection::open(server.address).await?;
        let mut issuers = Vec::new();
        for (org, admin) in orgs {
            let me = connection.json(&request("GET", "/v1/whoami", admin, None), 200).await?;
            let id: meshkey::domain::KeyId = me["key"]["id"].as_str().unwrap_or_default().parse()?;
            let secret: Secret = admin.parse().map_err(|_| "no secret")?;
            issuers.push((*org, secret.hash().as_bytes().to_vec(), id.uuid()));
        }
        let (org, admin) = orgs.first().ok_or("no org")?;
        let issued = connection.json(&issue(*org, admin), 201).await?;
        let path = format!("/v1/orgs/{org}/audit?subject={}", issued["id"].as_str().unwrap_or_default());
        let events = connection.json(&request("GET", &path, admin, None), 200).await?;
        Ok(Self { pool, issuers: issuers.into(), event: events["items"][0].clone() })
    }

    /// How many a second, by so many tasks.
    async fn rate(&self, args: &Args) -> Outcome<f64> {
        let (start, mut tasks) = (Instant::now(), JoinSet::new());
        for task in 0..usize::from(args.connections) {
            tasks.spawn(self.clone().work(task, start, args.turn()));
        }
        let mut all = 0.0;
        while let Some(done) = tasks.join_next().await {
            all += f64::from(done??);
        }
        Ok(all / start.elapsed().as_secs_f64())
    }

    async fn work(self, task: usize, start: Instant, lasts: Duration) -> Outcome<u32> {
        let mut done = 0;
        let mut issuers = self.issuers.iter().cycle().skip(task * 7919 % self.issuers.len());
        while start.elapsed() < lasts {
            let Some(issuer) = issuers.next() else { break };
            let mut client = self.pool.get().await?;
            let transaction = begin(&mut client, issuer.0).await?;
            self.statements(&transaction, issuer).await?;
            transaction.commit().await?;
            done += 1;
        }
        Ok(done)
    }

    /// What an issue asks and writes, in its order.
    async fn statements(&self, db: &Transaction<'_>, (org, hash, issuer): &Issuer) -> Outcome<()> {
        let secret = Secret::generate(&Prefix::default())?;
        let (org, key, now) = (org.uuid(), Uuid::now_v7(), OffsetDateTime::now_utc());
        let none: (Option<Uuid>, Option<&str>, Option<Vec<&str>>) = (None, None, None);
        let no_rate: Option<i32> = None;
        let end = Some(now + time::Duration::days(90));
        let (read, no_names, no_topics) = (vec!["read"], Vec::<&str>::new(), Vec::<String>::new());
        let row = |module, name| async move { db.prepare_cached(sql(module, name)).await };

        db.query(&row("keys", "LOCK").await?, &[&org, issuer]).await?;
        db.query_one(&row("keys", "SHOW").await?, &[&org, issuer]).await?;
        db.query_one(&row("lookup", "LOOKUP").await?, &[&vec![hash.as_slice()]]).await?;
        db.query(&row("topics", "KNOWN").await?, &[&org, &none.0, &no_names]).await?;
        let insert = row("keys", "INSERT").await?;
        let issued_by = "key";
        db.execute(
            &insert,
            &[
                &org, &key, &none.0, &"bench", &none.1, &read, &true, &no_topics, &none.2, &end, &no_rate, &no_rate,
                &issued_by, issuer,
            ],
        )
        .await?;
        let hash = secret.hash();
        db.execute(&row("secrets", "INSERT").await?, &[&org, &key, &1_i32, &hash.as_bytes(), &secret.hint()]).await?;
        db.query_one(&row("keys", "SHOW").await?, &[&org, &key]).await?;
        let head = db.query_one(&row("audit", "HEAD").await?, &[&org]).await?;
        let (seq, keys): (i64, i64) = (head.try_get("seq")?, head.try_get("unrevoked_keys")?);
        self.append(db, org, *issuer, seq + 1).await?;
        let end = [0_u8; 32].as_slice();
        db.execute(&row("audit", "ADVANCE").await?, &[&org, &(seq + 1), &end, &(keys + 1)]).await?;
        Ok(())
    }

    async fn append(&self, db: &Transaction<'_>, org: Uuid, issuer: Uuid, seq: i64) -> Outcome<()> {
        let (event, nobody) = (&self.event, (None::<Uuid>, None::<serde_json::Value>));
        let canonical = event.to_string().into_bytes();
        let text = |member: &str| event[member].as_str().unwrap_or_default();
        let insert = db.prepare_cached(sql("audit", "INSERT")).await?;
        let address: Option<std::net::IpAddr> = text("address").parse().ok();
        let subject = event["subject"]["id"].as_str().unwrap_or_default();
        db.execute(
            &insert,
            &[
                &org,
                &OffsetDateTime::now_utc(),
                &"key",
                &Some(issuer),
                &Some(text("request_id")),
                &address,
                &vec![seq],
                &vec![Uuid::now_v7()],
                &vec!["key.issued"],
                &vec!["key"],
                &vec![subject],
                &vec![nobody.0],
                &vec![nobody.1],
                &vec![Some(&event["after"])],
                &vec![canonical.as_slice()],
                &vec![[0_u8; 32].as_slice()],
            ],
        )
        .await?;
        Ok(())
    }
}
