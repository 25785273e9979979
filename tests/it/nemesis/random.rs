//! Random faults, from one number: `MESHKEY_NEMESIS_SEED` repeats a plan.

use std::time::Duration;

use rand::Rng as _;
use tokio::time::timeout;

use super::{faults::Nemesis, load::Load, replica::Replica, town::Town};

/// How much longer it may take, however busy the machine is.
const EXTRA: Duration = Duration::from_mins(4);

/// Breaks things for this long, and then judges.
async fn go_on_for(length: Duration) {
    let named = std::env::var("MESHKEY_NEMESIS_SEED");
    let seed = named.map_or_else(|_| rand::rng().next_u64(), |seed| seed.parse().unwrap());
    println!("MESHKEY_NEMESIS_SEED={seed}");
    let mut town = Town::new().await;
    let Town { postgres, wires, replicas, doors, .. } = &mut town;
    let load = Load::new(doors, seed);
    let nemesis = Nemesis::new(&load, seed, length);
    let breaking = async {
        nemesis.run(postgres, wires, replicas).await;
        doors.until_ready().await;
    };
    timeout(length + EXTRA, Box::pin(load.beside(breaking))).await.expect("an end of it");
    println!("{:?}", nemesis.done());
    load.ensure_right().await;
    replicas.iter_mut().for_each(Replica::ensure_well);
}

#[tokio::test]
async fn an_ended_key_is_never_accepted_whatever_breaks() {
    go_on_for(Duration::from_secs(25)).await;
}

#[tokio::test]
#[ignore = "ten minutes; ./run nightly runs it"]
async fn an_ended_key_is_never_accepted_whatever_breaks_for_ten_minutes() {
    go_on_for(Duration::from_mins(10)).await;
}
