//! Whatever is sent, a gateway meets no status that it could take for anything but a no.

use super::{PAIRS, bearer, decided, line, question};
use crate::house::House;

#[tokio::test]
async fn the_pair_of_a_dialect_is_there_once_or_nobody_passes() {
    let house = House::new().await;
    let holder = house.admin();
    for (dialect, method, uri) in PAIRS.into_iter().filter(|(_, method, _)| !method.is_empty()) {
        let (path, sound) = question(dialect, "mesh/acme/main/send/deploys", "/");
        let mut wrong = vec![vec![], vec![sound[0].clone()], vec![sound[1].clone()]];
        for name in [method, uri] {
            let twice = sound.iter().find(|(known, _)| known == name).unwrap();
            wrong.push([sound.clone(), vec![twice.clone()]].concat());
            wrong.push([sound.clone(), vec![line(&name.to_lowercase(), "/")]].concat());
        }
        for mut lines in wrong {
            lines.push(bearer(&holder));
            decided(&house, "GET", &path, &lines).await.problem(403, "gateway_misconfigured");
        }
        // What another gateway would send is not looked at, and may be there any number of times.
        let mut lines = [sound, vec![bearer(&holder)]].concat();
        for (_, method, uri) in PAIRS.into_iter().filter(|(_, _, other)| *other != uri && !other.is_empty()) {
            lines.extend([line(uri, "//"), line(uri, "/../")]);
            if !lines[0].0.eq_ignore_ascii_case(method) {
                lines.push(line(method, "GET"));
            }
        }
        assert_eq!(decided(&house, "GET", &path, &lines).await.status, 200, "{dialect}");
    }
}

#[tokio::test]
async fn a_path_that_can_be_read_in_two_ways_does_not_pass() {
    let house = House::new().await;
    let holder = house.admin();
    let odd = [
        "//",
        "/a//b",
        "/a/../b",
        "/a/./b",
        "/..",
        "/a%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a;b",
        "/%00",
        "/%zz",
        "/%",
        "/%2e%2e/a",
        "/%252e",
        "/a\\b",
        "/\u{e9}",
        "/%c0%af",
    ];
    for (dialect, ..) in PAIRS.into_iter().filter(|(dialect, ..)| *dialect != "skipper") {
        for target in odd {
            // What is no legal request line comes to no door at all.
            if dialect == "envoy" && (!target.is_ascii() || target.contains('\\')) {
                continue;
            }
            let (path, mut lines) = question(dialect, "mesh/acme/main/send/deploys", target);
            lines.push(bearer(&holder));
            let said = decided(&house, "GET", &path, &lines).await;
            said.problem(403, "path_not_canonical");
        }
    }
}

#[tokio::test]
async fn two_credentials_are_none_that_is_accepted() {
    let house = House::new().await;
    let holder = house.admin();
    let (path, lines) = question("nginx", "mesh/acme/main/send/deploys", "/");
    let (authorization, api_key) = (bearer(&holder), line("X-API-Key", holder.secret()));
    for double in [
        [authorization.clone(), api_key.clone()],
        [authorization.clone(), authorization.clone()],
        [api_key.clone(), api_key.clone()],
        [authorization, line("X-API-Key", "")],
    ] {
        let lines = [lines.clone(), double.to_vec()].concat();
        decided(&house, "GET", &path, &lines).await.problem(401, "invalid_token");
    }
}

#[tokio::test]
async fn what_the_client_says_of_itself_is_not_handed_on() {
    let house = House::new().await;
    let holder = house.admin();
    let (path, mut lines) = question("nginx", "mesh/acme/main/send/deploys", "/");
    for name in super::IDENTITY {
        lines.push(line(name, "forged"));
        lines.push(line(&name.replace('-', "_"), "forged"));
    }
    lines.push(line("X-Meshkey-Request-Id", "forged"));
    decided(&house, "GET", &path, &lines).await.problem(401, "unauthenticated");
    lines.push(bearer(&holder));
    let said = decided(&house, "GET", &path, &lines).await;
    assert_eq!(said.status, 200);
    assert!(!format!("{said:?}").contains("forged"), "{said:?}");
}

#[tokio::test]
async fn neither_query_nor_body_nor_length_nor_host_is_looked_at() {
    let house = House::new().await;
    let holder = house.admin();
    let (path, mut lines) = question("nginx", "mesh/acme/main/send/deploys", "/");
    lines.push(bearer(&holder));
    let long = "x".repeat(20_000);
    for query in ["token=mshk_x", "key=x&api_key=y", "mesh=other&capability=admin", "%zz&%00", "?//..", &long] {
        let said = decided(&house, "GET", &format!("{path}?{query}"), &lines).await;
        assert_eq!(said.status, 200, "{query}");
    }
    let many: Vec<_> = (0..80).map(|number| line(&format!("X-Filler-{number}"), "x")).collect();
    assert_eq!(decided(&house, "GET", &path, &[lines.clone(), many].concat()).await.status, 200);
    let with_body = [lines.clone(), vec![line("Content-Type", "text/nonsense"), line("Content-Length", "0")]].concat();
    assert_eq!(decided(&house, "POST", &path, &with_body).await.status, 200);
    let address = house.stranger().base().strip_prefix("http://").unwrap().to_owned();
    let told = super::wire::written(&lines);
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 7\r\n{told}\r\n");
    let said = super::wire::raw(&address, &format!("{head}{{not js")).await;
    assert_eq!(said.status, 200, "{said:?}");
    // It does not wait for a body that never comes.
    let said = super::wire::raw(&address, &head).await;
    assert_eq!(said.status, 200, "{said:?}");
    // Envoy puts a path of its client's making behind ours.
    let (path, _) = question("envoy", "mesh/acme/main/send", &format!("/{long}"));
    assert_eq!(decided(&house, "GET", &path, &[bearer(&holder)]).await.status, 200);
    let (path, lines) = question("nginx", &format!("mesh/acme/main/send/{long}"), "/");
    decided(&house, "GET", &path, &lines).await.problem(403, "gateway_misconfigured");
}
