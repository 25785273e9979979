//! The composition: nothing of it is open that need not be, no secret stands in it, and its parts fit together.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{dockerfile::Dockerfile, read, root};

fn file() -> Value {
    serde_saphyr::from_str(&read("docker-compose.yml")).unwrap()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

fn names(map: &Value) -> BTreeSet<&str> {
    map.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

fn services(file: &Value) -> impl Iterator<Item = (&String, &Value)> {
    file["services"].as_object().unwrap().iter()
}

#[test]
fn every_service_is_confined() {
    for (name, service) in services(&file()) {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(texts(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        assert!(service["privileged"].is_null() && service["network_mode"] != "host", "{name}");
        let lasts = name != "secrets";
        assert_eq!(service["restart"], if lasts { "unless-stopped" } else { "no" }, "{name}");
        assert_eq!(service["cap_add"].is_null(), lasts, "{name}");
        let image = service["image"].as_str().unwrap();
        assert!(!service["build"].is_null() || image.contains(':'), "{name}: {image} has no tag");
    }
}

#[test]
fn only_this_machine_reaches_the_service_and_only_the_service_the_database() {
    let file = file();
    let services = &file["services"];
    assert_eq!(texts(&services["meshkey"]["ports"]), ["127.0.0.1:7700:7700"]);
    assert!(services["postgres"]["ports"].is_null() && services["secrets"]["network_mode"] == "none");
    assert_eq!(texts(&services["postgres"]["networks"]), ["back"]);
    assert_eq!(file["networks"]["back"]["internal"], true);
    let test = texts(&services["postgres"]["healthcheck"]["test"]).join(" ");
    assert!(test.contains("--host=127.0.0.1"), "over its socket it is there before it is ready");
}

#[test]
fn no_secret_stands_in_it() {
    for (name, service) in services(&file()) {
        for (variable, value) in service["environment"].as_object().into_iter().flatten() {
            let is_secret = ["PASSWORD", "URL", "SECRET", "TOKEN"].iter().any(|word| variable.contains(word));
            assert!(!is_secret || variable.ends_with("_FILE"), "{name}: {variable}");
            assert!(!value.as_str().unwrap().contains("://"), "{name}: {variable}");
        }
    }
}

#[test]
fn what_it_names_is_there() {
    let file = file();
    let mut used = BTreeSet::new();
    for (name, service) in services(&file) {
        for volume in texts(&service["volumes"]) {
            let source = volume.split(':').next().unwrap();
            match source.strip_prefix("./") {
                Some(path) => assert!(root().join(path).is_file() && volume.ends_with(":ro"), "{name}: {volume}"),
                None => drop(used.insert(source)),
            }
        }
        let networks = names(&file["networks"]);
        assert!(texts(&service["networks"]).iter().all(|network| networks.contains(network)), "{name}");
        assert!(names(&service["depends_on"]).is_subset(&names(&file["services"])), "{name}");
    }
    assert_eq!(used, names(&file["volumes"]));
}

/// Each secret belongs to the account that reads it, and lies where that one looks.
#[test]
fn the_secrets_are_made_for_those_who_read_them() {
    let file = file();
    let services = &file["services"];
    let [_, _, database, database_owner, service, service_owner] = texts(&services["secrets"]["entrypoint"])[..] else {
        panic!("the arguments of secrets.sh have changed")
    };
    assert_eq!(database_owner, services["postgres"]["user"]);
    assert_eq!(service_owner, Dockerfile::read().last("USER"));
    assert_eq!(services["postgres"]["environment"]["POSTGRES_PASSWORD_FILE"], format!("{database}/superuser"));
    assert_eq!(services["meshkey"]["environment"]["MESHKEY_DATABASE_URL_FILE"], format!("{service}/database-url"));
    assert!(read("examples/compose/login.sql").contains(&format!("`cat {database}/meshkey`")));
    for (name, place) in [("postgres", database), ("meshkey", service)] {
        let mounted = texts(&services[name]["volumes"]);
        assert!(mounted.iter().any(|volume| volume.ends_with(&format!(":{place}:ro"))), "{name}");
        let condition = &services[name]["depends_on"]["secrets"]["condition"];
        assert_eq!(condition, "service_completed_successfully", "{name}");
    }
    assert_eq!(services["meshkey"]["depends_on"]["postgres"]["condition"], "service_healthy");
}
