//! Issuing, against an oracle that knows the rules in another way.

use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

use crate::house::House;

#[derive(Debug, Clone)]
struct Terms {
    in_mesh: bool,
    capabilities: Vec<&'static str>,
    topics: Option<Vec<&'static str>>,
    addresses: Option<Vec<(u32, u32)>>,
    end: Option<u32>,
    rate: Option<(u32, u32)>,
}

fn some<T: Copy>(rng: &mut StdRng, from: &[T]) -> Vec<T> {
    let mut some: Vec<T> = from.iter().copied().filter(|_| rng.random_bool(0.4)).collect();
    if some.is_empty() {
        some.push(from[rng.random_range(0..from.len())]);
    }
    some
}

impl Terms {
    fn random(rng: &mut StdRng) -> Self {
        Self {
            in_mesh: rng.random_bool(0.5),
            capabilities: some(rng, &["send", "read", "state_write", "admin", "verify"]),
            topics: rng.random_bool(0.7).then(|| some(rng, &["deploys", "secrets", "ci.web", "ci.*", "ci.w*", "d*"])),
            addresses: rng
                .random_bool(0.4)
                .then(|| some(rng, &[(0x7f00_0000, 8), (0x7f00_0000, 24), (0x7f00_0001, 32)])),
            end: rng.random_bool(0.6).then(|| rng.random_range(2100..2104)),
            // More than one holder issues here.
            rate: rng.random_bool(0.4).then(|| (rng.random_range(1_000..1_003), rng.random_range(100..103))),
        }
    }

    fn json(&self, label: &str) -> Value {
        let ip = |n: u32| std::net::Ipv4Addr::from(n);
        json!({
            "label": label,
            "mesh": self.in_mesh.then_some("main"),
            "capabilities": self.capabilities,
            "topics": self.topics.as_ref().map_or(json!("all"), |topics| json!(topics)),
            "addresses": self.addresses.as_ref().map(|ranges| {
                ranges.iter().map(|(base, bits)| format!("{}/{bits}", ip(*base))).collect::<Vec<_>>()
            }),
            "expires_at": self.end.map(|year| format!("{year}-01-01T00:00:00Z")),
            "rate": self.rate.map(|(minute, burst)| json!({ "per_minute": minute, "burst": burst })),
        })
    }
}

/// Whether all that the one pattern can mean, the other can mean too: on texts, as a glob is read.
fn is_within(inner: &str, outer: &str) -> bool {
    match outer.strip_suffix('*') {
        Some(prefix) => inner.starts_with(prefix) && inner.len() > prefix.len(),
        None => inner == outer,
    }
}

/// The status of an issue: an end behind the issuer's first, then what exceeds it.
fn expected(own: &Terms, wish: &Terms) -> u16 {
    if !own.capabilities.contains(&"admin") {
        return 403;
    }
    if own.end.is_some_and(|last| wish.end.is_none_or(|end| end > last)) {
        return 422;
    }
    let topics = own.topics.as_ref().is_none_or(|outer| {
        wish.topics.as_ref().is_some_and(|inner| inner.iter().all(|one| outer.iter().any(|all| is_within(one, all))))
    });
    let mask = |bits: u32| u32::MAX.checked_shl(32 - bits).unwrap_or(u32::MAX);
    let addresses = own.addresses.as_ref().is_none_or(|outer| {
        let fits = |(base, bits): (u32, u32)| outer.iter().any(|(at, wide)| *wide <= bits && base & mask(*wide) == *at);
        wish.addresses.as_ref().is_some_and(|inner| inner.iter().all(|one| fits(*one)))
    });
    let rate = own.rate.is_none_or(|(most, at_once)| {
        wish.rate.is_some_and(|(minute, burst)| (1_000..=most).contains(&minute) && (100..=at_once).contains(&burst))
    });
    if (own.in_mesh && !wish.in_mesh) || !topics || !addresses || !rate { 403 } else { 201 }
}

//
#[tokio::test]
async fn two_hundred_random_wishes_are_granted_exactly_where_they_are_covered() {
    let house = House::new().await;
    let admin = house.admin();
    admin.post(&admin.at("/meshes/main/topics"), json!({ "name": "ci.web" })).await.expect(201);
    let seed = rand::rng().next_u64();
    let mut rng = StdRng::seed_from_u64(seed);
    let mut granted = 0;
    for holder in 0..20 {
        let mut own = Terms::random(&mut rng);
        if holder % 5 != 0 && !own.capabilities.contains(&"admin") {
            own.capabilities.push("admin");
        }
        let by = admin.issue(own.json("holder")).await.1;
        for _ in 0..10 {
            let wish = if rng.random_bool(0.3) { own.clone() } else { Terms::random(&mut rng) };
            let answer = by.post(&by.at("/keys"), wish.json("wish")).await;
            assert_eq!(answer.status, expected(&own, &wish), "seed {seed}\n{own:?}\n{wish:?}\n{answer:?}");
            granted += u32::from(answer.status == 201);
        }
    }
    assert!((10..190).contains(&granted), "{granted} of 200: nothing is proved (seed {seed})");
}
