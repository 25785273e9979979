//! Three servers on one PostgreSQL, each by a wire of its own.

use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::timeout;

use super::{
    keys::Ground,
    postgres::Postgres,
    replica::{Replica, tell, url},
    wire::Wire,
};
use crate::{
    client::Client,
    tools::{eventually, shelter},
};

/// How many servers there are.
pub const REPLICAS: usize = 3;

/// All of it. The parts are taken by those who break them; what clients need is in [`Doors`].
pub struct Town {
    pub postgres: Postgres,
    pub wires: Vec<Wire>,
    pub replicas: Vec<Replica>,
    pub doors: Doors,
    _logs: TempDir,
}

/// What the clients know: the addresses, and the first key.
pub struct Doors {
    clients: Vec<Client>,
    /// The wire of the command line.
    host: String,
    admin: String,
}

impl Town {
    /// A town with org `acme`, mesh `main` and topic `deploys`, and all servers ready.
    pub async fn new() -> Self {
        Self::where_each(url).await
    }

    /// A town where each server finds its database in this way, by the port of its wire and its name.
    pub async fn where_each(finds: impl Fn(u16, &str) -> String) -> Self {
        let (postgres, logs) = (Postgres::new().await, shelter());
        let mut wires = Vec::new();
        for _ in 0..=REPLICAS {
            wires.push(Wire::to(postgres.port).await);
        }
        let host = finds(wires[REPLICAS].port, "host");
        let init = tell(&["init", "--org", "acme", "--mesh", "main", "--topic", "deploys", "--json"], &host).await;
        let first: Value = serde_json::from_slice(&init.stdout).unwrap();
        let replica = |(name, wire): (&str, &Wire)| Replica::new(name, finds(wire.port, name), logs.path());
        let mut replicas: Vec<_> = ["r0", "r1", "r2"].into_iter().zip(&wires).map(replica).collect();
        for replica in &mut replicas {
            replica.start().await;
        }
        let clients = replicas.iter().map(|replica| Client::new(&replica.base, "acme")).collect();
        let admin = first["key"]["secret"].as_str().unwrap().to_owned();
        let doors = Doors { clients, host, admin };
        Self { postgres, wires, replicas, doors, _logs: logs }
    }
}

impl Doors {
    /// One of the servers, to be asked without a key.
    pub fn stranger(&self, at: usize) -> &Client {
        &self.clients[at]
    }

    /// Org `acme`, mesh `main`.
    pub fn ground(&self) -> Ground {
        Ground { org: "acme".to_owned(), mesh: "main".to_owned(), admin: self.admin.clone() }
    }

    /// A key at one of the servers.
    pub fn holder(&self, at: usize, secret: &str) -> Client {
        self.clients[at].with_key(secret)
    }

    /// Where the command line finds the database.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Waits until every server is ready.
    pub async fn until_ready(&self) {
        for client in &self.clients {
            eventually("a server that is ready", async || {
                let told = timeout(Duration::from_secs(5), client.raw("GET", "/readyz").try_send()).await;
                let is_ready = told.as_ref().is_ok_and(|told| told.as_ref().is_ok_and(|answer| answer.status == 200));
                if !is_ready {
                    println!("{}: {told:?}", client.base());
                }
                is_ready.then_some(())
            })
            .await;
        }
    }
}
