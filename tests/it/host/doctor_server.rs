//! What is asked of a running service: by `healthcheck`, and by `doctor`.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

use super::{Done, meshkey};
use crate::house::House;

/// Answers every request with this; where it is empty, never.
fn stranger(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut held = Vec::new();
        for mut line in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let _ = line.read(&mut request);
            if answer.is_empty() {
                held.push(line);
            } else {
                let is_livez = request.starts_with(b"GET /livez");
                let given = if is_livez && answer == NOT_READY { ALIVE } else { answer };
                let _ = line.write_all(given.as_bytes());
            }
        }
    });
    format!("http://{address}")
}

const ALIVE: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 15\r\n\r\n{\"status\":\"ok\"}";
const NOT_READY: &str = "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 48\r\n\r\n\
                         {\"code\":\"store_unavailable\",\"detail\":\"it rests\"}";
const WEB: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 6\r\n\r\n<html>";

fn check(arguments: &[&str]) -> Done {
    Done::of(&mut meshkey(&[&["healthcheck"], arguments].concat()))
}

#[tokio::test]
async fn a_service_that_is_ready_is_healthy_wherever_the_settings_say_that_it_listens() {
    let house = House::new().await;
    let address = house.stranger().base().strip_prefix("http://").unwrap().to_owned();
    let everywhere = address.replace("127.0.0.1", "0.0.0.0");
    for arguments in [&["--listen", &address][..], &["--listen", &everywhere], &["--url", house.stranger().base()]] {
        let told = check(arguments).expect(0);
        assert!(told.out.is_empty() && told.err.is_empty(), "{}", told.err);
    }
    // No proxy comes in between, whatever the environment says.
    let mut command = meshkey(&["healthcheck", "--listen", &everywhere]);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, "http://127.0.0.1:1");
    }
    Done::of(&mut command).expect(0);
    Done::of(meshkey(&["healthcheck"]).env("MESHKEY_LISTEN", &everywhere)).expect(0);
    // Slim images have no certificate authorities, and plain HTTP needs none.
    let mut slim = meshkey(&["healthcheck", "--listen", &everywhere]);
    Done::of(slim.env("SSL_CERT_FILE", "/dev/null").env("SSL_CERT_DIR", "/no/such/directory")).expect(0);
}

#[test]
fn whatever_is_not_ready_is_told_in_one_line_with_exit_code_1() {
    let (rests, web, silent) = (stranger(NOT_READY), stranger(WEB), stranger(""));
    for (url, why) in [
        ("http://127.0.0.1:1", "refused"),
        (&rests, "store_unavailable: it rests"),
        (&web, "no answer of Meshkey"),
        (&silent, "no answer within 3 seconds"),
    ] {
        let told = check(&["--url", url]).expect(1);
        assert!(told.out.is_empty() && told.err.contains(why) && told.err.lines().count() == 1, "{why}: {}", told.err);
    }
    assert!(check(&["--listen", "127.0.0.1:0"]).expect(1).err.contains("--url"));
    let unreadable = Done::of(meshkey(&["healthcheck"]).env("MESHKEY_LISTN", "x")).expect(1);
    assert!(unreadable.err.contains("did you mean MESHKEY_LISTEN?"), "{}", unreadable.err);
    check(&["--url", "keys.example.com"]).expect(2);
}

#[tokio::test]
async fn the_doctor_tells_a_service_from_a_stranger_and_from_one_that_cannot_decide() {
    let house = House::new().await;
    let ask = |url: &str, code: i32| {
        let told = Done::from(house.try_meshkey(&["doctor", "--json", "--url", url])).expect(code).json();
        let checks = told["checks"].as_array().unwrap().clone();
        let of = |name: &str| checks.iter().find(|found| found["check"] == name).unwrap().clone();
        (of("server"), of("url"))
    };
    let (server, url) = ask(house.stranger().base(), 0);
    assert_eq!((&server["verdict"], &url["verdict"]), (&"ok".into(), &"ok".into()));
    let (server, _) = ask(&stranger(WEB), 1);
    assert!(server["verdict"] == "fail" && server["detail"].as_str().unwrap().contains("is no Meshkey"), "{server}");
    let (server, _) = ask(&stranger(NOT_READY), 1);
    assert!(server["verdict"] == "fail" && server["detail"].as_str().unwrap().contains("not ready"), "{server}");
    let open = Done::from(house.try_meshkey(&["doctor", "--json", "--listen", "0.0.0.0:1"])).expect(0).json();
    let url = open["checks"].as_array().unwrap().iter().find(|found| found["check"] == "url").unwrap().clone();
    assert!(url["verdict"] == "warn" && url["fix"].as_str().unwrap().contains("TLS"), "{url}");
}
